package mp4

import (
	"encoding/binary"
	"io"
	"math"
	"slices"
)

// maxBox is the size, in bytes, of the largest box that an Outline hands over. Fragments of real films have less than a tenth of it.
const maxBox = 64 << 10

// Outline follows the top-level boxes of a file through consecutive pieces of it, to tell in the end whether the file is whole. It reads 16
// bytes a box, the boxes that Box wants, and no media. The zero value is at the start of a file.
type Outline struct {
	// Box, where it is set, is called with each whole moov and moof of at most 64 kB, headers included, as soon as its last byte has been added.
	// box is valid during the call.
	Box func(box []byte)

	at    int64  // where the next piece begins
	next  int64  // where the next box begins
	cut   []byte // the start of a box header whose rest is in the next piece
	held  []byte // the start of a box that Box wants
	want  int    // how long that box is; 0 where there is none
	rest  bool   // the current box lasts to the end of the file, wherever that is
	wrong bool   // the boxes make no sense: nothing can be told
}

// Add takes the next piece: length bytes of the file. Its error is the piece's own, of reading.
func (o *Outline) Add(piece io.ReaderAt, length int64) error {
	end := o.at + length
	if err := o.hold(piece, length, 0); err != nil {
		return err
	}
	for !o.rest && !o.wrong && o.next-int64(len(o.cut)) < end {
		var header [16]byte
		n := copy(header[:], o.cut)
		take := min(int64(len(header)-n), end-o.next-int64(n))
		if take > 0 {
			if err := readFull(piece, header[n:int64(n)+take], o.next+int64(n)-o.at); err != nil {
				return err
			}
			n += int(take)
		}
		start := o.next
		if !o.box(header[:n]) {
			o.cut = append(o.cut[:0], header[:n]...)
			break
		}
		if o.wants(header[:n], start) {
			o.held, o.want = append(o.held[:0], o.cut...), int(o.next-start)
			if err := o.hold(piece, length, max(start-o.at, 0)); err != nil {
				return err
			}
		}
		o.cut = o.cut[:0]
	}
	o.at = end
	return nil
}

// box moves on to the next box; it is false where the header is not whole yet.
func (o *Outline) box(header []byte) bool {
	if len(header) < 8 {
		return false
	}
	size := uint64(binary.BigEndian.Uint32(header))
	least := uint64(8)
	switch {
	case size == 0:
		o.rest = true
		return true
	case size == 1 && len(header) < 16:
		return false
	case size == 1:
		size, least = binary.BigEndian.Uint64(header[8:]), 16
	}
	if size < least || size > uint64(math.MaxInt64-o.next) {
		o.wrong = true
		return true
	}
	o.next += int64(size)
	return true
}

// wants says whether Box is to have the box that has just been stepped over.
func (o *Outline) wants(header []byte, start int64) bool {
	if o.Box == nil || o.next == start || o.next-start > maxBox {
		return false
	}
	kind := string(header[4:8])
	return kind == "moof" || kind == "moov"
}

// hold keeps what the piece has, from one of its offsets on, of the box that Box wants, and hands over the box once it is whole.
func (o *Outline) hold(piece io.ReaderAt, length, from int64) error {
	if o.want == 0 {
		return nil
	}
	have := len(o.held)
	take := int(min(int64(o.want-have), length-from))
	o.held = slices.Grow(o.held, take)[:have+take]
	if err := readFull(piece, o.held[have:], from); err != nil {
		return err
	}
	if len(o.held) == o.want {
		o.want = 0
		o.Box(o.held)
	}
	return nil
}

// readFull fills p. A reader may give io.EOF together with its last bytes.
func readFull(r io.ReaderAt, p []byte, at int64) error {
	switch n, err := r.ReadAt(p, at); {
	case n == len(p):
		return nil
	case err == nil || err == io.EOF:
		return io.ErrUnexpectedEOF
	default:
		return err
	}
}

// Missing is how many bytes the last box lacks at the end of the file; 0 for a whole file, and for one whose boxes make no sense.
func (o *Outline) Missing() int64 {
	if o.rest || o.wrong {
		return 0
	}
	if len(o.cut) > 0 {
		return int64(8 - min(len(o.cut), 7))
	}
	return max(o.next-o.at, 0)
}
