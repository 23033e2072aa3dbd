package cdm

import (
	"context"
	"sync"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// The errors of an append that something else put an end to.
var (
	errAborted = dom("AbortError", "the append was aborted")
	errGone    = dom("InvalidStateError", "the buffer was removed from its source")
)

// sourceBuffer decrypts what is appended to it while the element has MediaKeys of ours.
type sourceBuffer struct {
	platform.SourceBuffer
	source *mediaSource

	// Owned by AppendBuffer, while it runs; by whoever holds mu, while it does not.
	keys      *mediaKeys         // that decrypter is of
	decrypter platform.Decrypter // nil before the first append that found keys
	plain     bool               // something was appended as it is
	piece     piece

	mu     sync.Mutex              // guards what follows
	over   chan struct{}           // closed when AppendBuffer ends; nil while it does not run
	cancel context.CancelCauseFunc // ends it; the cause is one of the errors above
	stale  bool                    // the stream is over, and the piece is not to be gone on with
	gone   bool                    // the source is
}

// piece is a body that has not been appended whole yet.
type piece struct {
	body  platform.Body // as the caller knows it: the decrypter has taken it over
	clear platform.Body // what has come out of it last; nil once it is appended
	more  bool          // the decrypter has kept some of it, for want of a key
}

// AppendBuffer decrypts body and appends what comes out, as far as there are keys; then it waits for those that are missing. Two errors leave it
// where it is, so that a call with the same body goes on: a QuotaExceededError, and the end of a context during the wait.
func (b *sourceBuffer) AppendBuffer(ctx context.Context, body platform.Body) error {
	keys := b.source.element.attached()
	if keys == nil {
		b.plain = true
		return b.SourceBuffer.AppendBuffer(ctx, body)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, err := b.begin(ctx, body)
	if err != nil {
		return err
	}
	defer b.end()
	if err = b.join(keys); err == nil {
		err = b.append(ctx, body)
	}
	if cause := context.Cause(ctx); err != nil && (cause == errAborted || cause == errGone) {
		return cause
	}
	return err
}

// begin makes the buffer one that is updating. Where body is another one than that which has not been appended whole, the stream begins anew.
//
// https://www.w3.org/TR/media-source-2/#sourcebuffer-prepare-append
func (b *sourceBuffer) begin(ctx context.Context, body platform.Body) (context.Context, error) {
	closed := b.source.ReadyState() == "closed"
	failed := b.source.element.Error() != nil
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.gone || closed:
		return nil, errGone
	case failed:
		return nil, dom("InvalidStateError", "the element has an error")
	case b.over != nil:
		return nil, dom("InvalidStateError", "the buffer is updating")
	}
	b.over = make(chan struct{})
	ctx, b.cancel = context.WithCancelCause(ctx)
	if b.stale || b.piece.body != nil && b.piece.body != body {
		b.reset()
	}
	return ctx, nil
}

func (b *sourceBuffer) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cancel(nil)
	close(b.over)
	b.over, b.cancel = nil, nil
	b.settle()
}

// settle frees what an append that is over for good has left. b.mu is held, and AppendBuffer does not run.
func (b *sourceBuffer) settle() {
	if b.stale || b.gone {
		b.drop()
	}
	if b.gone && b.decrypter != nil {
		b.decrypter.Close()
		b.decrypter = nil
	}
}

// join sees to it that there is a decrypter of these keys. One that joins in the middle of a stream can make nothing of it: to the caller, the
// place where it was decrypted before is lost.
func (b *sourceBuffer) join(keys *mediaKeys) error {
	if b.keys == keys {
		return nil
	}
	joins := b.plain || b.keys != nil
	if b.decrypter != nil {
		b.drop()
		b.decrypter.Close()
	}
	b.keys, b.plain, b.decrypter = keys, false, keys.newDecrypter()
	switch {
	case b.decrypter == nil:
		b.keys = nil
		return errGone
	case joins:
		return platform.ErrDecryptionLost
	}
	return nil
}

