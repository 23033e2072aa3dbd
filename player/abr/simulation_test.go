package abr_test

import (
	"math"
	"time"

	"github.com/keystream-player/keystream/player/abr"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/stream"
)

// A film of segments that all play equally long.
type film struct {
	segment  time.Duration
	bitrates []int64     // declared, bits a second, the lowest first
	bits     [][]float64 // of each segment, at each bitrate
}

// A trace is what a network does, for ever: it repeats.
type trace []stretch

type stretch struct {
	duration time.Duration
	rate     float64 // bits a second
	latency  time.Duration
}

// network plays a trace. Its clock moves as somebody waits or receives.
type network struct {
	trace trace
	at    int
	left  time.Duration // of the stretch
	now   time.Duration
}

func newNetwork(t trace) *network { return &network{trace: t, left: t[0].duration} }

func (n *network) wait(d time.Duration) {
	for d > 0 {
		step := min(d, n.left)
		n.pass(step)
		d -= step
	}
}

func (n *network) pass(d time.Duration) {
	n.now += d
	if n.left -= d; n.left <= 0 {
		n.at = (n.at + 1) % len(n.trace)
		n.left = n.trace[n.at].duration
	}
}

// open waits for the first byte: a unit of latency, of which each stretch takes its share.
func (n *network) open() {
	for units := 1.0; units > 1e-9; {
		latency := n.trace[n.at].latency
		need := time.Duration(units * float64(latency))
		if need <= n.left {
			n.pass(need)
			return
		}
		units -= float64(n.left) / float64(latency)
		n.pass(n.left)
	}
}

// receive gives how many of the bits come within d, and moves the clock up to the last of them.
func (n *network) receive(bits float64, d time.Duration) (got float64) {
	for d > 0 && bits-got > 1e-6 {
		rate, step := n.trace[n.at].rate, min(d, n.left)
		if rate*step.Seconds() >= bits-got {
			n.pass(min(step, time.Duration(math.Ceil((bits-got)/rate*1e9))))
			return bits
		}
		got += rate * step.Seconds()
		n.pass(step)
		d -= step
	}
	return got
}

// result is how a film played. Means are over segments.
type result struct {
	bitrate, change float64 // kbit/s; change from one segment to the next
	utility         float64 // ln(bitrate/the lowest)
	rebuffer        float64 // of the whole time
	score           float64 // as /work/shared/abr/README.md defines it: utility, less 5 for a segment's time of rebuffering, by time
	switches        int
	startup         time.Duration
	abandoned       int
	time            time.Duration
}

// simulation plays a film over a network: one download at a time, as Plan and the Selector say. As in the Sabre simulator, playback starts with the first
// segment, and goes on after a stall as soon as there is a segment.
type simulation struct {
	film      film
	net       *network
	selector  abr.Selector
	estimator *abr.Estimator
	goal      time.Duration
	sizes     bool // are known, as with a sidx

	view    stream.View
	stalled time.Duration
	rungs   []int
	r       result
}

// everyProgress is how often a download's progress is looked at.
const everyProgress = 50 * time.Millisecond

func (f film) play(t trace, selector abr.Selector, goal time.Duration, sizes bool) result {
	s := &simulation{film: f, net: newNetwork(t), selector: selector, estimator: new(abr.Estimator), goal: goal, sizes: sizes}
	end := time.Duration(len(f.bits)) * f.segment
	s.view = stream.View{Goal: goal, Behind: 30 * time.Second, Parts: []stream.PartView{{End: end, Index: fixed{f.segment, len(f.bits)}}}}
	for {
		step := stream.Plan(s.view)
		switch step.Action {
		case stream.Fetch:
			s.fetch(int(step.At / f.segment))
		case stream.Evict:
			s.evict(step.Remove)
		case stream.Wait:
			s.wait()
		case stream.Done:
			s.elapse(end - s.view.Position)
			return s.result()
		}
	}
}

// reached is up to where media is.
func (s *simulation) reached() time.Duration {
	if n := len(s.view.Have); n > 0 {
		return s.view.Have[n-1].End
	}
	return s.view.Position
}

// elapse lets media play for d, or stand still where there is none.
func (s *simulation) elapse(d time.Duration) {
	ahead := s.reached() - s.view.Position
	s.view.Position += min(d, ahead)
	if len(s.view.Have) > 0 && d > ahead {
		s.stalled += d - ahead
	}
}

