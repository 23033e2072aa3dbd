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
	flow  *flow         // or its share of the trace
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

// Early is false: this page begins nothing by itself.
func (r *response) Early() bool { return false }

// Received grows evenly with the time that the body takes, or as the trace brings it.
func (r *response) Received() int64 {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	all := int64(len(r.body))
	if r.flow != nil {
		return r.host.link.received(r.flow)
	}
	if r.begun.IsZero() {
		return 0
	}
	n := all
	if since := time.Since(r.begun); since < r.takes {
		n = int64(float64(all) * float64(since) / float64(r.takes))
	}
	if r.fault.Stall {
		n = min(n, r.fault.StallAfter)
	}
	return n
}

func (r *response) ReadBody(ctx context.Context, limit int64) (platform.Body, error) {
	r.Cancel()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := r.wait(ctx, min(int64(len(r.body)), limit+1)); err != nil {
		return nil, err
	}
	switch {
	case r.fault.Drop:
		return nil, dom("TypeError", "network error")
	case int64(len(r.body)) > limit:
		return nil, platform.ErrTooLarge
	}
	return r.host.NewBody(r.body), nil
}

// wait lets the body come.
func (r *response) wait(ctx context.Context, size int64) error {
	h := r.host
	h.mu.Lock()
	r.begun = time.Now()
	var done <-chan struct{}
	var came <-chan time.Time
	switch rate := h.options.Bandwidth; {
	case h.link != nil:
		r.flow = h.link.join(size, r.fault.StallAfter, r.fault.Stall)
		done = r.flow.done
	case rate > 0:
		r.takes = time.Duration(size * int64(time.Second) / rate)
		fallthrough
	default:
		timer := time.NewTimer(r.takes)
		defer timer.Stop()
		came = timer.C
	}
	h.mu.Unlock()
	if r.fault.Stall {
		came = nil
	}
	var err error
	select {
	case <-done:
	case <-came:
	case <-ctx.Done():
		err = ctx.Err()
	case <-h.done:
		err = errClosed
	}
	if r.flow != nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.link.leave(r.flow)
	}
	return err
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

// Clone is another body of the same bytes.
func (b *Body) Clone() (platform.Body, error) {
	data, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	return b.host.NewBody(data), nil
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
