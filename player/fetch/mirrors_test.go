package fetch_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// mirrors is a Fetcher of several servers, each with a script: "a" answers what is asked of https://a.test/, and so on.
type mirrors struct {
	t       *testing.T
	servers map[string]*script

	mu    sync.Mutex
	start time.Time
	log   []string // "a 1.5": which server was asked, how many seconds after start
}

func newMirrors(t *testing.T, replies map[string][]reply) *mirrors {
	m := &mirrors{t: t, servers: map[string]*script{}, start: time.Now()}
	for name, list := range replies {
		m.servers[name] = &script{t: t, replies: list}
	}
	return m
}

func (m *mirrors) Fetch(ctx context.Context, req platform.Request) (platform.Response, error) {
	host, _, _ := strings.Cut(strings.TrimPrefix(req.URL, "https://"), "/")
	name := strings.TrimSuffix(host, ".test")
	m.mu.Lock()
	m.log = append(m.log, fmt.Sprintf("%s %v", name, time.Since(m.start).Seconds()))
	m.mu.Unlock()
	server := m.servers[name]
	if server == nil {
		m.t.Errorf("%s was not expected", req.URL)
		return nil, network
	}
	return server.Fetch(ctx, req)
}

// asked gives the log and begins a new one.
func (m *mirrors) asked() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := strings.Join(m.log, ", ")
	m.log = nil
	return s
}

// checkEnds fails when a response was left open, or more bodies than kept.
func (m *mirrors) checkEnds(kept int) {
	m.t.Helper()
	for _, s := range m.servers {
		s.checkEnds()
		s.mu.Lock()
		kept -= s.live
		s.mu.Unlock()
	}
	if kept != 0 {
		m.t.Errorf("%d bodies too few are left", kept)
	}
}
