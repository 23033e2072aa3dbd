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
}

// NewMediaSource makes a closed MediaSource.
func (h *Host) NewMediaSource() (platform.MediaSource, error) {
	if h.options.NoMSE {
		return nil, dom("NotSupportedError", "no Media Source Extensions")
	}
	return &mediaSource{host: h, state: "closed"}, nil
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
	b := &sourceBuffer{source: m, kind: kind, lane: fmt.Sprintf("buffer %d", h.buffers)}
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
	m.length, m.known = d, true
	m.host.logf(elementLane, "duration=%v", d)
	return nil
}

func (m *mediaSource) bufferedEnd() time.Duration {
	var end time.Duration
	for _, b := range m.buffers {
		end = max(end, lastEnd(b.ranges()))
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
		m.length, m.known = m.bufferedEnd(), true
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
	return len(m.buffers) > 0 && !slices.ContainsFunc(m.buffers, func(b *sourceBuffer) bool { return b.film == nil })
}

func (m *mediaSource) duration() (d time.Duration, known bool) {
	if m.known {
		return m.length, true
	}
	for _, f := range m.films() {
		d = max(d, f.Duration)
	}
	return d, d > 0
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
		own := b.ranges()
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

func (m *mediaSource) films() []*Film {
	var films []*Film
	for _, b := range m.buffers {
		if b.film != nil {
			films = append(films, b.film)
		}
	}
	return films
}

// Streaming is true: this is no ManagedMediaSource.
func (m *mediaSource) Streaming() bool { return true }

// ListenStreaming has nothing to tell.
func (m *mediaSource) ListenStreaming(func()) (stop func()) { return func() {} }
