package playertest

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

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
	case s.justEvicted():
		err = dom("InvalidStateError", "update: the session is closed")
	case s.state != "callable":
		err = h.violation("InvalidStateError", "update: the session is %s", s.state)
	case len(data) == 0:
		err = h.violation("TypeError", "update: the response is empty")
	}
	d := latency + h.options.CDM.UpdateDelay
	h.mu.Unlock()
	if err != nil {
		return err
	}
	return h.async(ctx, d, func() error {
		if s.state == "closed" {
			return dom("InvalidStateError", "update: the session is closed")
		}
		err := next(&h.options.CDM.UpdateErrors, h.options.CDM.UpdateError)
		if err == nil {
			err = s.take(data)
		}
		if err != nil {
			h.logf(s.lane, "update failed: %v", err)
		}
		return err
	})
}

// take is for a response of the stage that the session is at.
func (s *session) take(response []byte) error {
	h := s.keys.host
	stage := ""
	if len(s.stages) > 0 {
		stage = s.stages[0]
	}
	if stage == individualizationMessage || stage == CertificateRequest {
		if stage == CertificateRequest && !s.keys.cdm.certificate(response) {
			return dom("TypeError", "the response is no certificate")
		}
		h.logf(s.lane, "update for the %s", stage)
		s.stages = s.stages[1:]
		h.after(latency/2+h.options.CDM.MessageDelay, s.say)
		return nil
	}
	fresh, err := s.keys.cdm.license(h, response)
	if err != nil {
		return err
	}
	if limit := h.options.CDM.MaxKeys; limit > 0 && h.heldKeys()+len(fresh) > limit {
		return dom("QuotaExceededError", "update: too many keys")
	}
	h.logf(s.lane, "update")
	s.stages = nil
	s.hold(fresh)
	if h.options.Engine == Firefox {
		s.fireStatuses()
	} else {
		h.after(latency/2, func() {
			if s.state != "closed" {
				s.fireStatuses()
			}
		})
	}
	s.keys.changed()
	return nil
}

func (h *Host) heldKeys() (n int) {
	for _, s := range h.openSessions() {
		n += len(s.held)
	}
	return n
}

// hold adds keys to those that the session has, in the order of their ids, as browsers list them.
func (s *session) hold(fresh []heldKey) {
	options := &s.keys.host.options.CDM
	for _, k := range fresh {
		k.status = "usable"
		works := slices.ContainsFunc(s.held, func(o heldKey) bool { return bytes.Equal(o.id, k.id) && o.status == "usable" })
		if options.PendingFor > 0 && !works {
			k.status = "status-pending"
		} else if len(k.id) == 16 && options.Statuses[[16]byte(k.id)] != "" {
			k.status = options.Statuses[[16]byte(k.id)]
		}
		s.held = slices.DeleteFunc(s.held, func(o heldKey) bool { return bytes.Equal(o.id, k.id) })
		s.held = append(s.held, k)
	}
	slices.SortFunc(s.held, func(a, b heldKey) int { return bytes.Compare(a.id, b.id) })
	if options.PendingFor > 0 {
		s.keys.host.after(options.PendingFor, func() { s.settle() })
	}
	s.stopTimers()
	s.expiration = time.Time{}
	if options.ExpireAfter > 0 {
		s.expireAt(time.Now().Add(options.ExpireAfter))
	}
	if options.RenewAfter > 0 {
		s.renewIn(options.RenewAfter)
	}
}

// settle gives pending keys the status that they come to have.
func (s *session) settle() {
	changed := false
	for i := range s.held {
		if k := &s.held[i]; k.status == "status-pending" {
			k.status, changed = "usable", true
			if len(k.id) == 16 && s.keys.host.options.CDM.Statuses[[16]byte(k.id)] != "" {
				k.status = s.keys.host.options.CDM.Statuses[[16]byte(k.id)]
			}
		}
	}
	if changed {
		s.fireStatuses()
		s.keys.changed()
	}
}

func (s *session) stopTimers() {
	for _, timer := range []*time.Timer{s.expiry, s.renews} {
		if timer != nil {
			timer.Stop()
		}
	}
}

// expireAt makes all keys of the session expire. A browser's timestamps have milliseconds.
func (s *session) expireAt(t time.Time) {
	s.expiration = t.Truncate(time.Millisecond)
	if s.expiry != nil {
		s.expiry.Stop()
	}
	s.expiry = s.keys.host.after(time.Until(s.expiration), func() {
		for i := range s.held {
			s.held[i].status = "expired"
		}
		s.fireStatuses()
		s.keys.changed()
	})
}

func (s *session) renewIn(d time.Duration) {
	s.renews = s.keys.host.after(d, func() {
		if s.state != "callable" {
			return
		}
		ids := make([][]byte, len(s.held))
		for i, k := range s.held {
			ids[i] = k.id
		}
		message := s.keys.cdm.message(s.keys.host, licenseRenewalMessage, ids)
		s.fire(platform.SessionEvent{Type: "message", MessageType: licenseRenewalMessage, Message: message})
		if retry := s.keys.host.options.CDM.RenewRetry; retry > 0 {
			s.renewIn(retry)
		}
	})
}
