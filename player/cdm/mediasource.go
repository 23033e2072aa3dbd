package cdm

import (
	"slices"
	"sync"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// mediaSource is a MediaSource whose buffers decrypt before they append.
type mediaSource struct {
	platform.MediaSource
	element *element

	mu      sync.Mutex // guards buffers
	buffers []*sourceBuffer
}

// AddSourceBuffer makes a buffer; its MIME type is that of the clear media.
func (m *mediaSource) AddSourceBuffer(mimeType string) (platform.SourceBuffer, error) {
	inner, err := m.MediaSource.AddSourceBuffer(mimeType)
	if err != nil {
		return nil, err
	}
	b := &sourceBuffer{SourceBuffer: inner, source: m}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.buffers = append(m.buffers, b)
	return b, nil
}

func (m *mediaSource) list() []*sourceBuffer {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.buffers)
}

// refuse is for what cannot be done while a buffer is updating: one that decrypts, or waits for a key, is.
func (m *mediaSource) refuse() error {
	if slices.ContainsFunc(m.list(), (*sourceBuffer).updating) {
		return dom("InvalidStateError", "a SourceBuffer is updating")
	}
	return nil
}

func (m *mediaSource) SetDuration(d time.Duration) error {
	if err := m.refuse(); err != nil {
		return err
	}
	return m.MediaSource.SetDuration(d)
}

// EndOfStream ends the byte streams of all buffers, too: what comes next begins anew.
func (m *mediaSource) EndOfStream() error {
	if err := m.refuse(); err != nil {
		return err
	}
	if err := m.MediaSource.EndOfStream(); err != nil {
		return err
	}
	for _, b := range m.list() {
		b.interrupt(errAborted)
	}
	return nil
}

// Close drops what the host and the buffers hold.
func (m *mediaSource) Close() {
	m.leave()
	m.MediaSource.Close()
}

// leave ends all appends for good: the element has another source, or none.
func (m *mediaSource) leave() {
	for _, b := range m.list() {
		b.leave()
	}
}
