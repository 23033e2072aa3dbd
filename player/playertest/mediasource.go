package playertest

import (
	"fmt"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

type mediaSource struct {
	host     *Host
	element  *Element // once attached
	state    string
	length   time.Duration
	known    bool // length is
	buffers  []*sourceBuffer
	appended bool

	number    int  // on the page
	streaming bool // of a ManagedMediaSource
}

// NewMediaSource makes a closed MediaSource.
func (h *Host) NewMediaSource() (platform.MediaSource, error) {
	if h.options.NoMSE {
		return nil, dom("NotSupportedError", "no Media Source Extensions")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sources++
	return &mediaSource{host: h, state: "closed", number: h.sources}, nil
}

func (m *mediaSource) ReadyState() string {
	m.host.mu.Lock()
	defer m.host.mu.Unlock()
	return m.state
}

func (m *mediaSource) AddSourceBuffer(mimeType string) (platform.SourceBuffer, error) {
	h := m.host
	h.mu.Lock()
	defer h.mu.Unlock()
	kind := parseMIMEType(mimeType)
	switch {
	case mimeType == "":
		return nil, h.violation("TypeError", "addSourceBuffer: empty type")
	case !h.plays(kind) || len(kind.codecs) == 0 && h.options.Engine == Chromium:
		return nil, dom("NotSupportedError", "addSourceBuffer: unsupported type "+mimeType)
	case m.state != "open":
		return nil, h.violation("InvalidStateError", "addSourceBuffer: the MediaSource is %s", m.state)
	case m.appended:
		err := h.violation("QuotaExceededError", "addSourceBuffer after the first append")
		if h.options.Engine == Chromium {
			return nil, err
		}
	}
	h.buffers++
	b := &sourceBuffer{source: m, kind: kind, lane: fmt.Sprintf("buffer %d", h.buffers), windowEnd: forever}
	h.logf(b.lane, "%s", mimeType)
	m.buffers = append(m.buffers, b)
	return b, nil
}

func (m *mediaSource) updating() bool {
	return slices.ContainsFunc(m.buffers, func(b *sourceBuffer) bool { return b.updating })
}

func (m *mediaSource) SetDuration(d time.Duration) error {
	m.host.mu.Lock()
	defer m.host.mu.Unlock()
	switch {
	case d < 0:
		return m.host.violation("TypeError", "duration: negative")
	case m.state != "open" || m.updating():
		return m.host.violation("InvalidStateError", "duration: the MediaSource is %s, updating %v", m.state, m.updating())
	case d < m.bufferedEnd() && m.host.options.Engine == Firefox:
		return m.host.violation("InvalidStateError", "duration: media is buffered past it")
	}
	for _, b := range m.buffers {
		b.spans = without(b.spans, d, forever)
	}
	m.known = true
	m.host.logf(elementLane, "duration=%v", d)
	m.change(d)
	return nil
}

func (m *mediaSource) bufferedEnd() time.Duration {
	var end time.Duration
	for _, b := range m.buffers {
		end = max(end, lastEnd(ranges(b.spans)))
	}
	return end
}

func (m *mediaSource) EndOfStream() error {
	m.host.mu.Lock()
	defer m.host.mu.Unlock()
	if m.state != "open" || m.updating() {
		return m.host.violation("InvalidStateError", "endOfStream: the MediaSource is %s, updating %v", m.state, m.updating())
	}
	m.state = "ended"
	m.host.logf(elementLane, "endOfStream")
	if m.header() {
		m.known = true
		m.change(m.bufferedEnd())
	} else if m.host.options.Engine == Chromium {
		m.element.fail(platform.MediaErrSrcNotSupported, "DEMUXER_ERROR_COULD_NOT_OPEN")
		return nil
	}
	m.element.update()
	return nil
}

func (m *mediaSource) Close() {
	m.host.mu.Lock()
	defer m.host.mu.Unlock()
	if m.element != nil && m.element.source == source(m) {
		m.element.reset()
	}
}

// detach closes the source and takes its buffers away. The host's mutex is held.
func (m *mediaSource) detach() {
	m.state = "closed"
	for _, b := range m.buffers {
		b.removed, b.spans = true, nil
	}
	m.buffers = nil
}

func (m *mediaSource) header() bool {
	return len(m.buffers) > 0 && !slices.ContainsFunc(m.buffers, func(b *sourceBuffer) bool { return !b.ready })
}

func (m *mediaSource) duration() (d time.Duration, known bool) {
	return m.length, m.known || m.length > 0
}

// initial takes the duration from the first header, where nobody has set one.
//
// https://www.w3.org/TR/media-source-2/#sourcebuffer-init-segment-received
func (m *mediaSource) initial(f *Film) {
	if !m.known {
		m.length = max(m.length, f.Duration)
	}
}

// grow is for media that lasts longer than was thought.
func (m *mediaSource) grow() {
	if end := m.bufferedEnd(); m.length > 0 && end > m.length {
		m.change(end)
	}
}

// change is the duration change algorithm, but for its refusals.
//
// https://www.w3.org/TR/media-source-2/#duration-change-algorithm
func (m *mediaSource) change(d time.Duration) {
	e := m.element
	before := m.length
	m.length = d
	if d == before || e.readyState == platform.HaveNothing {
		return
	}
	e.fireType("durationchange")
	if e.position() > d {
		e.seek(d)
	}
}

// reopen is for what is done to a source that had ended.
func (m *mediaSource) reopen() {
	if m.state == "ended" {
		m.state = "open"
	}
}

// buffered is what all buffers have; once the stream has ended, the shorter ones count as long as the longest.
//
// https://www.w3.org/TR/media-source-2/#htmlmediaelement-extensions-buffered
func (m *mediaSource) buffered() []platform.TimeRange {
	if len(m.buffers) == 0 {
		return nil
	}
	end := m.bufferedEnd()
	all := []platform.TimeRange{{Start: 0, End: end}}
	for _, b := range m.buffers {
		own := ranges(b.spans)
		if n := len(own); n > 0 && m.state == "ended" {
			own[n-1].End = end
		}
		all = intersect(all, own)
	}
	return all
}

func intersect(a, b []platform.TimeRange) []platform.TimeRange {
	var out []platform.TimeRange
	for _, x := range a {
		for _, y := range b {
			if start, end := max(x.Start, y.Start), min(x.End, y.End); start < end {
				out = append(out, platform.TimeRange{Start: start, End: end})
			}
		}
	}
	return out
}

func (m *mediaSource) complete() bool { return m.state == "ended" }
func (m *mediaSource) broken() bool   { return false }

func (m *mediaSource) spans() (all []span) {
	for _, b := range m.buffers {
		all = append(all, b.spans...)
	}
	return all
}

// Streaming is what [Element.SetStreaming] says, where the source is a ManagedMediaSource; once it is open it wants media.
func (m *mediaSource) Streaming() bool {
	m.host.mu.Lock()
	defer m.host.mu.Unlock()
	return m.streaming || !m.host.options.Managed
}

// ListenStreaming hears what [Element.SetStreaming] and [Element.Evict] tell.
func (m *mediaSource) ListenStreaming(f func()) (stop func()) {
	return m.host.page.add(func(string) { f() }, func(eventType string) bool { return eventType == m.streamingChange() })
}

// streamingChange cannot be a page's event.
func (m *mediaSource) streamingChange() string {
	return fmt.Sprintf("change of what source %d streams", m.number)
}

// SetStreaming is the browser that wants media, or wants no more of it: startstreaming and endstreaming of a ManagedMediaSource.
func (e *Element) SetStreaming(streaming bool) {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	if m, ok := e.source.(*mediaSource); ok && m.streaming != streaming {
		m.stream(streaming)
	}
}

// stream changes what the source wants. The host's mutex is held.
func (m *mediaSource) stream(streaming bool) {
	m.streaming = streaming
	if m.host.options.Managed {
		m.host.logf(elementLane, "streaming=%v", streaming)
		m.host.firePage(m.streamingChange())
	}
}

// Evict is the browser that takes media away, as a ManagedMediaSource lets it.
func (e *Element) Evict(start, end time.Duration) {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	m, ok := e.source.(*mediaSource)
	if !ok {
		return
	}
	e.host.logf(elementLane, "evict %v to %v", start, end)
	for _, b := range m.buffers {
		b.spans = without(b.spans, start, end)
	}
	m.host.firePage(m.streamingChange())
	e.update()
}
