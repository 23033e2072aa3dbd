// Package abr decides which Representation comes next. It is pure: it knows no clock, no network and no buffer but what it is told.
package abr

import "time"

// Selector chooses a Representation for each segment of one track. A Selector has a memory of its track, so each track has its own; one goroutine
// uses it.
type Selector interface {
	// Select gives the rung of s.Ladder for the next segment.
	Select(s Situation) int

	// Abandon looks at a download of rung s.Current that is under way, and says whether it is to be given up for a lower rung.
	Abandon(s Situation, d Download) (rung int, abandon bool)

	// Jumped says that the playhead has been moved, so that the buffer tells nothing of the network.
	Jumped()
}

// Situation is what a choice is made on.
type Situation struct {
	Ladder   []Rung        // that may be chosen, the lowest first; never empty
	Current  int           // the rung of the segment before, or of the download; -1 where there was none, or it is not in Ladder any more
	Segment  time.Duration // how long the next segment plays
	Buffered time.Duration // how long what is buffered plays, from the playhead on
	Goal     time.Duration // with Buffered and Segment at more than this, nothing is fetched
	Left     time.Duration // how long what is left of the film plays, the next segment included
	Rate     float64       // of playback: 2 empties the buffer twice as fast
	Playing  bool          // the element has media to go on with; before it does, and when it has run dry, it waits for this segment

	Throughput Throughput
}

// Rung is a Representation in a Situation.
type Rung struct {
	Bitrate int64 // bits a second, as declared
	Size    int64 // bytes of the next segment; 0 where nobody knows
}

// Throughput is what the network does, as an [Estimator] sees it.
type Throughput struct {
	BitsPerSecond int64         // 0 is not known
	Latency       time.Duration // from a request to its first byte
	Measured      bool          // in this session of the page; else it is a guess, or kept of an earlier load
}

// Download is one that is under way.
type Download struct {
	Received, Size int64         // bytes; a Size of 0 is not known
	Took           time.Duration // since the first byte
}

// Transfer is a download that is over, or was given up.
type Transfer struct {
	Started, Opened, Ended time.Time // the request, the first byte, the last
	Bytes                  int64
}

// New makes a Selector of a kind: "throughput", "bola", "dynamic", "lookahead", or "" for what Keystream thinks best: lookahead.
func New(kind string) Selector {
	switch kind {
	case "throughput":
		return NewThroughput()
	case "dynamic":
		return NewDynamic()
	case "bola":
		return NewBOLA()
	}
	return NewLookahead()
}
