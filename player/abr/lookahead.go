package abr

import "math"

// NewLookahead makes the Selector that Keystream uses: before each segment it plans the next half minute, for every level that the buffer may have, and takes
// the rung from which the plan promises most: utility (the logarithm of the bitrate), less what stalls are expected to cost. It is model predictive control
// (https://doi.org/10.1145/2785956.2787486) that reckons with a range of download times instead of one forecast, as Fugu does
// (https://www.usenix.org/conference/nsdi20/presentation/yan), and knows a segment's size where the index tells it.
func NewLookahead() Selector { return new(lookahead) }

type lookahead struct{ value, spare, takes, utility []float64 } // memory that is used again; the choice itself remembers nothing

// pace is how long a download may take: times what the throughput says, and how likely that is.
type pace struct{ times, chance float64 }

// paces have a longer tail and a smaller mean than single downloads have. The plan takes each download for independent of the one before; in fact bad times
// last, and what the tail exaggerates stands for that. Tuned on the traces of `make bench-abr`, both halves of which gain alike, against those of the tests.
var paces = [...]pace{{5, 0.06}, {1.4, 0.13}, {0.6, 0.2}, {0.16, 0.61}}

const (
	stallCost   = 6.0  // a second of stall, in seconds of utility 1: the benchmark's 5, and the second itself
	switchCost  = 0.1  // of the utility by which a change of quality changes a segment: what is gained by less is not worth the sight
	planSeconds = 36.0 // how far a plan looks
	planSteps   = 24   // and no more segments than this
	levels      = 26   // of the buffer, from nothing to the goal

	// A download's own pace counts as much as the estimate after this many seconds.
	trustSeconds = 1.0

	// A download is let be that will be there this many seconds before the buffer is empty.
	abandonMargin = 0.5
)

func (l *lookahead) Jumped() {}

func (l *lookahead) Select(s Situation) (rung int) {
	s = s.tidy()
	if len(s.Ladder) < 2 {
		return 0
	}
	o := l.outlook(s, float64(s.Throughput.BitsPerSecond))
	best := math.Inf(-1)
	for i := range s.Ladder {
		worth := o.worth(i, o.latency, size(s, i))
		if s.Current >= 0 {
			worth -= switchCost * o.segment * math.Abs(o.utility[i]-o.utility[s.Current])
		}
		if worth > best {
			best, rung = worth, i
		}
	}
	return rung
}

// Abandon weighs the rest of the download against a lower rung's whole segment.
func (l *lookahead) Abandon(s Situation, d Download) (rung int, abandon bool) {
	s = s.tidy()
	if s.Current <= 0 || d.Took < abandonAfter || d.Received <= 0 {
		return 0, false
	}
	measured, left := d.pace(s)
	if left/measured < s.Buffered.Seconds()/s.Rate-abandonMargin {
		return 0, false
	}
	trust := d.Took.Seconds() / (d.Took.Seconds() + trustSeconds)
	o := l.outlook(s, math.Pow(float64(s.Throughput.BitsPerSecond), 1-trust)*math.Pow(measured, trust))
	rung, best := s.Current, o.worth(s.Current, 0, left)
	for i := range s.Current {
		if worth := o.worth(i, o.latency, size(s, i)); worth > best {
			best, rung = worth, i
		}
	}
	return rung, rung < s.Current
}

// outlook is a plan: what a buffer is worth once the next segment is there. Times are seconds as the viewer lives them: at rate 2 a segment of 4 s plays for 2.
type outlook struct {
	utility                 []float64 // of the rungs
	throughput, latency     float64
	segment, goal, buffered float64
	value                   []float64 // of a buffer of 0, step, 2·step … goal
	step                    float64
}

// outlook plans backwards, from the last segment that it looks at to the next.
func (l *lookahead) outlook(s Situation, throughput float64) outlook {
	o := outlook{throughput: max(throughput, 1), latency: s.Throughput.Latency.Seconds(), segment: s.Segment.Seconds() / s.Rate,
		goal: max(s.Goal, s.Segment).Seconds() / s.Rate, buffered: s.Buffered.Seconds() / s.Rate}
	o.step = o.goal / (levels - 1)
	if l.value == nil {
		l.value, l.spare = make([]float64, levels), make([]float64, levels)
	}
	o.value = l.value
	clear(o.value)
	l.takes, l.utility = l.takes[:0], l.utility[:0]
	for i := range s.Ladder {
		l.takes = append(l.takes, o.latency+declared(s, i)/o.throughput)
		l.utility = append(l.utility, utility(s, i))
	}
	o.utility = l.utility
	steps := min(planSteps, math.Ceil(planSeconds/o.segment), math.Ceil(s.Left.Seconds()/s.Segment.Seconds())-1)
	spare := l.spare
	for range int(steps) {
		for level := range spare {
			spare[level] = o.best(float64(level)*o.step, l.takes)
		}
		o.value, spare = spare, o.value
	}
	return o
}

// best is what the best rung is worth with so much buffered. The worth rises with the rung up to a point, and falls from there on.
func (o *outlook) best(buffered float64, takes []float64) float64 {
	best := math.Inf(-1)
	for i, t := range takes {
		worth := o.utility[i]*o.segment + o.expect(buffered, t)
		if worth < best {
			break
		}
		best = worth
	}
	return best
}

// worth is what a choice is worth: a rung, and what has yet to be downloaded for it.
func (o *outlook) worth(rung int, latency, bits float64) float64 {
	return o.utility[rung]*o.segment + o.expect(o.buffered, latency+bits/o.throughput)
}

// expect is what is to be expected of a download that should take so many seconds.
func (o *outlook) expect(buffered, seconds float64) (worth float64) {
	for _, p := range paces {
		rest := buffered - seconds*p.times
		if rest < 0 {
			worth += p.chance * rest * stallCost
			rest = 0
		}
		at := min(rest+o.segment, o.goal) / o.step
		below := min(int(at), levels-2)
		part := at - float64(below)
		worth += p.chance * (o.value[below]*(1-part) + o.value[below+1]*part)
	}
	return worth
}
