package playertest

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

type response struct {
	host   *Host
	url    string
	fault  Fault
	status int
	header []platform.HeaderField
	body   []byte
	ended  bool // read or cancelled

	redirect string // absolute

	begun time.Time     // to read the body; the host's mutex guards it
	takes time.Duration // that long
}

func (r *response) Status() int               { return r.status }
func (r *response) URL() string               { return r.url }
func (r *response) Header(name string) string { return headerValue(r.header, name) }

// Cancel ends the response, unless ReadBody has.
func (r *response) Cancel() {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	r.end()
}

func (r *response) end() {
	if !r.ended {
		r.ended = true
		r.host.live--
	}
}

func (r *response) set(name, value string) {
	r.header = append(r.header, platform.HeaderField{Name: name, Value: value})
}

// Received grows evenly with the time that the body takes.
func (r *response) Received() int64 {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	if r.begun.IsZero() || r.takes <= 0 {
		return 0
	}
	return int64(float64(len(r.body)) * min(1, float64(time.Since(r.begun))/float64(r.takes)))
}

func (r *response) ReadBody(ctx context.Context, limit int64) (platform.Body, error) {
	r.Cancel()
	size := int64(len(r.body))
	var d time.Duration
	if rate := r.host.options.Bandwidth; rate > 0 {
		d = time.Duration(min(size, limit+1) * int64(time.Second) / rate)
	}
	r.host.mu.Lock()
	r.begun, r.takes = time.Now(), d
	r.host.mu.Unlock()
	if r.fault.Stall {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-r.host.done:
			return nil, errClosed
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err := r.host.async(ctx, d, func() error {
		switch {
		case r.fault.Drop:
			return dom("TypeError", "network error")
		case size > limit:
			return platform.ErrTooLarge
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.host.NewBody(r.body), nil
}

// NewBody makes a body of bytes, as if they had been downloaded.
func (h *Host) NewBody(data []byte) *Body {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.newBody(data)
}

// newBody is NewBody. The host's mutex is held.
func (h *Host) newBody(data []byte) *Body {
	h.live++
	return &Body{host: h, data: slices.Clone(data)}
}

// Body is a downloaded body.
type Body struct {
	host     *Host
	mu       sync.Mutex
	data     []byte
	released bool
}

var errReleased = errors.New("playertest: the body was released")

// Len is the number of bytes, 0 once released.
func (b *Body) Len() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int64(len(b.data))
}

// ReadAt reads as [io.ReaderAt] says.
func (b *Body) ReadAt(p []byte, off int64) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.released:
		return 0, errReleased
	case off < 0:
		return 0, errors.New("playertest: negative offset")
	case off >= int64(len(b.data)):
		return 0, io.EOF
	}
	n := copy(p, b.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Bytes is a copy of the body.
func (b *Body) Bytes() ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.released {
		return nil, errReleased
	}
	return slices.Clone(b.data), nil
}

// Release frees the body.
func (b *Body) Release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.released {
		return
	}
	b.data, b.released = nil, true
	b.host.mu.Lock()
	b.host.live--
	b.host.mu.Unlock()
}
