package drm

import (
	"slices"
	"time"
)

// renewalLead is how long before their end licences are renewed, if a quarter of their life is not less.
const renewalLead = 30 * time.Second

// renewal is a status for which a key's licence has been asked for anew.
type renewal struct {
	id     [16]byte
	status string
}

// renewDue asks anew for licences that expire soon, and for keys whose status says so.
func (l *Load) renewDue() {
	for _, s := range slices.Clone(l.vault.sessions) {
		if l.used[s] {
			l.expires(s)
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
		l.renewKey(id, c)
	}
}

// renewKey asks anew, once, for a key whose status says so.
func (l *Load) renewKey(id [16]byte, c condition) {
	again := renewal{id, c.status}
	if c.state >= Pending || c.status == "" || l.engine.config.policy(c.status) != PolicyRenew ||
		l.renewed[again] || l.failureOf(id) != nil || l.renewing(c.session) {
		return
	}
	l.renewed[again] = true
	if slices.Contains(c.session.in.keyIDs, id) || len(c.session.in.keyIDs) == 0 {
		l.renew(c.session)
	} else if in, ok := l.narrow([][16]byte{id}); ok {
		in.licenseURL = c.session.in.licenseURL
		l.want(in, 0) // it came with a licence for others
	}
}

// expires looks when a session's keys stop working: no event tells that it has changed.
func (l *Load) expires(s *session) {
	if s.cdm == nil {
		return
	}
	if at := s.cdm.Expiration(); !at.Equal(s.expiration) {
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
	in := s.in
	if len(in.keyIDs) > 0 && len(among(in.keyIDs, l.past)) == len(in.keyIDs) {
		in = l.inPlay(s)
	}
	if ids := l.lackingOf(&failure{in: in, replaces: s}); len(ids) > 0 || len(in.keyIDs) == 0 {
		l.openSession(l.only(in, ids), s)
	}
}

// inPlay is init data for those keys of a session that the content names, where none is that the session was opened for: they came with that licence.
func (l *Load) inPlay(s *session) initData {
	var ids [][16]byte
	for _, key := range s.keys {
		ids = append(ids, key.KeyID)
	}
	in, ok := l.narrow(among(ids, l.content.KeyIDs()))
	if !ok {
		return s.in
	}
	in.licenseURL = s.in.licenseURL
	return in
}

// renewing says whether a session is about to have its keys renewed, or to be replaced.
func (l *Load) renewing(s *session) bool {
	return s.renewing || slices.ContainsFunc(l.vault.sessions, func(fresh *session) bool { return fresh.replaces == s })
}
