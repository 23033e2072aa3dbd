package drm

import (
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
)

// defaultKeyTimeout is how long playback may wait for a key.
const defaultKeyTimeout = 10 * time.Second

func (c *Config) policy(status string) Policy {
	if policy, ok := c.Policies[status]; ok {
		return policy
	}
	return defaults[status]
}

func (c *Config) keyTimeout() time.Duration {
	if c.KeyTimeout == 0 {
		return defaultKeyTimeout
	}
	return c.KeyTimeout
}

// judge finds out which Representations can be played with the keys as they stand, and fails where a Set has none left.
func (l *Load) judge() *Error {
	var barred [][16]byte
	for _, set := range l.content.Sets {
		var blame *Error
		alive := false
		for _, header := range set {
			problem, id := l.problemOf(header, len(set) > 1)
			if problem == nil {
				alive = true
				continue
			}
			if l.engine.config.policy(problem.Detail) == PolicyError && problem.Reason == KeyUnusable {
				return problem
			}
			barred = appendNew(barred, id)
			if blame == nil {
				blame = problem
			}
		}
		if !alive && blame != nil {
			return blame
		}
	}
	if err := l.judgeUnnamed(); err != nil {
		return err
	}
	if !slices.Equal(barred, l.barred) {
		l.barred = barred
		l.observer.DRMBarred(barred)
	}
	return nil
}

// problemOf says why a Representation cannot be played, and for want of which key. A key that a licence simply did not hold is a problem only
// where another Representation can do without it; else playback finds out whether it needs the key.
func (l *Load) problemOf(header *manifest.Header, others bool) (*Error, [16]byte) {
	for _, id := range header.KeyIDs() {
		if err := l.problem(id, others); err != nil && (others || err.Reason != KeyMissing) {
			return err, id
		}
	}
	return nil, [16]byte{}
}

// problem says why a key cannot be used; nil where it can, or may soon. A key that was missed is not counted on again before it is there, where
// there are others.
func (l *Load) problem(id [16]byte, others bool) *Error {
	c := l.vault.condition(id, time.Now())
	f := l.failureOf(id)
	switch {
	case c.state == Usable:
		return nil
	case f != nil && (others || f.session == nil):
		return f.err
	case c.state == Unknown || c.state == Pending:
		return nil
	case c.status == "":
		return &Error{Reason: KeyMissing, KeySystem: l.KeySystem(), KeyIDs: [][16]byte{id}}
	}
	policy := l.engine.config.policy(c.status)
	if policy == PolicyContinue || policy == PolicyRenew && l.renewing(c.session) {
		return nil
	}
	return &Error{Reason: KeyUnusable, KeySystem: l.KeySystem(), KeyIDs: [][16]byte{id}, Keys: c.session.keys, Detail: c.status}
}

// judgeUnnamed is about keys that no header names: of content that could not be read ahead, or found in segments. While any key works, playback
// goes on until it waits for another.
func (l *Load) judgeUnnamed() *Error {
	named := l.content.KeyIDs()
	works := false
	var blame *Error
	for _, id := range l.needed() {
		works = works || l.vault.condition(id, time.Now()).state == Usable
		if err := l.problem(id, false); err != nil && err.Reason != KeyMissing && !slices.Contains(named, id) && l.failureOf(id) == nil {
			return err
		}
	}
	for _, f := range l.failures {
		if f.session == nil && blame == nil && !slices.ContainsFunc(f.in.keyIDs, func(id [16]byte) bool { return slices.Contains(named, id) }) {
			blame = f.err
		}
	}
	if blame != nil && !works {
		return blame
	}
	return nil
}

// needed lists the keys that playback may come to need: those that the content names, and those of sessions that hold others.
func (l *Load) needed() [][16]byte {
	ids := l.content.KeyIDs()
	for _, s := range l.vault.sessions {
		if l.used[s] && l.isNeeded(s) {
			for _, key := range s.keys {
				if !slices.Contains(l.past, key.KeyID) {
					ids = appendNew(ids, key.KeyID)
				}
			}
		}
	}
	return ids
}

// isNeeded says whether a session in use has to do with a key that the content names, or is the latest of the others. Earlier ones are left over
// from key rotation, and what becomes of them does not matter, unless the element waits for a key: it may be one of theirs.
func (l *Load) isNeeded(s *session) bool {
	if !l.waiting.IsZero() || l.holdsNamed(s) {
		return true
	}
	return !slices.ContainsFunc(l.vault.sessions, func(other *session) bool {
		return l.used[other] && other.answered && other.opened.After(s.opened) && !l.holdsNamed(other)
	})
}

