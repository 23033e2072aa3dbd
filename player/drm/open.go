package drm

import (
	"context"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// openSession has a session ask for a licence. It waits for the end of those that make room for it.
func (l *Load) openSession(in initData, replaces *session) *session {
	e, v := l.engine, l.vault
	var before []<-chan struct{}
	for _, s := range v.makeRoom(l.spared) {
		if l.used[s] {
			delete(l.used, s)
			l.evicted = append(l.evicted, s.in)
		}
		before = v.stillClosing()
	}
	if v.refused {
		before = v.stillClosing()
	}
	s := &session{in: in, replaces: replaces, asked: make(chan struct{}), over: make(chan struct{}), commands: platform.NewQueue[command](), begun: time.Now()}
	s.opened = s.begun
	s.license, s.unlicensed = l.licenseFor(in)
	if replaces != nil {
		s.covers, s.opened = replaces.covers, replaces.opened
	}
	g, keys := v.grant, v.keys
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(e.ctx)
	v.sessions = append(v.sessions, s)
	l.used[s] = true
	l.lead(s)
	s.waits = len(before) > 0
	e.sessions.Go(func() {
		defer close(s.over)
		defer s.cancel()
		for _, over := range before {
			<-over
		}
		e.put(func(*Load) { s.waits = false })
		if ctx.Err() != nil {
			return // dropped meanwhile
		}
		err := e.serve(ctx, g, keys, s)
		if ctx.Err() == nil {
			e.put(func(l *Load) { l.ended(s, err) })
		}
	})
	return s
}

// spared says whether a session may not make room for another: it has to do with a key that the content names, or is still asking.
func (l *Load) spared(s *session) bool {
	if !l.used[s] {
		return false
	}
	known := l.content.KeyIDs()
	return !s.answered || slices.ContainsFunc(s.keys, func(key KeyStatus) bool { return slices.Contains(known, key.KeyID) })
}
