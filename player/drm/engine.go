package drm

import (
	"context"
	"slices"
	"sync"

	"github.com/keystream-player/keystream/player/platform"
)

// Step is a step of the EME flow that has just begun.
type Step string

// The steps, in order; the last three once a session.
const (
	StepNegotiate       Step = "negotiate"
	StepAttachKeys      Step = "attach-keys"
	StepGenerateRequest Step = "generate-request"
	StepLicense         Step = "license"
	StepUpdate          Step = "update"
)

// Event is a [*LicenseRequestEvent] or a [*KeyStatusChangeEvent].
type Event interface{ EventType() string }

// Observer is told what the engine does, from any of its goroutines.
type Observer interface {
	DRMStep(Step)
	DRMGranted(keySystem string, configuration platform.MediaKeySystemConfiguration)
	DRMEvent(Event)
}

// Engine licenses one load. [Open] makes it, Run serves it until its context ends, Close detaches the keys.
type Engine struct {
	host     platform.Host
	content  Content
	observer Observer
	system   KeySystem
	vendor   vendor
	access   platform.MediaKeySystemAccess
	keys     platform.MediaKeys

	inbox    *platform.Queue[func(context.Context) error] // what other goroutines want done by Run's, with Run's context
	sessions sync.WaitGroup

	// Run's goroutine owns the rest.
	ledger  map[[16]byte]string // key id → "pending", a W3C key status, or "absent": the licence did not hold it
	seen    map[string]bool     // init data without readable key ids that has been asked with
	pending int                 // sessions that have not been answered yet
	opened  int                 // sessions ever
	waiting bool                // the element waits for a key
}

// The ledger's words beside the W3C's key statuses.
const (
	statusPending = "pending"
	statusAbsent  = "absent"
	statusUsable  = "usable"
)

// Open negotiates a key system for the content, makes MediaKeys and attaches them to the host's element. Its errors are *[Error], or ctx's.
func Open(ctx context.Context, host platform.Host, systems []KeySystem, content Content, observer Observer) (*Engine, error) {
	observer.DRMStep(StepNegotiate)
	granted, err := negotiate(ctx, host, systems, content)
	if err != nil {
		return nil, err
	}
	access := granted.access
	e := &Engine{
		host: host, content: content, observer: observer, system: granted.system, vendor: granted.vendor, access: access,
		inbox: platform.NewQueue[func(context.Context) error](), ledger: make(map[[16]byte]string), seen: make(map[string]bool),
	}
	observer.DRMGranted(access.KeySystem(), access.Configuration())
	observer.DRMStep(StepAttachKeys)
	if e.keys, err = access.CreateMediaKeys(ctx); err != nil {
		return nil, e.fail(ctx, CreateFailed, err)
	}
	if err := e.attach(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

// attach gives the keys to the element. An attachment under way cannot be called back: when ctx ends meanwhile, it is waited for and undone, or
// it would come about behind the back of whoever uses the element next.
func (e *Engine) attach(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := e.host.Element().SetMediaKeys(bounded, e.keys); err != nil {
		return e.fail(ctx, AttachFailed, err)
	}
	if ctx.Err() != nil {
		_ = e.Close(bounded)
	}
	return ctx.Err()
}

// KeySystem is the name of the key system that was granted.
func (e *Engine) KeySystem() string { return e.access.KeySystem() }

// Encrypted hands over the init data of an "encrypted" event.
func (e *Engine) Encrypted(initDataType string, data []byte) {
	e.inbox.Put(func(ctx context.Context) error { return e.encrypted(ctx, initDataType, data) })
}

// WaitingForKey says that the element fired "waitingforkey".
func (e *Engine) WaitingForKey() {
	e.inbox.Put(func(context.Context) error {
		e.waiting = true
		return e.checkWaiting()
	})
}

// Run asks for the keys that the content is known to need, then for whatever init data comes, until ctx ends or a failure stops playback.
// When it returns, every session is closed.
func (e *Engine) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer e.sessions.Wait()
	defer cancel()
	e.askForContent(ctx)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.inbox.Ready():
		}
		for do, ok := e.inbox.Take(); ok; do, ok = e.inbox.Take() {
			if err := do(ctx); err != nil {
				return err
			}
		}
	}
}

// Close detaches the keys from the element. Run must have returned, and the element should have no source any more.
func (e *Engine) Close(ctx context.Context) error {
	if err := e.host.Element().SetMediaKeys(ctx, nil); err != nil {
		return e.fail(ctx, AttachFailed, err)
	}
	return nil
}

