//go:build js && wasm

package browser_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

const webm = `video/webm; codecs="vp8"`

func dispatch(t *testing.T, on safejs.Value, eventType string) {
	t.Helper()
	call(t, on, "dispatchEvent", construct(t, "Event", eventType))
}

func TestListen(t *testing.T) {
	host, video := newHost(t)
	var got []string
	stop := host.Element().Listen(func(e platform.MediaEvent) { got = append(got, e.Type) }, "playing", "ended")
	for _, eventType := range []string{"playing", "waiting", "ended"} {
		dispatch(t, video, eventType)
	}
	stop()
	stop()
	dispatch(t, video, "playing")
	if !slices.Equal(got, []string{"playing", "ended"}) {
		t.Error(got)
	}
}

func TestListenerPanics(t *testing.T) {
	host, video := newHost(t)
	var panics []any
	host.Panicked = func(value any) { panics = append(panics, value) }
	calls := 0
	defer host.Element().Listen(func(platform.MediaEvent) { calls++; panic("why") }, "playing")()
	dispatch(t, video, "playing")
	dispatch(t, video, "playing")
	if !slices.Equal(panics, []any{"why", "why"}) || calls != 2 {
		t.Error(panics, calls)
	}
}

func TestCloseStopsListeners(t *testing.T) {
	host, video := newHost(t)
	calls := 0
	stop := host.Element().Listen(func(platform.MediaEvent) { calls++ }, "playing")
	host.Close()
	dispatch(t, video, "playing")
	stop()
	if calls != 0 {
		t.Error("a listener was called after Close")
	}
}

func TestSetSrcOfWhatIsNoMedia(t *testing.T) {
	host, _ := newHost(t)
	element := host.Element()
	failed := make(chan *platform.MediaError, 1)
	defer element.Listen(func(platform.MediaEvent) { failed <- element.Error() }, "error")()
	if err := element.SetSrc("/echo"); err != nil {
		t.Fatal(err)
	}
	if e := receive(t, failed); e == nil || e.Code != platform.MediaErrSrcNotSupported {
		t.Fatalf("%+v", e)
	}
	if err := element.SetSrc(""); err != nil || element.Error() != nil || element.ReadyState() != platform.HaveNothing {
		t.Errorf("after SetSrc(\"\"): %v, %+v, %v", err, element.Error(), element.ReadyState())
	}
	if _, known := element.Duration(); known || element.CurrentTime() != 0 || element.Seeking() || element.Buffered() != nil {
		t.Error("an element without a source knows of media")
	}
}

func open(t *testing.T, host platform.Host) platform.MediaSource {
	t.Helper()
	source, err := host.NewMediaSource()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Element().Attach(watchdog(t), source); err != nil {
		t.Fatal(err)
	}
	return source
}

func fetched(t *testing.T, host platform.Host, url string) platform.Body {
	t.Helper()
	res, err := host.Fetch(watchdog(t), platform.Request{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	body, err := res.ReadBody(watchdog(t), 8<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(body.Release)
	return body
}

func TestMediaSourceErrors(t *testing.T) {
	ctx := watchdog(t)
	for _, test := range []struct {
		name string
		do   func(host platform.Host, source platform.MediaSource, buffer platform.SourceBuffer, garbage platform.Body) error
		want string // "" is any
	}{
		{"an unknown type", func(_ platform.Host, s platform.MediaSource, _ platform.SourceBuffer, _ platform.Body) error {
			_, err := s.AddSourceBuffer("video/unknown")
			return err
		}, "NotSupportedError"},
		{"a source that was never attached", func(h platform.Host, _ platform.MediaSource, _ platform.SourceBuffer, _ platform.Body) error {
			s, err := h.NewMediaSource()
			if err != nil {
				return err
			}
			_, err = s.AddSourceBuffer(webm)
			return err
		}, "InvalidStateError"},
		{"garbage", func(_ platform.Host, _ platform.MediaSource, b platform.SourceBuffer, garbage platform.Body) error {
			return b.AppendBuffer(ctx, garbage)
		}, ""},
		{"an append after the source is gone", func(h platform.Host, _ platform.MediaSource, b platform.SourceBuffer, garbage platform.Body) error {
			if err := h.Element().SetSrc(""); err != nil {
				return err
			}
			return b.AppendBuffer(ctx, garbage)
		}, "InvalidStateError"},
		{"a removal after the source is gone", func(h platform.Host, s platform.MediaSource, b platform.SourceBuffer, _ platform.Body) error {
			if err := errors.Join(s.SetDuration(time.Second), h.Element().SetSrc("")); err != nil {
				return err
			}
			if b.Buffered() != nil {
				return errors.New("a removed buffer has ranges")
			}
			return b.Remove(ctx, 0, time.Second)
		}, "InvalidStateError"},
		{"the end of a closed source", func(h platform.Host, s platform.MediaSource, _ platform.SourceBuffer, _ platform.Body) error {
			if err := h.Element().SetSrc(""); err != nil {
				return err
			}
			return s.EndOfStream()
		}, "InvalidStateError"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if webkit && test.want == "" {
				t.Skip("WebKitGTK tells of no bytes that it cannot parse")
			}
			host, _ := newHost(t)
			garbage := fetched(t, host, "/zeros?bytes=50000")
			source := open(t, host)
			defer source.Close()
			buffer, err := source.AddSourceBuffer(webm)
			if err != nil {
				t.Fatal(err)
			}
			err = test.do(host, source, buffer, garbage)
			var dom *platform.DOMError
			if !errors.As(err, &dom) || test.want != "" && dom.Name != test.want {
				t.Fatalf("%#v", err)
			}
		})
	}
}

func TestAppendOfAReleasedBody(t *testing.T) {
	host, _ := newHost(t)
	body := fetched(t, host, "/zeros?bytes=10")
	body.Release()
	buffer, err := open(t, host).AddSourceBuffer(webm)
	if err != nil {
		t.Fatal(err)
	}
	if err := buffer.AppendBuffer(watchdog(t), body); err == nil {
		t.Error("a released body was appended")
	}
}

func TestAttachIsInterrupted(t *testing.T) {
	host, _ := newHost(t)
	first, err := host.NewMediaSource()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	attach, interrupt := make(chan struct{}), context.Background()
	go func() {
		close(attach)
		done <- host.Element().Attach(interrupt, first)
	}()
	<-attach
	second := open(t, host)
	if second.ReadyState() != "open" {
		t.Error(second.ReadyState())
	}
	if err := receive(t, done); err != nil && !platform.IsDOMError(err, "AbortError") {
		t.Error(err)
	}
	if first.ReadyState() != "closed" {
		t.Error("two sources are open on one element")
	}
}
