//go:build js && wasm

package browser

import (
	"context"
	"math"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

type sourceBuffer struct {
	host   *Host
	source safejs.Value
	js     safejs.Value
}

// AppendBuffer fails with an EncodingError where the browser cannot parse the segment, with an AbortError where Abort came first, and with an
// InvalidStateError where the source or the buffer is gone.
func (b *sourceBuffer) AppendBuffer(ctx context.Context, bytes platform.Body) error {
	own, err := b.host.own(bytes)
	if err != nil {
		return err
	}
	_, err = b.host.call(ctx, b.host.bridge, "append", own.id, b.source, b.js)
	return err
}

func (b *sourceBuffer) Remove(ctx context.Context, start, end time.Duration) error {
	_, err := b.host.call(ctx, b.host.bridge, "remove", b.source, b.js, start.Seconds(), seconds(end))
	return err
}

func (b *sourceBuffer) Abort() error {
	_, err := Call(b.js, "abort")
	return err
}

func (b *sourceBuffer) SetTimestampOffset(d time.Duration) error {
	_, err := Call(b.host.bridge, "setTimestampOffset", b.js, d.Seconds())
	return err
}

func (b *sourceBuffer) SetAppendWindow(start, end time.Duration) error {
	_, err := Call(b.host.bridge, "setAppendWindow", b.js, start.Seconds(), seconds(end))
	return err
}

func (b *sourceBuffer) ChangeType(mimeType string) error {
	if Get(b.js, "changeType").Type() != safejs.TypeFunction {
		return &platform.DOMError{Name: "NotSupportedError", Message: "this browser has no SourceBuffer.changeType"}
	}
	_, err := Call(b.js, "changeType", mimeType)
	return err
}

// seconds is a time, of which the largest is infinite.
func seconds(d time.Duration) float64 {
	if d == math.MaxInt64 {
		return math.Inf(1)
	}
	return d.Seconds()
}

func (b *sourceBuffer) Buffered() []platform.TimeRange { return b.host.buffered(b.js) }
