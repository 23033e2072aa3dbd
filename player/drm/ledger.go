package drm

import (
	"slices"
	"time"
)

// State is where a key stands.
type State int

// The states, from the worst to the best. A key that several sessions know of is in the best of their states.
const (
	Unknown    State = iota // nothing has asked for it
	Failed                  // its licence failed or did not hold it, or the CDM has a fault
	Expired                 // it was usable
	Restricted              // the CDM has it and may not use it now
	Pending                 // a licence is under way
	Usable
)

// condition is a key's state, with what it was made of.
type condition struct {
	state   State
	status  string   // the W3C's name of the status; "" where no session holds the key
	session *session // nil where none has to do with the key
}

var stateOf = map[string]State{
	"usable": Usable, "output-downscaled": Usable, "status-pending": Pending, "usable-in-future": Restricted, "output-restricted": Restricted,
	"expired": Expired, "released": Failed, "internal-error": Failed,
}

// condition finds a key in one session.
func (s *session) condition(id [16]byte, now time.Time) condition {
	for _, key := range s.keys {
		if key.KeyID == id {
			c := condition{stateOf[key.Status], key.Status, s}
			// A CDM may be late to say it.
			if c.state == Usable && s.expired(now) {
				c.state, c.status = Expired, "expired"
			}
			return c
		}
	}
	switch {
	case !slices.Contains(s.in.keyIDs, id) && !slices.Contains(s.covers, id):
		return condition{}
	case s.answered:
		return condition{state: Failed, session: s}
	}
	return condition{state: Pending, session: s}
}

// holds says whether a session has a key in this state, or a better one.
func (s *session) holds(state State) bool {
	return slices.ContainsFunc(s.keys, func(key KeyStatus) bool { return s.condition(key.KeyID, time.Now()).state >= state })
}

// pending says whether a session has a key that has no status yet.
func (s *session) pending() bool {
	return slices.ContainsFunc(s.keys, func(key KeyStatus) bool { return stateOf[key.Status] == Pending })
}

func (s *session) expired(now time.Time) bool {
	return !s.expiration.IsZero() && !now.Before(s.expiration)
}

// condition finds a key in all sessions: the best there is, for the longest time.
func (v *vault) condition(id [16]byte, now time.Time) (best condition) {
	for _, s := range v.sessions {
		c := s.condition(id, now)
		if c.session != nil && (best.session == nil || c.state > best.state || c.state == best.state && s.outlasts(best.session)) {
			best = c
		}
	}
	return best
}

// outlasts says whether a session's keys work for longer than another's.
func (s *session) outlasts(other *session) bool {
	return !other.expiration.IsZero() && (s.expiration.IsZero() || s.expiration.After(other.expiration))
}

// pending says whether a session other than this one is to bring a key.
func (v *vault) pending(id [16]byte, but *session) bool {
	return slices.ContainsFunc(v.sessions, func(s *session) bool { return s != but && s.condition(id, time.Now()).state == Pending })
}
