package abr

import "time"

// NewDynamic makes a Selector that follows the throughput while the buffer is small and BOLA while it is not
// (https://doi.org/10.1145/3204949.3204953).
func NewDynamic() Selector { return new(dynamic) }

type dynamic struct {
	bola     bola
	byBuffer bool
}

// dynamicAbove is the buffer from which on BOLA knows better than the throughput does.
const dynamicAbove = 10 * time.Second

func (d *dynamic) Select(s Situation) int {
	s = s.tidy()
	byThroughput, byBuffer := carried(s, throughputSafety), d.bola.choose(s)
	enough := s.Buffered >= min(dynamicAbove, s.Goal/2)
	switch {
	case enough && byBuffer >= byThroughput:
		d.byBuffer = true
	case !enough && byBuffer < byThroughput:
		d.byBuffer = false
	}
	if d.byBuffer {
		return byBuffer
	}
	return byThroughput
}

func (d *dynamic) Abandon(s Situation, download Download) (int, bool) {
	if d.byBuffer {
		return d.bola.abandon(s.tidy(), download)
	}
	return hopeless(s.tidy(), download)
}

func (d *dynamic) Jumped() { *d = dynamic{} }
