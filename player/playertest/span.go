package playertest

import (
	"slices"
	"sort"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

const (
	// adjacent is the hole that a decoder plays across: about a picture.
	adjacent = 40 * time.Millisecond

	// tolerance is how much two segments may overlap, by rounding, without one of them replacing anything of the other.
	tolerance = time.Millisecond
)

// span is a stretch of a film that plays from start to end, where its own times are offset earlier.
type span struct {
	film       *Film
	offset     time.Duration
	start, end time.Duration
	size       int64
}

// part is what of it plays from start to end.
func (s span) part(start, end time.Duration) span {
	if whole := s.end - s.start; whole != end-start {
		s.size = int64(float64(s.size) * float64(end-start) / float64(whole))
	}
	s.start, s.end = start, end
	return s
}

// ranges are those of buffered.
func ranges(spans []span) (out []platform.TimeRange) {
	for _, s := range spans {
		if n := len(out); n > 0 && s.start-out[n-1].End <= adjacent {
			out[n-1].End = max(out[n-1].End, s.end)
		} else {
			out = append(out, platform.TimeRange{Start: s.start, End: s.end})
		}
	}
	return out
}

func (b *sourceBuffer) size() (n int64) {
	for _, s := range b.spans {
		n += s.size
	}
	return n
}

// add is the coded frame processing algorithm for bytes [from, to) of the film, which are of one segment: they replace what they overlap.
//
// https://www.w3.org/TR/media-source-2/#sourcebuffer-coded-frame-processing
func (b *sourceBuffer) add(from, to int64) {
	start, end := b.film.stretch(from, to)
	s := span{b.film, b.offset, start + b.offset, end + b.offset, to - from}
	if s.end <= s.start {
		return
	}
	if s = b.window(s, from); s.end <= s.start {
		return
	}
	b.spans = without(b.spans, s.start, s.end)
	b.spans = append(b.spans, s)
	slices.SortFunc(b.spans, func(x, y span) int { return int(x.start - y.start) })
	merged := b.spans[:1]
	for _, s := range b.spans[1:] {
		if last := &merged[len(merged)-1]; s.film == last.film && s.offset == last.offset && s.start <= last.end {
			last.end, last.size = max(last.end, s.end), last.size+s.size
		} else {
			merged = append(merged, s)
		}
	}
	b.spans = merged
}

// window is what the append window leaves. Pictures whose first one it cuts off are of no use.
//
// https://www.w3.org/TR/media-source-2/#append-window
func (b *sourceBuffer) window(s span, from int64) span {
	if s.film.grouped() && s.film.Segments[s.film.segmentOf(from)].Start+s.offset+tolerance < b.windowStart {
		return span{}
	}
	return s.part(max(s.start, b.windowStart), min(s.end, b.windowEnd))
}

// without is what is left of spans, in order, when what plays from start to end is gone, and the pictures after it that cannot be decoded without it.
//
// https://www.w3.org/TR/media-source-2/#sourcebuffer-coded-frame-removal
func without(spans []span, start, end time.Duration) (kept []span) {
	for _, s := range spans {
		if before := min(s.end, start); s.start < before {
			kept = append(kept, s.part(s.start, before))
		}
		after := max(s.start, end)
		if s.start < end && s.end > start && s.film.keyed() {
			after = s.film.nextGroup(after-s.offset) + s.offset
			after = max(after, end)
		}
		if after < s.end {
			kept = append(kept, s.part(after, s.end))
		}
	}
	return kept
}

// nextGroup is the start of the first segment that begins at t or after it, on the media's clock; the largest Duration where none does.
func (f *Film) nextGroup(t time.Duration) time.Duration {
	starts := f.starts()
	i := sort.Search(len(starts), func(i int) bool { return f.timeAt(starts[i]) >= t-tolerance })
	if i == len(starts) {
		return forever / 2
	}
	return f.timeAt(starts[i])
}
