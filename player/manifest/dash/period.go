package dash

import (
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

// zeroLink says that an element with a link resolves to nothing.
const zeroLink = "urn:mpeg:dash:resolve-to-zero:2013"

// readyPeriod is a Period whose place is known.
type readyPeriod struct {
	node            int32
	number          int // in the MPD, from 1
	start, duration time.Duration
	told            bool // the MPD gives the duration
	lost            bool // what is before it does not say where it starts
}

// periods finds when each Period is: from its own start and duration, from its neighbours', and from the presentation's. Those of no length are left
// out: they are placeholders. Links to Periods elsewhere are not followed; what they hold already counts.
//
// ISO/IEC 23009-1, 5.3.2.1
func (r *reader) periods() []readyPeriod {
	var periods []readyPeriod
	for c := range r.doc.children(0) {
		if r.doc.nodes[c].element != elPeriod {
			continue
		}
		r.period++
		if r.doc.attribute(c, "href") == zeroLink {
			continue
		}
		p := readyPeriod{node: c, number: r.period}
		p.duration, p.told = parseDuration(r.doc.attribute(c, "duration"))
		start, given := parseDuration(r.doc.attribute(c, "start"))
		end, known := time.Duration(0), true
		if len(periods) > 0 {
			last := &periods[len(periods)-1]
			end, known = last.start+last.duration, last.told && !last.lost
			if given && start <= last.start && known {
				given = false // each counts from 0, as some muxers have it
			}
		}
		switch {
		case given:
			p.start = start
		case known:
			p.start = end
		default:
			p.lost = true
		}
		if p.start > maxTime || p.duration > maxTime {
			r.leaveOut(BadValue, errNumber)
			continue
		}
		periods = append(periods, p)
	}
	return r.bound(r.place(periods))
}

// bound gives those Periods their length that do not tell it, and none more than there is room before the next.
func (r *reader) bound(periods []readyPeriod) []readyPeriod {
	kept := periods[:0]
	for i, p := range periods {
		end := r.m.Duration
		if i+1 < len(periods) {
			end = periods[i+1].start
		}
		room := end - p.start
		switch last := i+1 == len(periods); {
		case !last && (!p.told || p.duration > room):
			p.duration, p.told = room, true
		case last && !p.told && room > 0:
			p.duration = room
		case last && !p.told:
			p.duration = end // the presentation's length is counted from where it starts
		}
		if !p.told || p.duration > 0 {
			kept = append(kept, p)
		}
	}
	r.period = 0
	return kept
}

// place finds where those begin that follow one of unknown length, from what is behind them.
func (r *reader) place(periods []readyPeriod) []readyPeriod {
	end := r.m.Duration
	for i := len(periods) - 1; i >= 0; i-- {
		p := &periods[i]
		if p.lost && p.told && end > p.duration {
			p.start, p.lost = end-p.duration, false
		}
		end = p.start
		if p.lost {
			end = 0
		}
	}
	return slices.DeleteFunc(periods, func(p readyPeriod) bool {
		if p.lost {
			r.period = p.number
			r.leaveOut(BadValue, errNoStart)
		}
		return p.lost
	})
}

// maxTime bounds when a Period may begin and how long it may last, so that no sum overflows.
const maxTime = 100 * 365 * 24 * time.Hour

// readPeriod appends a Period to the Manifest, unless there is nothing in it to play.
func (r *reader) readPeriod(p *readyPeriod, base []string) {
	base, err := r.baseURLs(p.node, base)
	if err != nil {
		r.leaveOut(BadURL, err)
		return
	}
	period := manifest.Period{ID: r.doc.attribute(p.node, "id"), Start: p.start, Duration: p.duration}
	if !r.spend(costOfPeriod) {
		return
	}
	scope := scope{period: p.duration, base: base, protection: r.protect(nil, p.node, true), sets: map[string]bool{},
		representations: map[string]bool{}}
	scope.segments.inherit(r.doc, p.node)
	for c := range r.doc.children(p.node) {
		if r.doc.nodes[c].element != elAdaptationSet {
			continue
		}
		r.set, r.representation = r.set+1, 0
		if set, ok := r.readSet(c, &scope); ok && r.broke == nil {
			period.AdaptationSets = append(period.AdaptationSets, set)
		}
		if r.broke != nil {
			return
		}
	}
	if len(period.AdaptationSets) == 0 {
		return
	}
	if period.Duration == 0 && !r.m.Dynamic {
		period.Duration = length(period.AdaptationSets)
	}
	r.m.Periods = append(r.m.Periods, period)
}

// length is how long the segments are that are known; 0 where none are.
func length(sets []manifest.AdaptationSet) time.Duration {
	var longest time.Duration
	for _, set := range sets {
		for _, representation := range set.Representations {
			if x := representation.Index; x != nil && x.Len() > 0 {
				longest = max(longest, x.Segment(x.Len()-1).End)
			}
		}
	}
	return longest
}
