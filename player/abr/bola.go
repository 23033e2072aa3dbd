package abr

// NewBOLA makes a Selector that chooses by the buffer: BOLA (https://arxiv.org/abs/1601.06748), with what makes it BOLA-E
// (https://doi.org/10.1145/3204949.3204953): a placeholder for the buffer where that tells nothing yet, and caution while it is short.
func NewBOLA() Selector { return new(bola) }

type bola struct {
	placeholder float64 // seconds of media that are only thought to be there
	steady      bool    // the buffer has told something since the start, or since the last jump
}

// bolaGamma weighs a full buffer against utility; it is the paper's γp.
const bolaGamma = 5

func (b *bola) Jumped() { *b = bola{} }

func (b *bola) Select(s Situation) int { return b.choose(s.tidy()) }

func (b *bola) choose(s Situation) int {
	if len(s.Ladder) < 2 {
		return 0
	}
	o, buffered := newObjective(s), s.Buffered.Seconds()
	if !b.steady {
		// The placeholder brings BOLA to the rung that the throughput carries.
		b.placeholder = max(o.bufferFor(s, carried(s, 1))-buffered, 0)
		b.steady = s.Throughput.Measured && s.Buffered >= s.Segment
	}
	rung := o.best(s, buffered+b.placeholder)
	b.placeholder = max(min(b.placeholder, o.bufferFor(s, rung)-buffered), 0)
	return min(rung, affordable(s))
}

// affordable is the highest rung whose segment can be here before the buffer is empty; where there is less than a segment, in half a segment's time.
func affordable(s Situation) int {
	seconds := s.Buffered.Seconds()
	if s.Buffered < s.Segment {
		seconds = s.Segment.Seconds() / 2
	}
	return within(s, (seconds/s.Rate-s.Throughput.Latency.Seconds())*float64(s.Throughput.BitsPerSecond))
}

func (b *bola) Abandon(s Situation, d Download) (int, bool) { return b.abandon(s.tidy(), d) }

// abandon compares what the rest of the download is worth, a bit, with what a lower rung is, where the buffer runs dry before the rest is here.
func (b *bola) abandon(s Situation, d Download) (rung int, abandon bool) {
	if s.Current <= 0 || d.Took < abandonAfter || d.Received <= 0 {
		return 0, false
	}
	measured, left := d.pace(s)
	if left/measured*s.Rate < s.Buffered.Seconds() {
		return 0, false
	}
	o, buffered := newObjective(s), s.Buffered.Seconds()
	best := o.gain(s, s.Current, buffered+b.placeholder) / max(left, 1)
	rung = s.Current
	for i := range s.Current {
		if worth := o.gain(s, i, buffered+b.placeholder) / declared(s, i); worth > best {
			best, rung = worth, i
		}
	}
	if rung == s.Current {
		return 0, false
	}
	b.placeholder = max(min(b.placeholder, o.bufferFor(s, rung)-buffered), 0)
	return rung, true
}

// objective is what BOLA maximizes: (v·(utility + gamma) - buffer) / bits, with utilities from 0 up.
type objective struct{ v float64 }

// newObjective makes the buffer at which nothing is worth fetching the one at which the goal lets nothing be fetched.
func newObjective(s Situation) objective {
	full := max(s.Goal-s.Segment, s.Segment).Seconds()
	return objective{v: full / (utility(s, len(s.Ladder)-1) + bolaGamma)}
}

func (o objective) gain(s Situation, rung int, buffer float64) float64 {
	return o.v*(utility(s, rung)+bolaGamma) - buffer
}

func (o objective) best(s Situation, buffer float64) (rung int) {
	for i := range s.Ladder {
		if o.gain(s, i, buffer)/declared(s, i) > o.gain(s, rung, buffer)/declared(s, rung) {
			rung = i
		}
	}
	return rung
}

// bufferFor is the smallest buffer at which the rung is chosen over all lower ones.
func (o objective) bufferFor(s Situation, rung int) (buffer float64) {
	high := declared(s, rung)
	for i := range rung {
		if low := declared(s, i); high > low {
			buffer = max(buffer, o.v*(bolaGamma+(high*utility(s, i)-low*utility(s, rung))/(high-low)))
		}
	}
	return buffer
}
