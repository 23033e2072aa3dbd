package drm

import (
	"context"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

// Load is one load's use of the engine. Its state is owned by whoever opens it and then by the goroutine of Run.
type Load struct {
	engine   *Engine
	observer Observer
	vault    *vault
	grant    *grant
	periods  []period   // that are in play
	content  Content    // of those
	past     [][16]byte // keys that only what was in play before named

	used map[*session]bool // sessions that hold what this load needs, or will

	wants    []want              // init data that nothing has been done about yet
	groups   map[string]*session // by licence server: that covers all that the period or the content needs of it, where the app says that one does
	failures []*failure          // licences that failed and have not come since
	renewed  map[renewal]bool    // what has been asked for anew: once, until the key works again
	barred   [][16]byte          // as last told

	recreated map[string]int // how often sessions for the same init data were closed by the CDM
	evicted   []initData     // of sessions that made room for others of this load

	waiting time.Time // since when the element waits for a key; zero where it does not
	lacked  bool      // when last looked, a key was not usable yet
	overdue bool      // that has been told of as an error that playback survives
}

// want is init data whose keys are to be asked for.
type want struct {
	in initData
	at time.Time // not before; jitter
}

const (
	// askTimeout is as long as a message of a CDM's usually takes, and more.
	askTimeout = 50 * time.Millisecond

	// turn lets the page's event loop come round once: a request with a body leaves only then.
	turn = time.Millisecond
)

// open negotiates, makes or takes MediaKeys, asks for what the content names and attaches the keys, in this order: the licence is on its way while
// the keys are attached.
func (l *Load) open(ctx context.Context, content Content) error {
	e := l.engine
	l.observer.DRMStep(StepNegotiate)
	start := time.Now()
	err := l.negotiate(ctx, content)
	e.log.since(start, StepNegotiate, "", content.KeyIDs(), err)
	if err != nil {
		return err
	}
	l.observer.DRMGranted(Grant{l.grant.name, l.grant.configuration, l.grant.software, l.grant.report})
	l.observer.DRMStep(StepAttachKeys)
	l.periods = []period{{sets: l.content.Sets}}
	l.hear() // what sessions have said since the last load
	for _, s := range l.vault.sessions {
		l.expires(s)
	}
	l.need(l.content)
	l.request()
	start = time.Now()
	err = e.attach(ctx)
	e.log.since(start, StepAttachKeys, "", nil, err)
	if err != nil {
		return err
	}
	return l.letAsk(ctx)
}

// letAsk waits until the first licence is asked for, within reason. What the caller does next, opening a MediaSource, would keep the browser from
// delivering the CDM's message for some milliseconds, and the licence takes longest of all.
func (l *Load) letAsk(ctx context.Context) error {
	timer := time.NewTimer(askTimeout)
	defer timer.Stop()
	for s := range l.used {
		if s.cdm != nil {
			continue // of an earlier load
		}
		select {
		case <-s.asked:
			if s.license != nil {
				timer.Reset(turn)
				<-timer.C
			}
		case <-s.over:
		case <-timer.C:
		case <-ctx.Done():
		}
		break
	}
	return ctx.Err()
}

// KeySystem is the name of the key system that was granted.
func (l *Load) KeySystem() string { return l.grant.name }

// Software says whether our own CDM decrypts, so that all media must pass through a SourceBuffer.
func (l *Load) Software() bool { return l.grant.software }

// Allowed says whether a Representation may be used, by what the key system granted.
func (l *Load) Allowed(header *manifest.Header) bool { return l.grant.allows(header) }

// Encrypted hands over the init data of an "encrypted" event.
func (l *Load) Encrypted(initDataType string, data []byte) {
	l.put(func() { l.encrypted(initDataType, data) })
}

// Announce hands over what a segment's boxes name, before it is appended: the pssh boxes of a moof, and key ids (seig).
func (l *Load) Announce(pssh []byte, keyIDs [][16]byte) {
	l.put(func() { l.announced(pssh, keyIDs) })
}

// Play says which Periods are in play from now on, in order: that of the playhead, and those of which media is here or on its way. Keys of what is new
// among them are asked for. What was in play before and is not any more is done with: its keys are neither renewed nor missed.
func (l *Load) Play(periods ...Content) {
	l.put(func() { l.play(periods) })
}

// WaitingForKey says that the element fired "waitingforkey".
func (l *Load) WaitingForKey() { l.put(l.wait) }

// Resumed says that the element plays, or could.
func (l *Load) Resumed() {
	l.put(func() { l.waiting = time.Time{} })
}

// Retry asks anew for every key whose licence failed, or was not in it.
func (l *Load) Retry() { l.put(l.again) }

// put has Run do something. Where the load is over before, the next one must not.
func (l *Load) put(f func()) {
	l.engine.inbox.Put(func(current *Load) bool {
		if current == l {
			f()
		}
		return true
	})
}

// Run serves the load until ctx ends or playback must stop; its error is then an *[Error]. Sessions stay.
func (l *Load) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.engine.inbox.Ready():
			if !l.hear() {
				continue
			}
		case <-timer.C:
		}
		if err := l.settle(); err != nil {
			l.vault.spoilt = l.vault.spoilt || err.Reason == SessionClosed || err.Reason == TooManySessions
			return err
		}
		timer.Reset(time.Until(l.next()))
	}
}

// hear does what other goroutines want done, and says whether that changed anything.
func (l *Load) hear() (changed bool) {
	for do, ok := l.engine.inbox.Take(); ok; do, ok = l.engine.inbox.Take() {
		changed = do(l) || changed
	}
	return changed
}

// settle does what is due, and finds out whether playback can go on.
func (l *Load) settle() *Error {
	l.retry(false)
	l.renewDue()
	l.request()
	if err := l.judge(); err != nil {
		return err
	}
	if err := l.judgeWaiting(); err != nil {
		return err
	}
	for _, f := range l.failures {
		if !f.told {
			f.told = true
			l.observer.DRMError(f.err)
		}
	}
	return nil
}

// forever is a time that does not come.
const forever = 1000 * time.Hour

// next is when something is due, unless something happens before.
func (l *Load) next() time.Time {
	at := time.Now().Add(forever)
	earlier := func(t time.Time) {
		if t.Before(at) {
			at = t
		}
	}
	for _, want := range l.wants {
		earlier(want.at)
	}
	for _, f := range l.failures {
		if f.session == nil && f.canRetry() {
			earlier(f.at)
		}
	}
	for s := range l.used {
		if t := l.renewalTime(s); !t.IsZero() {
			earlier(t)
		}
	}
	if !l.waiting.IsZero() {
		earlier(l.keyDeadline())
	}
	return at
}

// Close ends the load after Run has returned. Its sessions become idle; where it failed they are closed, since a key or a licence of theirs may be
// what is wrong.
func (l *Load) Close(failed bool) {
	if l.vault == nil {
		return
	}
	for _, s := range slices.Clone(l.vault.sessions) {
		switch {
		case !l.used[s]:
		case failed:
			l.vault.drop(s)
		default:
			s.commands.Put(command{used: false})
		}
	}
	l.used = nil
}
