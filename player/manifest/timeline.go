package manifest

import (
	"errors"
	"math"
	"sort"
	"time"
)

// Entry is an S of a SegmentTimeline: Repeat+1 segments of Duration ticks. A negative Repeat is as many as fit before the next Entry or the Period's end.
//
// ISO/IEC 23009-1, 5.3.9.6
type Entry struct {
	Time, Duration uint64
	Repeat         int32
	HasTime        bool // else it begins where the one before ends
}

// ErrEmptyTimeline says that a SegmentTimeline has no segment within its Period.
var ErrEmptyTimeline = errors.New("the timeline has no segments in its period")

// Timeline says when segments are that a list of entries names, run by run. Representations share it.
type Timeline struct {
	timing Timing
	runs   []run
	count  int
}

// run is segments of one length without a gap. Of what overlaps the next run, the next run has it.
type run struct {
	time, duration uint64
	first          int    // of its segments, counted from 0
	number         uint64 // of the first, counted from 0 with those that were left out
}

// NewTimeline lays entries out in a Period. What begins after it is cut off, so that a Repeat of 2147483647 is harmless; an entry that goes back
// behind the start of the one before, or of no length, is left out.
func NewTimeline(entries []Entry, timing Timing) (*Timeline, error) {
	t := &Timeline{timing: timing, runs: make([]run, 0, len(entries))}
	var at, number uint64
	for i, e := range entries {
		if e.HasTime {
			at = e.Time
		}
		if e.Duration == 0 {
			continue
		}
		named := t.repeats(e, at, entries[i+1:])
		if last := len(t.runs) - 1; last < 0 || at > t.runs[last].time {
			t.trim(at)
			t.add(at, e.Duration, named, number)
		}
		number += named
		if high := (math.MaxUint64 - at) / e.Duration; named > high {
			break
		}
		at += named * e.Duration
	}
	if t.count == 0 {
		return nil, ErrEmptyTimeline
	}
	return t, nil
}

// repeats is how many segments an entry stands for; what a Period does not hold is cut off later.
func (t *Timeline) repeats(e Entry, at uint64, next []Entry) uint64 {
	switch {
	case e.Repeat >= 0:
		return uint64(e.Repeat) + 1
	case len(next) > 0 && next[0].HasTime:
		if next[0].Time <= at {
			return 1
		}
		return (next[0].Time-at-1)/e.Duration + 1
	case t.timing.Period > 0:
		return max(t.timing.count(at, e.Duration), 1)
	}
	return 1
}

// trim takes off the last run what begins at a tick or later.
func (t *Timeline) trim(at uint64) {
	if len(t.runs) == 0 {
		return
	}
	last := t.runs[len(t.runs)-1]
	if n := (at-last.time-1)/last.duration + 1; n < uint64(t.count-last.first) {
		t.count = last.first + int(n)
	}
}

// add appends the segments that begin within the Period.
func (t *Timeline) add(at, duration, named, number uint64) {
	count := min(named, (math.MaxUint64-at)/duration, math.MaxInt32)
	if t.timing.Period > 0 {
		count = min(count, t.timing.count(at, duration))
	}
	if count == 0 {
		return
	}
	if last := len(t.runs) - 1; last >= 0 {
		r := t.runs[last]
		held := uint64(t.count - r.first)
		if r.duration == duration && r.time+held*duration == at && r.number+held == number {
			t.count += int(count)
			return
		}
	}
	t.runs = append(t.runs, run{at, duration, t.count, number})
	t.count += int(count)
}

// Len is how many segments there are.
func (t *Timeline) Len() int { return t.count }

// locate gives the run that the nth segment is in.
func (t *Timeline) locate(n int) int {
	return sort.Search(len(t.runs), func(i int) bool { return t.runs[i].first > n }) - 1
}

// at gives the nth segment's start in ticks, and its number counted from 0.
func (t *Timeline) at(n int) (tick, number uint64) {
	r := &t.runs[t.locate(n)]
	offset := uint64(n - r.first)
	return r.time + offset*r.duration, r.number + offset
}

// span gives the nth segment's start and end.
func (t *Timeline) span(n int) (start, end time.Duration) {
	i := t.locate(n)
	r := &t.runs[i]
	tick := r.time + uint64(n-r.first)*r.duration
	until := tick + r.duration
	if i+1 < len(t.runs) {
		until = min(until, t.runs[i+1].time)
	}
	return t.timing.since(tick), t.timing.since(until)
}

// Find gives the first segment that ends after a time; Len where none does.
func (t *Timeline) Find(at time.Duration) int {
	return sort.Search(t.count, func(n int) bool {
		_, end := t.span(n)
		return end > at
	})
}

// TimelineIndex is a Timeline with the URLs of one Representation.
type TimelineIndex struct {
	*Timeline
	media       Media
	startNumber uint64
}

// NewTimelineIndex makes the index.
func NewTimelineIndex(t *Timeline, media Media, startNumber uint64) *TimelineIndex {
	return &TimelineIndex{t, media, startNumber}
}

// Segment is the nth, from 0.
func (x *TimelineIndex) Segment(n int) Segment {
	tick, number := x.at(n)
	start, end := x.span(n)
	return Segment{URL: x.media.url(x.startNumber+number, tick), Start: start, End: end}
}
