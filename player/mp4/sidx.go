package mp4

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strconv"

	"github.com/keystream-player/keystream/player/manifest"
)

const (
	maxSidx       = 4 << 20  // bytes of one sidx; its 16-bit count fills less than 1 MB
	maxIndexes    = 1024     // sidx boxes in one Index
	maxReferences = 500_000  // in one Index: eleven days of 2 s fragments
	indexAhead    = 16 << 10 // bytes asked for where a sidx of unknown size begins: enough for 1,300 references
)

// ErrNoIndex says that there is no sidx where one should be: media, or the end of what was to hold it, comes first. Compare with errors.Is.
var ErrNoIndex = errors.New("mp4: there is no segment index (sidx) here")

// Index is what the Segment Index Boxes (sidx) of a track tell: where in the file its fragments are. A sidx may refer to others, so that an index
// is read in pieces: [Index.Read] takes one and asks for the next. The zero value has read nothing.
//
// ISO/IEC 14496-12, 8.16.3
type Index struct {
	Timescale uint64              // ticks a second; never 0 once a sidx has been read
	Fragments []manifest.Fragment // in order of time; ranges count from the start of the file, and no Length is 0

	begun      bool
	complete   bool
	next       int64       // where the next sidx, or a box before it, begins
	until      int64       // where what must hold that sidx ends
	rest       []reference // what the sidx boxes read so far still refer to, last one first
	boxes      int
	indexes    int
	references int
	wanted     manifest.ByteRange
}

// reference is a fragment, or where a further sidx begins.
type reference struct {
	manifest.Fragment
	nested bool
}

// Read takes a piece of the file: the length bytes of r, the first of which is the file's byte at offset. It looks for a sidx from there on, past
// boxes of other kinds, and follows references to others as far as the piece goes.
//
// next is the range to read from the file and call Read with again; its zero value says that the index is complete. Where a file ends within that
// range, Read is called with what there is.
//
// The errors are [ErrNoIndex], an [Error] for a malformed sidx, and an Error of [io.ErrUnexpectedEOF] where a piece has nothing of what was asked
// for.
func (x *Index) Read(r io.ReaderAt, length, offset int64) (next manifest.ByteRange, err error) {
	if !x.begun {
		x.begun, x.next, x.until = true, offset, math.MaxInt64
	}
	if x.complete {
		return next, nil
	}
	file := &span{src: r, start: offset, end: offset + length}
	for {
		next, err := x.step(file)
		switch {
		case err != nil:
			return next, err
		case next != (manifest.ByteRange{}):
			return x.want(next)
		case !x.drain():
			x.complete = true
			return next, x.order()
		}
	}
}

// want asks for a range, which must be another than the last time: whoever gets what it asked for, and is no further, would ask for ever.
func (x *Index) want(next manifest.ByteRange) (manifest.ByteRange, error) {
	if next == x.wanted {
		return manifest.ByteRange{}, &Error{Path: "file", Offset: next.Start, Err: io.ErrUnexpectedEOF}
	}
	x.wanted = next
	return next, nil
}

// drain moves references to media over to Fragments; it is true where a reference to a sidx comes next.
func (x *Index) drain() bool {
	for n := len(x.rest) - 1; n >= 0; n-- {
		ref := x.rest[n]
		x.rest = x.rest[:n]
		if ref.nested {
			x.next, x.until = ref.Range.Start, ref.Range.Start+ref.Range.Length
			return true
		}
		x.Fragments = append(x.Fragments, ref.Fragment)
	}
	return false
}

// order says whether time runs forward from fragment to fragment. Within a sidx it cannot do otherwise; between two it may.
func (x *Index) order() error {
	for i := 1; i < len(x.Fragments); i++ {
		if f := x.Fragments[i]; f.Time < x.Fragments[i-1].Time {
			return &Error{Path: "sidx", Offset: f.Range.Start, Err: errors.New("the fragment here is earlier than the one listed before it")}
		}
	}
	return nil
}

// step reads the sidx at or after next; what it lacks for that, it asks for.
func (x *Index) step(file *span) (more manifest.ByteRange, err error) {
	for {
		if x.next >= x.until {
			return more, ErrNoIndex
		}
		b, size, err := file.box(x.next)
		if err != nil {
			return more, err
		}
		if b == nil {
			return manifest.ByteRange{Start: x.next, Length: min(indexAhead, x.until-x.next)}, nil
		}
		if x.boxes++; x.boxes > maxBoxes {
			return more, b.fail("comes after more than " + strconv.Itoa(maxBoxes) + " boxes")
		}
		switch {
		case b.is("moof") || b.is("mdat"):
			return more, ErrNoIndex
		case b.open:
			return more, b.fail("lasts to the end of the file")
		case !b.is("sidx"):
			x.next = b.end
			continue
		case size > maxSidx:
			return more, b.fail("is larger than " + strconv.Itoa(maxSidx>>20) + " MiB")
		case b.end > file.end:
			return manifest.ByteRange{Start: b.start, Length: size}, nil
		}
		data := make([]byte, b.end-b.body)
		if err := file.read(data, b.body); err != nil {
			return more, err
		}
		return more, x.readSidx(b, data)
	}
}

