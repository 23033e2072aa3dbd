package clearkey

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/keystream-player/keystream/player/mp4"
)

// KeyIDsInitData is init data of type "keyids" that names ids.
//
// https://www.w3.org/TR/eme-initdata-keyids/
func KeyIDsInitData(ids [][16]byte) []byte {
	return []byte(`{"kids":` + formatIDs(ids) + `}`)
}

// InitDataKeyIDs gives the key ids that init data names, as Clear Key understands it: for "cenc", those of common-system PSSH boxes (other
// systems' boxes mean nothing to Clear Key); none is no error. direct says that a CDM finds them all too: of several boxes, Chromium's reads
// only the first.
func InitDataKeyIDs(initDataType string, initData []byte) (ids [][16]byte, direct bool, err error) {
	switch initDataType {
	case "cenc":
		boxes, err := mp4.ParsePSSH(initData)
		if err != nil {
			return nil, false, err
		}
		common := 0
		for _, box := range boxes {
			if box.SystemID == mp4.SystemCommon {
				common++
				ids = append(ids, box.KeyIDs...)
			}
		}
		return ids, common == 1, nil
	case "webm":
		if len(initData) != 16 {
			return nil, false, errors.New("init data of type webm is a key id of 16 bytes")
		}
		return [][16]byte{[16]byte(initData)}, true, nil
	case "keyids":
		ids, err = requestIDs(string(initData))
		return ids, true, err
	}
	return nil, false, errors.New("Clear Key has no init data of type " + initDataType)
}

// formatIDs writes ids as a JSON array of base64url.
func formatIDs(ids [][16]byte) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + base64.RawURLEncoding.EncodeToString(id[:]) + `"`)
	}
	b.WriteByte(']')
	return b.String()
}
