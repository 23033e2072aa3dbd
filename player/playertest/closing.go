package playertest

import (
	"context"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// Close does nothing for a session that never had an id: a browser would throw, and a host spares its caller that.
func (s *session) Close(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h := s.keys.host
	h.mu.Lock()
	switch s.state {
	case "initialising":
		_ = h.violation("InvalidStateError", "close: the session is initialising")
		h.mu.Unlock()
		return nil
	case "callable":
		s.state = "closing"
	case "closing":
	default:
		h.mu.Unlock()
		return nil
	}
	d := latency + h.options.CDM.CloseDelay
	h.mu.Unlock()
	return h.async(ctx, d, func() error {
		s.end("closed-by-application")
		return nil
	})
}

// end is the session closed algorithm. The host's mutex is held.
//
// https://www.w3.org/TR/encrypted-media-2/#session-closed
func (s *session) end(reason string) {
	if s.state == "closed" {
		return
	}
	had := len(s.held) > 0
	s.state, s.held, s.expiration = "closed", nil, time.Time{}
	s.stopTimers()
	s.keys.host.open--
	s.keys.sessions = slices.DeleteFunc(s.keys.sessions, func(o *session) bool { return o == s })
	s.fire(platform.SessionEvent{Type: "closed", Reason: reason})
	if had || s.keys.host.options.Engine == Chromium {
		s.fireStatuses()
	}
	s.keys.changed()
}

// evict is end, where the application has no part in it.
func (s *session) evict(reason string) {
	s.evicted = time.Now()
	s.end(reason)
}

// justEvicted says that the CDM closed the session in this very instant, so that the application cannot know it yet.
func (s *session) justEvicted() bool {
	return s.state == "closed" && !s.evicted.IsZero() && time.Since(s.evicted) == 0
}

// CloseSessions is the CDM closing sessions by itself: those that hold or asked for one of these keys, or all of the page, as after a crash or
// the machine's sleep. The reason is a MediaKeySessionClosedReason: "internal-error", "hardware-context-reset", "resource-evicted", ….
//
// https://www.w3.org/TR/encrypted-media-2/#mediakeysessionclosedreason-enum
func (h *Host) CloseSessions(reason string, ids ...[16]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.openSessions() {
		if len(ids) == 0 || slices.ContainsFunc(ids, s.about) {
			s.evict(reason)
		}
	}
}

// about says whether the session holds or asked for a key.
func (s *session) about(id [16]byte) bool {
	return slices.ContainsFunc(s.held, func(k heldKey) bool { return string(k.id) == string(id[:]) }) ||
		slices.ContainsFunc(s.asked, func(asked []byte) bool { return string(asked) == string(id[:]) })
}

// SetKeyStatus changes the status of a key in the sessions that hold it, as when a display is unplugged or a licence expires.
func (h *Host) SetKeyStatus(id [16]byte, status string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.openSessions() {
		for i := range s.held {
			if string(s.held[i].id) == string(id[:]) {
				s.held[i].status = status
				s.fireStatuses()
				s.keys.changed()
			}
		}
	}
}

// SetExpiration tells the sessions that hold a key another time at which their licence ends; the zero Time is never.
func (h *Host) SetExpiration(id [16]byte, t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.openSessions() {
		if !slices.ContainsFunc(s.held, func(k heldKey) bool { return string(k.id) == string(id[:]) }) {
			continue
		}
		h.logf(s.lane, "expiration changes")
		if t.IsZero() {
			s.expiration = t
			if s.expiry != nil {
				s.expiry.Stop()
			}
		} else {
			s.expireAt(t)
		}
	}
}

// KeyStatuses lists the status of a key in each session of the page that holds it.
func (h *Host) KeyStatuses(id [16]byte) (statuses []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.openSessions() {
		for _, k := range s.held {
			if string(k.id) == string(id[:]) {
				statuses = append(statuses, k.status)
			}
		}
	}
	return statuses
}
