package abr_test

import (
	"math"
	"math/rand/v2"
	"time"
)

// What the tests generate: networks and films that are not those of any benchmark. The same seed makes the same.

// traceKinds are networks by what they are like; each makes ten minutes or so.
var traceKinds = []struct {
	name string
	make func(r *rand.Rand) trace
}{
	{"constant", func(r *rand.Rand) trace { return trace{{time.Second, spread(r, 300e3, 15e6), latencyOf(r)}} }},
	{"3g", mobile},
	{"4g", stepped},
	{"oscillating", oscillating},
	{"outages", outages},
}

// spread gives a number between two, evenly by its logarithm.
func spread(r *rand.Rand, low, high float64) float64 { return low * math.Pow(high/low, r.Float64()) }

func latencyOf(r *rand.Rand) time.Duration {
	return time.Duration(spread(r, 0.01, 0.2) * float64(time.Second)).Round(time.Millisecond)
}

// mobile wanders about its mean from second to second, and is lost now and then, as in a car.
func mobile(r *rand.Rand) (t trace) {
	mean, latency := spread(r, 400e3, 4e6), latencyOf(r)
	level, lost := 0.0, 0
	for range 600 {
		level = 0.9*level + 0.25*r.NormFloat64()
		if lost--; r.Float64() < 0.01 {
			lost = 1 + r.IntN(12)
		}
		rate := mean * math.Exp(level)
		if lost > 0 {
			rate /= 20
		}
		t = append(t, stretch{time.Second, rate, latency})
	}
	return t
}

// stepped keeps to a rate for a while, as from one cell to the next.
func stepped(r *rand.Rand) (t trace) {
	latency := latencyOf(r)
	for range 40 {
		t = append(t, stretch{seconds(5 + 25*r.Float64()), spread(r, 700e3, 20e6), latency})
	}
	return t
}

func oscillating(r *rand.Rand) trace {
	low, half, latency := spread(r, 300e3, 3e6), seconds(spread(r, 3, 40)), latencyOf(r)
	return trace{{half, low * 4, latency}, {half, low, latency}}
}

func outages(r *rand.Rand) (t trace) {
	rate, latency := spread(r, 600e3, 10e6), latencyOf(r)
	for range 10 {
		t = append(t, stretch{seconds(30 + 60*r.Float64()), rate, latency}, stretch{seconds(3 + 20*r.Float64()), 1000, latency})
	}
	return t
}

var ladders = [][]int64{
	{300e3, 750e3, 1500e3, 3000e3},
	{145e3, 365e3, 730e3, 1100e3, 2000e3, 3000e3, 4500e3, 6000e3, 7800e3},
	{235e3, 375e3, 560e3, 750e3, 1050e3, 1750e3, 2350e3, 3000e3, 4300e3, 5800e3},
	{400e3, 1200e3},
	{32e3, 64e3, 128e3, 192e3},
}

// makeFilm makes a film of ten minutes, whose scenes need more and less than the bitrate.
func makeFilm(r *rand.Rand, ladder []int64, segment time.Duration) film {
	f := film{segment: segment, bitrates: ladder}
	scene := 0.0
	for range int(10 * time.Minute / segment) {
		scene = 0.6*scene + 0.2*r.NormFloat64()
		var bits []float64
		for _, bitrate := range ladder {
			bits = append(bits, float64(bitrate)*segment.Seconds()*math.Exp(scene+0.05*r.NormFloat64()-0.03))
		}
		f.bits = append(f.bits, bits)
	}
	return f
}
