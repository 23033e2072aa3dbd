// Package widevine is what Keystream knows of the Widevine key system: the data of its pssh boxes, and which message is which. It is pure. What
// it cannot read it passes on, for a CDM may: only what surely is no Widevine message is refused.
//
// https://github.com/shaka-project/shaka-packager/blob/main/packager/media/base/widevine_pssh_data.proto
package widevine

import (
	"encoding/binary"
	"errors"

	"github.com/keystream-player/keystream/player/mp4"
)

// Name is the key system's name; longer names that begin with it are of its family.
const Name = "com.widevine.alpha"

// SystemID is the system of its pssh boxes.
var SystemID = [16]byte{0xed, 0xef, 0x8b, 0xa9, 0x79, 0xd6, 0x4a, 0xce, 0xa3, 0xc8, 0x27, 0xdc, 0xd5, 0x1d, 0x21, 0xed}

// The fields of a WidevinePsshData that are of use here, and of the EntitledKey in it.
const (
	fieldKeyID            = 2
	fieldProvider         = 3
	fieldContentID        = 4
	fieldCryptoPeriod     = 7
	fieldProtectionScheme = 9
	fieldEntitledKey      = 14
	fieldEntitledKeyID    = 2
)

// InitData is the data of a Widevine pssh box: a WidevinePsshData.
type InitData struct {
	KeyIDs [][16]byte // in its order, those of entitled keys too; ids of another length than 16 bytes are left out

	rest []byte // all fields but the key ids, as they stand
}

var errInitData = errors.New("the data of the Widevine pssh box is not a WidevinePsshData message")

// ParseInitData reads the data of a Widevine pssh box.
func ParseInitData(data []byte) (in InitData, err error) {
	r := reader{rest: data}
	for r.next() {
		id := r.bytes
		if r.number != fieldKeyID {
			in.rest = append(in.rest, r.raw...)
			if r.number != fieldEntitledKey {
				continue
			}
			entitled, _ := find(r.bytes, fieldEntitledKeyID)
			if entitled == nil {
				continue
			}
			id = entitled.bytes
		}
		if len(id) == 16 {
			in.KeyIDs = append(in.KeyIDs, [16]byte(id))
		}
	}
	if r.broken {
		return InitData{}, errInitData
	}
	return in, nil
}

// Provider is the content's provider; "" is not said.
func (in InitData) Provider() string { return string(in.content(fieldProvider)) }

// ContentID is the content's id, as its provider gives it; nil is not said.
func (in InitData) ContentID() []byte { return in.content(fieldContentID) }

// CryptoPeriod says, with key rotation, which period it is; 0 is not said.
func (in InitData) CryptoPeriod() uint32 { return uint32(in.number(fieldCryptoPeriod)) }

// ProtectionScheme is "cenc", "cbcs", …; "" is not said.
func (in InitData) ProtectionScheme() string {
	scheme := in.number(fieldProtectionScheme)
	if scheme == 0 {
		return ""
	}
	return string(binary.BigEndian.AppendUint32(nil, uint32(scheme)))
}

func (in InitData) content(field uint64) []byte {
	if f, _ := find(in.rest, field); f != nil {
		return f.bytes
	}
	return nil
}

func (in InitData) number(field uint64) uint64 {
	if f, _ := find(in.rest, field); f != nil && f.bytes == nil {
		return f.varint
	}
	return 0
}

// Alike says whether two differ in their key ids only, so that one message can ask for the keys of both.
func (in InitData) Alike(other InitData) bool { return string(in.rest) == string(other.rest) }

// Naming is in with these key ids instead of its own: the data of a pssh box.
func (in InitData) Naming(ids [][16]byte) []byte {
	return append(FormatInitData(ids, ""), in.rest...)
}

// FormatInitData is a WidevinePsshData that names ids. A protection scheme ("cenc", "cbcs") is written where there is one.
func FormatInitData(ids [][16]byte, scheme string) []byte {
	data := make([]byte, 0, 18*len(ids)+8)
	for i := range ids {
		data = appendBytes(data, fieldKeyID, ids[i][:])
	}
	if len(scheme) == 4 {
		data = binary.AppendUvarint(append(data, fieldProtectionScheme<<3), uint64(binary.BigEndian.Uint32([]byte(scheme))))
	}
	return data
}

// BuildPSSH is a pssh box that names ids in its data; scheme is as for [FormatInitData].
func BuildPSSH(ids [][16]byte, scheme string) []byte {
	return WrapInitData(FormatInitData(ids, scheme))
}

// WrapInitData is a pssh box, of version 0 as every CDM takes it, around data.
func WrapInitData(data []byte) []byte { return mp4.BuildPSSH(SystemID, nil, data) }
