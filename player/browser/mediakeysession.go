//go:build js && wasm

package browser

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

// mediaKeySession listens from its creation, and keeps what happens until somebody listens to it.
type mediaKeySession struct {
	host     *Host
	js       safejs.Value
	source   *listener // nil once it was stopped
	listener *func(platform.SessionEvent)
	waiting  []platform.SessionEvent
}

func (s *mediaKeySession) open() (err error) {
	s.source, err = s.host.listen(s.js, []string{"message", "keystatuseschange"}, func(eventType, text string, data []byte) {
		event := platform.SessionEvent{Type: eventType}
		switch eventType {
		case "message":
			event.MessageType, event.Message = text, data
		case "closed":
			event.Reason = text
		}
		s.waiting = append(s.waiting, event)
		s.deliver()
	})
	return err
}

// deliver hands out what waits, in order, also where a listener makes it happen anew from within.
func (s *mediaKeySession) deliver() {
	for s.listener != nil && len(s.waiting) > 0 {
		event := s.waiting[0]
		s.waiting = s.waiting[1:]
		(*s.listener)(event)
	}
}

func (s *mediaKeySession) Listen(f func(platform.SessionEvent)) (stop func()) {
	if s.source == nil {
		if err := s.open(); err != nil {
			s.host.panicked(err)
			return func() {}
		}
	}
	s.listener = &f
	s.deliver()
	return func() {
		if s.listener == &f {
			s.listener = nil
			s.forget()
		}
	}
}

// forget stops listening, and drops what nobody has heard.
func (s *mediaKeySession) forget() {
	if s.source != nil {
		s.source.stop()
		s.source, s.waiting = nil, nil
	}
}

func (s *mediaKeySession) SessionID() string { return Text(Get(s.js, "sessionId")) }

func (s *mediaKeySession) KeyStatuses() []platform.KeyStatus {
	lines, err := Call(s.host.bridge, "keyStatuses", s.js)
	if err != nil {
		return nil
	}
	var statuses []platform.KeyStatus
	for _, line := range strings.Split(Text(lines), "\n") {
		id, status, ok := strings.Cut(line, " ")
		keyID, err := hex.DecodeString(id)
		if ok && err == nil {
			statuses = append(statuses, platform.KeyStatus{KeyID: keyID, Status: status})
		}
	}
	return statuses
}

// Expiration is NaN where the keys do not expire.
func (s *mediaKeySession) Expiration() time.Time {
	ms := Number(Get(s.js, "expiration"))
	if !(ms > 0 && ms < 1<<53) {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms))
}

func (s *mediaKeySession) GenerateRequest(ctx context.Context, initDataType string, initData []byte) error {
	return s.send(ctx, initData, func(data safejs.Value) (safejs.Value, error) {
		return Call(s.host.bridge, "generateRequest", s.js, initDataType, data)
	})
}

func (s *mediaKeySession) Update(ctx context.Context, response []byte) error {
	return s.send(ctx, response, func(data safejs.Value) (safejs.Value, error) {
		return Call(s.host.bridge, "update", s.js, data)
	})
}

func (s *mediaKeySession) send(ctx context.Context, data []byte, call func(data safejs.Value) (safejs.Value, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	array, err := BytesOf(data)
	if err != nil {
		return err
	}
	promise, err := call(array)
	if err != nil {
		return err
	}
	_, err = s.host.Await(ctx, promise)
	return err
}

// Close lets the specification's InvalidStateError pass: the session made no request, so there is nothing to close.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-mediakeysession-close
func (s *mediaKeySession) Close(ctx context.Context) error {
	_, err := s.host.call(ctx, s.host.bridge, "close", s.js)
	if platform.IsDOMError(err, "InvalidStateError") {
		err = nil
	}
	if s.listener == nil {
		s.forget()
	}
	return err
}