// fail makes an Error of what a platform call returned, unless it was our own cancellation.
func (e *Engine) fail(ctx context.Context, reason Reason, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Error{Reason: reason, KeySystem: e.access.KeySystem(), Cause: cause}
}

// askForContent asks for what the files' headers name, before the element finds it: it is the earliest moment, and the only one for
// content without a PSSH, which fires no "encrypted" event. All of it goes into one session where the key system allows that.
func (e *Engine) askForContent(ctx context.Context) {
	wanted := e.content.KeyIDs()
	var found []initData
	for _, header := range e.content.headers() {
		if len(header.PSSH) == 0 {
			continue
		}
		if in, err := e.vendor.read("cenc", header.PSSH); err == nil {
			found = append(found, in)
			for _, id := range in.keyIDs {
				wanted = appendNew(wanted, id)
			}
		}
	}
	all, ok := e.vendor.narrow(wanted)
	if !ok {
		for _, in := range found {
			e.ask(ctx, in)
		}
		return
	}
	for _, in := range found {
		if len(in.keyIDs) == len(wanted) {
			all = in
		}
	}
	if len(wanted) > 0 {
		e.ask(ctx, all)
	}
}

// encrypted asks for what an "encrypted" event names.
func (e *Engine) encrypted(ctx context.Context, kind string, data []byte) error {
	in, err := e.vendor.read(kind, data)
	known := e.content.KeyIDs()
	if narrowed, ok := e.vendor.narrow(known); ok && len(in.keyIDs) == 0 && len(known) > 0 {
		in, err = narrowed, nil
	}
	if err != nil || len(in.keyIDs) == 0 && len(in.data) == 0 {
		return &Error{Reason: InitDataRejected, KeySystem: e.access.KeySystem(), Detail: "init data of type " + kind + " names no key that it can read", Cause: err}
	}
	e.ask(ctx, in)
	return nil
}

// ask opens a session for the key ids of in that nothing has asked for yet.
func (e *Engine) ask(ctx context.Context, in initData) {
	var lacking [][16]byte
	for _, id := range in.keyIDs {
		if _, asked := e.ledger[id]; !asked && id != ([16]byte{}) {
			lacking = appendNew(lacking, id)
		}
	}
	switch {
	case len(in.keyIDs) == 0:
		fingerprint := in.kind + string(in.data)
		if e.seen[fingerprint] {
			return
		}
		e.seen[fingerprint] = true
	case len(lacking) == 0:
		return
	case len(lacking) < len(in.keyIDs):
		if narrowed, ok := e.vendor.narrow(lacking); ok {
			in = narrowed
		}
	}
	for _, id := range lacking {
		e.ledger[id] = statusPending
	}
	e.pending++
	e.opened++
	e.sessions.Go(func() {
		if err := e.serve(ctx, in); err != nil {
			e.inbox.Put(func(context.Context) error { return err })
		}
	})
}

// record takes a session's key statuses into the ledger, and finds those that stop playback.
func (e *Engine) record(keys []KeyStatus) error {
	for _, key := range keys {
		e.ledger[key.KeyID] = key.Status
		switch key.Status {
		case "expired", "released", "output-restricted", "internal-error":
			if known := e.content.KeyIDs(); len(known) == 0 || slices.Contains(known, key.KeyID) {
				return &Error{Reason: KeyUnusable, KeySystem: e.access.KeySystem(), KeyIDs: [][16]byte{key.KeyID}, Keys: keys, Detail: key.Status}
			}
		}
	}
	return e.checkWaiting()
}

// answered marks a session's first licence as taken: what it was to bring and did not is absent.
func (e *Engine) answered(in initData, keys []KeyStatus) error {
	e.pending--
	if err := e.record(keys); err != nil {
		return err
	}
	for _, id := range in.keyIDs {
		if e.ledger[id] == statusPending {
			e.ledger[id] = statusAbsent
		}
	}
	return e.checkWaiting()
}

// checkWaiting fails when the element waits for a key that nothing is fetching.
func (e *Engine) checkWaiting() error {
	if !e.waiting || e.pending > 0 || e.opened == 0 {
		return nil
	}
	var lacking [][16]byte
	for _, id := range e.content.KeyIDs() {
		if e.ledger[id] != statusUsable {
			lacking = append(lacking, id)
		}
	}
	if len(lacking) == 0 {
		e.waiting = false
		return nil
	}
	return &Error{Reason: KeyMissing, KeySystem: e.access.KeySystem(), KeyIDs: lacking}
}
