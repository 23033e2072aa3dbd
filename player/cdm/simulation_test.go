package cdm_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

var simSeeds = flag.Int("sim.seeds", 500, "how many seeds TestSimulation plays")

// TestSimulation appends films in pieces, while licences come and go, decryptions die, and appends find no room, are cancelled and aborted. The page
// refuses every byte that is not of the clear film, and in its place. Each film comes to its end once nothing goes wrong any more, and nothing is left.
func TestSimulation(t *testing.T) {
	for seed := range *simSeeds {
		r := rand.New(rand.NewPCG(uint64(seed), 4))
		films := []*playertest.Film{film("video", key(1, 0, 3), key(2, 3, 6), key(1, 6, 8)), film("sound", key(1, 1, 5), key(3, 5, 0))}
		options := playertest.Options{Quota: int64(r.IntN(2)) * 650, Decryption: playertest.DecryptionOptions{
			StartDelay: time.Duration(r.IntN(100)) * time.Millisecond, Latency: time.Duration(r.IntN(10)) * time.Millisecond}}
		ok := t.Run(fmt.Sprint(seed), func(t *testing.T) {
			play(t, options, films, func(s *stage) { simulate(s, r) })
		})
		if !ok {
			t.Fatalf("replay it with: go test ./player/cdm -run 'TestSimulation/^%d$'", seed)
		}
	}
}

// simulate does what licence servers and Workers do.
func simulate(s *stage, r *rand.Rand) {
	over, calm := make(chan error, 2), make(chan struct{})
	for i, sb := range []platform.SourceBuffer{s.sb, s.buffer(s.ms)} {
		track := &simTrack{stage: s, rand: rand.New(rand.NewPCG(r.Uint64(), 5)), sb: sb, data: s.films[i].Bytes, calm: calm}
		go func() { over <- track.run() }()
	}
	var sessions []platform.MediaKeySession
	for range r.IntN(60) {
		time.Sleep(time.Duration(r.IntN(30_000)) * time.Microsecond)
		switch n := r.IntN(7); {
		case n < 3:
			sessions = append(sessions, s.session(byte(1+r.IntN(3))))
		case n < 5 && len(sessions) > 0:
			s.must(sessions[r.IntN(len(sessions))].Close(s.ctx)) // or it was closed before
		case n == 5:
			s.page.KillDecryption()
		}
	}
	close(calm)
	s.session(1, 2, 3)
	for range 2 {
		select {
		case err := <-over:
			s.must(err)
		case <-time.After(time.Hour):
			s.Fatal("an append never ends")
		}
	}
	if err := s.host.Element().Error(); err != nil {
		s.Error(err)
	}
}

// simTrack appends one film, and changes its mind.
type simTrack struct {
	*stage
	rand *rand.Rand
	sb   platform.SourceBuffer
	data []byte
	calm <-chan struct{} // closed: it does not any more
}

// Where a track goes on that could not append a piece.
var (
	errAtSegment = errors.New("at a segment")
	errAtStart   = errors.New("at the start")
)

func (t *simTrack) run() error {
	starts := []int{0, 100, 400, 700}
	for at := 0; at < len(t.data); {
		to := min(at+1+t.rand.IntN(500), len(t.data))
		body := t.page.NewBody(t.data[at:to])
		err := t.deliver(body)
		body.Release()
		switch err {
		case nil:
			at = to
			continue
		case errAtSegment:
			if at >= starts[1] { // the header has been appended
				at = starts[t.rand.IntN(len(starts))]
			} else {
				at = 0
			}
		case errAtStart:
			at = 0
		default:
			return err
		}
		if err := t.sb.Abort(); err != nil {
			return err
		}
	}
	return nil
}

// deliver appends a body, with as many calls as that takes.
func (t *simTrack) deliver(body platform.Body) error {
	for cancelled := false; ; {
		err, aborted := t.try(body)
		_, refused := errors.AsType[*platform.DOMError](err)
		_, unusable := errors.AsType[*platform.DecryptionError](err)
		switch {
		case err == platform.ErrDecryptionLost:
			return errAtStart
		case aborted && (err == nil || platform.IsDOMError(err, "AbortError") || platform.IsDOMError(err, "QuotaExceededError")):
			return errAtSegment
		case err == nil:
			return nil
		case platform.IsDOMError(err, "QuotaExceededError"):
			if err := t.sb.Remove(t.ctx, 0, forever); err != nil {
				return err
			}
			if t.rand.IntN(3) == 0 {
				return errAtSegment
			}
		case err == context.Canceled:
			if cancelled = true; t.rand.IntN(2) == 0 {
				return errAtSegment
			}
		case cancelled && !refused && !unusable: // it was given up while it was decrypted or appended: its body is gone
			return errAtSegment
		default:
			return err
		}
	}
}

// try calls AppendBuffer, and may put an end to it.
func (t *simTrack) try(body platform.Body) (err error, aborted bool) {
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- t.sb.AppendBuffer(ctx, body) }()
	patience := time.Duration(1+t.rand.IntN(40_000)) * time.Microsecond // the append is under way by then
	how := t.rand.IntN(8)
	select {
	case err := <-over:
		return err, false
	case <-time.After(patience):
	}
	select {
	case <-t.calm:
		return <-over, false
	default:
	}
	switch how {
	case 0, 1:
		cancel()
	case 2:
		aborted = true
		if err := t.sb.Abort(); err != nil {
			return err, false
		}
	}
	return <-over, aborted
}
