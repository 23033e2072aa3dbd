package player_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/playertest"
)

// twoSpans is a film of two short Periods that need a MediaSource each, with a key each.
func twoSpans() (*playertest.Presentation, playertest.Options) {
	p := ladder(2*time.Second, playertest.FilmKey{ID: kidA, Key: keyA})
	q := ladder(2*time.Second, playertest.FilmKey{ID: kidB, Key: keyB})
	for _, l := range q.Periods[0].Ladders {
		l.Container = "webm"
	}
	p.Periods = append(p.Periods, q.Periods...)
	return p, playertest.Options{NoChangeType: true}
}

// interrupted says that a Load ended well, or for this reason and no other.
func interrupted(err error, code player.Code) bool {
	var e *player.Error
	return err == nil || errors.As(err, &e) && e.Code == code && !e.Fatal
}

// moments are times since a load began: some half a millisecond apart, while it loads, and some a step apart, while it plays.
func moments(loading, playing int, step time.Duration) (list []time.Duration) {
	for n := 0; n < loading; n += sparse {
		list = append(list, time.Duration(n)*time.Millisecond/2)
	}
	for n := 0; n < playing; n += sparse {
		list = append(list, time.Duration(n)*step)
	}
	return list
}

// TestDASHIsClosedAtEveryMoment closes a player a little later each time: as it loads, while both Periods play, and at the border between them.
func TestDASHIsClosedAtEveryMoment(t *testing.T) {
	for _, after := range moments(150, 150, 30*time.Millisecond) {
		film, options := twoSpans()
		playDASH(t, film, options, player.Config{}, func(s *stage) {
			result := s.loadFor(after)
			if err := s.player.Close(s.t.Context()); err != nil {
				t.Errorf("close after %v: %v", after, err)
			}
			if err := <-result; !interrupted(err, player.Closed) {
				t.Errorf("load that is closed after %v: %v", after, err)
			}
			if state := s.lastState(); state != player.StateClosed {
				t.Errorf("after %v the last state is %q, want closed", after, state)
			}
			if errs := s.errors(); len(errs) > 0 {
				t.Errorf("closed after %v: %v", after, errs)
			}
		})
	}
}

// TestDASHIsLoadedAnewAtEveryMoment loads a film again, a little later each time. The second load plays to its end, in the sessions that there are.
func TestDASHIsLoadedAnewAtEveryMoment(t *testing.T) {
	for _, after := range moments(80, 40, 120*time.Millisecond) {
		film, options := twoSpans()
		playDASH(t, film, options, player.Config{}, func(s *stage) {
			result := s.loadFor(after)
			s.loadDASH()
			if err := <-result; !interrupted(err, player.LoadInterrupted) {
				t.Errorf("load that is overtaken after %v: %v", after, err)
			}
			s.expectPlayed(film.Duration())
			if n := s.host.OpenSessions(); n > 2 {
				t.Errorf("loaded anew after %v: %d key sessions are open", after, n)
			}
		})
	}
}

// loadFor loads film.mpd for a while, and gives what Load returns.
func (s *stage) loadFor(d time.Duration) <-chan error {
	result := make(chan error, 1)
	go func() { result <- s.loadFilm() }()
	time.Sleep(d)
	synctest.Wait() // until it has begun
	return result
}
