package mp4

import (
	"encoding/binary"
	"io"
	"math"
)

// Outline follows the top-level boxes of a file through consecutive pieces of it, to tell in the end whether the file is whole. It reads 16
// bytes a box and no media. The zero value is at the start of a file.
type Outline struct {
	at    int64  // where the next piece begins
	next  int64  // where the next box begins
	cut   []byte // the start of a box header whose rest is in the next piece
	rest  bool   // the current box lasts to the end of the file, wherever that is
	wrong bool   // the boxes make no sense: nothing can be told
}

// Add takes the next piece: length bytes of the file.
func (o *Outline) Add(piece io.ReaderAt, length int64) error {
	end := o.at + length
	for !o.rest && !o.wrong && o.next-int64(len(o.cut)) < end {
		var header [16]byte
		n := copy(header[:], o.cut)
		take := min(int64(len(header)-n), end-o.next-int64(n))
		if take > 0 {
			if _, err := piece.ReadAt(header[n:int64(n)+take], o.next+int64(n)-o.at); err != nil && err != io.EOF {
				return err
			}
			n += int(take)
		}
		if !o.box(header[:n]) {
			o.cut = append(o.cut[:0], header[:n]...)
			break
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
