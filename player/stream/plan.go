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
}

// Step is what to do next.
type Step struct {
	Action  Action
	Part    int           // of Fetch
	At      time.Duration // of Fetch: what to fetch is the segment of this time, on the clock of the Part's Period
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
	if r, ok := evictable(v); ok {
		return Step{Action: Evict, Remove: r}
	}
	reached, stale := reach(v)
	part, at, end := locate(v.Parts, reached)
	ahead := reached - v.Position
	switch {
	case part < 0:
		return Step{Action: Done}
	case v.Full:
		return Step{Action: Wait}
	case ahead > 0 && end-v.Position > v.Goal && !stale:
		return Step{Action: Wait}
	case ahead >= needed && !stale && (v.Idle || v.Bytes > 0 && bytesAhead(v) >= v.Bytes):
		return Step{Action: Wait}
	}
	return Step{Action: Fetch, Part: part, At: at, Skipped: stale}
}

// reach gives the first time from the playhead on whose media is missing, or is to be replaced. A playhead at the very end needs what comes just before it:
// without that, the end of the stream would be where other media ends.
func reach(v View) (t time.Duration, stale bool) {
	t = min(v.Position, lastMoment(v.Parts))
	for _, c := range v.Have {
		switch {
		case c.End <= t:
		case c.Start > t+slack:
			return t, false
		case c.Stale && c.Start >= v.Position+settleAhead:
			return max(t, c.Start), true
		default:
			t = c.End
		}
	}
	return t, false
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
			if n > 0 && p.Start+p.Index.Segment(n).Start >= p.End-rounding {
				n--
			}
			last := p.Index.Segment(n)
			return p.Start + max(last.Start, min(last.End, p.End-p.Start)-2*slack)
		}
	}
	return forever
}

// locate finds the segment of a time, or the next one: its Part, a time on the Part's clock that finds it, and when it ends. Without an index the segment is
// not known, but where to begin is. part is -1 where nothing comes any more.
func locate(parts []PartView, t time.Duration) (part int, at, end time.Duration) {
	for i, p := range parts {
		at = max(t-p.Start, 0)
		switch {
		case p.Empty || p.End <= t+rounding, p.Index == nil && p.End <= t+slack:
			continue
		case p.Index == nil:
			return i, at, t
		}
		n := p.Index.Find(at + rounding)
		if n < p.Index.Len() {
			if s := p.Index.Segment(n); s.Start < at-rounding && s.End <= at+slack {
				n++ // only a crack of it is missing; a segment that is as short would be missing whole
			}
		}
		if n >= p.Index.Len() {
			continue
		}
		segment := p.Index.Segment(n)
		if p.Start+segment.Start >= p.End-rounding {
			continue
		}
		from := max(at, segment.Start)
		return i, from + min(slack, (segment.End-from)/2), min(p.Start+segment.End, p.End)
	}
	return -1, 0, 0
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
	if len(v.Have) == 0 {
		return Range{}, false
	}
	r := Range{Start: v.Have[0].Start, End: v.Position - v.Behind}
	if r.End-r.Start >= evictStep && settledBefore(v.Have, r.End) {
		return r, true
	}
	if !v.Full {
		return Range{}, false
	}
	if r.End = v.Position - keepBehind; r.End > r.Start && settledBefore(v.Have, r.End) {
		return r, true
	}
	reached, _ := reach(v)
	for _, c := range v.Have {
		if c.Settled && c.Start > reached+slack {
			return Range{Start: c.Start, End: forever}, true
		}
	}
	return Range{}, false
}

// settledBefore says whether there is anything to take out before t.
func settledBefore(have []Chunk, t time.Duration) bool {
	return have[0].Settled && have[0].Start < t
}
