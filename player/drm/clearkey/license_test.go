package clearkey

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestALicenseSurvivesItsOwnFormat(t *testing.T) {
	want := []Key{{unhex(t, kid), unhex(t, key)}, {unhex(t, key), unhex(t, kid)}}
	license := FormatLicense(want)
	if !json.Valid(license) {
		t.Fatalf("not JSON: %s", license)
	}
	got, err := ParseLicense(license)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %x, %v; want %x", got, err, want)
	}
}

func TestARequestSurvivesItsOwnFormat(t *testing.T) {
	want := [][16]byte{unhex(t, kid), unhex(t, key)}
	for name, message := range map[string][]byte{"message": FormatRequest(want), "keyids": KeyIDsInitData(want)} {
		if !json.Valid(message) {
			t.Fatalf("%s: not JSON: %s", name, message)
		}
		if got, err := ParseRequest(message); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %x, %v", name, got, err)
		}
	}
}

func TestParseLicenseTakesWhatCDMsTake(t *testing.T) {
	for name, license := range map[string]string{
		"white space and unknown members": "\n { \"x\" : [1, 0, -2.5e3, 10.05E-12, true, false, null, {}, []], \"keys\" : [ {\"kty\":\"oct\",\"alg\":\"A128KW\",\"kid\":\"MDEyMzQ1Njc4OTAxMjM0NQ\",\"k\":\"691i8WgU0nto7xIq_OSuPA\"} ] } \n",
		"escapes":                         `{"keys":[{"kty":"o\u0063t","kid":"MDEyMzQ1Njc4OTAxMjM0NQ","k":"691i8WgU0nto7xIq_OSuPA","n":"\"\\\/\b\f\n\r\t"}]}`,
	} {
		got, err := ParseLicense([]byte(license))
		if err != nil || len(got) != 1 || got[0] != (Key{unhex(t, kid), unhex(t, key)}) {
			t.Errorf("%s: got %x, %v", name, got, err)
		}
	}
}

func TestParseLicenseNamesEveryCommonMistake(t *testing.T) {
	good := string(FormatLicense([]Key{{unhex(t, kid), unhex(t, key)}}))
	for name, test := range map[string]struct{ license, want string }{
		"empty":               {"", "it is empty"},
		"white space":         {" \n", "it is empty"},
		"byte order mark":     {"\xef\xbb\xbf" + good, "byte order mark"},
		"UTF-16":              {"\xff\xfe{\x00", "UTF-16"},
		"HTML":                {"<!doctype html><title>Log in</title>", "HTML"},
		"not ASCII":           {`{"keys":[],"who":"Zoë"}`, "outside ASCII"},
		"not JSON":            {"keys=1", "malformed JSON at byte 0"},
		"cut off":             {good[:40], "malformed JSON"},
		"text behind":         {good + "x", "after the end"},
		"an array":            {"[]", "not an object"},
		"no keys":             {"{}", `no "keys"`},
		"keys is no array":    {`{"keys":{}}`, "not an array"},
		"empty keys":          {`{"keys":[]}`, "empty"},
		"a key is no object":  {`{"keys":[1]}`, `"keys"[0]: it is not an object`},
		"no kty":              {strings.Replace(good, "oct", "RSA", 1), `"kty"`},
		"kty is an object":    {strings.Replace(good, `"oct"`, `{}`, 1), `"kty"`},
		"no kid":              {strings.Replace(good, `"kid"`, `"id"`, 1), `"kid": it is missing`},
		"standard base64":     {strings.Replace(good, "_", "/", 1), "standard base64"},
		"padded":              {strings.Replace(good, `NQ"`, `NQ=="`, 1), "standard base64"},
		"a short key":         {strings.Replace(good, `691i8WgU0nto7xIq_OSuPA`, `691i8WgU0nto7xIq_OSu`, 1), "15 bytes"},
		"hex for base64":      {strings.Replace(good, `691i8WgU0nto7xIq_OSuPA`, key, 1), "24 bytes"},
		"a deep nest":         {strings.Repeat("[", 1000), "nested too deeply"},
		"far too long":        {strings.Repeat(" ", maxLicense+1), "bytes long"},
		"a bad escape":        {`{"\x":1}`, "escape"},
		"a control character": {"{\"a\x01\":1}", "control character"},
		"a leading zero":      {`{"a":01}`, "number"},
		"an empty fraction":   {`{"a":1.}`, "number"},
		"an empty exponent":   {`{"a":1e+}`, "number"},
		"a bare minus":        {`{"a":-}`, "number"},
		"two numbers":         {`{"a":1-2}`, "a comma"},
	} {
		keys, err := ParseLicense([]byte(test.license))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %x, %v; want %q in the error", name, keys, err, test.want)
		} else if strings.Contains(err.Error(), "691i8WgU0nto7xIq") {
			t.Errorf("%s: the error repeats the key: %v", name, err)
		}
	}
}

// FuzzParseLicense holds our reader to encoding/json: what it takes, encoding/json takes too.
func FuzzParseLicense(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"oct","kid":"MDEyMzQ1Njc4OTAxMjM0NQ","k":"691i8WgU0nto7xIq_OSuPA"}],"type":"temporary"}`))
	f.Add([]byte(`{"keys":[{"a":[1,2.5e-3,{"b":null}]}]}`))
	f.Add([]byte("{\"a\":\"\\ud800\"}"))
	f.Fuzz(func(t *testing.T, license []byte) {
		keys, err := ParseLicense(license)
		if err == nil && (len(keys) == 0 || !json.Valid(license)) {
			t.Errorf("took %q, which is no JSON licence", license)
		}
	})
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(`{"kids":["MDEyMzQ1Njc4OTAxMjM0NQ"],"type":"temporary"}`))
	f.Fuzz(func(t *testing.T, message []byte) {
		ids, err := ParseRequest(message)
		if err != nil {
			return
		}
		again, err := ParseRequest(FormatRequest(ids))
		if err != nil || !reflect.DeepEqual(again, ids) {
			t.Errorf("%q: %x became %x, %v", message, ids, again, err)
		}
	})
}
