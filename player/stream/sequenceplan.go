package stream

import "time"

// SequenceView is what a decision is made on. It is plain data: the same SequenceView gives the same SequenceStep.
type SequenceView struct {
	Next, Count int // the piece to append next, and how many pieces there are

	Position time.Duration // the playhead
	Stalled  bool          // the element has no media to go on with
	Buffered []Range       // of this track's SourceBuffer, in order
	Full     bool          // the last append was refused for want of space
	Goal     time.Duration // how far ahead of the playhead to buffer

	Begin, Reached time.Duration // the media that has been appended since the first piece, whether it is still there or not
	Restarted      time.Duration // the playhead at the last Restart; negative before the first
}

// SequenceStep is what to do next.
type SequenceStep struct {
	Action Action
	Remove Range // of Evict
}

const (
	keepBehind = 5 * time.Second        // how much played media stays for a short jump back when space runs out
	tolerance  = 250 * time.Millisecond // bridges the cracks between segments
)

// PlanSequence decides. It downloads until Goal is buffered ahead, makes room only when the browser says that it is full, and starts over only when
// the playhead is stuck where media was and is no more: a file in chunks has no index that says which bytes hold which time. It starts over
// once for a place: where that did not help, the film itself has a gap.
func PlanSequence(v SequenceView) SequenceStep {
	end, inside := around(v.Buffered, v.Position)
	gone := v.Stalled && !inside && v.Position >= v.Begin && v.Position < v.Reached-tolerance
	switch {
	case gone && !near(v.Position, v.Restarted):
		return SequenceStep{Action: Restart}
	case v.Next >= v.Count:
		return SequenceStep{Action: Done}
	case v.Full:
		if r, ok := evictablePiece(v.Buffered, v.Position); ok {
			return SequenceStep{Action: Evict, Remove: r}
		}
		return SequenceStep{Action: Wait}
	case inside && end-v.Position >= v.Goal:
		return SequenceStep{Action: Wait}
	}
	return SequenceStep{Action: Fetch}
}

// around gives the end of the buffered range that the playhead stands in.
func around(buffered []Range, position time.Duration) (end time.Duration, inside bool) {
	for _, r := range buffered {
		if position >= r.Start-tolerance && position < r.End+tolerance {
			return r.End, true
		}
	}
	return 0, false
}

func near(a, b time.Duration) bool { return a-b < tolerance && b-a < tolerance }

// evictablePiece gives the played media that may go.
func evictablePiece(buffered []Range, position time.Duration) (Range, bool) {
	if len(buffered) == 0 {
		return Range{}, false
	}
	r := Range{Start: buffered[0].Start, End: min(position-keepBehind, buffered[len(buffered)-1].End)}
	return r, r.End > r.Start
}
