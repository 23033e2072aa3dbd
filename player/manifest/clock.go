package manifest

import (
	"math"
	"math/bits"
	"time"
)

// Duration is how long so many ticks take, rounded down to the nanosecond; what time.Duration cannot hold (292 years) is its maximum. A timescale of 0 is
// taken for 1.
func Duration(ticks, timescale uint64) time.Duration {
	high, low := bits.Mul64(ticks, uint64(time.Second))
	timescale = max(timescale, 1)
	if high >= timescale {
		return math.MaxInt64
	}
	quotient, _ := bits.Div64(high, low, timescale)
	if quotient > math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(quotient)
}

// Since is the time from one tick to another, negative where to is before from.
func Since(from, to, timescale uint64) time.Duration {
	if to >= from {
		return Duration(to-from, timescale)
	}
	return -Duration(from-to, timescale)
}
