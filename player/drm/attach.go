package drm

import (
	"context"
	"errors"

	"github.com/keystream-player/keystream/player/platform"
)

// attachment is a setMediaKeys. An element takes one at a time, and none can be called back: what comes after waits for it.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-htmlmediaelement-setmediakeys
type attachment struct {
	keys   platform.MediaKeys
	cancel context.CancelFunc // stops the waiting for it, not the thing itself
	over   chan struct{}
	err    error // once it is over
}

var errAttaching = errors.New("the element is still busy with the one before")

// setMediaKeys gives keys to the element, or takes them away with nil, and waits until ctx ends. Then it may still come about.
func (e *Engine) setMediaKeys(ctx context.Context, keys platform.MediaKeys) error {
	if before := e.attachment; before != nil {
		select {
		case <-before.over:
		case <-ctx.Done():
			return errAttaching
		}
	}
	uncancelled, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a := &attachment{keys: keys, cancel: cancel, over: make(chan struct{})}
	e.attachment = a
	e.workers.Go(func() {
		defer close(a.over)
		defer cancel()
		a.err = e.host.Element().SetMediaKeys(uncancelled, keys)
	})
	select {
	case <-a.over:
		return a.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attach gives the vault's keys to the element, unless it has them.
func (e *Engine) attach(ctx context.Context) error {
	if e.attached == e.vault.keys {
		return nil
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	err := e.setMediaKeys(bounded, e.vault.keys)
	if err == nil || e.attachment.keys == e.vault.keys && errors.Is(err, context.DeadlineExceeded) {
		e.attached = e.vault.keys
	}
	if err != nil {
		return e.vault.grant.fail(ctx, AttachFailed, err)
	}
	return ctx.Err()
}

// detach takes our keys from the element.
func (e *Engine) detach(ctx context.Context) (err error) {
	if e.attached != nil {
		if err = e.setMediaKeys(ctx, nil); err != nil {
			err = e.vault.grant.fail(ctx, AttachFailed, err)
		}
		e.attached = nil
	}
	if e.attachment != nil {
		e.attachment.cancel()
	}
	e.workers.Wait()
	return err
}

// fail makes an Error of what a platform call returned, unless it was our own cancellation.
func (g *grant) fail(ctx context.Context, reason Reason, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Error{Reason: reason, KeySystem: g.name, Cause: cause}
}
