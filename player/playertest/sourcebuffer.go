package playertest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

type sourceBuffer struct {
	source   *mediaSource
	kind     mimeType
	lane     string
	removed  bool
	updating bool
	turn     int // grows with every operation begun or aborted, so that an old one knows itself

	film      *Film  // whose header came last
	pending   []byte // a header that is not whole yet
	next      int64  // the offset in film of the byte to come
	skipping  bool   // Chromium takes what follows for a box of unknown type
	spans     []span // media bytes of film that are there
	described bool   // the header's events were fired

	offset, windowStart, windowEnd time.Duration
}

// span is bytes [from, to) of a film.
type span struct{ from, to int64 }

func (b *sourceBuffer) ranges() []platform.TimeRange {
	if b.film == nil {
		return nil
	}
	var out []platform.TimeRange
	for _, s := range b.spans {
		if r := (platform.TimeRange{Start: b.film.timeAt(s.from), End: b.film.timeAt(s.to)}); r.Start < r.End {
			out = append(out, r)
		}
	}
	return out
}

func (b *sourceBuffer) Buffered() []platform.TimeRange {
	b.source.host.mu.Lock()
	defer b.source.host.mu.Unlock()
	return b.ranges()
}

// begin starts an operation. A source that had ended is open again.
func (b *sourceBuffer) begin() {
	b.updating = true
	b.turn++
	if b.source.state == "ended" {
		b.source.state = "open"
	}
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
			b.source.element.update()
		}
		return err
	})
}

func (b *sourceBuffer) size() int64 {
	var n int64
	for _, s := range b.spans {
		n += s.to - s.from
	}
	return n
}

var errNotFilm = errors.New("the bytes do not go on with the film")

// parse takes bytes as a byte stream: headers and media segments.
func (b *sourceBuffer) parse(data []byte) error {
	for len(data) > 0 && !b.skipping {
		var err error
		if b.film == nil || b.pending != nil {
			data, err = b.parseHeader(data)
		} else {
			data, err = b.parseMedia(data)
		}
		if err != nil {
			return b.reject(data)
		}
	}
	return nil
}

func (b *sourceBuffer) parseHeader(data []byte) ([]byte, error) {
	data = append(b.pending, data...)
	film := b.source.host.filmOf(data)
	switch {
	case film == nil:
		return data, errNotFilm
	case int64(len(data)) < film.HeaderSize:
		b.pending = data
		return nil, nil
	case !parseMIMEType(film.Type).equal(b.kind), !film.Fragmented && b.source.host.options.Engine == Chromium:
		return nil, errNotFilm
	}
	b.skipping = !film.Fragmented // Firefox takes the header, and nothing after it
	if b.film != film {
		b.film, b.spans, b.described = film, nil, false
	}
	b.pending, b.next = nil, film.HeaderSize
	if !b.described {
		b.described = true
		b.source.element.encrypted(film)
	}
	return data[film.HeaderSize:], nil
}

// parseMedia takes what is left of one media segment. Where one is over, any may begin, and so may a header.
func (b *sourceBuffer) parseMedia(data []byte) ([]byte, error) {
	starts := b.film.starts()
	end := int64(len(b.film.Bytes))
	if i, atStart := slices.BinarySearch(starts, b.next); atStart || b.next == end {
		at, ok := b.segmentLike(data)
		if !ok {
			if b.source.host.filmOf(data) == nil {
				return data, errNotFilm
			}
			b.pending = []byte{}
			return data, nil
		}
		b.next = at
	} else if i < len(starts) {
		end = starts[i]
	}
	if i, ok := slices.BinarySearch(starts, b.next+1); ok || i < len(starts) {
		end = starts[i]
	}
	n := min(int64(len(data)), end-b.next)
	if !bytes.Equal(data[:n], b.film.Bytes[b.next:b.next+n]) {
		return data, errNotFilm
	}
	b.source.element.encryptedBetween(b.film, b.next, b.next+n)
	b.add(span{b.next, b.next + n})
	b.next += n
	return data[n:], nil
}

// segmentLike finds the segment that data is, or begins; the next in line is looked at first.
func (b *sourceBuffer) segmentLike(data []byte) (at int64, ok bool) {
	for _, start := range append([]int64{b.next}, b.film.starts()...) {
		segment := b.film.segmentAt(start)
		n := min(len(segment), len(data))
		if n > 0 && bytes.Equal(segment[:n], data[:n]) {
			return start, true
		}
	}
	return 0, false
}

