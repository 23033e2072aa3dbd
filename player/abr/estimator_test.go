package abr_test

import (
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/abr"
)

// transfer begins at so many milliseconds, waits for its first byte and takes its time.
func transfer(at, wait, body int, bytes int64) abr.Transfer {
	start := time.Unix(1000, 0).Add(time.Duration(at) * time.Millisecond)
	opened := start.Add(time.Duration(wait) * time.Millisecond)
	return abr.Transfer{Started: start, Opened: opened, Ended: opened.Add(time.Duration(body) * time.Millisecond), Bytes: bytes}
}

func TestEstimator(t *testing.T) {
	for _, test := range []struct {
		name      string
		seed      int64
		transfers []abr.Transfer
		low, high int64 // bits a second
		latency   time.Duration
		measured  bool
	}{
		{"nothing is known", 0, nil, 1e6, 1e6, 0, false},
		{"an earlier load", 5e6, nil, 5e6, 5e6, 0, false},
		{"latency is apart", 5e6, []abr.Transfer{transfer(0, 500, 1000, 250e3)}, 2e6 - 1, 2e6, 500 * time.Millisecond, true},
		{"two tracks share the link", 0, []abr.Transfer{transfer(0, 0, 1000, 125e3), transfer(0, 0, 2000, 375e3)}, 1.9e6, 2.2e6, 0, true},
		{"… of which one is short", 0, []abr.Transfer{transfer(1000, 0, 500, 31_250), transfer(0, 0, 2000, 218_750)}, 9.5e5, 1.1e6, 0, true},
		{"… with a pause between", 0, []abr.Transfer{transfer(0, 0, 400, 20e3), transfer(600, 0, 400, 20e3), transfer(200, 0, 1000, 110e3)}, 9.5e5, 1.1e6, 0, true},
		{"small ones wait for more", 0, []abr.Transfer{transfer(0, 50, 1, 4000)}, 1e6, 1e6, 50 * time.Millisecond, false},
		{"… and count together", 0, []abr.Transfer{transfer(0, 50, 64, 8000), transfer(200, 50, 64, 8000)}, 1e6 - 1, 1e6, 50 * time.Millisecond, true},
		{"a cache is no network", 0, []abr.Transfer{transfer(0, 50, 1000, 250e3), transfer(2000, 0, 2, 900e3)}, 2e6 - 1, 2e6, 50 * time.Millisecond, true},
		{"… but better than nothing", 0, []abr.Transfer{transfer(0, 0, 2, 900e3)}, 1e8, 1e11, 0, true},
		{"… until the network is seen", 0, []abr.Transfer{transfer(0, 0, 2, 900e3), transfer(9, 50, 1000, 250e3)}, 2e6 - 1, 2e6, 50 * time.Millisecond, true},
		{"nonsense", 0, []abr.Transfer{transfer(0, -5, 10, 100e3), transfer(0, 5, -10, 100e3), transfer(0, 5, 10, -1), {}}, 1e6, 1e6, 0, false},
		{"no time at all", 0, []abr.Transfer{transfer(0, 9, 0, 100e3)}, 1e6, 1e6, 9 * time.Millisecond, false},
	} {
		e := new(abr.Estimator)
		e.Seed(test.seed)
		for _, one := range test.transfers {
			e.Add(one)
		}
		got := e.Throughput()
		if got.BitsPerSecond < test.low || got.BitsPerSecond > test.high || got.Measured != test.measured || (got.Latency-test.latency).Abs() > time.Microsecond {
			t.Errorf("%s: %+v", test.name, got)
		}
	}
}

// A network that stood still is believed in again within a few seconds of transfer.
func TestEstimatorRecovers(t *testing.T) {
	e := new(abr.Estimator)
	for i := range 10 {
		e.Add(transfer(i*1000, 0, 1000, 500e3))
	}
	e.Add(transfer(10_000, 0, 30_000, 50e3))
	if low := e.Throughput().BitsPerSecond; low > 35e5 {
		t.Errorf("half a minute of standstill leaves %d", low)
	}
	for i := range 4 {
		e.Add(transfer(40_000+i*1000, 0, 1000, 500e3))
	}
	if high := e.Throughput().BitsPerSecond; high < 3e6 {
		t.Errorf("four seconds at 4 Mbit/s make %d", high)
	}
}
