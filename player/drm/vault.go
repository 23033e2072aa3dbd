package drm

import (
	"slices"

	"github.com/keystream-player/keystream/player/platform"
)

// What a vault keeps unless the app or the CDM says otherwise.
const (
	defaultMaxSessions = 50
	defaultMaxKeys     = 200
)

// vault is MediaKeys and the sessions that they hold, kept from load to load so that going back to earlier content asks for nothing.
type vault struct {
	grant *grant
	keys  platform.MediaKeys

	sessions    []*session        // the least recently used first
	closing     []<-chan struct{} // of sessions that are being closed: closed when they are
	maxSessions int               // as the app says, or fewer, where the CDM has refused one more
	maxKeys     int
	refused     bool // the CDM has
	swaps       bool // the CDM writes key ids in another byte order than containers
	spoilt      bool // the CDM has failed in a way that new MediaKeys may mend
}

func newVault(g *grant, keys platform.MediaKeys, config Config) *vault {
	v := &vault{grant: g, keys: keys, maxSessions: config.MaxSessions, maxKeys: config.MaxKeys}
	if v.maxSessions == 0 {
		v.maxSessions = defaultMaxSessions
	}
	if v.maxKeys == 0 {
		v.maxKeys = defaultMaxKeys
	}
	return v
}

// touch makes a session the most recently used.
func (v *vault) touch(s *session) {
	if i := slices.Index(v.sessions, s); i >= 0 {
		v.sessions = append(slices.Delete(v.sessions, i, i+1), s)
	}
}

// drop closes a session. It is forgotten at once; the closing takes its time.
func (v *vault) drop(s *session) {
	if v.forget(s) {
		v.closing = append(v.closing, s.over)
		s.cancel()
	}
}

// empty closes every session.
func (v *vault) empty() {
	for _, s := range slices.Clone(v.sessions) {
		v.drop(s)
	}
}

// forget says whether the session was there.
func (v *vault) forget(s *session) bool {
	n := len(v.sessions)
	v.sessions = slices.DeleteFunc(v.sessions, func(have *session) bool { return have == s })
	return len(v.sessions) < n
}

// stillClosing lists what is still being closed.
func (v *vault) stillClosing() []<-chan struct{} {
	v.closing = slices.DeleteFunc(v.closing, func(over <-chan struct{}) bool {
		select {
		case <-over:
			return true
		default:
			return false
		}
	})
	return slices.Clone(v.closing)
}

func (v *vault) has(s *session) bool { return slices.Contains(v.sessions, s) }

// makeRoom closes sessions until the budget has room for one more, the least recently used first, and returns what it closed. Those for which
// spare is true stay, even over the budget.
func (v *vault) makeRoom(spare func(*session) bool) (closed []*session) {
	for {
		keys := 0
		for _, s := range v.sessions {
			keys += max(len(s.keys), len(s.in.keyIDs))
		}
		if len(v.sessions) < v.maxSessions && keys < v.maxKeys {
			return closed
		}
		i := slices.IndexFunc(v.sessions, func(s *session) bool { return !spare(s) })
		if i < 0 {
			return closed
		}
		closed = append(closed, v.sessions[i])
		v.drop(v.sessions[i])
	}
}
