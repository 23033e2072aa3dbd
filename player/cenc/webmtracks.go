package cenc

import (
	"iter"
	"math"
	"strconv"
)

// readTracks learns which tracks are encrypted from the Tracks that p begins with, once it is whole, and makes a Void of what says so.
//
// https://www.webmproject.org/docs/webm-encryption/#41-contentencoding
func (w *webM) readTracks(p []byte, e element) (int, error) {
	if e.size > maxTracksSize {
		return 0, w.fail(e, "is larger than "+megabytes(maxTracksSize))
	}
	if int64(len(p)) < e.total() {
		return 0, nil
	}
	t := &tracksReader{offset: w.offset, p: p[:e.total()], tracks: map[uint64][16]byte{}}
	if err := t.read(e); err != nil {
		return 0, err
	}
	for _, r := range t.voids {
		putVoid(p[r.Start:r.End])
	}
	w.tracks = t.tracks
	w.part.initData = append(w.part.initData, t.initData...)
	return len(t.p), nil
}

// tracksReader reads Tracks, and changes nothing in it.
type tracksReader struct {
	offset int64 // of p in the stream
	p      []byte

	tracks   map[uint64][16]byte
	initData []InitData
	voids    []Range // what is to become a Void
}

// child is an element in p.
type child struct {
	element
	parent     *child
	start, end int
}

func (c *child) path() string {
	path := c.name()
	for p := c.parent; p != nil; p = p.parent {
		path = p.name() + "/" + path
	}
	return "Segment/" + path
}

// children gives the elements in c, and ends with the first error.
func (t *tracksReader) children(c child) iter.Seq2[child, error] {
	return func(yield func(child, error) bool) {
		for at := c.start + c.header; at < c.end; {
			e, err := parseElement(t.p[at:c.end])
			inner := child{element: e, parent: &c, start: at}
			switch {
			case err != nil:
				err = t.fail(c, "has a child at byte "+strconv.Itoa(at-c.start)+" of it that is none: "+err.Error())
			case e.header == 0:
				err = t.fail(c, "ends within an element's header")
			case e.size == unknownSize:
				err = t.fail(inner, "has an unknown size, which only Segment and Cluster may have")
			case e.total() > int64(c.end-at):
				err = t.fail(inner, "ends after its parent")
			default:
				inner.end = at + int(e.total())
			}
			if !yield(inner, err) || err != nil {
				return
			}
			at = inner.end
		}
	}
}

// content is the bytes in c.
func (t *tracksReader) content(c child) []byte { return t.p[c.start+c.header : c.end] }

// uint is what c says; more than 8 bytes are no number and give the largest.
func (t *tracksReader) uint(c child) (n uint64) {
	content := t.content(c)
	if len(content) > 8 {
		return math.MaxUint64
	}
	for _, b := range content {
		n = n<<8 | uint64(b)
	}
	return n
}

func (t *tracksReader) void(c child) { t.voids = append(t.voids, Range{Start: c.start, End: c.end}) }

// voidSum is void for a CRC-32, whose sum will not be right any more.
func (t *tracksReader) voidSum(c child) {
	if c.size == 4 {
		t.void(c)
	}
}

func (t *tracksReader) fail(c child, what string) error {
	return &Error{Path: c.path(), Offset: t.offset + int64(c.start), Message: what}
}

func (t *tracksReader) unsupported(c child, what string) error {
	return &Error{Path: c.path(), Offset: t.offset + int64(c.start), Message: what, Unsupported: true}
}

func (t *tracksReader) read(e element) error {
	for c, err := range t.children(child{element: e, end: len(t.p)}) {
		if err != nil {
			return err
		}
		switch c.id {
		case idTrackEntry:
			if err := t.entry(c); err != nil {
				return err
			}
		case idCRC32:
			t.voidSum(c)
		}
	}
	return nil
}

