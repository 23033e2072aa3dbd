package webm

import (
	"errors"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

const (
	maxCues    = 4 << 20  // bytes of the Cues element
	indexAhead = 16 << 10 // bytes asked for where an element of unknown size begins: enough for 1,000 cues
	timescale  = uint64(time.Second)
)

// The elements that an index needs, beside those of a header.
const (
	idSeekHead           = 0x114D9B74
	idSeek               = 0x4DBB
	idSeekID             = 0x53AB
	idSeekPosition       = 0x53AC
	idCues               = 0x1C53BB6B
	idCuePoint           = 0xBB
	idCueTime            = 0xB3
	idCueTrackPositions  = 0xB7
	idCueTrack           = 0xF7
	idCueClusterPosition = 0xF1
)

// ErrNoIndex says that there are no Cues where they should be: a Cluster, or something else, is there. Compare with errors.Is.
var ErrNoIndex = errors.New("webm: there is no index (Cues) here")

// Index is what the Cues of a file tell: where in it a player can begin, and when. It is read in pieces: [Index.Read] takes one and asks for the
// next. The zero value has read nothing.
//
// https://www.rfc-editor.org/rfc/rfc9559#name-cues-element
type Index struct {
	Timescale uint64 // ticks a second: 1,000,000,000 once the Cues have been read, whatever the file counts in

	// Fragments go from the Cluster of one cue to that of the next, in order. The last ends with the file's Clusters; its Length is 0 where the file
	// does not tell where that is. Its Duration is an estimate, that of the fragment before it (or a second), where the file does not tell its own.
	Fragments []manifest.Fragment

	timing          // of Info
	header    bool  // has been read
	base, end int64 // of the Segment: positions count from base
	next      int64 // where the Cues are, or may be
	track     uint64
	wanted    manifest.ByteRange
}

// timing is what a file's Info tells.
type timing struct {
	scale  uint64 // nanoseconds a tick
	length uint64 // nanoseconds of the whole; 0 is not told
}

// Read takes a piece of the file: the length bytes of r, the first of which is the file's byte at offset. The first piece is the start of the
// file, up to where the Clusters begin or as far as the manifest says that the initialization segment goes. After it comes the piece that next
// asks for, or else the one in which the manifest says that the Cues are.
//
// next is the range to read from the file and call Read with again; its zero value says that the index is complete. Where a file ends within that
// range, Read is called with what there is.
//
// The errors are those of [ReadHeader], except that it asks for more by next, and [ErrNoIndex].
func (x *Index) Read(r io.ReaderAt, length, offset int64) (next manifest.ByteRange, err error) {
	if !x.header {
		if offset != 0 {
			return x.want(manifest.ByteRange{Length: indexAhead})
		}
		var short *manifest.ShortError
		if err := x.readHeader(&reader{src: r, avail: length}); errors.As(err, &short) {
			return x.want(manifest.ByteRange{Length: max(short.Need, indexAhead)})
		} else if err != nil {
			return next, err
		}
	} else if x.next < offset || x.next >= offset+length {
		x.next = offset
	}
	more, err := x.findCues(r, offset, offset+length)
	if err != nil || more == (manifest.ByteRange{}) {
		return more, err
	}
	return x.want(more)
}

// want asks for a range, which must be another than the last time: whoever gets what it asked for, and is no further, would ask for ever.
func (x *Index) want(next manifest.ByteRange) (manifest.ByteRange, error) {
	if next == x.wanted {
		return manifest.ByteRange{}, &Error{Path: "file", Offset: next.Start, Err: io.ErrUnexpectedEOF}
	}
	x.wanted = next
	return next, nil
}

// readHeader reads the start of the file up to the Segment, and what it needs in that.
func (x *Index) readHeader(file *reader) error {
	if file.avail < 4 {
		return file.short(4)
	}
	if err := file.readAt(file.head[:4], 0); err != nil {
		return err
	}
	if !IsWebM(file.head[:4]) {
		return ErrNotWebM
	}
	for at := int64(0); ; {
		e, err := file.next(nil, at)
		switch {
		case err != nil:
		case e.id == idEBML:
			err = file.ebml(e)
		case e.id == idSegment:
			return x.readSegment(file, e)
		default:
			err = e.skippable()
		}
		if err != nil {
			return err
		}
		at = e.end
	}
}

// readSegment reads Info, and learns where the Cues are: SeekHead says so, or they stand before the first Cluster, or after what is there.
func (x *Index) readSegment(file *reader, segment *element) error {
	x.base, x.end, x.timing = segment.body, segment.end, timing{}
	for at, sought := segment.body, int64(0); ; {
		x.next = max(at, sought)
		if x.header = x.scale > 0; x.header && (at == file.avail || at == segment.end) {
			return nil
		}
		if at == segment.end {
			return segment.fail("has no Info")
		}
		e, err := file.next(segment, at)
		switch {
		case err != nil:
		case e.id == idCluster && !x.header || e.id == idCues && !x.header:
			err = e.fail("comes before Info")
		case e.id == idCues:
			x.next = at
			return nil
		case e.id == idCluster:
			return nil
		case e.id == idInfo:
			x.timing, err = file.timing(e)
		case e.id == idSeekHead:
			sought, err = file.seekCues(e)
		default:
			err = e.skippable()
		}
		if err != nil {
			x.header = false
			return err
		}
		at = e.end
	}
}

// timing reads Info.
func (r *reader) timing(info *element) (timing, error) {
	t, length := timing{scale: uint64(time.Millisecond)}, 0.0
	if err := r.load(info); err != nil {
		return t, err
	}
	for c, err := range r.children(info) {
		if err != nil {
			return t, err
		}
		switch c.id {
		case idTimestampScale:
			if t.scale = c.uint(); t.scale == 0 {
				return t, c.fail("is a TimestampScale of 0")
			}
		case idDuration:
			length = c.float()
		}
	}
	if ns := math.Round(length * float64(t.scale)); ns > 0 && ns < math.MaxInt64 {
		t.length = uint64(ns)
	}
	return t, nil
}

// seekCues gives where SeekHead says that the Cues are, from the start of the file; 0 where it does not say.
func (r *reader) seekCues(seekHead *element) (int64, error) {
	if err := r.load(seekHead); err != nil {
		return 0, err
	}
	for seek, err := range r.children(seekHead) {
		if err != nil {
			return 0, err
		}
		if seek.id != idSeek {
			continue
		}
		var id, position uint64
		for c, err := range r.children(seek) {
			if err != nil {
				return 0, err
			}
			switch c.id {
			case idSeekID:
				id = c.uint()
			case idSeekPosition:
				position = c.uint()
			}
		}
		base := seekHead.parent.body
		if id == idCues && position > 0 && position < uint64(math.MaxInt64-base) {
			return base + int64(position), nil
		}
	}
	return 0, nil
}

// findCues looks for the Cues from next on in a piece that goes from start to end; what it lacks for that, it asks for.
func (x *Index) findCues(r io.ReaderAt, start, end int64) (more manifest.ByteRange, err error) {
	for range maxElements {
		at := x.next
		var head [12]byte
		have := head[:max(0, min(int64(len(head)), end-at))]
		if at < start {
			have = nil
		}
		if _, err := readFull(r, have, at, start); err != nil {
			return more, err
		}
		id, size, n, err := parseHeader(have)
		if err != nil {
			return more, &Error{Path: "Segment", Offset: at, Err: err}
		}
		fail := func(what string) error { return &Error{Path: "Segment/Cues", Offset: at, Err: errors.New(what)} }
		body := at + int64(n)
		switch {
		case n > len(have):
			return manifest.ByteRange{Start: at, Length: indexAhead}, nil
		case id == idCluster:
			return more, ErrNoIndex
		case size < 0:
			return more, fail("has an unknown size, or comes after an element that has")
		case size > math.MaxInt64-body:
			return more, fail("comes after an element of the impossible size " + strconv.FormatInt(size, 10))
		case id != idCues:
			x.next = body + size
			continue
		case size > maxCues:
			return more, fail("is larger than " + strconv.Itoa(maxCues>>20) + " MiB")
		case body+size > end:
			return manifest.ByteRange{Start: at, Length: body + size - at}, nil
		}
		data, err := readFull(r, make([]byte, size), body, start)
		if err != nil {
			return more, err
		}
		return more, x.cues(data, fail)
	}
	return more, &Error{Path: "Segment", Offset: x.next, Err: errTooMany}
}
