package abr

import "time"

// NewThroughput makes a Selector that takes the highest bitrate that the throughput carries with a margin, whatever the buffer is.
func NewThroughput() Selector { return throughput{} }

type throughput struct{}

func (throughput) Select(s Situation) int { return carried(s.tidy(), throughputSafety) }

func (throughput) Abandon(s Situation, d Download) (int, bool) { return hopeless(s.tidy(), d) }

func (throughput) Jumped() {}

const (
	throughputSafety = 0.9                    // how much of the throughput is spent on media
	abandonAfter     = 500 * time.Millisecond // of body: before, its pace says little
	hopelessAt       = 1.8                    // times a segment's own time
)

// carried is the highest rung of which a segment is downloaded in the time that it plays, with so much of the throughput. It goes by the declared bitrate: it
// would follow each segment's size up and down.
func carried(s Situation, safety float64) (rung int) {
	return within(s, (s.Segment.Seconds()/s.Rate-s.Throughput.Latency.Seconds())*float64(s.Throughput.BitsPerSecond)*safety)
}

// within is the highest rung whose segment is of no more than so many bits, else the lowest.
func within(s Situation, bits float64) (rung int) {
	for i := range s.Ladder {
		if declared(s, i) <= bits {
			rung = i
		}
	}
	return rung
}

// hopeless gives up a download that, at its own pace, takes far longer than the segment plays and longer than the buffer lasts, for the rung that this pace
// carries, as the DASH reference player does.
func hopeless(s Situation, d Download) (rung int, abandon bool) {
	if s.Current <= 0 || d.Took < abandonAfter || d.Received <= 0 {
		return 0, false
	}
	measured, left := d.pace(s)
	whole := left + float64(d.Received)*8
	if whole/measured*s.Rate < hopelessAt*s.Segment.Seconds() || left/measured*s.Rate < s.Buffered.Seconds() {
		return 0, false
	}
	s.Throughput.BitsPerSecond = max(int64(measured), 1)
	rung = min(carried(s, throughputSafety), s.Current-1)
	return rung, size(s, rung) < left
}
