package playertest

import (
	"slices"
	"sort"
	"time"
)

// media is how many media bytes there are before offset.
func (f *Film) media(offset int64) int64 {
	n := max(offset-f.HeaderSize, 0)
	for _, q := range f.quiet {
		n -= max(min(q.to, offset)-q.from, 0)
	}
	return n
}

// timeAt is the media time that the bytes up to offset reach, were they spread evenly over their segment, or over the film.
func (f *Film) timeAt(offset int64) time.Duration {
	size := f.size()
	if f.Segments != nil {
		i := max(f.segmentOf(offset), 0)
		s := f.Segments[i]
		end := f.endOf(i)
		return s.Start + time.Duration(float64(s.End-s.Start)*float64(max(offset, s.Offset)-s.Offset)/float64(end-s.Offset)).Round(time.Microsecond)
	}
	switch {
	case offset <= f.HeaderSize:
		return 0
	case offset >= size:
		return f.Duration
	}
	return time.Duration(float64(f.Duration) * float64(f.media(offset)) / float64(f.media(size))).Round(time.Microsecond)
}

// stretch is when the bytes [from, to) play, which lie within a segment.
func (f *Film) stretch(from, to int64) (start, end time.Duration) {
	start = f.timeAt(from)
	if i := f.segmentOf(from); f.Segments != nil && to == f.endOf(i) {
		return start, f.Segments[i].End
	}
	return start, f.timeAt(to)
}

// offsetAt is the inverse of timeAt, to the byte.
func (f *Film) offsetAt(t time.Duration) int64 {
	size := f.size()
	if f.Segments != nil {
		i := sort.Search(len(f.Segments), func(i int) bool { return f.Segments[i].End > t })
		if i == len(f.Segments) {
			return size
		}
		s := f.Segments[i]
		return s.Offset + int64(float64(f.endOf(i)-s.Offset)*float64(max(t-s.Start, 0))/float64(s.End-s.Start))
	}
	if f.Duration <= 0 || t >= f.Duration {
		return size
	}
	offset := f.HeaderSize + int64(float64(f.media(size))*float64(max(t, 0))/float64(f.Duration))
	for _, q := range f.quiet {
		if q.from <= offset {
			offset += q.to - q.from
		}
	}
	return offset
}

// segmentOf is the number of the one of Segments that holds an offset; -1 before the first, and where there are none.
func (f *Film) segmentOf(offset int64) int {
	return sort.Search(len(f.Segments), func(i int) bool { return f.Segments[i].Offset > offset }) - 1
}

// endOf is where one of Segments ends.
func (f *Film) endOf(i int) int64 {
	if i+1 < len(f.Segments) {
		return f.Segments[i+1].Offset
	}
	return f.size()
}

// length is how long it is.
func (f *Film) length() time.Duration {
	if n := len(f.Segments); n > 0 {
		return f.Segments[n-1].End
	}
	return f.Duration
}

// grouped says that the pictures of a segment depend on its first.
func (f *Film) grouped() bool { return f.Segments != nil && parseMIMEType(f.Type).kind == "video" }

// keyed says that it has pictures that can only be decoded from the first of their segment on, and segments that are known.
func (f *Film) keyed() bool {
	return (f.grouped() || len(f.Fragments) > 0) && parseMIMEType(f.Type).kind == "video"
}

// segmentAt gives the media segment that begins at offset; nil where none does.
func (f *Film) segmentAt(offset int64) []byte {
	starts := f.starts()
	i, ok := slices.BinarySearch(starts, offset)
	switch {
	case !ok:
		return nil
	case i+1 < len(starts):
		return f.slice(offset, starts[i+1])
	}
	return f.slice(offset, f.size())
}

// segmentHas says whether data and the media segment at offset, which one begins at, agree as far as both go.
func (f *Film) segmentHas(starts []int64, i int, data []byte) bool {
	end := f.size()
	if i+1 < len(starts) {
		end = starts[i+1]
	}
	n := min(int64(len(data)), end-starts[i])
	return n > 0 && f.has(starts[i], data[:n])
}

// segmentLike finds the segment that data is, or begins; the next in line is looked at first.
func (f *Film) segmentLike(next int64, data []byte) (at int64, ok bool) {
	starts := f.starts()
	if i, is := slices.BinarySearch(starts, next); is && f.segmentHas(starts, i, data) {
		return next, true
	}
	for i, at := range starts {
		if f.segmentHas(starts, i, data) {
			return at, true
		}
	}
	return 0, false
}

func (f *Film) starts() []int64 {
	if f.Segments != nil {
		starts := make([]int64, len(f.Segments))
		for i, s := range f.Segments {
			starts[i] = s.Offset
		}
		return starts
	}
	starts := append([]int64{f.HeaderSize}, f.Fragments...)
	slices.Sort(starts)
	return slices.Compact(starts)
}
