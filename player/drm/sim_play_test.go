package drm_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/drm"
)

// simLoad is a film that plays.
type simLoad struct {
	sim    *sim
	film   *simFilm
	load   *drm.Load
	cancel context.CancelFunc
	ended  chan error // what Run returned
	over   bool       // it has returned, and the engine has nothing to say any more

	needs   [][16]byte // by what plays now
	needed  time.Time  // since when
	turn    int        // of the film's keys
	period  int
	playing []drm.Content // Periods
	waiting time.Time     // since when the element waits for a key; zero where it does not
	barred  [][16]byte
}

// open loads a film. With a limit, the app gives up when it has passed.
func (s *sim) open(film *simFilm, limit time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	if limit > 0 {
		ctx, cancel = context.WithTimeout(context.Background(), limit)
	}
	defer cancel()
	l := &simLoad{sim: s, film: film, needs: film.needed, playing: []drm.Content{film.content}, ended: make(chan error, 1), needed: time.Now()}
	start := time.Now()
	s.idle.Store(0)
	load, err := s.engine.Open(ctx, film.content, l)
	if took := time.Since(start); took > 15*time.Second {
		s.judge.note("Open took %v", took)
	}
	if err != nil {
		l.over, s.dropped = true, true
		s.idle.Store(int64(time.Since(s.start)))
		s.judge.forsake()
		s.logf("    Open: %v%v", err, reasonOf(err))
		s.ended(err, ctx)
		return
	}
	l.load = load
	run, cancelRun := context.WithCancel(context.Background())
	l.cancel = cancelRun
	go func() {
		defer s.wakeUp()
		defer func() {
			if p := recover(); p != nil {
				s.judge.note("Run panics: %v", p)
				l.ended <- run.Err()
			}
		}()
		l.ended <- load.Run(run)
	}()
	s.load = l
	if len(film.content.Sets) == 0 {
		for _, data := range film.initData {
			load.Encrypted(film.kind, data)
		}
	}
}

// ended checks the one error that a load has ended with.
func (s *sim) ended(err error, ctx context.Context) {
	var failure *drm.Error
	switch {
	case err == nil:
		s.judge.note("a load ends without an error")
	case ctx != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
	case !errors.As(err, &failure) || failure.Reason == 0 || failure.Error() == "":
		s.judge.note("a load ends with %#v", err)
	case failure.Reason == drm.Panicked && failure.Detail != appsBug:
		s.judge.note("the engine panics: %v", err)
	case s.calm:
		s.judge.note("nothing is wrong, and a load ends with %v", err)
	}
}

// end stops the load and closes it, whether or not it has ended by itself.
func (s *sim) end() {
	l := s.load
	if l == nil {
		return
	}
	s.load = nil
	s.stuck.Store(false)
	select {
	case err := <-l.ended:
		l.fatal(err)
		return
	default:
	}
	l.cancel()
	start := time.Now()
	err := <-l.ended
	if took := time.Since(start); took > 0 {
		s.judge.note("Run goes on for %v", took)
	}
	if !errors.Is(err, context.Canceled) {
		s.ended(err, nil) // both at once
		l.fatalClose()
		return
	}
	l.over = true
	l.load.Close(false)
	s.idle.Store(int64(time.Since(s.start)))
}

// fatal is for a load whose Run has returned by itself.
func (l *simLoad) fatal(err error) {
	l.sim.logf("    Run: %v%v", err, reasonOf(err))
	l.sim.ended(err, nil)
	l.fatalClose()
}

func (l *simLoad) fatalClose() {
	l.over = true
	l.cancel()
	l.load.Close(true)
	l.sim.idle.Store(int64(time.Since(l.sim.start)))
	l.sim.judge.forsake()
	l.sim.dropped = true
}

// react does what the element and the player would, as things stand: it waits for a key, or plays on.
func (s *sim) react() {
	l := s.load
	if l == nil {
		return
	}
	select {
	case err := <-l.ended:
		s.load = nil
		s.stuck.Store(false)
		l.fatal(err)
		return
	default:
	}
	works := all(l.needs, s.judge.allUsable())
	s.stuck.Store(!works)
	switch {
	case works && !l.waiting.IsZero():
		l.waiting = time.Time{}
		l.load.Resumed()
		s.logf("    the element plays on")
	case !works && l.waiting.IsZero():
		l.waiting = time.Now()
		l.load.WaitingForKey()
		s.logf("    the element waits for %x", shorts(l.needs))
	case !works:
		bound := s.keyTimeout + 60*time.Second + 15*time.Second
		if since := time.Since(l.waiting); since > bound {
			s.judge.note("the element has been waiting for %x for %v", shorts(l.needs), since)
			l.waiting = time.Now()
		}
	}
}

func (l *simLoad) DRMStep(drm.Step) { l.alive("DRMStep") }

func (l *simLoad) DRMGranted(drm.Grant) { l.alive("DRMGranted") }

func (l *simLoad) DRMEvent(drm.Event) { l.alive("DRMEvent") }

func (l *simLoad) DRMError(err *drm.Error) {
	l.alive("DRMError")
	l.sim.logf("    survived: %v%v", err, reasonOf(err))
	if err == nil || err.Reason == 0 {
		l.sim.judge.note("an error without a reason: %v", err)
	} else if l.sim.calm && err.Reason != drm.KeyTimeout {
		l.sim.judge.note("nothing is wrong, and there is an error: %v", err)
	}
}

func (l *simLoad) DRMBarred(ids [][16]byte) {
	l.alive("DRMBarred")
	l.sim.counts.Lock()
	defer l.sim.counts.Unlock()
	l.barred = slices.Clone(ids)
	l.sim.logf("    barred: %x", shorts(ids))
}

// alive says that the engine may speak to its observer: it is in Open, or in Run.
func (l *simLoad) alive(what string) {
	if l.over {
		l.sim.judge.note("%s comes after the load is over", what)
	}
}

func reasonOf(err error) string {
	var failure *drm.Error
	if !errors.As(err, &failure) {
		return ""
	}
	return fmt.Sprintf(" (reason %d)", failure.Reason)
}
