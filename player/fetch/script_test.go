package fetch_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// reply is what a scripted server does with one request.
type reply struct {
	status  int
	header  string // lines, "Name: value"
	body    string
	latency time.Duration // before the header is there
	delay   time.Duration // before the body is there
	err     error         // instead of a response
	hang    bool          // no header ever
	stall   bool          // a header, but no body ever
	bodyErr error         // a header, then this
	panics  bool          // instead of a body

	// every, where it is not zero, is how long each byte of the body takes. After silentAfter bytes (0 is never) no more come.
	every       time.Duration
	silentAfter int
}

// script is a Fetcher that gives one reply after the other.
type script struct {
	t       *testing.T
	replies []reply

	mu   sync.Mutex
	seen []platform.Request
	open int // responses whose body was neither read nor cancelled
	live int // bodies that were read and not released
}

// next takes a request down and gives its reply.
func (s *script) next(req platform.Request) (r reply, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, req)
	if len(s.seen) > len(s.replies) {
		s.t.Errorf("request %d was not expected", len(s.seen))
		return reply{}, false
	}
	return s.replies[len(s.seen)-1], true
}

func (s *script) count(open, live int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += open
	s.live += live
}

func (s *script) Fetch(ctx context.Context, req platform.Request) (platform.Response, error) {
	r, ok := s.next(req)
	switch {
	case !ok:
		return nil, network
	case r.hang:
		<-ctx.Done()
		return nil, ctx.Err()
	case r.latency > 0:
		select {
		case <-time.After(r.latency):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	s.count(1, 0)
	return &response{script: s, reply: r, url: req.URL}, nil
}

// checkEnds fails when a response was left open.
func (s *script) checkEnds() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open != 0 {
		s.t.Errorf("%d responses were neither read nor cancelled", s.open)
	}
}

// checkReleased fails when a body is left, of which there may be no more than kept.
func (s *script) checkReleased(kept int) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live != kept {
		s.t.Errorf("%d bodies are left, want %d", s.live, kept)
	}
}

type response struct {
	script *script
	reply  reply
	url    string

	mu    sync.Mutex
	done  bool
	begun time.Time // to be read; the zero Time again once the reader has given up, for a browser forgets how much had come
}

func (r *response) Status() int { return r.reply.status }
func (r *response) URL() string { return r.url }
func (r *response) Header(name string) string {
	for line := range strings.Lines(r.reply.header) {
		if n, v, _ := strings.Cut(strings.TrimSpace(line), ": "); strings.EqualFold(n, name) {
			return v
		}
	}
	return ""
}

// end takes the response; it is false where somebody has already.
func (r *response) end() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return false
	}
	r.done, r.begun = true, time.Now()
	r.script.count(-1, 0)
	return true
}

func (r *response) Early() bool { return false }

func (r *response) Received() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reply.every == 0 || r.begun.IsZero() {
		return 0
	}
	came := int64(time.Since(r.begun) / r.reply.every)
	if r.reply.silentAfter > 0 {
		came = min(came, int64(r.reply.silentAfter))
	}
	return min(came, int64(len(r.reply.body)))
}

func (r *response) Cancel() { r.end() }

func (r *response) ReadBody(ctx context.Context, limit int64) (platform.Body, error) {
	if !r.end() {
		r.script.t.Error("a body was read twice")
	}
	if r.reply.panics {
		panic("the host is broken")
	}
	takes := time.After(r.reply.delay + time.Duration(len(r.reply.body))*r.reply.every)
	if r.reply.stall || r.reply.silentAfter > 0 {
		takes = nil
	}
	select {
	case <-takes:
	case <-ctx.Done():
		r.mu.Lock()
		defer r.mu.Unlock()
		r.begun = time.Time{}
		return nil, ctx.Err()
	}
	switch {
	case int64(len(r.reply.body)) > limit:
		return nil, platform.ErrTooLarge
	case r.reply.bodyErr != nil:
		return nil, r.reply.bodyErr
	}
	r.script.count(0, 1)
	return &body{Reader: strings.NewReader(r.reply.body), script: r.script, all: r.reply.body}, nil
}

type body struct {
	*strings.Reader
	script   *script
	all      string
	released bool
}

func (b *body) Len() int64             { return int64(len(b.all)) }
func (b *body) Bytes() ([]byte, error) { return []byte(b.all), nil }

func (b *body) Clone() (platform.Body, error) {
	b.script.count(0, 1)
	return &body{Reader: strings.NewReader(b.all), script: b.script, all: b.all}, nil
}

func (b *body) Release() {
	if !b.released {
		b.released = true
		b.script.count(0, -1)
	}
}

func headerOf(req platform.Request, name string) string {
	for _, h := range req.Header {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}