// entry reads a TrackEntry.
func (t *tracksReader) entry(entry child) error {
	var number uint64
	var keyID [16]byte
	seen, encrypted := false, false
	voids := len(t.voids)
	for c, err := range t.children(entry) {
		if err != nil {
			return err
		}
		switch c.id {
		case idTrackNumber:
			number = t.uint(c)
		case idCRC32:
			t.voidSum(c)
		case idContentEncodings:
			if seen {
				return t.fail(c, "is the second of its track")
			}
			seen = true
			if keyID, encrypted, err = t.encodings(c); err != nil {
				return err
			}
			t.void(c)
		}
	}
	if !encrypted {
		t.voids = t.voids[:voids]
		return nil
	}
	if _, twice := t.tracks[number]; twice || number == 0 {
		return t.fail(entry, "has the TrackNumber "+strconv.FormatUint(number, 10)+", which is 0 or another track's")
	}
	if len(t.tracks) == maxTracks {
		return t.fail(entry, "is one track too many")
	}
	t.tracks[number] = keyID
	t.initData = append(t.initData, InitData{Type: "webm", Data: append([]byte(nil), keyID[:]...)})
	return nil
}

// encodings reads ContentEncodings. What is no encryption is the browser's to judge.
func (t *tracksReader) encodings(encodings child) (keyID [16]byte, encrypted bool, err error) {
	count := 0
	for c, err := range t.children(encodings) {
		if err != nil {
			return keyID, false, err
		}
		if c.id != idContentEncoding {
			continue
		}
		count++
		id, encrypts, err := t.encoding(c)
		if err != nil {
			return keyID, false, err
		}
		if encrypts {
			keyID, encrypted = id, true
		}
		if encrypted && count > 1 {
			return keyID, false, t.unsupported(c, "is one of several; WebM has encryption alone")
		}
	}
	return keyID, encrypted, nil
}

// encoding reads a ContentEncoding. Type is 0 for compression and 1 for encryption; scope has a bit for frames, 1, and others for what WebM does not
// encrypt.
func (t *tracksReader) encoding(encoding child) (keyID [16]byte, encrypted bool, err error) {
	kind, scope := uint64(0), uint64(1)
	var encryption child
	for c, err := range t.children(encoding) {
		if err != nil {
			return keyID, false, err
		}
		switch c.id {
		case idContentEncodingType:
			kind = t.uint(c)
		case idContentEncodingScope:
			scope = t.uint(c)
		case idContentEncryption:
			encryption = c
		}
	}
	switch {
	case kind != 1:
		return keyID, false, nil
	case encryption.id == 0:
		return keyID, false, t.fail(encoding, "has no ContentEncryption")
	case scope != 1:
		return keyID, false, t.unsupported(encoding, "encrypts other than frames")
	}
	keyID, err = t.encryption(encryption)
	return keyID, true, err
}

// encryption reads a ContentEncryption. AES is 5, CTR is 1.
func (t *tracksReader) encryption(encryption child) (keyID [16]byte, err error) {
	algorithm, mode := uint64(0), uint64(1)
	var id []byte
	for c, err := range t.children(encryption) {
		if err != nil {
			return keyID, err
		}
		switch c.id {
		case idContentEncAlgo:
			algorithm = t.uint(c)
		case idContentEncKeyID:
			id = t.content(c)
		case idContentEncSettings:
			if mode, err = t.cipherMode(c); err != nil {
				return keyID, err
			}
		}
	}
	switch {
	case algorithm != 5:
		return keyID, t.unsupported(encryption, "has the algorithm "+strconv.FormatUint(algorithm, 10)+"; WebM has AES, 5, alone")
	case mode != 1:
		return keyID, t.unsupported(encryption, "has the cipher mode "+strconv.FormatUint(mode, 10)+"; WebM has CTR, 1, alone")
	case len(id) != len(keyID):
		return keyID, t.unsupported(encryption, "has a ContentEncKeyID of "+strconv.Itoa(len(id))+" bytes, not 16")
	}
	return [16]byte(id), nil
}

func (t *tracksReader) cipherMode(settings child) (uint64, error) {
	mode := uint64(1)
	for c, err := range t.children(settings) {
		if err != nil {
			return 0, err
		}
		if c.id == idCipherMode {
			mode = t.uint(c)
		}
	}
	return mode, nil
}
