//go:build js && wasm

package browser

import (
	"context"
	"io"
	"strings"
	"sync"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

// Fetch is the page's fetch().
func (h *Host) Fetch(ctx context.Context, req platform.Request) (platform.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	method := req.Method
	if method == "" {
		method = "GET"
	}
	var header []any // names and values in turn
	for _, field := range req.Header {
		header = append(header, field.Name, field.Value)
	}
	content := safejs.Null()
	if req.Body != nil {
		var err error
		if content, err = BytesOf(req.Body); err != nil {
			return nil, err
		}
	}
	id, err := Call(h.bridge, "fetch", req.URL, method, header, content, req.WithCredentials, req.RefuseRedirects)
	if err != nil {
		return nil, err
	}
	opened, err := h.call(ctx, h.bridge, "opened", id)
	if err != nil {
		h.release(id)
		return nil, err
	}
	return &response{
		host: h, id: id, status: int(Number(Index(opened, 0))), url: Text(Index(opened, 1)), early: Truthy(Index(opened, 2)), header: Text(Index(opened, 3)),
	}, nil
}

type response struct {
	host   *Host
	id     safejs.Value
	status int
	url    string
	header string // lines, each after a line feed: the name in lower case, a colon, the value
	early  bool
	taken  bool // by ReadBody or Cancel

	mu   sync.Mutex
	came int64 // bytes, once over
	over bool  // the bridge's number is gone, or another's
}

func (r *response) Status() int { return r.status }
func (r *response) URL() string { return r.url }
func (r *response) Early() bool { return r.early }

func (r *response) Header(name string) string {
	_, value, _ := strings.Cut(r.header, "\n"+strings.ToLower(name)+":")
	value, _, _ = strings.Cut(value, "\n")
	return value
}

func (r *response) Received() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		if received, err := Call(r.host.bridge, "received", r.id); err == nil {
			r.came = int64(Number(received))
		}
	}
	return r.came
}

// end keeps what Received tells beyond the life of the number.
func (r *response) end() {
	r.Received()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
}

func (r *response) ReadBody(ctx context.Context, limit int64) (platform.Body, error) {
	if r.taken {
		return nil, errReleased
	}
	r.taken = true
	read, err := r.host.call(ctx, r.host.bridge, "readBody", r.id, float64(limit))
	r.end()
	if err == nil && Number(read) < 0 {
		err = platform.ErrTooLarge
	}
	if err != nil {
		r.host.release(r.id)
		return nil, err
	}
	return &body{host: r.host, id: r.id, length: int64(Number(read))}, nil
}

func (r *response) Cancel() {
	if !r.taken {
		r.taken = true
		r.end()
		r.host.release(r.id)
	}
}

// body is a downloaded body, which the bridge keeps under a number.
type body struct {
	host     *Host
	id       safejs.Value
	length   int64
	released bool
}

// own finds the body in the bridge's table.
func (h *Host) own(b platform.Body) (*body, error) {
	own, ok := b.(*body)
	switch {
	case !ok || !own.host.bridge.Equal(h.bridge):
		return nil, errOtherHost
	case own.released:
		return nil, errReleased
	}
	return own, nil
}

func (b *body) Len() int64 { return b.length }

func (b *body) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case b.released:
		return 0, errReleased
	case off < 0:
		return 0, &platform.DOMError{Name: "RangeError", Message: "negative offset"}
	case off >= b.length:
		return 0, io.EOF
	}
	var end error
	if left := b.length - off; int64(len(p)) > left {
		p, end = p[:left], io.EOF
	}
	n, err := b.host.read(b.id, p, off)
	if err != nil {
		return n, err
	}
	return n, end
}

func (b *body) Bytes() ([]byte, error) {
	if b.released {
		return nil, errReleased
	}
	p := make([]byte, b.length)
	_, err := b.host.read(b.id, p, 0)
	return p, err
}

func (b *body) Clone() (platform.Body, error) {
	if b.released {
		return nil, errReleased
	}
	id, err := Call(b.host.bridge, "clone", b.id)
	if err != nil {
		return nil, err
	}
	return &body{host: b.host, id: id, length: b.length}, nil
}

func (b *body) Release() {
	if !b.released {
		b.released = true
		b.host.release(b.id)
	}
}

// scratchSize is how much of a body crosses at once. Go frees a JavaScript buffer only at a garbage collection, so one is used again and again.
const scratchSize = 64 << 10

func (h *Host) read(id safejs.Value, p []byte, off int64) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !Truthy(h.scratch) {
		if h.scratch, err = Construct("Uint8Array", scratchSize); err != nil {
			return 0, err
		}
	}
	for n < len(p) {
		piece := p[n:min(len(p), n+scratchSize)]
		if _, err := Call(h.bridge, "read", id, float64(off)+float64(n), h.scratch, len(piece)); err != nil {
			return n, err
		}
		if _, err := safejs.CopyBytesToGo(piece, h.scratch); err != nil {
			return n, err
		}
		n += len(piece)
	}
	return n, nil
}
