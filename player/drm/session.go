package drm

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// session is one MediaKeySession. Its goroutine ([Engine.serve]) talks with the CDM; what is known of it stands here, for the load's goroutine.
type session struct {
	in         initData
	license    LicenseFetcher // nil where only configured keys answer
	unlicensed error          // why license is nil, where that is no choice of the app's
	replaces   *session       // that this one renews; nil for most
	cancel     context.CancelFunc
	asked      chan struct{} // closed when its first message is being answered
	over       chan struct{} // closed when its goroutine has ended, and the CDM has closed it
	commands   *platform.Queue[command]

	id         string
	cdm        platform.MediaKeySession // once it has made its request
	covers     [][16]byte               // keys beside those of in that its licence is expected to hold
	begun      time.Time
	opened     time.Time // as begun, or as that of the session which it replaces
	keys       []KeyStatus
	answered   bool // a licence has brought keys
	expiration time.Time
	learnt     time.Time // when that expiration was first heard of
	waits      bool      // until others that make room for it are closed
	renewedFor time.Time // the expiration ahead of which a renewal was begun
	renewing   bool      // the CDM has asked for a renewal itself, and it is being answered
}

// command is what a session's goroutine is to do: hear an event, or know whether any load uses it.
type command struct {
	event platform.SessionEvent // with a Type: act on it
	at    time.Time             // when it was fired
	used  bool                  // otherwise
}

// statusDelay is how long a CDM that has taken a licence may take to say that keys changed, where they did. Looking at them before would keep the
// browser from telling the page.
const statusDelay = 10 * time.Millisecond

// closedError says that the CDM closed a session by itself.
type closedError struct{ reason string }

func (e *closedError) Error() string { return "closed: " + e.reason }

// exchange is a session as its goroutine sees it; the line it stands on is the session's state.
type exchange struct {
	engine  *Engine
	session *session
	grant   *grant
	cdm     platform.MediaKeySession

	heard   bool      // a message
	updated time.Time // when the CDM last took a licence
	fresh   bool      // nobody has looked at the keys since
	used    bool
	unread  []platform.SessionEvent // messages that came while no load used the session: a licence that nobody needs is not asked for
}

// serve opens a session and answers its messages until ctx ends, the CDM closes it or something fails. A panic (an app's licence fetcher runs in
// here) is an error like others.
func (e *Engine) serve(ctx context.Context, g *grant, keys platform.MediaKeys, s *session) (err error) {
	x := exchange{engine: e, session: s, grant: g, used: true}
	defer func() {
		if p := recover(); p != nil {
			err = &Error{Reason: Panicked, KeySystem: x.grant.name, Detail: fmt.Sprint(p)}
		}
	}()
	if x.cdm, err = keys.CreateSession(g.sessionType()); err != nil {
		return x.grant.fail(ctx, InitDataRejected, err)
	}
	// What the CDM has closed needs no answer any more.
	live, gone := context.WithCancel(ctx)
	defer gone()
	stop := x.cdm.Listen(func(event platform.SessionEvent) {
		if event.Type == "closed" {
			gone()
		}
		s.commands.Put(command{event: event, at: time.Now()})
	})
	defer stop()
	if err := x.generate(ctx); err != nil {
		return err
	}
	defer x.end(ctx)
	return x.converse(ctx, live)
}

// converse does what it is told, and answers what the CDM says. Before each answer, which may take long, it hears all that there is to hear.
func (x *exchange) converse(ctx, live context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-x.session.commands.Ready():
		}
		for again := true; again; {
			for do, ok := x.session.commands.Take(); ok; do, ok = x.session.commands.Take() {
				if err := x.obey(do); err != nil {
					return err
				}
			}
			if again = x.used && len(x.unread) > 0 && live.Err() == nil; again {
				message := x.unread[0]
				x.unread = x.unread[1:]
				if err := x.answer(live, message); err != nil && live.Err() == nil {
					return err
				}
			}
		}
	}
}

// obey acts on a command.
func (x *exchange) obey(do command) error {
	switch do.event.Type {
	case "":
		x.used = do.used
	case "message":
		x.read(do.event, do.at)
	case "keystatuseschange":
		x.report()
	case "updated":
		if x.fresh {
			x.report()
		}
	case "closed":
		return &closedError{do.event.Reason}
	}
	return nil
}

const renewalMessage = "license-renewal"

