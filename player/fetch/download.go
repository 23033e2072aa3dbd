package fetch

import (
	"context"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// pollInterval is how often a download is looked at.
const pollInterval = 250 * time.Millisecond

// download reads one body, and watches it meanwhile.
type download struct {
	response     platform.Response
	stallTimeout time.Duration // 0 is none
	observe      func(Progress)

	progress Progress
	stalled  bool // nothing came for stallTimeout, so the body was given up
}

// read gives the body, or why there is none. It ends when ctx does.
func (d *download) read(ctx context.Context, limit int64) (body platform.Body, err error) {
	// The body outlives ctx until watch has seen how much of it has come: a host forgets that with the body.
	reading, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	over := make(chan struct{})
	var panicked any
	go func() {
		defer close(over)
		defer func() { panicked = recover() }()
		body, err = d.response.ReadBody(reading, limit)
	}()
	d.watch(ctx, over)
	giveUp()
	<-over
	if panicked != nil {
		panic(panicked) // where the caller can catch it
	}
	if err == nil {
		d.progress.Received = body.Len()
	}
	return body, err
}

// watch returns when the download is over, or should be.
func (d *download) watch(ctx context.Context, over <-chan struct{}) {
	var ticks <-chan time.Time
	if d.stallTimeout > 0 || d.observe != nil {
		ticker := time.NewTicker(pollInterval)
		defer ticker.Stop()
		ticks = ticker.C
	}
	alive := time.Now()
	for {
		select {
		case <-over:
			return
		case <-ctx.Done():
			d.poll()
			return
		case <-ticks:
		}
		if d.poll() {
			alive = time.Now()
		} else if d.stallTimeout > 0 && time.Since(alive) >= d.stallTimeout {
			d.stalled = true
			return
		}
		if d.observe != nil {
			d.observe(d.progress)
		}
	}
}

// poll looks how far the download has come, and says whether it has got on.
func (d *download) poll() bool {
	received := d.response.Received()
	if received <= d.progress.Received {
		return false
	}
	d.progress.Received = received
	if received > d.progress.Size {
		d.progress.Size = -1
	}
	return true
}

// sizeOf is how long a body will be, as far as its header tells: length where that is known, and -1 where nobody knows. CORS may hide that a body is
// compressed, so that what it says of its length is too little.
func sizeOf(resp platform.Response, length int64) int64 {
	if length < 0 && resp.Header("Content-Encoding") == "" {
		length = parseSize(resp.Header("Content-Length"))
	}
	return length
}
