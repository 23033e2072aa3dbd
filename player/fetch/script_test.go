package fetch_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// reply is what a scripted server does with one request.
type reply struct {
	status  int
	header  string // one line, "Name: value"
	body    string
	delay   time.Duration // before the body is there
	err     error         // instead of a response
	hang    bool          // no header ever
	stall   bool          // a header, but no body ever
	bodyErr error         // a header, then this
}

// script is a Fetcher that gives one reply after the other.
type script struct {
	t       *testing.T
	replies []reply
	seen    []platform.Request
	open    int // responses whose body was neither read nor cancelled
}

func (s *script) Fetch(ctx context.Context, req platform.Request) (platform.Response, error) {
	s.seen = append(s.seen, req)
	if len(s.seen) > len(s.replies) {
		s.t.Errorf("request %d was not expected", len(s.seen))
		return nil, network
	}
	r := s.replies[len(s.seen)-1]
	switch {
	case r.hang:
		<-ctx.Done()
		return nil, ctx.Err()
	case r.err != nil:
		return nil, r.err
	}
	s.open++
	return &response{script: s, reply: r, url: req.URL}, nil
}

// checkEnds fails when a response was left open.
func (s *script) checkEnds() {
	if s.open != 0 {
		s.t.Errorf("%d responses were neither read nor cancelled", s.open)
	}
}

type response struct {
	script *script
	reply  reply
	url    string
	done   bool
}

func (r *response) Status() int { return r.reply.status }
func (r *response) URL() string { return r.url }
func (r *response) Header(name string) string {
	if n, v, _ := strings.Cut(r.reply.header, ": "); strings.EqualFold(n, name) {
		return v
	}
	return ""
}

func (r *response) end() {
	if !r.done {
		r.done = true
		r.script.open--
	}
}

func (r *response) Received() int64 { return 0 }

func (r *response) Cancel() { r.end() }

func (r *response) ReadBody(ctx context.Context, limit int64) (platform.Body, error) {
	r.end()
	if r.reply.stall {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	select {
	case <-time.After(r.reply.delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if int64(len(r.reply.body)) > limit {
		return nil, platform.ErrTooLarge
	}
	return body{bytes.NewReader([]byte(r.reply.body)), r.reply.body}, r.reply.bodyErr
}

type body struct {
	*bytes.Reader
	all string
}

func (b body) Len() int64             { return int64(len(b.all)) }
func (b body) Bytes() ([]byte, error) { return []byte(b.all), nil }
func (b body) Release()               {}

func headerOf(req platform.Request, name string) string {
	for _, h := range req.Header {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}