// readSidx reads one sidx, of which data is the content.
func (x *Index) readSidx(b *box, data []byte) error {
	if x.indexes++; x.indexes > maxIndexes {
		return b.fail("is one sidx too many")
	}
	fixed := 24 // version and flags, reference_ID, timescale, two times of 32 bits, and how many references
	if len(data) > 0 && data[0] > 0 {
		fixed = 32
	}
	if len(data) < fixed {
		return b.fail("holds " + strconv.Itoa(len(data)) + " bytes, and needs " + strconv.Itoa(fixed))
	}
	timescale := uint64(binary.BigEndian.Uint32(data[8:]))
	var time, first uint64
	if fixed == 32 {
		time, first = binary.BigEndian.Uint64(data[12:]), binary.BigEndian.Uint64(data[20:])
	} else {
		time, first = uint64(binary.BigEndian.Uint32(data[12:])), uint64(binary.BigEndian.Uint32(data[16:]))
	}
	count := int(binary.BigEndian.Uint16(data[fixed-2:]))
	x.references += count
	switch {
	case data[0] > 1:
		return b.fail("has the unknown version " + strconv.Itoa(int(data[0])))
	case timescale == 0:
		return b.fail("has the timescale 0")
	case x.Timescale != 0 && x.Timescale != timescale:
		return b.fail("has another timescale than the sidx that refers to it")
	case count == 0:
		return b.fail("refers to nothing")
	case count > (len(data)-fixed)/12:
		return b.fail("has no room for the " + strconv.Itoa(count) + " references that it counts")
	case x.references > maxReferences:
		return b.fail("brings the index to more than " + strconv.Itoa(maxReferences) + " references")
	case first > uint64(math.MaxInt64-b.end):
		return b.fail("has the impossible first_offset " + strconv.FormatUint(first, 10))
	}
	x.Timescale = timescale
	return x.refer(b, data[fixed:][:12*count], time, b.end+int64(first))
}

// refer reads a sidx's references: the first begins at a time and place, each other where the one before it ends.
func (x *Index) refer(b *box, data []byte, time uint64, at int64) error {
	base := len(x.rest)
	x.rest = append(x.rest, make([]reference, len(data)/12)...)
	for n := len(x.rest) - 1; n >= base; n-- {
		kind := binary.BigEndian.Uint32(data)
		size, duration := int64(kind&math.MaxInt32), uint64(binary.BigEndian.Uint32(data[4:]))
		switch {
		case size == 0:
			return b.fail("refers to nothing at byte " + strconv.FormatInt(at, 10))
		case size > math.MaxInt64-at:
			return b.fail("refers to what lies beyond the end of any file")
		case duration > math.MaxUint64-time:
			return b.fail("reaches beyond the end of time")
		}
		x.rest[n].nested = kind>>31 == 1
		x.rest[n].Fragment = manifest.Fragment{Time: time, Duration: duration, Range: manifest.ByteRange{Start: at, Length: size}}
		time, at, data = time+duration, at+size, data[12:]
	}
	return nil
}

// span is a stretch of a file, of which src holds nothing else.
type span struct {
	src        io.ReaderAt
	start, end int64
}

func (s *span) read(into []byte, at int64) error {
	if err := readFull(s.src, into, at-s.start); err != nil {
		return &Error{Path: "file", Offset: at, Err: err}
	}
	return nil
}

// box reads the header of a top-level box and gives the box's size; b is nil where the span has not got all of the header.
func (s *span) box(at int64) (b *box, size int64, err error) {
	if at < s.start || s.end-at < 8 {
		return nil, 0, nil
	}
	var head [16]byte
	have := head[:min(16, s.end-at)]
	if err := s.read(have, at); err != nil {
		return nil, 0, err
	}
	file := &box{}
	b = &box{parent: file, kind: [4]byte(head[4:]), start: at, body: at + 8}
	long := uint64(binary.BigEndian.Uint32(head[:]))
	switch {
	case long == 0:
		b.open = true
		return b, 0, nil
	case long == 1 && len(have) < 16:
		return nil, 0, nil
	case long == 1:
		long, b.body = binary.BigEndian.Uint64(head[8:]), at+16
	}
	if long < uint64(b.body-at) || long > uint64(math.MaxInt64-at) {
		return nil, 0, b.fail("has the impossible size " + strconv.FormatUint(long, 10))
	}
	b.end = at + int64(long)
	return b, int64(long), nil
}
