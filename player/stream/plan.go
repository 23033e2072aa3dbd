package stream

import (
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

// View is what a decision is made on. It is plain data: the same View gives the same Step.
type View struct {
	Position time.Duration // the playhead
	Parts    []PartView    // in order
	Have     []Chunk       // what was appended and is still there, and what is on its way; by Start, without overlaps

	Goal   time.Duration // nothing is fetched that would buffer more than this ahead of the playhead
	Bytes  int64         // nor where more than this is buffered ahead, unless the playhead is close; 0 is no limit
	Behind time.Duration // how much played media stays
	Full   bool          // the browser refused an append for want of space
	Idle   bool          // the browser wants no media for now (endstreaming): only what is needed soon is fetched
}

// PartView is one Period of the film.
type PartView struct {
	Start, End time.Duration  // on the presentation's clock
	Index      manifest.Index // where segments begin; nil is not known yet
	Empty      bool           // the track has nothing to play in it
}

// Chunk is the media of one segment.
type Chunk struct {
	Start, End time.Duration // as the manifest says, on the presentation's clock
	Bytes      int64
	Stale      bool // another track, or another quality, was chosen: it is replaced, if the playhead is not there yet
	Settled    bool // it is in the SourceBuffer
	Hole       bool // there is nothing: a gap between segments, or a segment that could not be had
}

// Step is what to do next.
type Step struct {
	Action  Action
	Part    int           // of Fetch
	At      time.Duration // of Fetch: what to fetch is the segment of this time, on the clock of the Part's Period
	From    time.Duration // of Fetch: from here on nothing is there, on the presentation's clock; what lies before that segment is a gap
	Remove  Range         // of Evict
	Skipped bool          // of Fetch: the segment that was there is stale
}

// Action is a kind of step.
type Action int

// The actions.
const (
	Fetch   Action = iota // fetch and append what comes next
	Evict                 // take out media
	Restart               // begin again at the first piece: the playhead went back to media that is gone (of a file without an index)
	Wait                  // nothing until the playhead moves
	Done                  // everything is appended
)

const (
	// slack bridges the cracks between segments: of rounding, and of Representations whose segments are not cut alike.
	slack = 100 * time.Millisecond

	// rounding is how much the times of one place may differ.
	rounding = time.Millisecond

	// settleAhead is how far from the playhead media begins to be replaced, so that the picture does not stand still while it is.
	settleAhead = time.Second

	// needed is what is fetched whatever the limits are: with less than this ahead, playback is about to stall.
	needed = 5 * time.Second

	evictStep = 10 * time.Second // played media is taken out in pieces of at least this length
)

// Plan decides what a track does next. It fetches what the playhead comes to first and is not there, up to the goal; it makes room behind the playhead
// as it goes, and anywhere when the browser says that it is full.
func Plan(v View) Step {
	reached, stale := v.reach()
	next := locate(v.Parts, reached, reached > v.playhead())
	if next.part < 0 && !v.Full {
		return Step{Action: Done} // what was played stays: taking it out would open a stream that has ended
	}
	if r, ok := evictable(v); ok {
		return Step{Action: Evict, Remove: r}
	}
	holes := v.holes(reached)
	ahead := reached - v.Position - holes
	switch {
	case next.part < 0:
		return Step{Action: Done}
	case v.Full:
		return Step{Action: Wait}
	case ahead > 0 && (next.end-v.Position-holes)/2 > max(v.Goal/2, next.end-reached) && !stale: // of long segments two, or each would come too late
		return Step{Action: Wait}
	case ahead >= needed && !stale && (v.Idle || v.Bytes > 0 && bytesAhead(v) >= v.Bytes):
		return Step{Action: Wait}
	}
	return Step{Action: Fetch, Part: next.part, At: next.at, From: reached, Skipped: stale}
}

// playhead is where media is needed first. At the very end that is just before it: without the last segment, the stream would end where other media does.
func (v View) playhead() time.Duration { return min(v.Position, lastMoment(v.Parts)) }

// reach gives the first time from the playhead on whose media is missing, or is to be replaced.
func (v View) reach() (t time.Duration, stale bool) {
	t = v.playhead()
	crack := rounding // no media is left out that the playhead stands in
	for _, c := range v.Have {
		switch {
		case c.End <= t:
			continue
		case c.Start > t+crack:
			return t, false
		case c.Stale && c.Start >= v.Position+settleAhead:
			return max(t, c.Start), true
		}
		t, crack = c.End, slack
	}
	return t, false
}

// holes is how much there is nothing to play of, from the playhead up to a time.
func (v View) holes(to time.Duration) (sum time.Duration) {
	for _, c := range v.Have {
		if c.Hole {
			sum += max(0, min(c.End, to)-max(c.Start, v.Position))
		}
	}
	return sum
}

// lastMoment is a time within the last segment.
func lastMoment(parts []PartView) time.Duration {
	for _, p := range slices.Backward(parts) {
		switch {
		case p.Empty:
		case p.Index == nil:
			return max(p.Start, p.End-2*slack)
		case p.Index.Len() > 0:
			n := min(p.Index.Find(p.End-p.Start-rounding), p.Index.Len()-1)
			if start, _ := p.segment(n); n > 0 && start >= p.End-rounding {
				n--
			}
			start, end := p.segment(n)
			return max(start, end-2*slack)
		}
	}
	return forever
}

// segment gives the times of the nth segment on the presentation's clock. One of unknown length lasts as long as the Period.
func (p PartView) segment(n int) (start, end time.Duration) {
	s := p.Index.Segment(n)
	if s.End <= s.Start {
		return p.Start + s.Start, p.End
	}
	return p.Start + s.Start, min(p.Start+s.End, p.End)
}

// place is where a segment is. Without an index the segment is not known, but where to begin is.
type place struct {
	part       int           // -1 where nothing comes any more
	at         time.Duration // on the Part's clock; finds the segment
	start, end time.Duration // on the presentation's
}

// locate finds the segment of a time, or the next one. Where media ends at that time, a crack is left out.
func locate(parts []PartView, t time.Duration, ends bool) place {
	for i, p := range parts {
		switch {
		case p.Empty || p.End <= t+rounding, p.Index == nil && p.End <= t+slack:
			continue
		case p.Index == nil:
			begin := max(t, p.Start)
			return place{i, begin - p.Start, begin, begin}
		}
		n := p.Index.Find(max(t-p.Start, 0) + rounding)
		if ends && n < p.Index.Len() {
			if start, end := p.segment(n); start < t-rounding && end <= t+slack {
				n++ // only a crack of it is missing; a segment that is as short would be missing whole
			}
		}
		if n >= p.Index.Len() {
			continue
		}
		start, end := p.segment(n)
		if start >= p.End-rounding {
			continue
		}
		from := max(t, start, p.Start)
		return place{i, from - p.Start + min(slack, (end-from)/2), start, end}
	}
	return place{part: -1}
}

func bytesAhead(v View) (n int64) {
	for _, c := range v.Have {
		if c.End > v.Position {
			n += c.Bytes
		}
	}
	return n
}

// evictable gives what may go: what was played long ago; where the browser is full also what was just played, and then what is furthest ahead of a gap.
func evictable(v View) (Range, bool) {
	if r := played(v.Have, v.Position-v.Behind); r.End-r.Start >= evictStep {
		return r, true
	}
	if !v.Full {
		return Range{}, false
	}
	for _, keep := range []time.Duration{keepBehind, 0} {
		if r := played(v.Have, v.Position-keep); r.End > r.Start {
			return r, true
		}
	}
	reached, _ := v.reach()
	for _, c := range v.Have {
		if c.Settled && c.Start > reached+slack {
			return Range{Start: c.Start, End: forever}, true
		}
	}
	return Range{}, false
}

// played gives what ends before a time: chunks as a whole, because what is left of one could not be decoded without its beginning.
func played(have []Chunk, t time.Duration) (r Range) {
	for i, c := range have {
		if !c.Settled || c.End > t {
			break
		}
		if i == 0 {
			r.Start = c.Start
		}
		r.End = c.End
	}
	return r
}
