package playertest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
)

const (
	commonSystem = "\x10\x77\xef\xec\xc0\xb2\x4d\x02\xac\xe3\x3c\x1e\x52\xe2\xfb\x4b"
	maxKeyID     = 512
)

// keyIDs is what Clear Key finds in init data, in the ways and with the errors of each engine.
func (h *Host) keyIDs(initDataType string, data []byte) ([][]byte, error) {
	switch initDataType {
	case "webm":
		if len(data) > maxKeyID {
			return nil, dom("TypeError", "initialization data for WebM is too long")
		}
		return [][]byte{data}, nil
	case "keyids":
		return h.parseKeyIDs(data)
	}
	ids, ok := h.parsePSSH(data)
	switch {
	case !ok:
		return nil, dom("TypeError", "initialization data for CENC is incorrect")
	case len(ids) > 0:
		return ids, nil
	case h.options.Engine == Firefox:
		return nil, dom("InvalidStateError", "Failed to initialize session")
	}
	return nil, dom("NotSupportedError", "No supported PSSH box found.")
}

// parseKeyIDs reads {"kids":[…]}: Chromium as strict base64url, Firefox as any base64 but no empty list.
func (h *Host) parseKeyIDs(data []byte) ([][]byte, error) {
	var request struct {
		KIDs []string `json:"kids"`
	}
	if err := json.Unmarshal(data, &request); err != nil || request.KIDs == nil {
		return nil, dom("TypeError", "not valid key ids")
	}
	if len(request.KIDs) == 0 && h.options.Engine == Firefox {
		return nil, dom("TypeError", "no key ids")
	}
	var ids [][]byte
	for _, kid := range request.KIDs {
		id, ok := h.base64(kid)
		if !ok || len(id) == 0 || len(id) > maxKeyID {
			return nil, dom("TypeError", "'kids' is not valid base64url")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (h *Host) base64(s string) ([]byte, bool) {
	if h.options.Engine == Firefox {
		s = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(s, "="))
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	return b, err == nil && !strings.ContainsAny(s, "\r\n")
}

// parsePSSH collects the key ids of common-system boxes of version 1: Chromium of the first only.
func (h *Host) parsePSSH(data []byte) (ids [][]byte, ok bool) {
	for len(data) > 0 {
		if len(data) < 32 || string(data[4:8]) != "pssh" {
			return nil, false
		}
		size := int(binary.BigEndian.Uint32(data))
		if size < 32 || size > len(data) {
			return nil, false
		}
		box := data[:size]
		data = data[size:]
		if box[8] == 0 || string(box[12:28]) != commonSystem || len(ids) > 0 && h.options.Engine == Chromium {
			continue
		}
		count := int(binary.BigEndian.Uint32(box[28:]))
		if count > (size-32)/16 {
			return nil, false
		}
		for i := range count {
			ids = append(ids, box[32+16*i:48+16*i])
		}
	}
	return ids, true
}

// licenseRequest is Clear Key's message.
//
// https://www.w3.org/TR/encrypted-media-2/#clear-key-request-format
func licenseRequest(ids [][]byte) []byte {
	kids := make([]string, len(ids))
	for i, id := range ids {
		kids[i] = `"` + base64.RawURLEncoding.EncodeToString(id) + `"`
	}
	return []byte(`{"kids":[` + strings.Join(kids, ",") + `],"type":"temporary"}`)
}
