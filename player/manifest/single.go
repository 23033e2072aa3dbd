package manifest

import "time"

// SingleIndex is one segment that covers a Period.
type SingleIndex struct{ segment Segment }

// NewSingleIndex makes the index of a file, or of a range of one. period is how long it lasts; 0 where nobody knows.
func NewSingleIndex(url string, in ByteRange, period time.Duration) *SingleIndex {
	return &SingleIndex{Segment{URL: url, Range: in, End: period}}
}

// Len is 1.
func (x *SingleIndex) Len() int { return 1 }

// Segment is the one there is.
func (x *SingleIndex) Segment(int) Segment { return x.segment }

// Find gives 0 until the Period ends.
func (x *SingleIndex) Find(t time.Duration) int {
	if x.segment.End > 0 && t >= x.segment.End {
		return 1
	}
	return 0
}
