package abr

import (
	"math"
	"time"
)

// tidy makes sense of what makes none: a Selector is asked about manifests that it has not seen.
func (s Situation) tidy() Situation {
	if s.Segment <= 0 {
		s.Segment = unknownSegment
	}
	if !(s.Rate >= 1.0/16 && s.Rate <= 16) {
		s.Rate = 1
	}
	if s.Current < 0 || s.Current >= len(s.Ladder) {
		s.Current = -1
	}
	s.Buffered = max(s.Buffered, 0)
	s.Goal = max(s.Goal, s.Segment)
	s.Left = max(s.Left, s.Segment)
	s.Throughput.BitsPerSecond = max(s.Throughput.BitsPerSecond, 1)
	s.Throughput.Latency = min(max(s.Throughput.Latency, 0), time.Minute)
	return s
}

// unknownSegment is how long a segment is taken to play where nobody knows.
const unknownSegment = 4 * time.Second

// utility is the logarithm of how many times the lowest bitrate a rung has.
func utility(s Situation, rung int) float64 {
	return math.Log(float64(max(s.Ladder[rung].Bitrate, 1)) / float64(max(s.Ladder[0].Bitrate, 1)))
}

// declared is how many bits a segment has by the bitrate, and size how many it has as far as is known.
func declared(s Situation, rung int) float64 {
	return float64(max(s.Ladder[rung].Bitrate, 1)) * s.Segment.Seconds()
}

func size(s Situation, rung int) float64 {
	if known := s.Ladder[rung].Size; known > 0 {
		return float64(known) * 8
	}
	return declared(s, rung)
}

// pace is how many bits a second the download of s.Current makes, and how many it still has to make.
func (d Download) pace(s Situation) (measured, left float64) {
	whole := size(s, s.Current)
	if d.Size > 0 {
		whole = float64(d.Size) * 8
	}
	received := float64(d.Received) * 8
	return received / d.Took.Seconds(), max(whole-received, 0)
}
