package drm

import (
	"context"
	"fmt"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// closeTimeout bounds what is done for a session that is no longer wanted.
const closeTimeout = 5 * time.Second

// serve opens one session and answers its messages until ctx ends or the CDM closes it. The line it stands on is the session's state. A panic
// (an app's licence fetcher runs in here) is an error like others.
func (e *Engine) serve(ctx context.Context, in initData) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Error{Reason: Panicked, KeySystem: e.access.KeySystem(), Detail: fmt.Sprint(p)}
		}
	}()
	e.observer.DRMStep(StepGenerateRequest)
	session, err := e.keys.CreateSession("")
	if err != nil {
		return e.fail(ctx, InitDataRejected, err)
	}
	events := platform.NewQueue[platform.SessionEvent]()
	stop := session.Listen(events.Put)
	defer stop()
	if err := e.generate(ctx, session, in); err != nil {
		return err
	}
	defer e.end(ctx, session)
	return e.converse(ctx, session, in, events)
}

// converse answers what the session says.
func (e *Engine) converse(ctx context.Context, session platform.MediaKeySession, in initData, events *platform.Queue[platform.SessionEvent]) error {
	answered := false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-events.Ready():
		}
		for event, ok := events.Take(); ok; event, ok = events.Take() {
			switch event.Type {
			case "message":
				if err := e.answer(ctx, session, in, event); err != nil {
					return err
				}
				if !answered {
					answered = true
					keys := statuses(session)
					e.inbox.Put(func(context.Context) error { return e.answered(in, keys) })
				}
			case "keystatuseschange":
				e.report(session)
			case "closed":
				return &Error{Reason: SessionClosed, KeySystem: e.access.KeySystem(), KeyIDs: in.keyIDs, Detail: event.Reason}
			}
		}
	}
}

// generate calls generateRequest. It waits for the answer even when ctx ends meanwhile: until then the spec does not let a session be closed.
func (e *Engine) generate(ctx context.Context, session platform.MediaKeySession, in initData) error {
	uncancelled, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := session.GenerateRequest(uncancelled, in.kind, in.data); err != nil {
		return e.fail(ctx, InitDataRejected, err)
	}
	return nil
}

// answer fetches a licence for a message and gives it to the CDM.
func (e *Engine) answer(ctx context.Context, session platform.MediaKeySession, in initData, event platform.SessionEvent) error {
	e.observer.DRMStep(StepLicense)
	request := LicenseRequest{
		KeySystem: e.access.KeySystem(), MessageType: event.MessageType, Message: event.Message,
		KeyIDs: in.keyIDs, InitDataType: in.kind, InitData: in.data,
	}
	license, err := e.vendor.license(ctx, request, func(ctx context.Context, req LicenseRequest) ([]byte, error) {
		e.observer.DRMEvent(&LicenseRequestEvent{KeySystem: req.KeySystem, SessionID: session.SessionID(), MessageType: req.MessageType, KeyIDs: req.KeyIDs})
		if e.system.License == nil {
			return nil, &Error{Reason: NoKey, KeySystem: e.system.Name, KeyIDs: req.KeyIDs}
		}
		return fetchLicense(ctx, e.system, req)
	})
	if err != nil {
		return err
	}
	defer clear(license)
	e.observer.DRMStep(StepUpdate)
	if err := session.Update(ctx, license); err != nil {
		return e.fail(ctx, UpdateRejected, err)
	}
	return nil
}

// report tells of a session's key statuses.
func (e *Engine) report(session platform.MediaKeySession) {
	keys := statuses(session)
	e.observer.DRMEvent(&KeyStatusChangeEvent{KeySystem: e.access.KeySystem(), SessionID: session.SessionID(), Keys: keys})
	e.inbox.Put(func(context.Context) error { return e.record(keys) })
}

// end closes a session that has made its request. A CDM that cannot even do that has failed already, and was reported.
func (e *Engine) end(ctx context.Context, session platform.MediaKeySession) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	_ = session.Close(bounded)
}

// statuses reads a session's keys. Ids that are not 16 bytes long name no key of any container that we play.
func statuses(session platform.MediaKeySession) []KeyStatus {
	var keys []KeyStatus
	for _, s := range session.KeyStatuses() {
		if len(s.KeyID) == 16 {
			keys = append(keys, KeyStatus{KeyID: [16]byte(s.KeyID), Status: s.Status})
		}
	}
	return keys
}
