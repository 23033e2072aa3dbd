package manifest

import (
	"math/bits"
	"time"
)

// Timing is the clock of a Representation's media, and how long its Period is.
type Timing struct {
	Timescale, PresentationTimeOffset uint64        // as in [Representation]
	Period                            time.Duration // 0 is unknown
}

// Media is the URL of a Representation's segments.
type Media struct {
	Template         *Template
	RepresentationID string // as the manifest has it
	Bandwidth        int64
}

func (m *Media) url(number, time uint64) string {
	return m.Template.Expand(TemplateValues{RepresentationID: m.RepresentationID, Bandwidth: m.Bandwidth, Number: number, Time: time, SubNumber: 1})
}

// tolerance is how much of a segment may lie within the Period without it being one: manifests round durations, and for the rest there would be no
// segment.
const tolerance = 5 * time.Millisecond

// since is the time of a tick on the Period's clock.
func (t *Timing) since(tick uint64) time.Duration {
	return Since(t.PresentationTimeOffset, tick, t.Timescale)
}

// ticks is how many whole ticks a duration takes; what 64 bits cannot hold is their maximum.
func ticks(d time.Duration, timescale uint64) uint64 {
	high, low := bits.Mul64(uint64(max(d, 0)), timescale)
	if high >= uint64(time.Second) {
		return 1<<64 - 1
	}
	quotient, _ := bits.Div64(high, low, uint64(time.Second))
	return quotient
}

// count is how many pieces of so many ticks begin in the Period by the first tolerance before its end.
func (t *Timing) count(from, duration uint64) uint64 {
	end := ticks(t.Period-tolerance, t.Timescale)
	if t.PresentationTimeOffset > 1<<64-1-end {
		end = 1<<64 - 1
	} else {
		end += t.PresentationTimeOffset
	}
	if from > end {
		return 0
	}
	if t.Period <= tolerance {
		return 1
	}
	return (end-from)/duration + 1
}