func (b *sourceBuffer) add(s span) {
	all := append(b.spans, s)
	slices.SortFunc(all, func(x, y span) int { return int(x.from - y.from) })
	merged := all[:1]
	for _, s := range all[1:] {
		if last := &merged[len(merged)-1]; s.from <= last.to {
			last.to = max(last.to, s.to)
		} else {
			merged = append(merged, s)
		}
	}
	b.spans = merged
}

// reject is the append error algorithm. Chromium finds fault with less: bytes that could be a large box of unknown type pass in silence (and
// nothing plays), and a segment that breaks off is only noticed by the decoder.
//
// https://www.w3.org/TR/media-source-2/#sourcebuffer-append-error
func (b *sourceBuffer) reject(data []byte) error {
	m := b.source
	b.pending = nil
	if m.host.options.Engine == Chromium && b.kind.container == "mp4" && len(data) > 4 {
		inside := b.film != nil && b.next != int64(len(b.film.Bytes)) && b.film.segmentAt(b.next) == nil
		if inside {
			b.skipping = true
			m.element.fail(platform.MediaErrDecode, "PIPELINE_ERROR_DECODE")
			return nil
		}
		if size := binary.BigEndian.Uint32(data); int64(size) > int64(len(data)) && m.host.segmentAnywhere(data) == nil {
			b.skipping = true
			return nil
		}
	}
	m.host.logf(b.lane, "append error")
	if m.element.readyState == platform.HaveNothing {
		m.element.fail(platform.MediaErrSrcNotSupported, "CHUNK_DEMUXER_ERROR_APPEND_FAILED")
		m.detach()
	} else {
		m.element.fail(platform.MediaErrDecode, "CHUNK_DEMUXER_ERROR_APPEND_FAILED")
		m.state = "ended"
	}
	return dom("EncodingError", "the segment cannot be parsed")
}

// segmentAnywhere finds the film that data is a media segment of, without its header.
func (h *Host) segmentAnywhere(data []byte) *Film {
	for _, f := range h.films() {
		for _, start := range f.starts() {
			segment := f.segmentAt(start)
			if n := min(len(segment), len(data)); n > 0 && bytes.Equal(segment[:n], data[:n]) {
				return f
			}
		}
	}
	return nil
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
		b.cut(start, end)
		b.source.element.update()
		return nil
	})
}

func (b *sourceBuffer) cut(start, end time.Duration) {
	if b.film == nil {
		return
	}
	from, to := b.film.offsetAt(start), b.film.offsetAt(end)
	var kept []span
	for _, s := range b.spans {
		for _, part := range []span{{s.from, min(s.to, from)}, {max(s.from, to), s.to}} {
			if part.from < part.to {
				kept = append(kept, part)
			}
		}
	}
	b.spans = kept
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
	b.updating, b.pending, b.skipping = false, nil, false
	b.turn++
	if b.film != nil {
		b.next = int64(len(b.film.Bytes))
	}
	h.logf(b.lane, "abort")
	return nil
}

// SetTimestampOffset moves what is appended from now on.
func (b *sourceBuffer) SetTimestampOffset(d time.Duration) error {
	b.source.host.mu.Lock()
	defer b.source.host.mu.Unlock()
	err := b.check("timestampOffset")
	if err == nil {
		b.offset = d
	}
	return err
}

// SetAppendWindow bounds what is appended from now on.
func (b *sourceBuffer) SetAppendWindow(start, end time.Duration) error {
	b.source.host.mu.Lock()
	defer b.source.host.mu.Unlock()
	err := b.check("appendWindow")
	if err == nil && (start < 0 || end <= start) {
		err = b.source.host.violation("TypeError", "appendWindow from %v to %v", start, end)
	}
	if err == nil {
		b.windowStart, b.windowEnd = start, end
	}
	return err
}

// ChangeType says what is appended from now on.
func (b *sourceBuffer) ChangeType(mimeType string) error {
	b.source.host.mu.Lock()
	defer b.source.host.mu.Unlock()
	kind := parseMIMEType(mimeType)
	if !b.source.host.plays(kind) {
		return dom("NotSupportedError", "changeType: unsupported type "+mimeType)
	}
	err := b.check("changeType")
	if err == nil {
		b.kind = kind
	}
	return err
}
