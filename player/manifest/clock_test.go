package manifest_test

import (
	"math"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

func TestDurationIsExact(t *testing.T) {
	for _, test := range []struct {
		ticks, timescale uint64
		want             time.Duration
	}{
		{0, 90000, 0},
		{90000, 90000, time.Second},
		{1, 3, 333333333},
		{1 << 53, 10_000_000, 900719925*time.Second + 474099200},
		{1<<53 + 1, 10_000_000, 900719925*time.Second + 474099300},
		{math.MaxUint64, math.MaxUint64, time.Second},
		{math.MaxUint64, 1, math.MaxInt64},
		{7, 0, 7 * time.Second},
	} {
		if got := manifest.Duration(test.ticks, test.timescale); got != test.want {
			t.Errorf("%d ticks of %d a second: %v, want %v", test.ticks, test.timescale, got, test.want)
		}
	}
	if got := manifest.Since(90000, 45000, 90000); got != -500*time.Millisecond {
		t.Errorf("half a second back: %v", got)
	}
}
