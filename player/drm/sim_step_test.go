package drm_test

import (
	"slices"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// step lets a few things happen at one moment, then some time pass, and then looks at what has become of it.
func (s *sim) step() {
	before := s.judge.allUsable()
	s.dropped = false
	meddled := false
	for range 1 + s.rand.IntN(3) {
		meddled = s.act() || meddled
	}
	s.react()
	pause := s.pause()
	s.pass(pause)
	s.judge.decide()
	if !meddled && !s.dropped && !s.tight.Load() && !s.expires && !s.hangs {
		now := s.judge.allUsable()
		for id := range before {
			if !now[id] {
				s.judge.note("key %x was usable, and is not any more", id[:2])
			}
		}
	}
	s.checkSoftware()
	if pause >= 2*time.Second && !meddled {
		s.checkQuiet()
	}
}

// pause is how long nothing happens. It is odd, so that little comes at the same moment by chance.
func (s *sim) pause() time.Duration {
	base := []time.Duration{0, time.Millisecond, 20 * time.Millisecond, 300 * time.Millisecond, 2 * time.Second, 10 * time.Second, 40 * time.Second,
		3 * time.Minute}[s.rand.IntN(8)]
	return base + time.Duration(s.rand.IntN(900_000))
}

// wakeUp says that there may be something for the element to act on.
func (s *sim) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// pass lets time go by. Whenever the CDM says something, or a load ends, the page acts on it at once.
func (s *sim) pass(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-s.wake:
			synctest.Wait()
			s.react()
		case <-timer.C:
			synctest.Wait()
			s.react()
			synctest.Wait()
			return
		}
	}
}

// checkQuiet is for a moment at which nothing has happened for a while.
func (s *sim) checkQuiet() {
	l := s.load
	if l == nil {
		return
	}
	s.counts.Lock()
	barred := l.barred
	s.counts.Unlock()
	usable := s.judge.allUsable()
	for _, id := range barred {
		if usable[id] && !s.expires {
			s.judge.note("key %x is barred though it is usable", id[:2])
		}
	}
	if s.calm && time.Since(l.needed) > 15*time.Second && !all(l.needs, usable) {
		s.judge.note("nothing is wrong, and %x are not all usable", shorts(l.needs))
	}
	if s.calm && !s.expires {
		for id := range s.server.Keys {
			if n := s.judge.openings(id); n > 1 {
				s.judge.note("nothing is wrong, and %d sessions were opened for %x", n, id[:2])
			}
		}
	}
}

// act does one thing at random. meddled says that keys may be lost by it.
func (s *sim) act() (meddled bool) {
	if s.load == nil {
		if s.chance(4) {
			return false
		}
		film := s.films[s.rand.IntN(len(s.films))]
		limit := time.Duration(0)
		if s.chance(12) {
			limit = s.delay(time.Second) + 1
		}
		s.logf("open film %x (limit %v)", shorts(film.needed), limit)
		s.open(film, limit)
		return s.hangs
	}
	switch n := s.rand.IntN(100); {
	case n < 12:
		s.logf("end")
		s.end()
	case n < 18:
		film := s.load.film
		s.logf("reload")
		s.end()
		s.open(film, 0)
	case n < 24:
		s.logf("end, with something left to hear")
		s.late()
	case n < 50:
		s.media()
	case n < 56:
		s.logf("retry")
		s.load.load.Retry()
	case n < 60:
		s.load.load.Resumed()
		s.load.waiting = time.Time{}
	case s.calm:
	default:
		return s.meddle()
	}
	return false
}

