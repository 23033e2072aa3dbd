package drm

import (
	"slices"
	"time"
)

// Pauses between the tries of a failed licence that playback can do without for now. Each try is several requests already.
const firstRetry, lastRetry = 5 * time.Second, 2 * time.Minute

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

// fail notes that a session came to nothing.
func (l *Load) fail(s *session, err *Error) {
	f := &failure{in: s.in, replaces: s.replaces}
	if l.needless(f) {
		return
	}
	for _, have := range l.failures {
		if have.session == s || have.in.asks(s.in) {
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

// lackingOf lists the key ids of a failure that no session has brought or is asking for, and that are in play; one that was to be renewed does not count.
func (l *Load) lackingOf(f *failure) (ids [][16]byte) {
	for _, id := range f.in.keyIDs {
		c := l.vault.condition(id, time.Now())
		if slices.Contains(l.past, id) {
			continue
		}
		if c.state < Pending || c.session == f.replaces && !l.vault.pending(id, f.replaces) {
			ids = append(ids, id)
		}
	}
	return ids
}

// needless says whether a failure has been made good: by other sessions, or because what was to be renewed works, and not only for a little longer.
func (l *Load) needless(f *failure) bool {
	if old := f.replaces; old != nil && l.vault.has(old) && l.works(f.in) {
		if l.expires(old); old.expiration.IsZero() || old.renewedFor != old.expiration {
			return true
		}
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
		for _, part := range l.apart(in) {
			l.openSession(part, nil)
		}
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
