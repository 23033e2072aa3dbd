package manifest

import (
	"sort"
	"time"
)

// FragmentIndex is what a file's own index says.
type FragmentIndex struct {
	url       string
	timing    Timing
	fragments []Fragment
}

// NewFragmentIndex makes the index of the fragments of one file, which are in the order of time. It keeps the slice.
func NewFragmentIndex(url string, timescale, presentationTimeOffset uint64, fragments []Fragment) *FragmentIndex {
	return &FragmentIndex{url, Timing{Timescale: timescale, PresentationTimeOffset: presentationTimeOffset}, fragments}
}

// Len is how many segments there are.
func (x *FragmentIndex) Len() int { return len(x.fragments) }

// Segment is the nth, from 0.
func (x *FragmentIndex) Segment(n int) Segment {
	f := &x.fragments[n]
	return Segment{URL: x.url, Range: f.Range, Start: x.timing.since(f.Time), End: x.end(n)}
}

func (x *FragmentIndex) end(n int) time.Duration {
	f := &x.fragments[n]
	return x.timing.since(f.Time + min(f.Duration, 1<<64-1-f.Time))
}

// Find gives the first segment that ends after t; Len where none does.
func (x *FragmentIndex) Find(t time.Duration) int {
	return sort.Search(len(x.fragments), func(n int) bool { return x.end(n) > t })
}
