package playertest

import (
	"bytes"
	"encoding/json"
	"slices"
)

// maxLicense is the longest response that either browser takes.
const maxLicense = 64 << 10

type jwk struct {
	KTY *string `json:"kty"`
	KID *string `json:"kid"`
	K   *string `json:"k"`
}

// parseLicense reads a JWK set as strictly as the engine does; whatever is wrong is a bare TypeError.
//
// https://www.w3.org/TR/encrypted-media-2/#clear-key-license-format
func (h *Host) parseLicense(data []byte) ([]heldKey, error) {
	invalid := dom("TypeError", "Invalid response.")
	chromium := h.options.Engine == Chromium
	if len(data) >= maxLicense || chromium && slices.ContainsFunc(data, func(b byte) bool { return b >= 0x80 }) ||
		bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return nil, invalid
	}
	var set struct {
		Keys []jwk   `json:"keys"`
		Type *string `json:"type"`
	}
	if err := json.Unmarshal(data, &set); err != nil || len(set.Keys) == 0 {
		return nil, invalid
	}
	if set.Type != nil && *set.Type != "temporary" && !(chromium && *set.Type == "persistent-license") {
		return nil, invalid
	}
	var keys []heldKey
	for _, k := range set.Keys {
		held, ok := h.readJWK(k)
		if !ok {
			return nil, invalid
		}
		keys = append(keys, held)
	}
	return keys, nil
}

func (h *Host) readJWK(k jwk) (held heldKey, ok bool) {
	if k.KID == nil || k.K == nil || k.KTY == nil && h.options.Engine == Chromium || k.KTY != nil && *k.KTY != "oct" {
		return held, false
	}
	id, okID := h.base64(*k.KID)
	key, okKey := h.base64(*k.K)
	if !okID || !okKey || len(id) == 0 || len(id) > maxKeyID || len(key) != 16 && h.options.Engine == Chromium {
		return held, false
	}
	held.id = id
	copy(held.key[:], key)
	return held, true
}
