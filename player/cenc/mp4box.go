package cenc

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
)

// maxBox bounds, in bytes, the boxes that are read whole: moov and moof.
const maxBox = 16 << 20

// box is where a box lies in bytes that are all there.
type box struct {
	kind             [4]byte
	start, body, end int
}

func (b box) is(kind string) bool { return string(b.kind[:]) == kind }

// boxes are bytes with boxes in them. Boxes are read where they stand, by name, so that nesting costs no stack.
type boxes struct {
	p  []byte
	at int64 // of p in the byte stream
}

func (s boxes) body(b box) []byte { return s.p[b.body:b.end] }

func (s boxes) fail(path string, b box, message string) error {
	return &Error{Path: path, Offset: s.at + int64(b.start), Message: message}
}

func (s boxes) unsupported(path string, b box, message string) error {
	return &Error{Path: path, Offset: s.at + int64(b.start), Message: message, Unsupported: true}
}

// in begins to walk the boxes in a box, from so many bytes after its header on.
func (s boxes) in(b box, path string, skip int) walk {
	return walk{boxes: s, at: min(b.body+skip, b.end), end: b.end, path: path}
}

// walk goes through boxes that lie side by side. Fewer than eight bytes after the last one are padding.
type walk struct {
	boxes
	at, end int
	path    string // of the box that they are in
	err     error
}

// next gives the next box; false is the end, or an error.
func (w *walk) next(b *box) bool {
	left := w.end - w.at
	if w.err != nil || left < 8 {
		return false
	}
	p := w.p[w.at:w.end]
	*b = box{kind: [4]byte(p[4:]), start: w.at, body: w.at + 8}
	size := uint64(binary.BigEndian.Uint32(p))
	switch {
	case size == 0:
		size = uint64(left)
	case size == 1 && left >= 16:
		size, b.body = binary.BigEndian.Uint64(p[8:]), w.at+16
	}
	if size < uint64(b.body-b.start) || size > uint64(left) {
		w.err = w.fail(w.path, *b, "holds a box of "+strconv.FormatUint(size, 10)+" bytes where "+strconv.Itoa(left)+" are left")
		*b = box{}
		return false
	}
	b.end = w.at + int(size)
	w.at = b.end
	return true
}

// find gives the first box of a kind in a box; an empty one where there is none.
func (s boxes) find(in box, path string, skip int, kind string) (b box, found bool, err error) {
	w := s.in(in, path, skip)
	for w.next(&b) {
		if b.is(kind) {
			return b, true, nil
		}
	}
	return box{}, false, w.err
}

// rename changes a box's type in place. What is left of a box that became free is noise to everyone.
func rename(p []byte, b box, kind string) { copy(p[b.start+4:b.start+8], kind) }

// boxHeader reads the size of the box that p begins with, of which at least the header must be there. A size of math.MaxInt64 is none: the box lasts to
// the end of the stream.
func boxHeader(p []byte) (size int64, header int, ok bool) {
	if len(p) < 8 {
		return 0, 0, false
	}
	switch size := binary.BigEndian.Uint32(p); size {
	case 0:
		return math.MaxInt64, 8, true
	case 1:
		if len(p) < 16 {
			return 0, 0, false
		}
		return int64(min(binary.BigEndian.Uint64(p[8:]), math.MaxInt64-1)), 16, true
	default:
		return int64(size), 8, true
	}
}

// isMP4 says whether a stream that begins with p, of eight bytes or more, is one of MP4 boxes.
func isMP4(p []byte) bool {
	kinds := []string{"ftyp", "styp", "moov", "moof", "mdat", "sidx", "ssix", "emsg", "prft", "pdin", "meta", "uuid", "free", "skip", "wide", "pssh"}
	size := binary.BigEndian.Uint32(p)
	return (size < 2 || size >= 8) && slices.Contains(kinds, string(p[4:8]))
}
