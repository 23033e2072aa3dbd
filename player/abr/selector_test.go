package abr_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/abr"
)

// FuzzSelector asks every kind about Situations that make no sense, one after the other, and expects an answer that can be used.
func FuzzSelector(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, 1.0, int64(4e9), int64(25e9), int64(10e9), int64(2e6))
	}
	f.Add(uint64(1), math.NaN(), int64(0), int64(0), int64(0), int64(0))
	f.Add(uint64(2), math.Inf(1), int64(-1), int64(math.MaxInt64), int64(math.MinInt64), int64(math.MaxInt64))
	f.Add(uint64(3), -2.0, int64(math.MaxInt64), int64(1), int64(math.MaxInt64), int64(-5))
	f.Add(uint64(4), 0.0, int64(1), int64(math.MaxInt64), int64(1), int64(1))
	f.Fuzz(func(t *testing.T, seed uint64, rate float64, segment, goal, buffered, throughput int64) {
		for _, kind := range append(kinds, "") {
			r := rand.New(rand.NewPCG(seed, 0))
			selector := abr.New(kind)
			for range 5 {
				s := abr.Situation{Current: r.IntN(14) - 2, Segment: time.Duration(segment), Goal: time.Duration(goal), Buffered: time.Duration(buffered),
					Left: time.Duration(r.Int64()), Rate: rate, Throughput: abr.Throughput{BitsPerSecond: throughput, Measured: r.IntN(2) == 0,
						Latency: time.Duration(r.Int64N(3e9) - 1e9)}}
				for range 1 + r.IntN(10) {
					s.Ladder = append(s.Ladder, abr.Rung{Bitrate: r.Int64N(9e6) - 1e6, Size: r.Int64N(9e6) - 1e6})
				}
				if rung := selector.Select(s); rung < 0 || rung >= len(s.Ladder) {
					t.Fatalf("%q chose %d of %+v", kind, rung, s)
				}
				d := abr.Download{Received: r.Int64N(1e6), Size: r.Int64N(2e6), Took: time.Duration(r.Int64N(5e9))}
				if rung, abandon := selector.Abandon(s, d); abandon && (rung < 0 || rung >= s.Current) {
					t.Fatalf("%q gave up %d for %d: %+v", kind, s.Current, rung, s)
				}
				if r.IntN(4) == 0 {
					selector.Jumped()
				}
			}
		}
	})
}

func TestSelect(t *testing.T) {
	rich := abr.Throughput{BitsPerSecond: 20e6, Latency: 40 * time.Millisecond, Measured: true}
	poor := abr.Throughput{BitsPerSecond: 200e3, Latency: 40 * time.Millisecond, Measured: true}
	for _, kind := range kinds {
		s := abr.Situation{Current: -1, Segment: 2 * time.Second, Goal: 30 * time.Second, Left: time.Hour, Rate: 1, Throughput: rich,
			Ladder: []abr.Rung{{Bitrate: 300e3}, {Bitrate: 750e3}, {Bitrate: 1500e3}, {Bitrate: 3000e3}}}
		at := func(buffered time.Duration, current int, throughput abr.Throughput) int {
			s.Buffered, s.Current, s.Throughput, s.Playing = buffered, current, throughput, buffered > 0
			return abr.New(kind).Select(s)
		}
		if rung := at(28*time.Second, 3, rich); rung != 3 {
			t.Errorf("%s: a full buffer and a rich network give %d", kind, rung)
		}
		if rung := at(8*time.Second, 0, rich); rung < 2 {
			t.Errorf("%s: it should climb at once, not to %d", kind, rung)
		}
		if rung := at(0, 3, poor); rung != 0 {
			t.Errorf("%s: an empty buffer and a poor network give %d", kind, rung)
		}
	}
}

func TestAbandon(t *testing.T) {
	s := abr.Situation{Current: 3, Segment: 4 * time.Second, Buffered: 3 * time.Second, Goal: 30 * time.Second, Left: time.Hour, Rate: 1, Playing: true,
		Throughput: abr.Throughput{BitsPerSecond: 4e6, Latency: 40 * time.Millisecond, Measured: true},
		Ladder:     []abr.Rung{{Bitrate: 300e3}, {Bitrate: 750e3}, {Bitrate: 1500e3}, {Bitrate: 3000e3}}}
	for _, test := range []struct {
		name     string
		download abr.Download
		abandons bool
	}{
		{"it comes as fast as it should", abr.Download{Received: 500e3, Size: 1500e3, Took: time.Second}, false},
		{"it hardly comes at all", abr.Download{Received: 20e3, Size: 1500e3, Took: 1500 * time.Millisecond}, true},
		{"it is too early to say", abr.Download{Received: 2e3, Size: 1500e3, Took: 100 * time.Millisecond}, false},
		{"it is slow and nearly there", abr.Download{Received: 1490e3, Size: 1500e3, Took: 9 * time.Second}, false},
	} {
		for _, kind := range kinds {
			if rung, abandons := abr.New(kind).Abandon(s, test.download); abandons != test.abandons {
				t.Errorf("%s: %s: %v, rung %d", kind, test.name, abandons, rung)
			}
		}
	}
}

func BenchmarkLookahead(b *testing.B) {
	s := abr.Situation{Segment: 2 * time.Second, Buffered: 12 * time.Second, Goal: 30 * time.Second, Left: time.Hour, Rate: 1,
		Throughput: abr.Throughput{BitsPerSecond: 3e6, Latency: 40 * time.Millisecond}}
	for _, bitrate := range ladders[2] {
		s.Ladder = append(s.Ladder, abr.Rung{Bitrate: bitrate})
	}
	selector := abr.NewLookahead()
	b.ReportAllocs()
	for b.Loop() {
		selector.Select(s)
	}
}
