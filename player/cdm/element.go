package cdm

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/keystream-player/keystream/player/platform"
)

// element is a media element that takes MediaKeys of ours beside the browser's. What is appended to it is then clear, so the events that tell of
// encrypted media are its own.
type element struct {
	platform.MediaElement
	wait keyWait

	mu        sync.Mutex // guards what follows
	listeners []*listener
	source    *mediaSource // that plays, or did until the source was taken away
	loaded    bool         // there is a source, ours or a URL
	keys      *mediaKeys   // nil while it has none of ours
	foreign   bool         // it may have keys of the browser's
	attaching bool
}

func newElement(inner platform.MediaElement) *element {
	e := &element{MediaElement: inner}
	e.wait.element = e
	return e
}

// Listen hears the browser's events and ours in one order.
func (e *element) Listen(f func(platform.MediaEvent), types ...string) (stop func()) {
	l := &listener{types: slices.Clone(types), call: func(event any) { f(event.(platform.MediaEvent)) }}
	e.mu.Lock()
	e.listeners = append(e.listeners, l)
	e.mu.Unlock()
	stopInner := e.MediaElement.Listen(func(event platform.MediaEvent) { l.tell(event) }, l.types...)
	return func() {
		stopInner()
		e.mu.Lock()
		e.listeners = without(e.listeners, l)
		e.mu.Unlock()
		l.stop()
	}
}

// fire tells of an event of ours.
func (e *element) fire(event platform.MediaEvent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range e.listeners {
		if slices.Contains(l.types, event.Type) {
			own := event
			own.InitData = bytes.Clone(event.InitData)
			l.tell(own)
		}
	}
}

// SetSrc plays a URL, which nobody decrypts but the browser.
func (e *element) SetSrc(url string) error {
	e.replaceSource(nil, url != "")
	return e.MediaElement.SetSrc(url)
}

// Attach makes ms the source.
func (e *element) Attach(ctx context.Context, ms platform.MediaSource) error {
	own, ok := ms.(*mediaSource)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !ok:
		return e.MediaElement.Attach(ctx, ms)
	}
	e.replaceSource(own, true)
	return e.MediaElement.Attach(ctx, own.MediaSource)
}

// replaceSource ends what waits for a key of the source before.
func (e *element) replaceSource(next *mediaSource, loaded bool) {
	e.mu.Lock()
	last := e.source
	e.source, e.loaded = next, loaded
	e.mu.Unlock()
	if last != nil && last != next {
		last.leave()
	}
}

// SetMediaKeys attaches MediaKeys of ours or of the browser's, or detaches what is attached. As in Chromium, no keys are taken away while a source is
// loaded.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-htmlmediaelement-setmediakeys
func (e *element) SetMediaKeys(ctx context.Context, keys platform.MediaKeys) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	own, _ := keys.(*mediaKeys)
	foreign, err := e.beginAttaching(own)
	if err != nil {
		return err
	}
	if own == nil {
		err = e.MediaElement.SetMediaKeys(ctx, keys)
		foreign = foreign && err != nil || keys != nil
	} else if foreign {
		err = e.MediaElement.SetMediaKeys(ctx, nil)
		foreign = err != nil
	}
	e.endAttaching(own, foreign, err)
	return err
}

// beginAttaching is for the refusals that come at once. foreign says that the browser's keys may be in the way.
func (e *element) beginAttaching(keys *mediaKeys) (foreign bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.attaching:
		return false, dom("InvalidStateError", "the element is being given other keys")
	case e.keys != nil && e.keys != keys && e.loaded:
		return false, dom("InvalidStateError", "keys cannot be taken away while a source is loaded")
	case keys != nil && !keys.claim(e):
		return false, dom("QuotaExceededError", "the keys are in use by another element")
	}
	e.attaching = true
	return e.foreign, nil
}

func (e *element) endAttaching(keys *mediaKeys, foreign bool, err error) {
	e.mu.Lock()
	last := e.keys
	e.attaching, e.foreign = false, foreign
	if err == nil {
		e.keys = keys
	}
	e.mu.Unlock()
	switch {
	case last == keys:
	case err != nil && keys != nil:
		keys.detach() // gives up the claim
	case err == nil:
		if last != nil {
			last.detach()
		}
		if keys != nil {
			keys.attach()
		}
	}
}

// attached gives the keys that decrypt what is appended; nil is none.
func (e *element) attached() *mediaKeys {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.keys
}
