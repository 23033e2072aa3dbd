package playertest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

func TestTheKnobsOfTheCDM(t *testing.T) {
	broken := &platform.DOMError{Name: "InvalidStateError", Message: "broken"}
	config := []platform.MediaKeySystemConfiguration{{InitDataTypes: []string{"webm"},
		VideoCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: filmType}}}}
	tests := []struct {
		name string
		cdm  playertest.CDMOptions
		want string // the step that fails and its error, or the session's events
	}{
		{"none", playertest.CDMOptions{}, "message keystatuseschange=usable"},
		{"no EME", playertest.CDMOptions{NoEME: true}, "access: " + platform.ErrNoEME.Error()},
		{"no Clear Key", playertest.CDMOptions{KeySystems: []string{}}, "access: NotSupportedError: Unsupported keySystem or supportedConfigurations."},
		{"no MediaKeys", playertest.CDMOptions{CreateError: broken}, "create: InvalidStateError: broken"},
		{"not attached", playertest.CDMOptions{SetMediaKeysError: broken}, "attach: InvalidStateError: broken"},
		{"no request", playertest.CDMOptions{GenerateError: broken}, "request: InvalidStateError: broken"},
		{"no update", playertest.CDMOptions{UpdateError: broken}, "update: InvalidStateError: broken"},
		{"a message before its request resolves", playertest.CDMOptions{MessageFirst: true}, "message keystatuseschange=usable"},
		{"a message twice", playertest.CDMOptions{RepeatedMessages: 1}, "message message keystatuseschange=usable"},
		{"a key that may not be shown", playertest.CDMOptions{Statuses: map[[16]byte]string{kid: "output-restricted"}}, "message keystatuseschange=output-restricted"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := playertest.NewHost(t, playertest.Options{CDM: test.cdm})
				if got := clearKeySession(t, host, config); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			})
		})
	}
}

// clearKeySession goes through all steps and tells the first error, or the session's events.
func clearKeySession(t *testing.T, host *playertest.Host, config []platform.MediaKeySystemConfiguration) string {
	ctx := t.Context()
	access, err := host.RequestMediaKeySystemAccess(ctx, "org.w3.clearkey", config)
	if err != nil {
		return "access: " + err.Error()
	}
	keys, err := access.CreateMediaKeys(ctx)
	if err != nil {
		return "create: " + err.Error()
	}
	if err := host.Element().SetMediaKeys(ctx, keys); err != nil {
		return "attach: " + err.Error()
	}
	session, err := keys.CreateSession("")
	if err != nil {
		return "session: " + err.Error()
	}
	var events []string
	defer session.Listen(func(e platform.SessionEvent) {
		if e.Type == "keystatuseschange" {
			e.Type += "=" + session.KeyStatuses()[0].Status
		}
		events = append(events, e.Type)
	})()
	if err := session.GenerateRequest(ctx, "webm", kid[:]); err != nil {
		return "request: " + err.Error()
	}
	if err := session.Update(ctx, []byte(right)); err != nil {
		return "update: " + err.Error()
	}
	time.Sleep(time.Second)
	synctest.Wait()
	return strings.Join(events, " ")
}

func TestWhatTheSpecificationsForbidIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, encrypted(), playertest.Options{})
		session := s.license(right)
		if v := s.host.Violations(); len(v) != 0 {
			t.Fatalf("violations at first: %v", v)
		}
		s.open().must(s.append(s.film.Bytes))
		errs := []error{
			session.GenerateRequest(s.ctx, "webm", kid[:]),
			session.Update(s.ctx, nil),
			s.host.Element().SetMediaKeys(s.ctx, nil),
			second(s.ms.AddSourceBuffer(filmType)),
			s.ms.SetDuration(-1),
		}
		s.must(session.Close(s.ctx))
		errs = append(errs, session.Update(s.ctx, []byte(right)))
		for i, err := range errs {
			var dom *platform.DOMError
			if !errors.As(err, &dom) {
				t.Errorf("call %d gives %v", i, err)
			}
		}
		if got := s.host.Violations(); len(got) != len(errs) {
			t.Errorf("violations: %q", got)
		}
		if n := s.host.OpenSessions(); n != 0 {
			t.Errorf("%d sessions are open", n)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestTheCDMActsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, encrypted(), playertest.Options{Autoplay: true})
		session := s.license(right)
		var heard []string
		defer session.Listen(func(e platform.SessionEvent) { heard = append(heard, strings.TrimSpace(e.Type+" "+e.Reason)) })()
		s.pass(time.Second)
		heard = nil
		s.open().must(s.append(s.film.Bytes))
		s.must(s.ms.EndOfStream())
		s.pass(2 * time.Second)
		s.host.SetKeyStatus(kid, "output-restricted")
		s.pass(2 * time.Second)
		s.host.SetKeyStatus(kid, "usable")
		s.pass(2 * time.Second)
		s.host.CloseSessions("hardware-context-reset")
		s.pass(time.Minute)
		s.expect("encrypted loadedmetadata loadeddata canplay playing waiting waitingforkey canplay playing waiting waitingforkey", 96)
		if got, want := strings.Join(heard, ", "), "keystatuseschange, keystatuseschange, closed hardware-context-reset, keystatuseschange"; got != want {
			t.Errorf("session heard %s, want %s", got, want)
		}
	})
}

func TestDump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, encrypted(), playertest.Options{Autoplay: true})
		session := s.license(right)
		s.open().must(s.append(s.film.Bytes))
		s.must(s.ms.EndOfStream())
		s.pass(time.Minute)
		s.must(session.Close(s.ctx))
		const want = `buffer 1
       6ms  video/mp4; codecs="avc1.64001e"
      12ms  append 1000 bytes
element
       5ms  src=MediaSource
       5ms  loadstart
      12ms  encrypted webm
      12ms  durationchange
      12ms  loadedmetadata
      12ms  loadeddata
      12ms  canplay
      12ms  play
      12ms  playing
      12ms  canplaythrough
      12ms  endOfStream
    9012ms  pause
    9012ms  ended at 9s
eme
       1ms  access to org.w3.clearkey granted
       2ms  createMediaKeys
       3ms  setMediaKeys
network
       6ms  GET https://page.test/piece
      11ms  200 https://page.test/piece
session 1
       3ms  created
       4ms  generateRequest webm
       4ms  message license-request (54 bytes)
       5ms  update
       5ms  keystatuseschange 30313233343536373839303132333435=usable
   60013ms  closed closed-by-application
   60013ms  keystatuseschange
`
		if got := s.host.Dump(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestTwoAttachmentsAtATimeAreForbidden(t *testing.T) {
	for engine, refused := range map[playertest.Engine]bool{playertest.Chromium: true, playertest.Firefox: false} {
		synctest.Test(t, func(t *testing.T) {
			host := playertest.NewHost(t, playertest.Options{Engine: engine})
			first := make(chan error, 1)
			go func() { first <- host.Element().SetMediaKeys(t.Context(), nil) }()
			synctest.Wait()
			err := host.Element().SetMediaKeys(t.Context(), nil)
			if platform.IsDOMError(err, "InvalidStateError") != refused || <-first != nil {
				t.Errorf("engine %d: the second gets %v", engine, err)
			}
			if v := host.Violations(); len(v) != 1 {
				t.Errorf("engine %d: violations %q", engine, v)
			}
		})
	}
}
