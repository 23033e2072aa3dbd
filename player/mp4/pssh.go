package mp4

import (
	"encoding/binary"
	"errors"
	"strconv"

	"github.com/keystream-player/keystream/player/manifest"
)

// SystemCommon is the system whose boxes name key ids and nothing else, for any key system: Clear Key takes it.
//
// https://www.w3.org/TR/eme-initdata-cenc/#common-system
var SystemCommon = [16]byte{0x10, 0x77, 0xef, 0xec, 0xc0, 0xb2, 0x4d, 0x02, 0xac, 0xe3, 0x3c, 0x1e, 0x52, 0xe2, 0xfb, 0x4b}

// PSSH is a ProtectionSystemSpecificHeaderBox. Data and Raw are views of the init data.
//
// ISO/IEC 23001-7, 8.1
type PSSH struct {
	SystemID [16]byte
	Version  byte
	KeyIDs   [][16]byte // of version 1; a version 0 names none
	Data     []byte     // the key system's own
	Raw      []byte     // the whole box
}

// ParsePSSH reads init data of type "cenc": pssh boxes, one after the other. Of a version that it does not know it gives SystemID, Version
// and Raw. Its errors are *[Error].
func ParsePSSH(initData []byte) ([]PSSH, error) {
	var boxes []PSSH
	for at := 0; at < len(initData); {
		box, err := parsePSSH(initData[at:])
		if err != nil {
			return nil, &Error{Path: "pssh", Offset: int64(at), Err: err}
		}
		boxes = append(boxes, box)
		at += len(box.Raw)
	}
	return boxes, nil
}

// parsePSSH reads the box that p begins with.
func parsePSSH(p []byte) (box PSSH, err error) {
	if len(p) < 8 {
		return box, errors.New("is cut off")
	}
	if kind := [4]byte(p[4:]); string(kind[:]) != "pssh" {
		return box, errors.New("is a box of type " + printable(kind))
	}
	size, body, err := boxSize(p)
	if err != nil {
		return box, err
	}
	box.Raw = p[:size]
	content := box.Raw[body:]
	if len(content) < 20 {
		return box, errors.New("is too short for a system id")
	}
	box.Version, box.SystemID = content[0], [16]byte(content[4:])
	content = content[20:]
	if box.Version > 1 {
		return box, nil
	}
	if box.Version == 1 {
		ids, rest, ok := counted(content, 16)
		if !ok {
			return box, errors.New("names more key ids than it holds")
		}
		for ; len(ids) > 0; ids = ids[16:] {
			box.KeyIDs = append(box.KeyIDs, [16]byte(ids))
		}
		content = rest
	}
	data, _, ok := counted(content, 1)
	if !ok {
		return box, errors.New("holds less data than it says")
	}
	box.Data = data
	return box, nil
}

// boxSize gives the size of the box that p, of eight bytes or more, begins with, all of which is there, and where its content begins.
func boxSize(p []byte) (size uint64, body int, err error) {
	size, body = uint64(binary.BigEndian.Uint32(p)), 8
	switch {
	case size == 0:
		size = uint64(len(p))
	case size == 1 && len(p) >= 16:
		size, body = binary.BigEndian.Uint64(p[8:]), 16
	}
	if size < uint64(body) || size > uint64(len(p)) {
		return 0, 0, errors.New("has the size " + strconv.FormatUint(size, 10) + " where " + strconv.Itoa(len(p)) + " bytes are left")
	}
	return size, body, nil
}

// counted splits off what a 32-bit count of items stands before.
func counted(p []byte, itemSize uint64) (items, rest []byte, ok bool) {
	if len(p) < 4 {
		return nil, nil, false
	}
	size := uint64(binary.BigEndian.Uint32(p)) * itemSize
	if p = p[4:]; size > uint64(len(p)) {
		return nil, nil, false
	}
	return p[:size], p[size:], true
}

// BuildPSSH makes a pssh box: of version 1 where there are key ids to name, of version 0 otherwise.
func BuildPSSH(system [16]byte, keyIDs []manifest.KeyID, data []byte) []byte {
	size := 8 + 4 + 16 + 4 + len(data)
	version := byte(0)
	if len(keyIDs) > 0 {
		size += 4 + 16*len(keyIDs)
		version = 1
	}
	p := make([]byte, 0, size)
	p = binary.BigEndian.AppendUint32(p, uint32(size))
	p = append(p, "pssh"...)
	p = append(p, version, 0, 0, 0)
	p = append(p, system[:]...)
	if version == 1 {
		p = binary.BigEndian.AppendUint32(p, uint32(len(keyIDs)))
		for _, id := range keyIDs {
			p = append(p, id[:]...)
		}
	}
	p = binary.BigEndian.AppendUint32(p, uint32(len(data)))
	return append(p, data...)
}
