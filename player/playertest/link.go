package playertest

import (
	"math"
	"slices"
	"time"
)

// TracePeriod is what the network is like for a while.
type TracePeriod struct {
	Duration      time.Duration
	BitsPerSecond int64         // that all downloads share evenly; 0 brings nothing
	Latency       time.Duration // from a request to its response's header, of requests that begin meanwhile; 0 is [Options.NetworkLatency]
}

// link is what all downloads share, where there is a trace. The trace begins when the host does, and over again when it has ended.
type link struct {
	host  *Host
	total time.Duration // of the trace
	flows []*flow
	since time.Time // up to when the flows have been brought
	timer *time.Timer
}

// flow is a download.
type flow struct {
	size float64 // bits
	left float64
	stop float64 // it comes to stand still when so much is left; 0 never
	done chan struct{}
}

// nothing is what is left of a download that is over, for want of exactness.
const nothing = 1e-3

func newLink(h *Host) *link {
	l := &link{host: h}
	for _, p := range h.options.Trace {
		l.total += p.Duration
	}
	if l.total <= 0 {
		return nil
	}
	return l
}

// at is the period that holds a moment, and when it ends.
func (l *link) at(t time.Time) (p TracePeriod, end time.Time) {
	into := t.Sub(l.host.start) % l.total
	for _, p = range l.host.options.Trace {
		if into < p.Duration {
			return p, t.Add(p.Duration - into)
		}
		into -= p.Duration
	}
	return p, t
}

// latency is how long a request that begins now waits for its header.
func (h *Host) latency() time.Duration {
	if h.link != nil {
		if p, _ := h.link.at(time.Now()); p.Latency > 0 {
			return p.Latency
		}
	}
	return h.options.NetworkLatency
}

// join begins a download of so many bytes, which ends when done is closed. One that stalls does after some of them. The host's mutex is held.
func (l *link) join(size, stallAfter int64, stalls bool) *flow {
	l.bring()
	f := &flow{size: float64(size * 8), left: float64(size * 8), done: make(chan struct{})}
	if stalls {
		f.stop = max(f.size-float64(stallAfter*8), 1)
	}
	l.flows = append(l.flows, f)
	l.plan()
	return f
}

// leave ends a download, whether or not all of it came. The host's mutex is held.
func (l *link) leave(f *flow) {
	l.bring()
	l.flows = slices.DeleteFunc(l.flows, func(o *flow) bool { return o == f })
	l.plan()
}

// received is how many bytes have come. The host's mutex is held.
func (l *link) received(f *flow) int64 {
	l.bring()
	return int64((f.size - f.left + nothing) / 8)
}

// running are the flows that get a share.
func (l *link) running() (all []*flow) {
	for _, f := range l.flows {
		if f.left > f.stop+nothing {
			all = append(all, f)
		}
	}
	return all
}

// next is when the rate of each flow changes, from a moment on: with the trace, or because a flow ends.
func (l *link) next(from time.Time) (at time.Time, rate float64, running []*flow) {
	p, at := l.at(from)
	running = l.running()
	if len(running) == 0 || p.BitsPerSecond <= 0 {
		return at, 0, running
	}
	rate = float64(p.BitsPerSecond) / float64(len(running))
	for _, f := range running {
		need := math.Ceil((f.left - f.stop) / rate * float64(time.Second))
		if need < float64(at.Sub(from)) {
			at = from.Add(time.Duration(need))
		}
	}
	return at, rate, running
}

// bring moves all flows on to the present.
func (l *link) bring() {
	now := time.Now()
	for l.since.Before(now) && len(l.running()) > 0 {
		at, rate, running := l.next(l.since)
		if at.After(now) {
			at = now
		}
		for _, f := range running {
			f.left = max(f.left-rate*at.Sub(l.since).Seconds(), f.stop)
		}
		l.since = at
		l.end()
	}
	l.since = now
}

// end is for the flows that have all of their bytes.
func (l *link) end() {
	l.flows = slices.DeleteFunc(l.flows, func(f *flow) bool {
		over := f.left <= nothing
		if over {
			f.left = 0
			close(f.done)
		}
		return over
	})
}

// plan wakes up when something changes next.
func (l *link) plan() {
	if l.timer != nil {
		l.timer.Stop()
	}
	l.end()
	if len(l.running()) == 0 {
		return
	}
	at, _, _ := l.next(l.since)
	l.timer = l.host.after(time.Until(at), func() {
		l.bring()
		l.plan()
	})
}
