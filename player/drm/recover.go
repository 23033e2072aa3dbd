package drm

import (
	"errors"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

const (
	// A session that lived for so long may be closed by the CDM and opened anew as often as that happens: machines sleep and wake.
	steady = 10 * time.Second

	// Of those that did not, so many are opened anew.
	maxRecreations = 3
)

// ended acts on a session that is no more, though nobody closed it.
func (l *Load) ended(s *session, err error) {
	used := l.used[s]
	delete(l.used, s)
	if !l.vault.forget(s) || !used || l.superseded(s) {
		return
	}
	var closed *closedError
	var failed *Error
	switch {
	case errors.As(err, &closed):
		l.closedByCDM(s, closed.reason)
		return
	case platform.IsDOMError(err, "QuotaExceededError"):
		l.refused(s, err)
		return
	case !errors.As(err, &failed):
		failed = &Error{Reason: InitDataRejected, KeySystem: l.KeySystem(), Cause: err}
	}
	if len(failed.KeyIDs) == 0 {
		failed.KeyIDs = s.in.keyIDs
	}
	l.fail(s, failed)
}

// superseded says whether another session is about to take the place of one that is no more.
func (l *Load) superseded(s *session) bool {
	for _, fresh := range l.vault.sessions {
		if fresh.replaces == s {
			fresh.replaces = nil
			return true
		}
	}
	return false
}

// closedByCDM opens a session anew that the CDM has closed: after the machine's sleep, a crash, or because it wanted the room.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-mediakeysessionclosedreason
func (l *Load) closedByCDM(s *session, reason string) {
	limit, name := maxRecreations, s.in.kind+string(s.in.data)
	switch {
	case reason == "internal-error":
		limit = 1
	case time.Since(s.begun) >= steady:
		l.recreated[name] = 0
	}
	if reason == "resource-evicted" {
		l.vault.maxSessions = max(1, len(l.vault.sessions))
	}
	if l.recreated[name] >= limit {
		l.fail(s, &Error{Reason: SessionClosed, KeySystem: l.KeySystem(), KeyIDs: s.in.keyIDs, Keys: s.keys, Detail: reason})
		return
	}
	l.recreated[name]++
	l.reopen(s)
}

// refused learns from a CDM that has no room for one more session, and tries again where room can be made.
func (l *Load) refused(s *session, err error) {
	v := l.vault
	v.maxSessions, v.refused = max(1, len(v.sessions)), true
	if old := s.replaces; old != nil && !l.works(old.in) {
		v.drop(old) // it makes room for the one that is to take its place
		delete(l.used, old)
		s.replaces = nil
	}
	if len(v.stillClosing()) == 0 && !slices.ContainsFunc(v.sessions, func(s *session) bool { return !l.spared(s) }) {
		l.fail(s, &Error{Reason: TooManySessions, KeySystem: l.KeySystem(), KeyIDs: s.in.keyIDs, Cause: err})
		return
	}
	l.reopen(s)
}

// reopen has the keys of a session that is no more asked for anew.
func (l *Load) reopen(s *session) {
	for _, f := range l.failures {
		if f.session == s {
			f.session, f.at = nil, time.Now()
			return
		}
	}
	switch {
	case s.replaces == nil:
		l.want(s.in, 0)
	case !l.needless(&failure{in: s.in, replaces: s.replaces}):
		l.openSession(s.in, s.replaces)
	}
}
