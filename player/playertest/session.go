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

	state  string
	id     string
	asked  [][]byte // the key ids of its init data
	stages []string // the message types that updates still have to answer, the next one first
	held   []heldKey

	expiration     time.Time
	expiry, renews *time.Timer
	evicted        time.Time // when the CDM closed it by itself
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

func (s *session) fireStatuses() { s.fire(platform.SessionEvent{Type: "keystatuseschange"}) }

func (s *session) SessionID() string {
	s.keys.host.mu.Lock()
	defer s.keys.host.mu.Unlock()
	return s.id
}

func (s *session) KeyStatuses() []platform.KeyStatus {
	h := s.keys.host
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []platform.KeyStatus
	for _, k := range s.held {
		id := bytes.Clone(k.id)
		if h.options.CDM.SwappedIDs && len(id) == 16 {
			id = swapGUID(id)
		}
		out = append(out, platform.KeyStatus{KeyID: id, Status: k.status})
	}
	return out
}

func (s *session) Expiration() time.Time {
	s.keys.host.mu.Lock()
	defer s.keys.host.mu.Unlock()
	return s.expiration
}

// GenerateRequest may be called once, whether or not it succeeds.
func (s *session) GenerateRequest(ctx context.Context, initDataType string, initData []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h := s.keys.host
	data := bytes.Clone(initData)
	h.mu.Lock()
	err := s.begin(initDataType, data)
	d := latency + h.options.CDM.GenerateDelay
	first := h.options.CDM.MessageFirst
	h.mu.Unlock()
	if err != nil {
		return err
	}
	if first {
		if err := h.async(ctx, d, func() error { return s.request(initDataType, data, true) }); err != nil {
			return err
		}
		return h.async(ctx, latency, func() error { return nil })
	}
	return h.async(ctx, d, func() error { return s.request(initDataType, data, false) })
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
	case !slices.Contains(s.keys.cdm.grant().InitDataTypes, initDataType):
		return dom("NotSupportedError", "generateRequest: unsupported init data type "+initDataType)
	}
	s.state = "initialising"
	h.initialising++
	return nil
}

// request gives the session its id and its first message: at once where that comes first, else when generateRequest has resolved.
func (s *session) request(initDataType string, initData []byte, first bool) error {
	h := s.keys.host
	h.initialising--
	ids, err := s.keys.cdm.keyIDs(h, initDataType, initData)
	if err == nil {
		err = next(&h.options.CDM.GenerateErrors, h.options.CDM.GenerateError)
	}
	if err == nil && h.options.CDM.QuotaAtRequest && !h.room() {
		err = dom("QuotaExceededError", "generateRequest: too many sessions")
	}
	if err != nil {
		s.state = "dead"
		h.logf(s.lane, "generateRequest %s failed: %v", initDataType, err)
		return err
	}
	s.state, s.id, s.asked = "callable", fmt.Sprintf("%016d", s.number), ids
	h.open++
	h.logf(s.lane, "generateRequest %s", initDataType)
	if h.options.CDM.Individualization {
		s.stages = append(s.stages, individualizationMessage)
	}
	if h.options.CDM.CertificateFirst && s.keys.cdm.takesCertificate() && !s.keys.certified {
		s.stages = append(s.stages, CertificateRequest)
	}
	s.stages = append(s.stages, licenseRequestMessage)
	if first {
		s.say()
	} else {
		h.after(latency/2+h.options.CDM.MessageDelay, s.say)
	}
	return nil
}

// say sends the message of the stage that the session is at.
func (s *session) say() {
	if s.state != "callable" || len(s.stages) == 0 {
		return
	}
	stage, times := s.stages[0], 1
	e := platform.SessionEvent{Type: "message", MessageType: stage, Message: s.keys.cdm.message(s.keys.host, stage, s.asked)}
	switch stage {
	case licenseRequestMessage:
		times += s.keys.host.options.CDM.RepeatedMessages
	case CertificateRequest:
		e.MessageType = licenseRequestMessage
	}
	for range times {
		s.fire(e)
	}
}