// append is for one body.
func (b *sourceBuffer) append(ctx context.Context, body platform.Body) error {
	next := body
	if b.piece.body == body {
		next = nil // it was begun with before
	}
	waits := false
	defer func() {
		if waits {
			b.source.element.wait.end()
		}
	}()
	for {
		changed, looked := b.keys.changes(), b.piece.clear == nil
		if looked {
			if err := b.next(ctx, next); err != nil {
				return err
			}
			next, b.piece.body = nil, body
		}
		if err := b.flush(ctx); err != nil {
			return err
		}
		switch {
		case !b.piece.more:
			b.piece = piece{}
			return nil
		case !looked: // the key may have come since it did
			continue
		case !waits:
			waits = true
			b.source.element.wait.begin()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// next decrypts what it can of body, or of what is left of the one before.
func (b *sourceBuffer) next(ctx context.Context, body platform.Body) error {
	out, err := b.decrypter.Decrypt(ctx, body)
	if err != nil {
		b.fail()
		return err
	}
	for _, event := range out.InitData {
		b.source.element.fire(event)
	}
	b.piece.clear, b.piece.more = out.Body, len(out.Missing) > 0
	return nil
}

// flush appends what was decrypted. Where there is no room it is kept.
func (b *sourceBuffer) flush(ctx context.Context) error {
	if b.piece.clear == nil {
		return nil
	}
	if err := b.SourceBuffer.AppendBuffer(ctx, b.piece.clear); err != nil {
		if !platform.IsDOMError(err, "QuotaExceededError") {
			b.fail()
		}
		return err
	}
	b.piece.clear.Release()
	b.piece.clear = nil
	return nil
}

// fail gives the piece up. What comes next begins anew.
func (b *sourceBuffer) fail() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stale = true
}

// drop forgets what is left of a piece.
func (b *sourceBuffer) drop() {
	if b.piece.clear != nil {
		b.piece.clear.Release()
	}
	b.piece = piece{}
}

// reset begins the stream anew.
func (b *sourceBuffer) reset() {
	b.drop()
	b.stale = false
	if b.decrypter != nil {
		b.decrypter.Reset()
	}
}

// Remove evicts media; what waits to be appended stays.
func (b *sourceBuffer) Remove(ctx context.Context, start, end time.Duration) error {
	if err := b.idle(); err != nil {
		return err
	}
	return b.SourceBuffer.Remove(ctx, start, end)
}

// idle is for what cannot be done while the buffer is updating: it is, while it decrypts or waits for a key.
func (b *sourceBuffer) idle() error {
	if b.updating() {
		return dom("InvalidStateError", "the buffer is updating")
	}
	return nil
}

// SetTimestampOffset moves the appends that come after it.
func (b *sourceBuffer) SetTimestampOffset(d time.Duration) error {
	if err := b.idle(); err != nil {
		return err
	}
	return b.SourceBuffer.SetTimestampOffset(d)
}

// SetAppendWindow bounds the appends that come after it.
func (b *sourceBuffer) SetAppendWindow(start, end time.Duration) error {
	if err := b.idle(); err != nil {
		return err
	}
	return b.SourceBuffer.SetAppendWindow(start, end)
}

// ChangeType begins the stream anew: what comes next is an initialization segment of the clear type.
func (b *sourceBuffer) ChangeType(mimeType string) error {
	if err := b.idle(); err != nil {
		return err
	}
	if err := b.SourceBuffer.ChangeType(mimeType); err != nil {
		return err
	}
	b.interrupt(errAborted)
	return nil
}

// Abort ends an append that is under way, also one that waits for a key, and the stream.
func (b *sourceBuffer) Abort() error {
	if b.source.ReadyState() == "open" {
		if over := b.interrupt(errAborted); over != nil {
			<-over
		}
	}
	return b.SourceBuffer.Abort()
}

func (b *sourceBuffer) updating() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.over != nil
}

// interrupt ends the stream, and an append with it: over, where it is not nil, is closed when that has ended.
func (b *sourceBuffer) interrupt(cause error) (over <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stale = true
	if b.over == nil {
		b.settle()
		return nil
	}
	b.cancel(cause)
	return b.over
}

// leave ends the buffer.
func (b *sourceBuffer) leave() {
	b.mu.Lock()
	b.gone = true
	b.mu.Unlock()
	b.interrupt(errGone)
}