// wait lets as much play as makes room for a segment.
func (s *simulation) wait() {
	d := max(s.reached()+s.film.segment-s.goal-s.view.Position, time.Millisecond)
	s.net.wait(d)
	s.elapse(d)
}

func (s *simulation) evict(r stream.Range) {
	for len(s.view.Have) > 0 && s.view.Have[0].Start < r.End {
		s.view.Have = s.view.Have[1:]
	}
}

func (s *simulation) fetch(n int) {
	rung := s.selector.Select(s.situation(n, s.current()))
	for {
		instead, abandoned := s.download(n, rung)
		if !abandoned {
			break
		}
		s.r.abandoned++
		rung = instead
	}
	start := time.Duration(n) * s.film.segment
	s.rungs = append(s.rungs, rung)
	s.view.Have = append(s.view.Have, stream.Chunk{Start: start, End: start + s.film.segment, Settled: true})
	if n == 0 {
		s.r.startup = s.net.now
	}
}

func (s *simulation) current() int {
	if len(s.rungs) == 0 {
		return -1
	}
	return s.rungs[len(s.rungs)-1]
}

func (s *simulation) situation(n, current int) abr.Situation {
	buffered := s.reached() - s.view.Position
	situation := abr.Situation{Current: current, Segment: s.film.segment, Buffered: buffered, Goal: s.goal, Rate: 1, Playing: buffered > 0,
		Left: time.Duration(len(s.film.bits)-n) * s.film.segment, Throughput: s.estimator.Throughput()}
	for q, bitrate := range s.film.bitrates {
		rung := abr.Rung{Bitrate: bitrate}
		if s.sizes {
			rung.Size = int64(s.film.bits[n][q] / 8)
		}
		situation.Ladder = append(situation.Ladder, rung)
	}
	return situation
}

// download fetches a segment, unless the Selector gives it up.
func (s *simulation) download(n, rung int) (instead int, abandoned bool) {
	bits, got := s.film.bits[n][rung], 0.0
	started := s.net.now
	s.net.open()
	opened := s.net.now
	s.elapse(opened - started)
	for got < bits && !abandoned {
		before := s.net.now
		got += s.net.receive(bits-got, everyProgress)
		s.elapse(s.net.now - before)
		if got < bits-1e-6 {
			instead, abandoned = s.selector.Abandon(s.situation(n, rung),
				abr.Download{Received: int64(got / 8), Size: int64(bits / 8), Took: s.net.now - opened})
		} else {
			got = bits
		}
	}
	epoch := time.Unix(0, 0)
	s.estimator.Add(abr.Transfer{Started: epoch.Add(started), Opened: epoch.Add(opened), Ended: epoch.Add(s.net.now), Bytes: int64(got / 8)})
	return instead, abandoned
}

func (s *simulation) result() result {
	r, n := s.r, float64(len(s.rungs))
	for i, rung := range s.rungs {
		bitrate := float64(s.film.bitrates[rung])
		r.bitrate += bitrate / 1000 / n
		r.utility += math.Log(bitrate/float64(s.film.bitrates[0])) / n
		if i > 0 && rung != s.rungs[i-1] {
			r.switches++
			r.change += math.Abs(bitrate-float64(s.film.bitrates[s.rungs[i-1]])) / 1000 / n
		}
	}
	played := time.Duration(len(s.rungs)) * s.film.segment
	r.time = s.r.startup + s.stalled + played
	share := played.Seconds() / r.time.Seconds()
	r.bitrate, r.utility = r.bitrate*share, r.utility*share
	r.rebuffer = s.stalled.Seconds() / r.time.Seconds()
	r.score = r.utility - 5*r.rebuffer
	return r
}

// fixed is an Index of segments of one length.
type fixed struct {
	segment time.Duration
	count   int
}

func (f fixed) Len() int                 { return f.count }
func (f fixed) Find(t time.Duration) int { return max(0, min(int(t/f.segment), f.count)) }
func (f fixed) Segment(n int) manifest.Segment {
	return manifest.Segment{Start: time.Duration(n) * f.segment, End: time.Duration(n+1) * f.segment}
}