// holdsNamed says whether a session has a key that the content names; every session has where it names none.
func (l *Load) holdsNamed(s *session) bool {
	named := l.content.KeyIDs()
	return len(named) == 0 || slices.ContainsFunc(s.keys, func(key KeyStatus) bool { return slices.Contains(named, key.KeyID) })
}

// wait notes that the element waits for a key, and stops putting things off.
func (l *Load) wait() {
	if !l.waiting.IsZero() {
		return
	}
	l.waiting, l.overdue = time.Now(), false
	l.observer.DRMEvent(&WaitingForKeyEvent{l.lackingNow()})
	l.retry(true)
	for _, in := range l.evicted {
		l.want(in, 0)
	}
	l.evicted = nil
}

// judgeWaiting fails when the element waits for a key that nothing is fetching, or waits for too long; of a long wait it warns first.
func (l *Load) judgeWaiting() *Error {
	if l.waiting.IsZero() {
		return nil
	}
	for _, f := range l.failures {
		if f.session == nil && !l.works(f.in) {
			return f.err
		}
	}
	lacking := l.lackingNow()
	if len(lacking) > 0 && len(l.used) > 0 && !l.underWay(lacking) {
		return &Error{Reason: KeyMissing, KeySystem: l.KeySystem(), KeyIDs: lacking, Keys: l.statuses()}
	}
	lacks := len(lacking) > 0 || l.underWay(nil)
	if l.lacked && !lacks {
		l.waiting, l.overdue = time.Now(), false // the element may take a moment to see that its keys are there
	}
	l.lacked = lacks
	if time.Now().Before(l.keyDeadline()) {
		return nil
	}
	if l.engine.host.Element().ReadyState() >= platform.HaveFutureData {
		l.waiting = time.Time{}
		return nil
	}
	err := &Error{Reason: KeyTimeout, KeySystem: l.KeySystem(), KeyIDs: lacking, Keys: l.statuses()}
	if l.overdue || !l.underWay(lacking) {
		return err
	}
	// What is under way may yet come, and has bounds of its own.
	l.overdue = true
	err.Detail = "its licence has not come yet"
	l.observer.DRMError(err)
	return nil
}

// keyDeadline is when waiting for a key becomes an error, and then when it becomes a fatal one.
func (l *Load) keyDeadline() time.Time {
	deadline := l.waiting.Add(l.engine.config.keyTimeout())
	if l.overdue {
		deadline = deadline.Add(licenseTimeout)
	}
	return deadline
}

// lackingNow lists the keys that the content names, cannot do without and has not.
func (l *Load) lackingNow() (ids [][16]byte) {
	unusable := func(id [16]byte) bool { return l.vault.condition(id, time.Now()).state != Usable }
	for _, set := range l.content.Sets {
		if slices.ContainsFunc(set, func(h *manifest.Header) bool { return !slices.ContainsFunc(h.KeyIDs(), unusable) }) {
			continue
		}
		for _, header := range set {
			for _, id := range header.KeyIDs() {
				if unusable(id) {
					ids = appendNew(ids, id)
				}
			}
		}
	}
	return ids
}

// underWay says whether anything may still bring one of these keys.
func (l *Load) underWay(ids [][16]byte) bool {
	return len(l.wants) > 0 || slices.ContainsFunc(l.vault.sessions, func(s *session) bool { return l.used[s] && (!s.answered || s.renewing || s.pending()) }) ||
		slices.ContainsFunc(ids, func(id [16]byte) bool {
			c := l.vault.condition(id, time.Now())
			return c.state == Pending || c.status != "" && l.engine.config.policy(c.status) == PolicyContinue
		})
}

// works says whether all keys that init data names are usable.
func (l *Load) works(in initData) bool {
	return len(in.keyIDs) > 0 && !slices.ContainsFunc(in.keyIDs, func(id [16]byte) bool { return l.vault.condition(id, time.Now()).state != Usable })
}

// statuses lists the keys of all sessions in use.
func (l *Load) statuses() (keys []KeyStatus) {
	for _, s := range l.vault.sessions {
		if l.used[s] {
			keys = append(keys, s.keys...)
		}
	}
	return keys
}
