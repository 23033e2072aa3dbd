//go:build js && wasm

package browser

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

var errOtherHost = errors.New("it belongs to another host")

type mediaElement struct {
	host *Host
	js   safejs.Value
}

func (e *mediaElement) Listen(f func(platform.MediaEvent), types ...string) (stop func()) {
	l, err := e.host.listen(e.js, types, func(eventType, initDataType string, initData []byte) {
		f(platform.MediaEvent{Type: eventType, InitDataType: initDataType, InitData: initData})
	})
	if err != nil {
		e.host.panicked(err)
		return func() {}
	}
	return l.stop
}

func (e *mediaElement) SetSrc(url string) error {
	_, err := Call(e.host.bridge, "setSrc", e.js, url)
	return err
}

func (e *mediaElement) Attach(ctx context.Context, ms platform.MediaSource) error {
	source, ok := ms.(*mediaSource)
	if !ok {
		return errOtherHost
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	url, err := source.openURL()
	if err != nil {
		return err
	}
	defer source.revoke()
	_, err = e.host.call(ctx, e.host.bridge, "attach", e.js, source.js, url)
	return err
}

func (e *mediaElement) SetMediaKeys(ctx context.Context, keys platform.MediaKeys) error {
	js := safejs.Null()
	if keys != nil {
		own, ok := keys.(*mediaKeys)
		if !ok {
			return errOtherHost
		}
		js = own.js
	} else if Get(e.js, "setMediaKeys").Type() != safejs.TypeFunction {
		return ctx.Err()
	}
	_, err := e.host.call(ctx, e.host.bridge, "setMediaKeys", e.js, js)
	return err
}

func (e *mediaElement) CanPlayType(mimeType string) string {
	answer, err := Call(e.js, "canPlayType", mimeType)
	if err != nil {
		return ""
	}
	return Text(answer)
}

func (e *mediaElement) CurrentTime() time.Duration {
	d, _ := duration(Number(Get(e.js, "currentTime")))
	return d
}

func (e *mediaElement) SetCurrentTime(t time.Duration) {
	if _, err := Call(e.host.bridge, "setCurrentTime", e.js, t.Seconds()); err != nil {
		e.host.panicked(err)
	}
}

func (e *mediaElement) Seeking() bool { return Truthy(Get(e.js, "seeking")) }

func (e *mediaElement) Duration() (d time.Duration, known bool) {
	return duration(Number(Get(e.js, "duration")))
}

func (e *mediaElement) Buffered() []platform.TimeRange { return e.host.buffered(e.js) }

func (e *mediaElement) ReadyState() platform.ReadyState {
	return platform.ReadyState(Number(Get(e.js, "readyState")))
}

func (e *mediaElement) Error() *platform.MediaError {
	js := Get(e.js, "error")
	if js.Type() != safejs.TypeObject {
		return nil
	}
	return &platform.MediaError{Code: platform.MediaErrorCode(Number(Get(js, "code"))), Message: Text(Get(js, "message"))}
}

func (e *mediaElement) Paused() bool { return Truthy(Get(e.js, "paused")) }

func (e *mediaElement) PlaybackRate() float64 { return Number(Get(e.js, "playbackRate")) }

func (e *mediaElement) Resume(rate float64) {
	if _, err := Call(e.host.bridge, "resume", e.js, rate); err != nil {
		e.host.panicked(err)
	}
}

func (e *mediaElement) Frames() (total, dropped int) {
	quality, err := Call(e.js, "getVideoPlaybackQuality")
	if err != nil {
		return 0, 0 // an <audio> has none
	}
	return whole(Number(Get(quality, "totalVideoFrames"))), whole(Number(Get(quality, "droppedVideoFrames")))
}

func (e *mediaElement) Size() (width, height int) {
	scale := Number(Get(global(), "devicePixelRatio"))
	return whole(Number(Get(e.js, "clientWidth")) * scale), whole(Number(Get(e.js, "clientHeight")) * scale)
}

// whole rounds; 0 is what the browser does not tell.
func whole(n float64) int {
	if math.IsNaN(n) {
		return 0
	}
	return int(math.Round(n))
}

// buffered reads the buffered attribute of an element or a SourceBuffer.
func (h *Host) buffered(of safejs.Value) []platform.TimeRange {
	list, err := Call(h.bridge, "buffered", of)
	if err != nil {
		return nil
	}
	return timeRanges(list)
}
