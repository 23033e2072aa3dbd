package playertest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// session is a MediaKeySession. Its state goes from "" to "initialising", "callable", "closing", "closed"; a request that failed is "dead".
type session struct {
	keys      *mediaKeys
	lane      string
	number    int
	listeners listeners[platform.SessionEvent]
	early     []platform.SessionEvent // fired before anyone listened

	state string
	id    string
	held  []heldKey
}

type heldKey struct {
	id     []byte
	key    [16]byte
	status string
}

// Listen hears what was fired before it, too: a host attaches its listeners when the session is made.
func (s *session) Listen(f func(platform.SessionEvent)) (stop func()) {
	stop = s.listeners.add(f, func(platform.SessionEvent) bool { return true })
	h := s.keys.host
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range s.early {
		s.listeners.fire(e, copyEvent)
	}
	s.early = nil
	return stop
}

func copyEvent(e platform.SessionEvent) platform.SessionEvent {
	e.Message = bytes.Clone(e.Message)
	return e
}

func (s *session) fire(e platform.SessionEvent) {
	line := e.Type
	switch e.Type {
	case "message":
		line += fmt.Sprintf(" %s (%d bytes)", e.MessageType, len(e.Message))
	case "closed":
		line += " " + e.Reason
	case "keystatuseschange":
		for _, k := range s.held {
			line += fmt.Sprintf(" %x=%s", k.id, k.status)
		}
	}
	s.keys.host.logf(s.lane, "%s", line)
	if len(s.listeners.all) == 0 {
		s.early = append(s.early, e)
		return
	}
	s.listeners.fire(e, copyEvent)
}

func (s *session) SessionID() string {
	s.keys.host.mu.Lock()
	defer s.keys.host.mu.Unlock()
	return s.id
}

func (s *session) KeyStatuses() []platform.KeyStatus {
	s.keys.host.mu.Lock()
	defer s.keys.host.mu.Unlock()
	var out []platform.KeyStatus
	for _, k := range s.held {
		out = append(out, platform.KeyStatus{KeyID: bytes.Clone(k.id), Status: k.status})
	}
	return out
}

// Expiration is never: Clear Key's licences do not expire.
func (s *session) Expiration() time.Time { return time.Time{} }

// GenerateRequest may be called once, whether or not it succeeds.
func (s *session) GenerateRequest(ctx context.Context, initDataType string, initData []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h := s.keys.host
	data := bytes.Clone(initData)
	h.mu.Lock()
	err := s.begin(initDataType, data)
	h.mu.Unlock()
	if err != nil {
		return err
	}
	d := latency + h.options.CDM.GenerateDelay
	if h.options.CDM.MessageFirst {
		if err := h.async(ctx, d, func() error { return s.request(initDataType, data) }); err != nil {
			return err
		}
		return h.async(ctx, latency, func() error { return nil })
	}
	return h.async(ctx, d, func() error { return s.request(initDataType, data) })
}

// request gives the session its id and its message: at once where the message comes first, else when generateRequest has resolved.
func (s *session) request(initDataType string, initData []byte) error {
	h := s.keys.host
	ids, err := h.keyIDs(initDataType, initData)
	if err == nil {
		err = h.options.CDM.GenerateError
	}
	if err != nil {
		s.state = "dead"
		h.logf(s.lane, "generateRequest %s failed: %v", initDataType, err)
		return err
	}
	s.state, s.id = "callable", fmt.Sprintf("%016d", s.number)
	h.open++
	h.logf(s.lane, "generateRequest %s", initDataType)
	message := platform.SessionEvent{Type: "message", MessageType: "license-request", Message: licenseRequest(ids)}
	send := func() {
		for range 1 + h.options.CDM.RepeatedMessages {
			s.fire(message)
		}
	}
	if h.options.CDM.MessageFirst {
		send()
	} else {
		h.after(latency/2, send)
	}
	return nil
}

