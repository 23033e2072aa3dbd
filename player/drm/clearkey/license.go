package clearkey

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

// Key is a content key and its id.
type Key struct{ ID, Value [16]byte }

// maxLicense bounds a licence; a key takes about 90 bytes of it.
const maxLicense = 1 << 20

// ParseRequest gives the key ids that a Clear Key message asks for.
//
// https://www.w3.org/TR/encrypted-media-2/#clear-key-request-format
func ParseRequest(message []byte) ([][16]byte, error) { return requestIDs(string(message)) }

// FormatRequest is a Clear Key message that asks for ids in a temporary session.
func FormatRequest(ids [][16]byte) []byte {
	return []byte(`{"kids":` + formatIDs(ids) + `,"type":"temporary"}`)
}

// requestIDs reads "kids" of a message, or of keyids init data: they have it alike.
func requestIDs(text string) ([][16]byte, error) {
	v, err := parseJSON(text)
	if err != nil {
		return nil, err
	}
	o, ok := v.(object)
	if !ok {
		return nil, errors.New("it is not a JSON object")
	}
	kids, _ := o.get("kids")
	list, ok := kids.([]any)
	if !ok || len(list) == 0 {
		return nil, errors.New(`it has no "kids"`)
	}
	ids := make([][16]byte, len(list))
	for i, kid := range list {
		if ids[i], err = jwkBytes(kid); err != nil {
			return nil, errors.New(`"kids"[` + strconv.Itoa(i) + `]: ` + err.Error())
		}
	}
	return ids, nil
}

// FormatLicense is the licence that holds keys.
func FormatLicense(keys []Key) []byte {
	var b strings.Builder
	b.WriteString(`{"keys":[`)
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"kty":"oct","kid":"` + base64.RawURLEncoding.EncodeToString(k.ID[:]) + `","k":"` + base64.RawURLEncoding.EncodeToString(k.Value[:]) + `"}`)
	}
	b.WriteString(`],"type":"temporary"}`)
	return []byte(b.String())
}

// ParseLicense reads a licence (a JWK set) as strictly as CDMs do, which reject it with a bare TypeError; here the error says what is
// wrong and what is expected, without repeating any of it.
//
// https://www.w3.org/TR/encrypted-media-2/#clear-key-license-format
func ParseLicense(license []byte) ([]Key, error) {
	if err := inspect(license); err != nil {
		return nil, err
	}
	v, err := parseJSON(string(license))
	if err != nil {
		return nil, err
	}
	set, ok := v.(object)
	if !ok {
		return nil, errors.New("it is JSON, but not an object with \"keys\"")
	}
	list, ok := set.get("keys")
	if !ok {
		return nil, errors.New(`it has no "keys": a licence is a JWK set`)
	}
	jwks, ok := list.([]any)
	if !ok {
		return nil, errors.New(`its "keys" is not an array`)
	}
	if len(jwks) == 0 {
		return nil, errors.New(`its "keys" is empty: the licence server granted no key`)
	}
	keys := make([]Key, len(jwks))
	for i, jwk := range jwks {
		if keys[i], err = parseJWK(jwk); err != nil {
			return nil, errors.New(`"keys"[` + strconv.Itoa(i) + `]: ` + err.Error())
		}
	}
	return keys, nil
}

// inspect finds what is not JSON at all, so that the error can name it.
func inspect(license []byte) error {
	if len(license) > maxLicense {
		return errors.New("it is " + strconv.Itoa(len(license)) + " bytes long, where a licence of a thousand keys has 100,000")
	}
	text := strings.TrimLeft(string(license), " \t\r\n")
	switch {
	case text == "":
		return errors.New("it is empty")
	case strings.HasPrefix(text, "\xef\xbb\xbf"):
		return errors.New("it begins with a byte order mark, which no CDM takes: send UTF-8 without one")
	case strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff"):
		return errors.New("it is UTF-16: send UTF-8")
	case text[0] == '<':
		return errors.New("it is an HTML or XML page, not a licence: is the URL right, and is the page logged in?")
	}
	for i, c := range license {
		if c >= 0x80 {
			return errors.New("it has a byte outside ASCII at " + strconv.Itoa(i) + ", which no CDM takes")
		}
	}
	return nil
}

func parseJWK(v any) (k Key, err error) {
	jwk, ok := v.(object)
	if !ok {
		return k, errors.New("it is not an object")
	}
	if kty, _ := jwk.get("kty"); kty != any("oct") {
		return k, errors.New(`its "kty" is not "oct"`)
	}
	kid, _ := jwk.get("kid")
	if k.ID, err = jwkBytes(kid); err != nil {
		return k, errors.New(`"kid": ` + err.Error())
	}
	value, _ := jwk.get("k")
	if k.Value, err = jwkBytes(value); err != nil {
		return k, errors.New(`"k": ` + err.Error())
	}
	return k, nil
}

// jwkBytes reads 16 bytes of base64url without padding, the only form that CDMs take.
func jwkBytes(v any) (out [16]byte, err error) {
	s, ok := v.(string)
	if !ok {
		return out, errors.New("it is missing, or not a string")
	}
	if strings.ContainsAny(s, "+/=") {
		return out, errors.New("it is standard base64, where base64url without padding is required (- for +, _ for /, no =)")
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return out, errors.New("it is not base64url")
	}
	if len(b) != 16 {
		return out, errors.New("it has " + strconv.Itoa(len(b)) + " bytes, where 16 are required")
	}
	return [16]byte(b), nil
}
