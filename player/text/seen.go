package text

import (
	"math"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// remembered is how many cues a generation of Seen has; a Seen holds two. Segments repeat the cues of their neighbours, so a few hundred would do.
const remembered = 8192

// Seen tells the cues of a track that have come before: a segment repeats those of its neighbour that reach into it. It holds the last 8,192 cues or
// more, and at most twice as many, in 40 bytes or so each. The zero value has seen none.
type Seen struct {
	recent, old map[uint64]span
}

type span struct{ start, end time.Duration }

// New gives those cues that have not been seen, and has now seen them. A cue that differs only in its ID is the same. The result shares the memory of
// cues.
func (s *Seen) New(cues []platform.Cue) []platform.Cue {
	fresh := cues[:0]
	for _, cue := range cues {
		key := fingerprint(&cue)
		if _, ok := s.recent[key]; ok {
			continue
		}
		if _, ok := s.old[key]; ok {
			continue
		}
		if s.recent == nil || len(s.recent) == remembered {
			s.recent, s.old = make(map[uint64]span), s.recent
		}
		s.recent[key] = span{cue.Start, cue.End}
		fresh = append(fresh, cue)
	}
	return fresh
}

// Forget forgets the cues that lie within start to end whole, as [platform.TextTrack.RemoveCues] takes them away: they can be new again.
func (s *Seen) Forget(start, end time.Duration) {
	for _, generation := range []map[uint64]span{s.recent, s.old} {
		for key, cue := range generation {
			if cue.start >= start && cue.end <= end {
				delete(generation, key)
			}
		}
	}
}

// fingerprint is a hash (FNV-1a) of all that shows of a cue. Two different cues share one by a chance of one in 2⁶⁴; a file made to have such cues
// hides its own.
func fingerprint(cue *platform.Cue) uint64 {
	hash := uint64(14695981039346656037)
	add := func(b byte) { hash = (hash ^ uint64(b)) * 1099511628211 }
	number := func(n uint64) {
		for range 8 {
			add(byte(n))
			n >>= 8
		}
	}
	for _, s := range []string{cue.Text, cue.Vertical, cue.LineAlign, cue.PositionAlign, cue.Align} {
		for i := range len(s) {
			add(s[i])
		}
		add(0xff) // which no text has: it ends one string and begins the next
	}
	for _, t := range []time.Duration{cue.Start, cue.End} {
		number(uint64(t))
	}
	for _, f := range []float64{cue.Line, cue.Position, cue.Size} {
		number(math.Float64bits(f))
	}
	for _, b := range []bool{cue.LineAuto, cue.SnapToLines, cue.PositionAuto} {
		if b {
			add(1)
		}
		add(2)
	}
	return hash
}
