//go:build js && wasm

package browser

import (
	"time"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

type mediaSource struct {
	host *Host
	js   safejs.Value
	url  string // "" unless an element is being given it
}

func (s *mediaSource) AddSourceBuffer(mimeType string) (platform.SourceBuffer, error) {
	js, err := Call(s.host.bridge, "addSourceBuffer", s.js, mimeType)
	if err != nil {
		return nil, err
	}
	return &sourceBuffer{host: s.host, source: s.js, js: js}, nil
}

func (s *mediaSource) SetDuration(d time.Duration) error {
	_, err := Call(s.host.bridge, "setDuration", s.js, d.Seconds())
	return err
}

func (s *mediaSource) EndOfStream() error {
	_, err := Call(s.js, "endOfStream")
	return err
}

func (s *mediaSource) ReadyState() string { return Text(Get(s.js, "readyState")) }

func (s *mediaSource) Streaming() bool {
	streaming := Get(s.js, "streaming")
	return streaming.Type() != safejs.TypeBoolean || Truthy(streaming)
}

func (s *mediaSource) ListenStreaming(f func()) (stop func()) {
	l, err := s.host.listen(s.js, []string{"startstreaming", "endstreaming", "bufferedchange"}, func(string, string, []byte) { f() })
	if err != nil {
		s.host.panicked(err)
		return func() {}
	}
	return l.stop
}

func (s *mediaSource) Close() { s.revoke() }

// openURL makes the object URL that an element takes the source by. Once the source is open it is of no more use.
//
// https://www.w3.org/TR/FileAPI/#dfn-createObjectURL
func (s *mediaSource) openURL() (string, error) {
	s.revoke()
	url, err := Call(Get(global(), "URL"), "createObjectURL", s.js)
	if err != nil {
		return "", err
	}
	s.url = Text(url)
	return s.url, nil
}

func (s *mediaSource) revoke() {
	if s.url != "" {
		_, _ = Call(Get(global(), "URL"), "revokeObjectURL", s.url)
		s.url = ""
	}
}
