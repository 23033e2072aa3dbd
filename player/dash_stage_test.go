package player_test

import (
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// heard counts what the element tells, from when it was made.
type heard map[string]int

// hears counts the events of the element.
func (s *stage) hears() heard {
	h := heard{}
	s.host.Element().Listen(func(e platform.MediaEvent) { h[e.Type]++ }, "ended", "waiting", "seeking", "seeked")
	return h
}

// telling orders the events that come after what a test has read of those before, which the race detector cannot see of sleeping.
var telling sync.Mutex

// passes lets the film play for a while.
func passes(d time.Duration) {
	func() {
		telling.Lock()
		defer telling.Unlock()
	}()
	time.Sleep(d)
	synctest.Wait()
}

// expectAt checks that the picture is where it should be, and goes on.
func (s *stage) expectAt(from, to time.Duration) {
	s.t.Helper()
	if at := s.host.Video().CurrentTime(); at < from || at > to {
		s.t.Errorf("the film is at %v, want %v to %v\n%s", at, from, to, s.host.Dump())
	}
}

// expectEnd waits for the end, and checks that there is one.
func (s *stage) expectEnd(within time.Duration) {
	s.t.Helper()
	passes(within)
	if v := s.host.Video(); !v.Ended() {
		s.t.Errorf("the film has not ended: it is at %v, paused %v\n%s", v.CurrentTime(), v.Paused(), s.host.Dump())
	}
	if state := s.lastState(); state != player.StateEnded {
		s.t.Errorf("the last state is %q, want ended", state)
	}
}

// asked counts the requests for URLs that have a part.
func (s *stage) asked(part string) (n int) {
	for _, r := range s.host.Network.Requests() {
		if strings.Contains(r.URL, part) {
			n++
		}
	}
	return n
}

// expectOnce checks that no segment was fetched twice.
func (s *stage) expectOnce() {
	s.t.Helper()
	seen := map[string]bool{}
	for _, r := range s.host.Network.Requests() {
		if name := r.URL + r.Range; seen[name] {
			s.t.Errorf("%s %s was fetched twice\n%s", r.URL, r.Range, s.host.Dump())
		} else {
			seen[name] = true
		}
	}
}

// eventsOf lists those of one type.
func eventsOf[E player.Event](s *stage) (list []E) {
	hear()
	for _, event := range s.events {
		if e, ok := event.(E); ok {
			list = append(list, e)
		}
	}
	return list
}

// codes lists those of the errors that were told.
func (s *stage) codes() (codes []player.Code) {
	for _, e := range s.errors() {
		codes = append(codes, e.Code)
	}
	return codes
}

// expectCodes checks which errors were told, none of them fatal.
func (s *stage) expectCodes(want ...player.Code) {
	s.t.Helper()
	if got := s.codes(); !slices.Equal(got, want) {
		s.t.Errorf("the errors are %v, want %v\n%s", s.errors(), want, s.host.Dump())
	}
	for _, e := range s.errors() {
		if e.Fatal {
			s.t.Errorf("%v is fatal", e)
		}
	}
}

// fault has all requests for a file of the film go wrong.
func (s *stage) fault(url string, fault playertest.Fault) {
	fault.Always = true
	s.host.Network.Fault(url, fault)
}
