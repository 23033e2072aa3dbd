package abr

import "time"

// throughputSafety is how much of the throughput is spent on media.
const throughputSafety = 0.9

// NewThroughput makes a Selector that takes the highest bitrate that the throughput carries with a margin, whatever the buffer is.
func NewThroughput() Selector { return throughput{} }

type throughput struct{}

func (throughput) Select(s Situation) int { return sustainable(s) }

func (throughput) Abandon(s Situation, d Download) (int, bool) { return hopeless(s, d) }

func (throughput) Jumped() {}

// sustainable is the highest rung of which a segment is downloaded in the time that it plays.
func sustainable(s Situation) int {
	spare := s.Segment.Seconds()/rate(s) - s.Throughput.Latency.Seconds()
	budget := spare * float64(s.Throughput.BitsPerSecond) * throughputSafety
	best := 0
	for i := range s.Ladder {
		if bits(s, i) <= budget {
			best = i
		}
	}
	return best
}

// bits is how big a segment is, by the declared bitrate: a rule that watches no buffer would follow each segment's size up and down.
func bits(s Situation, rung int) float64 { return float64(s.Ladder[rung].Bitrate) * s.Segment.Seconds() }

// rate is that of playback.
func rate(s Situation) float64 {
	if s.Rate > 0 {
		return s.Rate
	}
	return 1
}

const (
	abandonAfter = 500 * time.Millisecond // of body: before, its rate says little
	hopelessAt   = 1.8                    // times a segment's own time
)

// hopeless gives up a download that, at the rate at which it comes, takes far longer than the segment plays and longer than the buffer lasts, for the rung
// that this rate sustains, as published with BOLA-E and in the DASH reference player.
func hopeless(s Situation, d Download) (rung int, abandon bool) {
	if s.Current <= 0 || s.Current >= len(s.Ladder) || d.Took < abandonAfter || d.Received <= 0 {
		return 0, false
	}
	size := size(s, d)
	measured := float64(d.Received) * 8 / d.Took.Seconds()
	left := max(size-float64(d.Received)*8, 0)
	wholeTakes, leftTakes := size/measured*rate(s), left/measured*rate(s)
	if wholeTakes < hopelessAt*s.Segment.Seconds() || leftTakes < s.Buffered.Seconds() {
		return 0, false
	}
	s.Throughput.BitsPerSecond = int64(measured)
	rung = min(sustainable(s), s.Current-1)
	return rung, bits(s, rung) < left
}

// size is how many bits the download has.
func size(s Situation, d Download) float64 {
	if d.Size > 0 {
		return float64(d.Size) * 8
	}
	return bits(s, s.Current)
}
