package manifest

import (
	"errors"
	"math"
	"sort"
	"time"
)

// Numbered is what a template says of segments that are numbered and of one length, which the last may fall short of.
type Numbered struct {
	Media
	Timing
	Duration    uint64 // ticks, of one segment; 0 is the whole Period's
	StartNumber uint64
	EndNumber   uint64 // 0 is none: the Period's length says how many there are
	Endless     bool   // where neither says it, there is no end: a dynamic presentation's clock says what exists
}

// ErrUnbounded says that neither a number nor a duration tells how many segments there are.
var ErrUnbounded = errors.New("nothing says how many segments there are")

// NumberIndex counts its segments.
type NumberIndex struct {
	numbered Numbered
	count    int
}

// NewNumberIndex makes the index.
func NewNumberIndex(n Numbered) (*NumberIndex, error) {
	if n.Duration == 0 {
		return &NumberIndex{n, 1}, nil
	}
	bounded := n.Endless
	count := min(math.MaxUint64-n.StartNumber, math.MaxUint64/n.Duration, math.MaxInt)
	if n.Period > 0 {
		origin := n.Timing
		origin.PresentationTimeOffset = 0
		count, bounded = min(count, origin.count(0, n.Duration)), true
	}
	if n.EndNumber > 0 {
		if n.EndNumber < n.StartNumber {
			return nil, ErrUnbounded
		}
		count, bounded = min(count, n.EndNumber-n.StartNumber+1), true
	}
	if !bounded {
		return nil, ErrUnbounded
	}
	return &NumberIndex{n, int(count)}, nil
}

// Len is how many segments there are.
func (x *NumberIndex) Len() int { return x.count }

// Segment is the nth, from 0.
func (x *NumberIndex) Segment(n int) Segment {
	offset := uint64(n) * x.numbered.Duration
	return Segment{
		URL:   x.numbered.url(x.numbered.StartNumber+uint64(n), x.numbered.PresentationTimeOffset+offset),
		Start: Duration(offset, x.numbered.Timescale),
		End:   x.end(n),
	}
}

// end is when the nth segment ends. The last does with the Period.
func (x *NumberIndex) end(n int) time.Duration {
	period := x.numbered.Period
	if x.numbered.Duration == 0 {
		return period
	}
	end := Duration(uint64(n+1)*x.numbered.Duration, x.numbered.Timescale)
	if n == x.count-1 && period > 0 {
		end = min(end, period)
	}
	return end
}

// Find gives the first segment that ends after t.
func (x *NumberIndex) Find(t time.Duration) int {
	if x.numbered.Duration == 0 && x.numbered.Period == 0 {
		return 0
	}
	return sort.Search(x.count, func(n int) bool { return x.end(n) > t })
}
