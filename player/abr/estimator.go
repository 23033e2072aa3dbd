package abr

import (
	"math"
	"slices"
	"time"
)

// Estimator makes a Throughput of the transfers of all tracks. The zero value knows nothing yet. One goroutine uses it at a time.
//
// It keeps two means of samples, one that follows fast and one that is steady, and gives what lies between. Tracks that download at the same time share the
// link, so all their bytes are put against the time in which any of them was under way.
type Estimator struct {
	fast, slow average // bits a second
	latency    average // seconds
	last       float64 // the newest sample
	seed       int64

	counted []interval // the link's time that is accounted for, in order
	bits    float64    // of a sample that is not big enough yet …
	busy    float64    // … and the seconds that it took
	cached  bool       // all that was measured looks as if it came out of a cache
}

const (
	defaultBitsPerSecond = 1_000_000 // where nothing is known: most links have it, and few first segments take long at it

	maxBitsPerSecond = 1e12

	fastHalfLife, slowHalfLife = 2.0, 10.0 // seconds of transfer
	latencyHalfLife            = 4.0       // requests

	// No more is expected than so many times what the newest sample had: a line that has become slow does not become fast again for its past.
	believed = 2.0

	// A sample counts for no more than this: else a standstill of twenty seconds, once it is over, weighs down the next ten.
	maxSampleSeconds = 2.0

	// What is smaller waits for more: it may have come with the very packets that open a connection.
	minSampleBits = 16_000 * 8

	// maxCounted is how many pieces of the link's time are remembered: as many gaps as there may be in a long transfer's time.
	maxCounted = 16

	// cacheBytes in less than cacheTime, the request included, come from a cache and tell nothing of the network: 80 Mbit/s without any latency.
	cacheBytes, cacheTime = 50_000, 5 * time.Millisecond
)

// interval is a piece of the link's time.
type interval struct{ begin, end time.Time }

// average is an exponentially weighted mean that is right from the first sample on. Its zero value has none.
type average struct{ sum, weight float64 }

func (a *average) add(value, halfLives float64) {
	keep := math.Exp2(-halfLives)
	a.sum = a.sum*keep + value*(1-keep)
	a.weight = a.weight*keep + 1 - keep
}

func (a average) empty() bool   { return a.weight <= 0 }
func (a average) mean() float64 { return a.sum / a.weight }

// Seed says what the throughput was at an earlier load; 0 forgets it. It is believed until something is measured.
func (e *Estimator) Seed(bitsPerSecond int64) { e.seed = max(bitsPerSecond, 0) }

// Add takes transfers, in the order in which they end. One that was given up counts too.
func (e *Estimator) Add(t Transfer) {
	if t.Opened.Before(t.Started) || t.Ended.Before(t.Opened) || t.Bytes <= 0 || !e.believes(t) {
		return
	}
	e.latency.add(t.Opened.Sub(t.Started).Seconds(), 1/latencyHalfLife)
	e.busy += e.count(interval{t.Opened, t.Ended}).Seconds()
	e.bits += float64(t.Bytes) * 8
	if e.bits < minSampleBits && e.busy < maxSampleSeconds || e.busy <= 0 {
		return
	}
	weight := min(e.busy, maxSampleSeconds)
	e.last = e.bits / e.busy
	e.fast.add(e.bits/e.busy, weight/fastHalfLife)
	e.slow.add(e.bits/e.busy, weight/slowHalfLife)
	e.bits, e.busy = 0, 0
}

// count gives how much of a time was not accounted for, and accounts for it. A short transfer may have begun and ended while a long one was under way.
func (e *Estimator) count(i interval) time.Duration {
	fresh := i.end.Sub(i.begin)
	kept := e.counted[:0]
	for _, c := range e.counted {
		both := interval{later(c.begin, i.begin), earlier(c.end, i.end)}
		if both.end.Before(both.begin) {
			kept = append(kept, c)
			continue
		}
		fresh -= both.end.Sub(both.begin)
		i = interval{earlier(c.begin, i.begin), later(c.end, i.end)}
	}
	e.counted = append(kept, i)
	if len(e.counted) > maxCounted {
		e.counted = slices.Delete(e.counted, 0, 1)
	}
	return fresh
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// believes tells the network from a cache. As long as there has been nothing but a cache, that is what there is to go by.
func (e *Estimator) believes(t Transfer) bool {
	cached := t.Bytes >= cacheBytes && t.Ended.Sub(t.Started) < cacheTime
	switch {
	case !cached && e.cached:
		*e = Estimator{seed: e.seed}
	case cached && !e.cached && !e.latency.empty():
		return false
	}
	e.cached = cached
	return true
}

func (e *Estimator) expected() float64 {
	return max(min(math.Sqrt(e.fast.mean()*e.slow.mean()), believed*e.last), 1)
}

// Throughput is what is expected of the next transfer.
func (e *Estimator) Throughput() Throughput {
	t := Throughput{BitsPerSecond: defaultBitsPerSecond}
	if e.seed > 0 {
		t.BitsPerSecond = e.seed
	}
	if !e.latency.empty() {
		t.Latency = time.Duration(e.latency.mean() * float64(time.Second))
	}
	if !e.fast.empty() {
		t.BitsPerSecond, t.Measured = int64(min(e.expected(), maxBitsPerSecond)), true
	}
	return t
}