func (s *session) begin(initDataType string, initData []byte) error {
	h := s.keys.host
	if s.state != "" {
		return h.violation("InvalidStateError", "generateRequest: the session is %s", s.state)
	}
	s.state = "dead"
	switch {
	case initDataType == "" || len(initData) == 0:
		return h.violation("TypeError", "generateRequest: init data of %d bytes, type %q", len(initData), initDataType)
	case !slices.Contains([]string{"cenc", "keyids", "webm"}, initDataType):
		return dom("NotSupportedError", "generateRequest: unsupported init data type "+initDataType)
	}
	s.state = "initialising"
	return nil
}

// Update takes a licence whole or not at all.
func (s *session) Update(ctx context.Context, response []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h := s.keys.host
	data := bytes.Clone(response)
	h.mu.Lock()
	var err error
	switch {
	case s.state != "callable":
		err = h.violation("InvalidStateError", "update: the session is %s", s.state)
	case len(data) == 0:
		err = h.violation("TypeError", "update: the response is empty")
	}
	h.mu.Unlock()
	if err != nil {
		return err
	}
	return h.async(ctx, latency+h.options.CDM.UpdateDelay, func() error {
		if s.state == "closed" {
			return dom("InvalidStateError", "update: the session is closed")
		}
		fresh, err := h.parseLicense(data)
		if err == nil {
			err = h.options.CDM.UpdateError
		}
		if err != nil {
			h.logf(s.lane, "update failed: %v", err)
			return err
		}
		h.logf(s.lane, "update")
		s.hold(fresh)
		if h.options.Engine == Firefox {
			s.fire(platform.SessionEvent{Type: "keystatuseschange"})
		} else {
			h.after(latency/2, func() {
				if s.state != "closed" {
					s.fire(platform.SessionEvent{Type: "keystatuseschange"})
				}
			})
		}
		s.keys.changed()
		return nil
	})
}

// hold adds keys to those that the session has, in the order of their ids, as browsers list them.
func (s *session) hold(fresh []heldKey) {
	for _, k := range fresh {
		k.status = "usable"
		if len(k.id) == 16 {
			if status, ok := s.keys.host.options.CDM.Statuses[[16]byte(k.id)]; ok {
				k.status = status
			}
		}
		s.held = slices.DeleteFunc(s.held, func(o heldKey) bool { return bytes.Equal(o.id, k.id) })
		s.held = append(s.held, k)
	}
	slices.SortFunc(s.held, func(a, b heldKey) int { return bytes.Compare(a.id, b.id) })
}

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
	h.mu.Unlock()
	return h.async(ctx, latency+h.options.CDM.CloseDelay, func() error {
		s.end("closed-by-application")
		return nil
	})
}

// end is the session closed algorithm. The host's mutex is held.
func (s *session) end(reason string) {
	if s.state == "closed" {
		return
	}
	had := len(s.held) > 0
	s.state, s.held = "closed", nil
	s.keys.host.open--
	s.keys.sessions = slices.DeleteFunc(s.keys.sessions, func(o *session) bool { return o == s })
	s.fire(platform.SessionEvent{Type: "closed", Reason: reason})
	if had || s.keys.host.options.Engine == Chromium {
		s.fire(platform.SessionEvent{Type: "keystatuseschange"})
	}
	s.keys.changed()
}

// CloseSessions is the CDM closing every session by itself, as after a crash or the machine's sleep.
func (h *Host) CloseSessions(reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if keys := h.element.keys; keys != nil {
		for _, s := range slices.Clone(keys.sessions) {
			if s.id != "" {
				s.end(reason)
			}
		}
	}
}

// SetKeyStatus changes the status of a key that sessions hold, as when a display is unplugged or a licence expires.
func (h *Host) SetKeyStatus(id [16]byte, status string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	keys := h.element.keys
	if keys == nil {
		return
	}
	for _, s := range keys.sessions {
		for i := range s.held {
			if string(s.held[i].id) == string(id[:]) {
				s.held[i].status = status
				s.fire(platform.SessionEvent{Type: "keystatuseschange"})
			}
		}
	}
	keys.changed()
}