// read puts a message among those to answer. A CDM asks for the same renewal again and again until it is heard: the newest counts, and none from
// before the latest licence.
func (x *exchange) read(event platform.SessionEvent, at time.Time) {
	if event.MessageType == renewalMessage {
		if at.Before(x.updated) {
			return
		}
		x.unread = slices.DeleteFunc(x.unread, func(old platform.SessionEvent) bool { return old.MessageType == renewalMessage })
		x.engine.put(func(*Load) { x.session.renewing = true })
	}
	x.unread = append(x.unread, event)
}

// generate calls generateRequest. It waits for the answer even when ctx ends meanwhile: until then the spec does not let a session be closed.
func (x *exchange) generate(ctx context.Context) error {
	x.step(StepGenerateRequest)
	uncancelled, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	in, start := x.session.in, time.Now()
	err := x.cdm.GenerateRequest(uncancelled, in.kind, in.data)
	x.took(start, StepGenerateRequest, err)
	if err != nil {
		return x.grant.fail(ctx, InitDataRejected, err)
	}
	id := x.cdm.SessionID()
	x.engine.put(func(*Load) { x.session.id, x.session.cdm = id, x.cdm })
	return nil
}

// answer fetches a licence for a message and gives it to the CDM. A renewal that fails is no failure of the session: its keys still work.
func (x *exchange) answer(ctx context.Context, event platform.SessionEvent) error {
	license, err := x.license(ctx, event)
	if err == nil && len(license) == 0 {
		err = &Error{Reason: BadLicense, KeySystem: x.grant.name, KeyIDs: x.session.in.keyIDs, Detail: "it is empty"}
	}
	if err == nil {
		defer clear(license)
		x.step(StepUpdate)
		start := time.Now()
		if err = x.cdm.Update(ctx, license); err != nil {
			err = x.grant.fail(ctx, UpdateRejected, err)
		}
		x.took(start, StepUpdate, err)
	}
	if err == nil {
		x.updated, x.fresh = time.Now(), true
		time.AfterFunc(statusDelay, func() { x.session.commands.Put(command{event: platform.SessionEvent{Type: "updated"}}) })
		return nil
	}
	if event.MessageType == renewalMessage {
		x.engine.put(func(*Load) { x.session.renewing = false })
	}
	if failure, ok := err.(*Error); ok && event.MessageType == renewalMessage {
		x.tell(func(l *Load) { l.observer.DRMError(failure) })
		return nil
	}
	return err
}

func (x *exchange) license(ctx context.Context, event platform.SessionEvent) (license []byte, err error) {
	if !x.heard {
		x.heard = true
		close(x.session.asked)
	}
	x.step(StepLicense)
	in, system, start := x.session.in, x.grant.system, time.Now()
	defer func() { x.took(start, StepLicense, err) }()
	request := LicenseRequest{
		KeySystem: x.grant.name, MessageType: event.MessageType, Message: event.Message,
		KeyIDs: in.keyIDs, InitDataType: in.kind, InitData: in.data, observer: x.engine.config.Observer,
	}
	return x.grant.vendor.license(ctx, request, func(ctx context.Context, req LicenseRequest) ([]byte, error) {
		if x.session.unlicensed != nil {
			return nil, x.session.unlicensed
		}
		if system.License = x.session.license; system.License == nil {
			return nil, &Error{Reason: NoKey, KeySystem: system.Name, KeyIDs: req.KeyIDs}
		}
		asking := &LicenseRequestEvent{KeySystem: req.KeySystem, SessionID: x.cdm.SessionID(), MessageType: req.MessageType, KeyIDs: req.KeyIDs}
		x.tell(func(l *Load) { l.observer.DRMEvent(asking) })
		return fetchLicense(ctx, system, req)
	})
}

// report tells of a session's keys: because the CDM says that they changed, or after an update.
func (x *exchange) report() {
	keys, updated := x.cdm.KeyStatuses(), x.fresh
	x.fresh = false
	s := x.session
	x.engine.put(func(l *Load) {
		s.renewing = s.renewing && !updated
		l.record(s, keys, updated)
	})
}

// end closes a session that has made its request. A CDM that cannot even do that has failed already, and was reported.
func (x *exchange) end(ctx context.Context) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	_ = x.cdm.Close(bounded)
}

// tell has the load that uses the session tell of something; there may be none.
func (x *exchange) tell(f func(*Load)) {
	s := x.session
	x.engine.inbox.Put(func(l *Load) bool {
		if l.used[s] {
			f(l)
		}
		return false
	})
}

func (x *exchange) step(step Step) { x.tell(func(l *Load) { l.observer.DRMStep(step) }) }

func (x *exchange) took(start time.Time, step Step, err error) {
	x.engine.log.since(start, step, x.cdm.SessionID(), x.session.in.keyIDs, err)
}
