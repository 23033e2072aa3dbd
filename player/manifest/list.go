package manifest

import (
	"sort"
	"time"
)

// Listed is where a SegmentURL leads.
type Listed struct {
	URL   string
	Range ByteRange
}

// ListIndex has the URL of each segment written down.
type ListIndex struct {
	urls     []Listed
	timeline *Timeline // or
	number   *NumberIndex
	count    int
}

// NewListIndex makes the index of segments of one length each, in ticks. A single one of length 0 is the whole Period's.
func NewListIndex(urls []Listed, timing Timing, duration uint64) (*ListIndex, error) {
	if duration == 0 && len(urls) > 1 {
		return nil, ErrUnbounded
	}
	numbers, err := NewNumberIndex(Numbered{Timing: timing, Duration: duration, StartNumber: 1, EndNumber: uint64(len(urls))})
	if err != nil {
		return nil, err
	}
	return &ListIndex{urls: urls, number: numbers, count: min(numbers.Len(), len(urls))}, nil
}

// NewTimedListIndex makes the index of segments whose times a Timeline has.
func NewTimedListIndex(urls []Listed, timeline *Timeline) *ListIndex {
	return &ListIndex{urls: urls, timeline: timeline, count: timeline.within(uint64(len(urls)))}
}

// within is how many segments come before one whose number, counted from 0, is so high.
func (t *Timeline) within(number uint64) int {
	return sort.Search(t.count, func(n int) bool {
		_, at := t.at(n)
		return at >= number
	})
}

// Len is how many segments there are.
func (x *ListIndex) Len() int { return x.count }

// Segment is the nth, from 0.
func (x *ListIndex) Segment(n int) Segment {
	at := uint64(n)
	var s Segment
	if x.timeline != nil {
		_, at = x.timeline.at(n)
		s.Start, s.End = x.timeline.span(n)
	} else {
		s.Start, s.End = Duration(at*x.number.numbered.Duration, x.number.numbered.Timescale), x.number.end(n)
	}
	s.URL, s.Range = x.urls[at].URL, x.urls[at].Range
	return s
}

// Find gives the first segment that ends after t; Len where none does.
func (x *ListIndex) Find(t time.Duration) int {
	if x.timeline != nil {
		return min(x.timeline.Find(t), x.count)
	}
	return min(x.number.Find(t), x.count)
}
