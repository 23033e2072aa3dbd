package drm

import (
	"errors"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// failure is a licence that failed. It is tried again, later each time, for as long as playback does not depend on it.
type failure struct {
	in       initData
	err      *Error
	replaces *session // the session whose keys were to be renewed
	told     bool
	last     bool // has failed when the key did not work any more
	tries    int
	at       time.Time // of the next try
	session  *session  // that tries again now; nil where none does
}

const (
	// Pauses between the tries of a failed licence that playback can do without for now. Each try is several requests already.
	firstRetry, lastRetry = 5 * time.Second, 2 * time.Minute

	// A session that lived for so long may be closed by the CDM and opened anew as often as that happens: machines sleep and wake.
	steady = 10 * time.Second

	// Of those that did not, so many are opened anew.
	maxRecreations = 3

	// Licences are renewed so long before they expire, or a quarter of their life.
	renewalLead = 30 * time.Second
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

// fail notes that a session came to nothing.
func (l *Load) fail(s *session, err *Error) {
	f := &failure{in: s.in, replaces: s.replaces}
	if l.needless(f) {
		return
	}
	for _, have := range l.failures {
		if have.session == s || have.in.kind == s.in.kind && string(have.in.data) == string(s.in.data) {
			f = have
		}
	}
	if f.tries == 0 {
		l.failures = append(l.failures, f)
	}
	f.err, f.session, f.told = err, nil, false
	f.last = !l.works(f.in)
	f.tries++
	f.at = time.Now().Add(min(firstRetry<<min(f.tries-1, 8), lastRetry))
	if len(f.in.data) == 0 {
		f.at = time.Now().Add(forever)
	}
}

// failureOf finds the failure of a key.
func (l *Load) failureOf(id [16]byte) *failure {
	for _, f := range l.failures {
		if slices.Contains(f.in.keyIDs, id) {
			return f
		}
	}
	return nil
}

// lackingOf lists the key ids of a failure that no session has brought or is asking for; one that was to be renewed does not count.
func (l *Load) lackingOf(f *failure) (ids [][16]byte) {
	for _, id := range f.in.keyIDs {
		if c := l.vault.condition(id, time.Now()); c.state < Pending || c.session == f.replaces {
			ids = append(ids, id)
		}
	}
	return ids
}

// needless says whether a failure has been made good: by other sessions, or because the CDM has prolonged what was to be renewed.
func (l *Load) needless(f *failure) bool {
	if old := f.replaces; old != nil && l.vault.has(old) && old.renewedFor != old.expiration && l.works(f.in) {
		return true
	}
	return len(f.in.keyIDs) > 0 && len(l.lackingOf(f)) == 0
}

// canRetry says whether there is anything to ask with, and the CDM does not see to it itself.
func (f *failure) canRetry() bool {
	return len(f.in.data) > 0 && (f.replaces == nil || !f.replaces.renewing)
}

// retry asks again for what has failed: what is due, or everything.
func (l *Load) retry(everything bool) {
	l.failures = slices.DeleteFunc(l.failures, func(f *failure) bool { return f.session == nil && l.needless(f) })
	for _, f := range l.failures {
		if f.session == nil && f.canRetry() && (everything || !time.Now().Before(f.at)) {
			f.session = l.openSession(l.only(f.in, l.lackingOf(f)), f.replaces)
		}
	}
}

// again asks anew for everything that has failed, as the app wishes.
func (l *Load) again() {
	l.retry(true)
	clear(l.renewed)
	var absent [][16]byte
	for _, id := range l.content.KeyIDs() {
		if c := l.vault.condition(id, time.Now()); c.state == Failed && c.status == "" && l.failureOf(id) == nil {
			absent = append(absent, id)
		}
	}
	if in, ok := l.narrow(absent); ok && len(absent) > 0 {
		l.openSession(in, nil)
	}
}

// succeeded forgets failures: those of a session's keys, and those that the session was to mend.
func (l *Load) succeeded(s *session) {
	for _, key := range s.keys {
		if stateOf[key.Status] == Usable {
			delete(l.renewed, renewal{key.KeyID, "expired"})
		}
	}
	l.failures = slices.DeleteFunc(l.failures, func(f *failure) bool {
		return f.session == s || slices.ContainsFunc(s.keys, func(key KeyStatus) bool {
			return stateOf[key.Status] == Usable && slices.Contains(f.in.keyIDs, key.KeyID)
		})
	})
	if old := s.replaces; old != nil && (s.holds(Usable) || !old.holds(Usable)) {
		s.replaces = nil
		delete(l.used, old)
		l.vault.drop(old)
	}
	// What waits for room, and whose keys have come meanwhile, is not needed any more.
	for _, other := range slices.Clone(l.vault.sessions) {
		if other.waits && other.replaces == nil && len(l.lackingOf(&failure{in: other.in, replaces: other})) == 0 {
			delete(l.used, other)
			l.vault.drop(other)
		}
	}
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
	if s.replaces != nil {
		l.openSession(s.in, s.replaces)
	} else {
		l.want(s.in, 0)
	}
}

// renewal is a status for which a key's licence has been asked for anew.
type renewal struct {
	id     [16]byte
	status string
}

// renewDue asks anew for licences that expire soon, and for keys whose status says so.
func (l *Load) renewDue() {
	for _, s := range slices.Clone(l.vault.sessions) {
		if s.cdm != nil && l.used[s] {
			l.expires(s, s.cdm.Expiration()) // no event tells that it has changed
		}
		if t := l.renewalTime(s); !t.IsZero() && !time.Now().Before(t) && s.renewedFor != s.expiration {
			s.renewedFor = s.expiration
			if l.engine.config.policy("expired") == PolicyRenew {
				l.renew(s)
			}
		}
	}
	for _, id := range l.needed() {
		c := l.vault.condition(id, time.Now())
		if c.state == Usable && !l.used[c.session] {
			l.use(c.session) // it outlasts the others: its own end matters now
		}
		if f := l.failureOf(id); f != nil && f.session == nil && !f.last && c.state == Expired && f.replaces == c.session {
			f.last, f.at = true, time.Now()
			l.retry(false)
		}
		again := renewal{id, c.status}
		if c.state < Pending && c.status != "" && l.engine.config.policy(c.status) == PolicyRenew && !l.renewed[again] && l.failureOf(id) == nil && !l.renewing(c.session) {
			l.renewed[again] = true
			if slices.Contains(c.session.in.keyIDs, id) || len(c.session.in.keyIDs) == 0 {
				l.renew(c.session)
			} else if in, ok := l.narrow([][16]byte{id}); ok {
				l.want(in, 0) // it came with a licence for others
			}
		}
	}
}

// expires notes when a session's keys stop working.
func (l *Load) expires(s *session, at time.Time) {
	if !at.Equal(s.expiration) {
		s.expiration, s.learnt = at, time.Now()
	}
}

// renewalTime is when a session's expiration asks for something to be done; zero is never.
func (l *Load) renewalTime(s *session) time.Time {
	now := time.Now()
	isBest := func(key KeyStatus) bool { return l.vault.condition(key.KeyID, now).session == s }
	switch {
	case s.expiration.IsZero() || s.renewing || !l.used[s] || !l.isNeeded(s) || !slices.ContainsFunc(s.keys, isBest),
		s.expired(now) && s.renewedFor == s.expiration:
		return time.Time{}
	case s.renewedFor == s.expiration || l.engine.config.policy("expired") != PolicyRenew:
		return s.expiration
	}
	return s.expiration.Add(-min(renewalLead, s.expiration.Sub(s.learnt)/4))
}

// renew opens a session that takes another one's place once it has keys. Until then the old one stays: its keys may still work.
func (l *Load) renew(s *session) {
	if l.renewing(s) {
		return
	}
	if ids := l.lackingOf(&failure{in: s.in, replaces: s}); len(ids) > 0 || len(s.in.keyIDs) == 0 {
		l.openSession(l.only(s.in, ids), s)
	}
}

// renewing says whether a session is about to have its keys renewed, or to be replaced.
func (l *Load) renewing(s *session) bool {
	return s.renewing || slices.ContainsFunc(l.vault.sessions, func(fresh *session) bool { return fresh.replaces == s })
}
