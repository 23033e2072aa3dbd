package playertest

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

const forever = time.Duration(math.MaxInt64)

type sourceBuffer struct {
	source   *mediaSource
	kind     mimeType
	lane     string
	removed  bool
	updating bool
	turn     int // grows with every operation begun or aborted, so that an old one knows itself

	film     *Film  // whose header came last; nil before any has, and after changeType
	ready    bool   // a header has come
	pending  []byte // a header that is not whole yet
	cut      []byte // the first few bytes of a media segment
	next     int64  // the offset in film of the byte to come
	skipping bool   // Chromium takes what follows for a box of unknown type
	spans    []span // the media that is there, in the order of time

	offset, windowStart, windowEnd time.Duration
}

func (b *sourceBuffer) Buffered() []platform.TimeRange {
	b.source.host.mu.Lock()
	defer b.source.host.mu.Unlock()
	return ranges(b.spans)
}

// begin starts an operation. A source that had ended is open again.
func (b *sourceBuffer) begin() {
	b.updating = true
	b.turn++
	b.source.reopen()
}

func (b *sourceBuffer) check(what string) error {
	switch {
	case b.removed:
		return dom("InvalidStateError", what+": the buffer was removed from its source")
	case b.updating:
		return b.source.host.violation("InvalidStateError", "%s while the buffer is updating", what)
	}
	return nil
}

func (b *sourceBuffer) AppendBuffer(ctx context.Context, body platform.Body) error {
	data, err := body.Bytes()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	h := b.source.host
	h.mu.Lock()
	err = b.check("appendBuffer")
	if err == nil && h.options.Quota > 0 && b.size()+int64(len(data)) > h.options.Quota {
		err = dom("QuotaExceededError", "the SourceBuffer is full")
	}
	if err == nil {
		b.source.appended = true
		b.begin()
	}
	turn := b.turn
	h.mu.Unlock()
	if err != nil {
		return err
	}
	return h.async(ctx, latency, func() error {
		if b.removed || b.turn != turn {
			return dom("AbortError", "the append was aborted")
		}
		b.updating = false
		h.logf(b.lane, "append %d bytes", len(data))
		err := b.parse(data)
		if b.source.element.err == nil {
			b.source.grow()
			b.source.element.update()
		}
		return err
	})
}

func (b *sourceBuffer) Remove(ctx context.Context, start, end time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h := b.source.host
	h.mu.Lock()
	err := b.check("remove")
	if err == nil && (start < 0 || end <= start) {
		err = h.violation("TypeError", "remove from %v to %v", start, end)
	}
	if err == nil {
		b.begin()
	}
	turn := b.turn
	h.mu.Unlock()
	if err != nil {
		return err
	}
	return h.async(ctx, latency, func() error {
		if b.removed || b.turn != turn {
			return dom("AbortError", "the removal was aborted")
		}
		b.updating = false
		h.logf(b.lane, "remove %v to %v", start, end)
		b.spans = without(b.spans, start, end)
		b.source.element.update()
		return nil
	})
}

// Abort lets the next append begin anywhere that a segment begins. A Remove under way cannot be aborted, but then its caller waits.
func (b *sourceBuffer) Abort() error {
	h := b.source.host
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case b.removed:
		return dom("InvalidStateError", "abort: the buffer was removed from its source")
	case b.source.state != "open":
		return h.violation("InvalidStateError", "abort: the MediaSource is %s", b.source.state)
	}
	b.updating = false
	b.turn++
	b.resetParser()
	b.windowStart, b.windowEnd = 0, forever
	h.logf(b.lane, "abort")
	return nil
}

// resetParser is the reset parser state algorithm.
//
// https://www.w3.org/TR/media-source-2/#sourcebuffer-reset-parser-state
func (b *sourceBuffer) resetParser() {
	b.pending, b.cut, b.skipping = nil, nil, false
	if b.film != nil {
		b.next = b.film.size()
	}
}

// between says whether no segment is under way.
func (b *sourceBuffer) between() bool {
	if len(b.cut) > 0 || len(b.pending) > 0 {
		return false
	}
	if b.film == nil || b.next == b.film.HeaderSize || b.next == b.film.size() {
		return true
	}
	_, starts := slices.BinarySearch(b.film.starts(), b.next)
	return starts
}

// SetTimestampOffset moves what is appended from now on.
//
// https://www.w3.org/TR/media-source-2/#dom-sourcebuffer-timestampoffset
func (b *sourceBuffer) SetTimestampOffset(d time.Duration) error {
	h := b.source.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := b.check("timestampOffset"); err != nil {
		return err
	}
	if !b.between() {
		return h.violation("InvalidStateError", "timestampOffset within a media segment")
	}
	b.source.reopen()
	if d != b.offset {
		h.logf(b.lane, "timestampOffset=%v", d)
	}
	b.offset = d
	return nil
}

// SetAppendWindow bounds what is appended from now on.
//
// https://www.w3.org/TR/media-source-2/#dom-sourcebuffer-appendwindowstart
func (b *sourceBuffer) SetAppendWindow(start, end time.Duration) error {
	h := b.source.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := b.check("appendWindow"); err != nil {
		return err
	}
	if start < 0 || end <= start {
		return h.violation("TypeError", "appendWindow from %v to %v", start, end)
	}
	if start != b.windowStart || end != b.windowEnd {
		h.logf(b.lane, "appendWindow=%v to %v", start, end)
	}
	b.windowStart, b.windowEnd = start, end
	return nil
}

// ChangeType says what is appended from now on.
//
// https://www.w3.org/TR/media-source-2/#dom-sourcebuffer-changetype
func (b *sourceBuffer) ChangeType(mimeType string) error {
	h := b.source.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if mimeType == "" {
		return h.violation("TypeError", "changeType: empty type")
	}
	if err := b.check("changeType"); err != nil {
		return err
	}
	kind := parseMIMEType(mimeType)
	if h.options.NoChangeType || !h.plays(kind) {
		return dom("NotSupportedError", "changeType: unsupported type "+mimeType)
	}
	b.source.reopen()
	b.resetParser()
	b.kind, b.film = kind, nil
	h.logf(b.lane, "changeType %s", mimeType)
	return nil
}
