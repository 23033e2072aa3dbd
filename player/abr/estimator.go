package abr

import (
	"math"
	"time"
)

// Estimator makes a Throughput of the transfers of all tracks. The zero value knows nothing yet. One goroutine uses it at a time.
type Estimator struct {
	fast, slow average // of bits a second, by seconds of transfer
	error      average // of the squared error, in logarithms, by transfers
	latency    average // seconds, by requests
	seed       float64

	reached time.Time // up to where the link's time is accounted for
	bits    float64   // of a sample that is not big enough yet
	busy    float64   // seconds that it took
	cached  bool      // all that was measured looks like it came out of a cache
}

const (
	defaultBitsPerSecond = 1_000_000 // where nothing is known: what most links have, and few first segments take long at

	fastHalfLife, slowHalfLife = 3, 8 // seconds of transfer
	errorHalfLife              = 8    // transfers
	latencyHalfLife            = 4    // requests

	sampleBits    = 16_000 * 8 // what is less says little: it may come with the packets that open a connection
	cacheTime     = 5 * time.Millisecond
	cacheBytes    = 50_000 // in cacheTime: 80 Mbit/s, the request included
	defaultSpread = 0.35
)

// average is an exponentially weighted mean that is right from the first sample on.
type average struct{ sum, weight float64 }

// add takes a sample of so many half-lives.
func (a *average) add(value, halfLives float64) {
	keep := math.Exp2(-halfLives)
	a.sum = a.sum*keep + value*(1-keep)
	a.weight = a.weight*keep + 1 - keep
}

func (a *average) mean() float64 { return a.sum / a.weight }

// Seed says what the throughput was at an earlier load. What is measured replaces it.
func (e *Estimator) Seed(bitsPerSecond int64) { e.seed = float64(max(bitsPerSecond, 0)) }

// Add takes a transfer that is over, in the order of their ends.
func (e *Estimator) Add(t Transfer) {
	if t.Opened.Before(t.Started) || t.Ended.Before(t.Opened) || t.Bytes <= 0 {
		return
	}
	cached := t.Bytes >= cacheBytes && t.Ended.Sub(t.Started) < cacheTime
	if cached && e.fast.weight > 0 && !e.cached {
		return
	}
	if !cached && e.cached {
		e.fast, e.slow, e.latency, e.error = average{}, average{}, average{}, average{}
	}
	e.cached = cached
	e.latency.add(t.Opened.Sub(t.Started).Seconds(), 1.0/latencyHalfLife)
	begin := t.Opened
	if e.reached.After(begin) {
		begin = e.reached
	}
	if t.Ended.After(begin) {
		e.busy += t.Ended.Sub(begin).Seconds()
		e.reached = t.Ended
	}
	e.bits += float64(t.Bytes) * 8
	if e.bits >= sampleBits && e.busy > 0 {
		e.sample()
	}
}

func (e *Estimator) sample() {
	rate := e.bits / e.busy
	if e.fast.weight > 0 {
		off := math.Log(rate / e.estimate())
		e.error.add(off*off, 1.0/errorHalfLife)
	}
	e.fast.add(rate, e.busy/fastHalfLife)
	e.slow.add(rate, e.busy/slowHalfLife)
	e.bits, e.busy = 0, 0
}

func (e *Estimator) estimate() float64 { return min(e.fast.mean(), e.slow.mean()) }

// Throughput is what is expected of the next transfer.
func (e *Estimator) Throughput() Throughput {
	t := Throughput{BitsPerSecond: defaultBitsPerSecond, Spread: defaultSpread}
	if e.seed > 0 {
		t.BitsPerSecond = int64(e.seed)
	}
	if e.latency.weight > 0 {
		t.Latency = time.Duration(e.latency.mean() * 1e9)
	}
	if e.fast.weight > 0 {
		t.BitsPerSecond, t.Measured = max(int64(e.estimate()), 1), true
		w := e.error.weight
		t.Spread = math.Sqrt(e.error.sum + (1-w)*defaultSpread*defaultSpread)
	}
	return t
}
