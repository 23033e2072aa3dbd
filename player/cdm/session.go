package cdm

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
)

// sessionState is where a session is in its life.
type sessionState int

const (
	fresh  sessionState = iota
	spent               // its one request has failed
	open                // it has an id and takes licences
	closed              // for good
)

// sessionCount numbers the sessions of all hosts, so that no two share an id.
var sessionCount atomic.Int64

// session is a MediaKeySession of Clear Key. What it does takes no time, so it ends before a context can; a context that has ended is refused.
//
// https://www.w3.org/TR/encrypted-media-2/#clear-key
type session struct {
	keys *mediaKeys

	// Guarded by keys.mu.
	state     sessionState
	id        string
	held      []platform.ContentKey // one of each id
	listeners []*listener
	heard     bool                    // somebody listens, or did
	early     []platform.SessionEvent // fired before
}

// Listen hears what was fired before anybody listened, too.
func (s *session) Listen(f func(platform.SessionEvent)) (stop func()) {
	l := &listener{call: func(event any) { f(event.(platform.SessionEvent)) }}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	s.listeners = append(s.listeners, l)
	for _, e := range s.early {
		l.tell(e)
	}
	s.heard, s.early = true, nil
	return func() {
		s.keys.mu.Lock()
		s.listeners = without(s.listeners, l)
		s.keys.mu.Unlock()
		l.stop()
	}
}

// fire tells of an event. keys.mu is held, so that events come in the order of what they tell.
func (s *session) fire(e platform.SessionEvent) {
	if !s.heard {
		s.early = append(s.early, e)
	}
	for _, l := range s.listeners {
		own := e
		own.Message = bytes.Clone(e.Message)
		l.tell(own)
	}
}

func (s *session) SessionID() string {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	return s.id
}

func (s *session) KeyStatuses() []platform.KeyStatus {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	out := make([]platform.KeyStatus, len(s.held))
	for i, key := range s.held {
		out[i] = platform.KeyStatus{KeyID: bytes.Clone(key.ID[:]), Status: "usable"}
	}
	return out
}

// Expiration is never: licences of Clear Key cannot say when they end.
func (s *session) Expiration() time.Time { return time.Time{} }

// GenerateRequest may be called once, whether or not it succeeds.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-mediakeysession-generaterequest
func (s *session) GenerateRequest(ctx context.Context, initDataType string, initData []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	if s.state != fresh {
		return dom("InvalidStateError", "the session has made a request, or is closed")
	}
	s.state = spent
	ids, err := requestedIDs(initDataType, initData)
	if err != nil {
		return err
	}
	s.state, s.id = open, "software-"+strconv.FormatInt(sessionCount.Add(1), 10)
	s.keys.latest(s)
	s.fire(platform.SessionEvent{Type: "message", MessageType: "license-request", Message: clearkey.FormatRequest(ids)})
	return nil
}

// requestedIDs finds the key ids in init data.
func requestedIDs(initDataType string, initData []byte) ([][16]byte, error) {
	switch {
	case initDataType == "" || len(initData) == 0:
		return nil, dom("TypeError", "the init data is empty, or has no type")
	case !slices.Contains(initDataTypes, initDataType):
		return nil, dom("NotSupportedError", "Clear Key has no such type of init data")
	}
	ids, _, err := clearkey.InitDataKeyIDs(initDataType, initData)
	switch {
	case err != nil:
		return nil, dom("TypeError", "the init data cannot be read: "+err.Error())
	case len(ids) == 0:
		return nil, dom("NotSupportedError", "the init data has no pssh box of the common system that names a key")
	}
	return ids, nil
}

// Update takes a licence whole or not at all. Its keys come to those that the session has.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-mediakeysession-update
func (s *session) Update(ctx context.Context, response []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	if s.state != open {
		return dom("InvalidStateError", "the session has made no request, or is closed")
	}
	keys, err := clearkey.ParseLicense(response)
	if err != nil {
		return dom("TypeError", "the licence cannot be used: "+err.Error())
	}
	s.hold(keys)
	clear(keys)
	s.keys.latest(s)
	s.keys.give()
	s.fire(platform.SessionEvent{Type: "keystatuseschange"})
	return nil
}

// hold adds keys to those that the session has. No copy is left behind.
func (s *session) hold(licensed []clearkey.Key) {
	keys := make([]platform.ContentKey, len(licensed))
	for i, k := range licensed {
		keys[i] = platform.ContentKey(k)
	}
	before := s.held
	s.held = newest(before, keys)
	clear(before)
	clear(keys)
}

// Close does nothing for a session that never had an id: EME would throw, and a host spares its caller that.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-mediakeysession-close
func (s *session) Close(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	if s.state != open {
		return nil
	}
	had := len(s.held) > 0
	clear(s.held)
	s.state, s.held = closed, nil
	s.keys.forget(s)
	s.fire(platform.SessionEvent{Type: "closed", Reason: "closed-by-application"})
	if had {
		s.keys.give()
		s.fire(platform.SessionEvent{Type: "keystatuseschange"})
	}
	return nil
}
