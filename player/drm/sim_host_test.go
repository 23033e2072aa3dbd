package drm_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// simHost is the page as the engine sees it. What the engine asks of the CDM passes through the judge, who knows nothing of the engine but that.
type simHost struct {
	*playertest.Host
	sim *sim
}

func (h simHost) Element() platform.MediaElement { return simElement{h.Host.Element(), h.sim} }

func (h simHost) RequestMediaKeySystemAccess(ctx context.Context, name string, configs []platform.MediaKeySystemConfiguration,
) (platform.MediaKeySystemAccess, error) {
	access, err := h.Host.RequestMediaKeySystemAccess(ctx, name, configs)
	if err != nil {
		return nil, err
	}
	return simAccess{access, h.sim}, nil
}

type simAccess struct {
	platform.MediaKeySystemAccess
	sim *sim
}

func (a simAccess) CreateMediaKeys(ctx context.Context) (platform.MediaKeys, error) {
	keys, err := a.MediaKeySystemAccess.CreateMediaKeys(ctx)
	if err != nil {
		return nil, err
	}
	return &simKeys{keys, a.sim}, nil
}

type simKeys struct {
	platform.MediaKeys
	sim *sim
}

func (k *simKeys) CreateSession(sessionType string) (platform.MediaKeySession, error) {
	s, err := k.MediaKeys.CreateSession(sessionType)
	if err != nil {
		return nil, err
	}
	return k.sim.judge.created(&simSession{MediaKeySession: s, keys: k}), nil
}

// simElement plays the film of the load: it has half a minute buffered, and stands still while a key is missing.
type simElement struct {
	platform.MediaElement
	sim *sim
}

func (e simElement) SetMediaKeys(ctx context.Context, keys platform.MediaKeys) error {
	if keys == nil {
		return e.MediaElement.SetMediaKeys(ctx, nil)
	}
	return e.MediaElement.SetMediaKeys(ctx, keys.(*simKeys).MediaKeys)
}

func (e simElement) Buffered() []platform.TimeRange {
	return []platform.TimeRange{{Start: 0, End: 30 * time.Second}}
}

func (e simElement) ReadyState() platform.ReadyState {
	if e.sim.stuck.Load() {
		return platform.HaveCurrentData
	}
	return platform.HaveEnoughData
}

// simSession is a session as the judge knows it, from the calls that are made on it and what the CDM itself says of its keys.
type simSession struct {
	platform.MediaKeySession
	keys   *simKeys
	number int

	// Guarded by the judge.
	initData []byte
	ids      [][16]byte

	createdAt, answeredAt time.Time

	asked, answered, closing, closed bool

	unanswered bool // the CDM has asked for a renewal since the last licence

	forsaken bool // it had no licence yet when its load failed: whoever comes next need not wait for it
}

func (s *simSession) GenerateRequest(ctx context.Context, initDataType string, initData []byte) error {
	j := s.keys.sim.judge
	j.requested(s, initDataType, initData)
	err := s.MediaKeySession.GenerateRequest(ctx, initDataType, initData)
	if err != nil {
		j.sim.logf("    %v: generateRequest: %v", s, err)
		j.over(s) // or given up
	}
	return err
}

func (s *simSession) Update(ctx context.Context, response []byte) error {
	err := s.MediaKeySession.Update(ctx, response)
	j := s.keys.sim.judge
	j.sim.logf("    %v: update: %v", s, err)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil {
		s.unanswered = false
	}
	if err == nil && !s.answered && len(s.KeyStatuses()) > 0 {
		s.answered, s.answeredAt = true, time.Now()
	}
	return err
}

func (s *simSession) Listen(f func(platform.SessionEvent)) (stop func()) {
	j := s.keys.sim.judge
	return s.MediaKeySession.Listen(func(e platform.SessionEvent) {
		j.sim.logf("    %v: %s %s", s, e.Type, e.MessageType+e.Reason)
		switch e.Type {
		case "message":
			j.message(s, e.MessageType)
		case "closed":
			j.over(s)
		}
		f(e)
		j.sim.wakeUp()
	})
}

func (s *simSession) Close(ctx context.Context) error {
	j := s.keys.sim.judge
	j.sim.logf("    %v: close", s)
	j.mu.Lock()
	s.closing = true
	j.mu.Unlock()
	return s.MediaKeySession.Close(ctx)
}

func (s *simSession) live() bool { return s.asked && !s.closing && !s.closed }

// each goes through the session's keys as containers name them.
func (s *simSession) each(f func(id [16]byte, status string)) {
	for _, k := range s.KeyStatuses() {
		id := [16]byte(k.KeyID)
		if s.keys.sim.swapped {
			id = swapped(id)
		}
		f(id, k.Status)
	}
}

func (s *simSession) holds() map[[16]byte]string {
	all := map[[16]byte]string{}
	s.each(func(id [16]byte, status string) { all[id] = status })
	return all
}

func swapped(id [16]byte) [16]byte {
	for _, pair := range [][2]int{{0, 3}, {1, 2}, {4, 5}, {6, 7}} {
		id[pair[0]], id[pair[1]] = id[pair[1]], id[pair[0]]
	}
	return id
}

func decrypts(status string) bool { return status == "usable" || status == "output-downscaled" }

// renewable says whether the session may be replaced by another for its keys: one of them cannot be used, or its licence is about to end.
func (s *simSession) renewable(now time.Time) bool {
	const lead = 31 * time.Second
	if t := s.Expiration(); !t.IsZero() && t.Sub(now) <= lead {
		return true
	}
	bad := false
	s.each(func(_ [16]byte, status string) { bad = bad || !decrypts(status) && status != "status-pending" })
	return bad
}

func (s *simSession) String() string {
	return fmt.Sprintf("session %d for %x", s.number, shorts(s.ids))
}

// shorts writes key ids by the bytes in which they differ.
func shorts(ids [][16]byte) (out [][]byte) {
	for _, id := range ids {
		out = append(out, bytes.Clone(id[:2]))
	}
	return out
}

func all(ids [][16]byte, of map[[16]byte]bool) bool {
	return !slices.ContainsFunc(ids, func(id [16]byte) bool { return !of[id] })
}
