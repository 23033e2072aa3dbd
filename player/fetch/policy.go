package fetch

import (
	"math/rand/v2"
	"time"
)

// Kind is what a request is for; each kind has its own Policy.
type Kind byte

// The kinds.
const (
	Media    Kind = iota // media segments, and the heads of media files
	License              // a key system's message to its licence server
	Manifest             // an MPD
	Init                 // an initialization segment
	Index                // a sidx, or Cues
	Text                 // WebVTT
)

func (k Kind) String() string {
	return [...]string{"media", "license", "manifest", "init", "index", "text"}[k]
}

// Policy says how hard to try.
type Policy struct {
	Tries int // in all, the first included

	// The pause before try n+1 is BaseDelay × 2ⁿ⁻¹, ±50 % at random so that players do not come back together, and at most MaxDelay.
	BaseDelay, MaxDelay time.Duration

	// MaxRetryAfter bounds what a server may ask for with Retry-After.
	MaxRetryAfter time.Duration

	// Timeout is for one try: until the header is there, and as long again for the body, plus what a body of that length takes at MinRate
	// bytes a second. A body of unknown length counts as what was asked for, or as MaxBytes.
	Timeout time.Duration
	MinRate int64 // 0 adds nothing

	// StallTimeout ends a try sooner, once nothing of the body has come for so long, or no header while there are Alternatives; 0 does not.
	StallTimeout time.Duration

	MaxBytes int64 // a longer body is platform.ErrTooLarge

	elsewhere bool // there are Alternatives left
}

// whileElsewhere is the policy for a URL that is not the last: not to waste time on it.
func (p Policy) whileElsewhere() Policy {
	p.elsewhere = true
	p.Tries = min(p.Tries, 2)
	return p
}

// DefaultPolicy is what a [Client] does for a kind unless told otherwise.
func DefaultPolicy(kind Kind) Policy {
	p := Policy{
		Tries:     4,
		BaseDelay: 200 * time.Millisecond, MaxDelay: 3 * time.Second, MaxRetryAfter: 30 * time.Second,
		Timeout: 20 * time.Second, MinRate: 16 << 10, StallTimeout: 8 * time.Second,
		MaxBytes: 512 << 20,
	}
	switch kind {
	case License:
		p.Tries, p.Timeout, p.MinRate, p.StallTimeout, p.MaxBytes = 3, 10*time.Second, 0, 0, 1<<20
	case Manifest:
		p.Tries, p.MaxBytes = 3, 20<<20
	case Init, Index:
		p.MaxBytes = 4 << 20
	case Text:
		p.MaxBytes = 16 << 20
	}
	return p
}

// pause is how long to wait after the given number of failed tries; asked is the server's Retry-After.
func (p *Policy) pause(failed int, asked time.Duration, random func() float64) time.Duration {
	if random == nil {
		random = rand.Float64
	}
	d := p.BaseDelay
	for range min(failed-1, 32) {
		d = min(2*d, p.MaxDelay)
	}
	d = min(time.Duration(float64(d)*(0.5+random())), p.MaxDelay)
	return max(d, min(asked, p.MaxRetryAfter))
}

func (p *Policy) headerTimeout() time.Duration {
	if p.elsewhere && p.StallTimeout > 0 {
		return min(p.StallTimeout, p.Timeout)
	}
	return p.Timeout
}

func (p *Policy) bodyTimeout(length int64) time.Duration {
	if p.MinRate <= 0 {
		return p.Timeout
	}
	return p.Timeout + time.Duration(length/p.MinRate)*time.Second
}
