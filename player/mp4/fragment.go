package mp4

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/keystream-player/keystream/player/manifest"
)

// maxNames bounds how many key ids one box is read for. A fragment has one or two.
const maxNames = 256

// Fragment is what a moof box says of the keys that its samples need.
type Fragment struct {
	PSSH []byte // its pssh boxes, one after the other

	// KeyIDs are those of its groups of samples, each once, whether a sample is in the group or not; an all-zero id names no key. The default
	// key of the track, where samples without a group need it, is not among them.
	KeyIDs []manifest.KeyID
}

// ReadFragment reads a moof box, as [Outline.Box] hands it over; of a moov, it reads the groups of samples that fragments may refer to. With an
// error, which is an *[Error], it gives what it found before.
//
// ISO/IEC 23001-7, 6 and 8.1
func ReadFragment(p []byte) (Fragment, error) {
	var fragment Fragment
	root, _, err := splitBox(piece{path: "file", body: p})
	if err != nil {
		return fragment, err
	}
	inMoof := root.path == "moof"
	for rest := root; len(rest.body) >= 8; {
		var b piece
		if b, rest, err = splitBox(rest); err != nil {
			return fragment, err
		}
		switch {
		case inMoof && b.path == "moof/pssh":
			fragment.PSSH = append(fragment.PSSH, p[b.start:b.start+int64(b.size)]...)
		case inMoof && b.path == "moof/traf":
			err = fragment.groups(b)
		case b.path == "moov/trak":
			err = fragment.groupsOfTrack(b)
		}
		if err != nil {
			return fragment, err
		}
	}
	return fragment, nil
}

// piece is a box in bytes that are all there, or what is left of one when boxes have been split off it.
type piece struct {
	path  string
	start int64 // of the box
	size  int
	body  []byte
	at    int64 // where body begins
}

func (b piece) fail(what string) error {
	return &Error{Path: b.path, Offset: b.start, Err: errors.New(what)}
}

// splitBox takes the first box out of one. Fewer than eight bytes are padding, which is the caller's to see.
func splitBox(in piece) (b, rest piece, err error) {
	p := in.body
	if len(p) < 8 {
		return b, rest, in.fail("is too short for a box")
	}
	b = piece{path: printable([4]byte(p[4:])), start: in.at}
	if in.path != "file" {
		b.path = in.path + "/" + b.path
	}
	size, header, err := boxSize(p)
	if err != nil {
		return b, rest, &Error{Path: b.path, Offset: b.start, Err: err}
	}
	b.size, b.body, b.at = int(size), p[header:size], in.at+int64(header)
	rest = in
	rest.body, rest.at = p[size:], in.at+int64(size)
	return b, rest, nil
}

// groupsOfTrack reads the sgpd boxes of a track's sample table; a track without one has no groups.
func (f *Fragment) groupsOfTrack(b piece) error {
	for _, path := range []string{"moov/trak/mdia", "moov/trak/mdia/minf", "moov/trak/mdia/minf/stbl"} {
		for rest := b; b.path != path; {
			if len(rest.body) < 8 {
				return nil
			}
			var err error
			if b, rest, err = splitBox(rest); err != nil {
				return err
			}
		}
	}
	return f.groups(b)
}

// groups reads the sgpd boxes in a box that tell of encryption.
func (f *Fragment) groups(in piece) error {
	for len(in.body) >= 8 {
		b, rest, err := splitBox(in)
		if err != nil {
			return err
		}
		if in = rest; !strings.HasSuffix(b.path, "/sgpd") {
			continue
		}
		if what := f.sgpd(b.body); what != "" {
			return b.fail(what)
		}
	}
	return nil
}

// sgpd reads a SampleGroupDescriptionBox, and says what is wrong with it. Version 2 was written in two ways: the first edition to have it left
// out the length that version 1 has, later ones put it before the index.
//
// ISO/IEC 14496-12, 8.9.3
func (f *Fragment) sgpd(p []byte) (wrong string) {
	if len(p) < 12 {
		return "is too short"
	}
	version := p[0]
	if string(p[4:8]) != "seig" {
		return ""
	}
	p = p[8:]
	switch {
	case version == 0:
		return f.unframed(p)
	case version == 1:
		return f.framed(binary.BigEndian.Uint32(p), p[4:], true)
	case len(p) < 8:
		return "is too short"
	}
	if f.framed(binary.BigEndian.Uint32(p), p[8:], false) == "" {
		return f.framed(binary.BigEndian.Uint32(p), p[8:], true)
	}
	return f.unframed(p[4:])
}

const endsWithin = "ends within a group"

// framed reads counted entries of a length that is given for all, or where that is 0 with each. It may only look whether they are there, and fill
// the box to its end.
func (f *Fragment) framed(length uint32, p []byte, take bool) (wrong string) {
	if len(p) < 4 {
		return "is too short"
	}
	count := binary.BigEndian.Uint32(p)
	p = p[4:]
	for range count {
		size := length
		if size == 0 {
			if len(p) < 4 {
				return endsWithin
			}
			size = binary.BigEndian.Uint32(p)
			p = p[4:]
		}
		if size < 20 || uint64(size) > uint64(len(p)) {
			return endsWithin
		}
		if take {
			f.seig(p)
		}
		p = p[size:]
	}
	if !take && len(p) > 0 {
		return "holds more than its groups"
	}
	return ""
}

// unframed reads counted entries that stand side by side.
func (f *Fragment) unframed(p []byte) (wrong string) {
	if len(p) < 4 {
		return "is too short"
	}
	count := binary.BigEndian.Uint32(p)
	p = p[4:]
	for range count {
		if len(p) < 20 {
			return endsWithin
		}
		size := 20
		if constantIV := p[2] == 1 && p[3] == 0; constantIV {
			if len(p) < 21 || len(p)-21 < int(p[20]) {
				return endsWithin
			}
			size += 1 + int(p[20])
		}
		f.seig(p)
		p = p[size:]
	}
	return ""
}

// seig notes the key id of a CencSampleEncryptionInformationGroupEntry, unless its samples are clear.
func (f *Fragment) seig(p []byte) {
	id := manifest.KeyID(p[4:])
	if protected := p[2] != 0; protected && id != (manifest.KeyID{}) && len(f.KeyIDs) < maxNames && !slices.Contains(f.KeyIDs, id) {
		f.KeyIDs = append(f.KeyIDs, id)
	}
}
