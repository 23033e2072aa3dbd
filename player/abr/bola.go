package abr

import (
	"math"
	"time"
)

// NewBOLA makes a Selector that chooses by the buffer: BOLA (https://arxiv.org/abs/1601.06748) as BOLA-E, with a placeholder buffer where the real one
// tells nothing yet (https://doi.org/10.1145/3204949.3204953).
func NewBOLA() Selector { return new(bola) }

type bola struct {
	placeholder float64 // seconds of media that are only thought to be there
	steady      bool    // the buffer has told something since the start, or the last jump
}

const (
	bolaLowest  = 10.0 // seconds of buffer at which BOLA leaves the lowest rung …
	bolaPerRung = 2.0  // … and how far apart the thresholds of the others are at least
)

func (b *bola) Jumped() { *b = bola{} }

func (b *bola) Select(s Situation) int {
	o := newObjective(s)
	fits := sustainable(s)
	buffered := s.Buffered.Seconds()
	if !b.steady {
		// The placeholder brings BOLA to the rung that the throughput carries.
		b.placeholder = max(b.placeholder, o.bufferFor(s, fits)-buffered)
		b.steady = s.Throughput.Measured && s.Buffered >= s.Segment
	}
	b.placeholder = min(b.placeholder, max(o.top-buffered, 0))
	rung := o.best(s, buffered+b.placeholder)
	if rung > fits && rung > s.Current {
		rung = max(fits, min(s.Current, len(s.Ladder)-1)) // BOLA-O: no step up that the throughput does not carry
		b.placeholder = min(b.placeholder, max(o.bufferFor(s, rung)-buffered, 0))
	}
	return min(rung, b.affordable(s))
}

// affordable is the highest rung whose segment is half sure to come before the buffer runs dry: the rule for insufficient buffers.
func (b *bola) affordable(s Situation) int {
	seconds := max(s.Buffered, s.Segment).Seconds() / rate(s)
	budget := (seconds - s.Throughput.Latency.Seconds()) * float64(s.Throughput.BitsPerSecond)
	if s.Buffered < s.Segment {
		budget *= 0.5
	}
	best := 0
	for i := range s.Ladder {
		if bits(s, i) <= budget {
			best = i
		}
	}
	return best
}

func (b *bola) Abandon(s Situation, d Download) (int, bool) {
	if s.Current <= 0 || s.Current >= len(s.Ladder) || d.Took < abandonAfter || d.Received <= 0 {
		return 0, false
	}
	o, level := newObjective(s), s.Buffered.Seconds()+b.placeholder
	measured := float64(d.Received) * 8 / d.Took.Seconds()
	left := size(s, d) - float64(d.Received)*8
	if left/measured*rate(s) < s.Buffered.Seconds() {
		return 0, false
	}
	best, rung := o.worth(s, s.Current, level)*bits(s, s.Current)/max(left, 1), s.Current
	for i := range s.Current {
		if worth := o.worth(s, i, level); worth > best {
			best, rung = worth, i
		}
	}
	if rung < s.Current {
		b.placeholder = min(b.placeholder, max(o.bufferFor(s, rung)-s.Buffered.Seconds(), 0))
	}
	return rung, rung < s.Current
}

// objective is what BOLA maximizes: (v·(utility + gamma) - buffer) / bits, with utilities from 0 up.
type objective struct {
	v, gamma float64
	top      float64 // the buffer above which nothing would be fetched
}

// newObjective has the lowest rung chosen up to bolaLowest, and the highest from the goal on. Where the goal has no room for all thresholds, the placeholder
// makes up for it.
func newObjective(s Situation) objective {
	goal := (s.Goal - s.Segment).Seconds()
	lowest := min(bolaLowest, max(goal/2, 0.1))
	goal = max(goal, lowest+bolaPerRung*float64(len(s.Ladder)))
	highest := utility(s, len(s.Ladder)-1)
	if highest <= 0 {
		return objective{v: 1, gamma: 1, top: goal}
	}
	gamma := 1 + highest/(goal/lowest-1)
	v := lowest / (gamma - 1)
	return objective{v: v, gamma: gamma, top: v * (highest + gamma)}
}

func utility(s Situation, rung int) float64 {
	return math.Log(float64(max(s.Ladder[rung].Bitrate, 1)) / float64(max(s.Ladder[0].Bitrate, 1)))
}

func (o objective) worth(s Situation, rung int, buffer float64) float64 {
	return (o.v*(utility(s, rung)+o.gamma) - buffer) / max(bits(s, rung), 1)
}

func (o objective) best(s Situation, buffer float64) (rung int) {
	for i := range s.Ladder {
		if o.worth(s, i, buffer) > o.worth(s, rung, buffer) {
			rung = i
		}
	}
	return rung
}

// bufferFor is the smallest buffer at which the rung is chosen over all lower ones.
func (o objective) bufferFor(s Situation, rung int) (buffer float64) {
	for i := range rung {
		low, high := bits(s, i), bits(s, rung)
		if high > low {
			buffer = max(buffer, o.v*(o.gamma+(high*utility(s, i)-low*utility(s, rung))/(high-low)))
		}
	}
	return buffer
}

// dynamicAbove is the buffer from which on BOLA knows better than the throughput.
const dynamicAbove = 10 * time.Second

// NewDynamic makes a Selector that follows the throughput while the buffer is small and BOLA while it is not, as published with BOLA-E.
func NewDynamic() Selector { return new(dynamic) }

type dynamic struct {
	bola     bola
	byBuffer bool
}

func (d *dynamic) Select(s Situation) int {
	fits, byBuffer := sustainable(s), d.bola.Select(s)
	above := min(dynamicAbove, s.Goal/2)
	switch {
	case s.Buffered >= above && byBuffer >= fits:
		d.byBuffer = true
	case s.Buffered < above && byBuffer < fits:
		d.byBuffer = false
	}
	if d.byBuffer {
		return byBuffer
	}
	return fits
}

func (d *dynamic) Abandon(s Situation, download Download) (int, bool) {
	if d.byBuffer {
		return d.bola.Abandon(s, download)
	}
	return hopeless(s, download)
}

func (d *dynamic) Jumped() { *d = dynamic{} }