// media is what the film itself brings.
func (s *sim) media() {
	l, film := s.load, s.load.film
	switch n := s.rand.IntN(4); {
	case n == 0 && l.turn < len(film.turns):
		id := film.turns[l.turn]
		l.turn++
		box := s.boxes(id)
		s.logf("the segments turn to %x", id[:2])
		switch s.rand.IntN(3) {
		case 0:
			l.load.Announce(box, [][16]byte{id})
		case 1:
			l.load.Announce(nil, [][16]byte{id})
		default:
			l.load.Announce(nil, [][16]byte{id})
			l.load.Announce(box, [][16]byte{id, film.needed[0]})
		}
		if slices.Contains(film.turns, l.needs[0]) || s.chance(2) {
			l.needs, l.needed = [][16]byte{id}, time.Now()
		}
	case n == 1 && l.period < len(film.periods):
		next := film.periods[l.period]
		l.period++
		s.logf("the next period, of %x", shorts(next.KeyIDs()))
		l.playing = append(l.playing, next)
		if s.chance(2) {
			l.needs, l.needed = next.KeyIDs(), time.Now()
		}
		if s.chance(2) && !slices.Contains(film.turns, l.needs[0]) { // what does not play is over
			l.playing = slices.DeleteFunc(l.playing, func(c drm.Content) bool {
				return !slices.ContainsFunc(l.needs, func(id [16]byte) bool { return slices.Contains(c.KeyIDs(), id) })
			})
		}
		l.load.Play(l.playing...)
	case n == 2 && s.chance(4) && !s.calm:
		s.logf("an encrypted event of nonsense")
		l.load.Encrypted("cenc", []byte("nonsense"))
	case len(film.initData) > 0:
		for range 1 + s.rand.IntN(3) {
			data := film.initData[s.rand.IntN(len(film.initData))]
			s.logf("an encrypted event")
			l.load.Encrypted(film.kind, data)
		}
	}
}

// late ends the load with events that nobody may hear any more: before Run has taken them, or when it is gone.
func (s *sim) late() {
	l := s.load
	id := simKey(100+s.steps%100, 1)
	s.judge.mu.Lock()
	s.judge.late[id] = time.Now()
	s.judge.mu.Unlock()
	early := s.chance(2)
	if early {
		l.load.Announce(nil, [][16]byte{id})
	}
	s.end()
	if !early {
		l.load.Announce(nil, [][16]byte{id})
		l.load.WaitingForKey()
		l.load.Retry()
	}
}

// meddle is what licence servers, displays, clocks and CDMs do.
func (s *sim) meddle() (meddled bool) {
	keys := s.load.film.all
	id := keys[s.rand.IntN(len(keys))]
	switch n := s.rand.IntN(12); {
	case n < 2:
		s.faulty.Store(int32(s.rand.IntN(100) * s.rand.IntN(2)))
		s.logf("%d per cent of licences fail", s.faulty.Load())
		if s.exchange == byManifest {
			s.host.Network.Fault(simLicenseURL, []playertest.Fault{{Status: 500}, {Status: 403}, {Hang: true}, {Delay: 10 * time.Second},
				{Body: []byte("<html>")}, {NetworkError: true}, {Stall: true}}[s.rand.IntN(7)])
		}
		return false
	case s.software:
		s.logf("the place where media is decrypted dies")
		s.host.KillDecryption()
		return false
	case n < 5:
		status := []string{"usable", "usable", "expired", "output-restricted", "output-restricted", "output-downscaled", "internal-error", "released",
			"usable-in-future"}[s.rand.IntN(9)]
		s.logf("key %x becomes %s", id[:2], status)
		s.host.SetKeyStatus(id, status)
	case n < 7:
		t := time.Now().Add(time.Duration(s.rand.IntN(200)) * time.Second)
		if s.chance(4) {
			t = time.Time{}
		}
		s.logf("key %x expires at %v", id[:2], t.Sub(s.start))
		s.expires = true
		s.judge.expirationChanges()
		s.host.SetExpiration(id, t)
		if now := s.host.KeyStatuses(id); len(now) > 0 && s.chance(2) {
			s.host.SetKeyStatus(id, now[0])
		}
	case n < 10:
		reason := []string{"internal-error", "hardware-context-reset", "resource-evicted"}[s.rand.IntN(3)]
		s.logf("the CDM closes sessions: %s", reason)
		if reason == "resource-evicted" {
			s.tight.Store(true) // the engine learns from it to keep fewer
		}
		if s.chance(2) {
			s.host.CloseSessions(reason)
		} else {
			s.host.CloseSessions(reason, id)
		}
	default:
		name := []string{"InvalidStateError", "TypeError", "QuotaExceededError", "NotSupportedError"}[s.rand.IntN(4)]
		fail := &platform.DOMError{Name: name}
		s.logf("the CDM fails next, with %v", fail)
		s.host.Turn(func(o *playertest.CDMOptions) {
			switch s.rand.IntN(3) {
			case 0:
				o.GenerateErrors = append(o.GenerateErrors, fail)
			case 1:
				o.UpdateErrors = append(o.UpdateErrors, fail)
			default:
				o.SetMediaKeysErrors = append(o.SetMediaKeysErrors, fail)
			}
		})
		if name == "QuotaExceededError" {
			s.tight.Store(true)
		}
	}
	return true
}
