package playertest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// LicenseServer answers the messages of every scripted CDM in its own formats. Give its Handle to a Network's URL, or call Answer from a licence
// fetcher.
type LicenseServer struct {
	Keys map[[16]byte][16]byte
	All  bool // a licence holds all keys, also those that were not asked for
}

// The errors of [LicenseServer.Answer].
var (
	ErrUnreadable = errors.New("playertest: the licence server cannot read the message")
	ErrNoKeys     = errors.New("playertest: the licence server has none of the keys")
)

// LicenseRequest is a CDM's message as its licence server reads it.
type LicenseRequest struct {
	Type   string // the W3C's message type, or [CertificateRequest]. A renewal of Clear Key looks like a first request
	KeyIDs [][16]byte

	ids [][]byte
}

// ReadLicenseRequest reads the message of any scripted CDM; PlayReady's also without what is wrapped around its challenge.
func ReadLicenseRequest(message []byte) (LicenseRequest, error) {
	request, _, ok := readRequest(message)
	if !ok {
		return request, ErrUnreadable
	}
	return request, nil
}

// readRequest also tells how keys are written into the answer.
func readRequest(message []byte) (request LicenseRequest, write func([]heldKey) []byte, ok bool) {
	text := strings.TrimPrefix(string(message), "\ufeff")
	switch {
	case text == individualizationMessage:
		return LicenseRequest{Type: individualizationMessage}, nil, true
	case strings.HasPrefix(text, "{"):
		request, ok = requestedFromClearKey(message)
		write = clearKeyLicenseOf
	case strings.HasPrefix(text, "<"), strings.HasPrefix(text, "\xff\xfe"):
		request, ok = requestedFromPlayReady([]byte(strings.TrimPrefix(text, "\xff\xfe")))
		write = playReadyLicenseOf
	default:
		request, ok = requestedFromWidevine(message)
		write = widevineLicenseOf
	}
	for _, id := range request.ids {
		if len(id) == 16 {
			request.KeyIDs = append(request.KeyIDs, [16]byte(id))
		}
	}
	return request, write, ok
}

func requestedFromClearKey(message []byte) (request LicenseRequest, ok bool) {
	var body struct {
		KIDs []string `json:"kids"`
	}
	if err := json.Unmarshal(message, &body); err != nil {
		return request, false
	}
	request.Type = licenseRequestMessage
	for _, kid := range body.KIDs {
		id, err := base64.RawURLEncoding.DecodeString(kid)
		if err != nil {
			return request, false
		}
		request.ids = append(request.ids, id)
	}
	return request, true
}

func clearKeyLicenseOf(keys []heldKey) []byte {
	enc := base64.RawURLEncoding.EncodeToString
	var set []string
	for _, k := range keys {
		set = append(set, `{"kty":"oct","kid":"`+enc(k.id)+`","k":"`+enc(k.key[:])+`"}`)
	}
	return []byte(`{"keys":[` + strings.Join(set, ",") + `],"type":"temporary"}`)
}

// Answer is the licence for a message: the keys that it asks for and the server holds.
func (s LicenseServer) Answer(message []byte) ([]byte, error) {
	request, write, ok := readRequest(message)
	switch {
	case !ok:
		return nil, ErrUnreadable
	case request.Type == CertificateRequest:
		return serviceCertificate(), nil
	case request.Type == individualizationMessage:
		return []byte("individualized"), nil
	}
	var keys []heldKey
	for _, id := range request.KeyIDs {
		if key, ok := s.Keys[id]; ok {
			keys = append(keys, heldKey{id: id[:], key: key})
		}
	}
	if len(keys) == 0 {
		return nil, ErrNoKeys
	}
	if s.All {
		keys = nil
		for id, key := range s.Keys {
			keys = append(keys, heldKey{id: id[:], key: key})
		}
		slices.SortFunc(keys, func(a, b heldKey) int { return bytes.Compare(a.id, b.id) })
	}
	return write(keys), nil
}

// Handle answers with 400 what it cannot read, and with 403 what it has no key for.
func (s LicenseServer) Handle(ex Exchange) Reply {
	license, err := s.Answer(ex.Body)
	switch err {
	case nil:
		return Reply{Body: license}
	case ErrNoKeys:
		return Reply{Status: 403}
	}
	return Reply{Status: 400}
}
