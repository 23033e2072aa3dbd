//go:build js && wasm

package browser_test

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"github.com/keystream-player/keystream/player/platform"
)

const (
	clearKey = "org.w3.clearkey"
	keyIDs   = `{"kids":["MDEyMzQ1Njc4OTAxMjM0NQ"]}`
	license  = `{"keys":[{"kty":"oct","kid":"MDEyMzQ1Njc4OTAxMjM0NQ","k":"691i8WgU0nto7xIq_OSuPA"}],"type":"temporary"}`
)

var asked = []platform.MediaKeySystemConfiguration{{
	InitDataTypes:     []string{"keyids"},
	VideoCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: webm}},
}}

func needEME(t *testing.T) {
	t.Helper()
	if webkit {
		t.Skip("WebKitGTK has no EME")
	}
}

func createMediaKeys(t *testing.T, host platform.Host) platform.MediaKeys {
	t.Helper()
	needEME(t)
	access, err := host.RequestMediaKeySystemAccess(watchdog(t), clearKey, asked)
	if err != nil {
		t.Fatal(err)
	}
	if c := access.Configuration(); access.KeySystem() != clearKey || !slices.Equal(c.InitDataTypes, asked[0].InitDataTypes) ||
		len(c.VideoCapabilities) != 1 || c.VideoCapabilities[0].ContentType != webm {
		t.Errorf("%s: %+v", access.KeySystem(), c)
	}
	keys, err := access.CreateMediaKeys(watchdog(t))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func createSession(t *testing.T, host platform.Host) platform.MediaKeySession {
	t.Helper()
	session, err := createMediaKeys(t, host).CreateSession("")
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func TestRequestMediaKeySystemAccessRefused(t *testing.T) {
	needEME(t)
	host, _ := newHost(t)
	for _, test := range []struct {
		keySystem string
		configs   []platform.MediaKeySystemConfiguration
		want      string
	}{
		{"com.example.none", asked, "NotSupportedError"},
		{clearKey, []platform.MediaKeySystemConfiguration{{VideoCapabilities: []platform.MediaKeySystemMediaCapability{
			{ContentType: `video/mp4; codecs="unknown"`},
		}}}, "NotSupportedError"},
		{clearKey, nil, "TypeError"},
		{"", asked, "TypeError"},
	} {
		_, err := host.RequestMediaKeySystemAccess(watchdog(t), test.keySystem, test.configs)
		if !platform.IsDOMError(err, test.want) {
			t.Errorf("%q, %+v: %v", test.keySystem, test.configs, err)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := host.RequestMediaKeySystemAccess(ended, clearKey, asked); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// What happens between CreateSession and Listen is not lost.
func TestSessionEventsWaitForAListener(t *testing.T) {
	host, _ := newHost(t)
	session := createSession(t, host)
	if err := session.GenerateRequest(watchdog(t), "keyids", []byte(keyIDs)); err != nil {
		t.Fatal(err)
	}
	events := make(chan platform.SessionEvent, 10)
	stop := session.Listen(func(e platform.SessionEvent) { events <- e })
	defer stop()
	if e := receive(t, events); e.Type != "message" || e.MessageType != "license-request" || len(e.Message) == 0 {
		t.Fatalf("%+v", e)
	}
	if err := session.Close(watchdog(t)); err != nil {
		t.Fatal(err)
	}
	for e := receive(t, events); e.Type != "closed"; e = receive(t, events) {
	}
}

func TestSessionKeys(t *testing.T) {
	host, _ := newHost(t)
	session := createSession(t, host)
	events := make(chan platform.SessionEvent, 10)
	defer session.Listen(func(e platform.SessionEvent) { events <- e })()
	if session.SessionID() != "" || session.KeyStatuses() != nil {
		t.Error("a new session has an id or keys")
	}
	if err := session.GenerateRequest(watchdog(t), "keyids", []byte(keyIDs)); err != nil {
		t.Fatal(err)
	}
	if session.SessionID() == "" {
		t.Error("no session id")
	}
	if err := session.Update(watchdog(t), []byte("no licence")); !platform.IsDOMError(err, "TypeError") {
		t.Errorf("a bad licence: %v", err)
	}
	if err := session.Update(watchdog(t), []byte(license)); err != nil {
		t.Fatal(err)
	}
	for e := receive(t, events); e.Type != "keystatuseschange"; e = receive(t, events) {
	}
	keys := session.KeyStatuses()
	if len(keys) != 1 || string(keys[0].KeyID) != "0123456789012345" || keys[0].Status != "usable" {
		t.Errorf("%+v", keys)
	}
	if err := session.Close(watchdog(t)); err != nil {
		t.Fatal(err)
	}
	if err := session.Close(watchdog(t)); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if err := session.GenerateRequest(watchdog(t), "keyids", []byte(keyIDs)); !platform.IsDOMError(err, "InvalidStateError") {
		t.Errorf("a request of a closed session: %v", err)
	}
}

func TestSessionThatMadeNoRequest(t *testing.T) {
	for name, use := range map[string]func(t *testing.T, s platform.MediaKeySession){
		"unused":   func(*testing.T, platform.MediaKeySession) {},
		"listened": func(_ *testing.T, s platform.MediaKeySession) { s.Listen(func(platform.SessionEvent) {})() },
		"refused init data": func(t *testing.T, s platform.MediaKeySession) {
			if err := s.GenerateRequest(watchdog(t), "keyids", []byte("{}")); !platform.IsDOMError(err, "TypeError") {
				t.Error(err)
			}
		},
		"unknown init data type": func(t *testing.T, s platform.MediaKeySession) {
			if err := s.GenerateRequest(watchdog(t), "unknown", []byte("{}")); !platform.IsDOMError(err, "NotSupportedError") {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			host, _ := newHost(t)
			session := createSession(t, host)
			use(t, session)
			for range 2 {
				if err := session.Close(watchdog(t)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A request that nobody waits for any more still ends in a closed session.
func TestSessionClosedDuringItsRequest(t *testing.T) {
	host, _ := newHost(t)
	session := createSession(t, host)
	closed := make(chan struct{})
	defer session.Listen(func(e platform.SessionEvent) {
		if e.Type == "closed" {
			close(closed)
		}
	})()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- session.GenerateRequest(ctx, "keyids", []byte(keyIDs)) }()
	cancel()
	if err := receive(t, done); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := session.Close(watchdog(t)); err != nil {
		t.Fatal(err)
	}
	if session.SessionID() != "" {
		receive(t, closed)
	}
}

func TestSetMediaKeys(t *testing.T) {
	host, _ := newHost(t)
	keys := createMediaKeys(t, host)
	for _, k := range []platform.MediaKeys{nil, keys, keys, nil} {
		if err := host.Element().SetMediaKeys(watchdog(t), k); err != nil {
			t.Errorf("%v: %v", k, err)
		}
	}
}

func TestCommonPSSH(t *testing.T) {
	needEME(t)
	host, _ := newHost(t)
	pssh, err := hex.DecodeString("0000003470737368010000001077efecc0b24d02ace33c1e52e2fb4b000000013031323334353637383930313233343500000000")
	if err != nil {
		t.Fatal(err)
	}
	access, err := host.RequestMediaKeySystemAccess(watchdog(t), clearKey, []platform.MediaKeySystemConfiguration{{
		InitDataTypes: []string{"cenc"},
		VideoCapabilities: []platform.MediaKeySystemMediaCapability{
			{ContentType: `video/mp4; codecs="avc1.42E01E"`, EncryptionScheme: "cenc"},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if c := access.Configuration().VideoCapabilities; len(c) != 1 || c[0].EncryptionScheme != "cenc" {
		t.Errorf("%+v", c)
	}
	keys, err := access.CreateMediaKeys(watchdog(t))
	if err != nil {
		t.Fatal(err)
	}
	session, err := keys.CreateSession("temporary")
	if err != nil {
		t.Fatal(err)
	}
	if err := session.GenerateRequest(watchdog(t), "cenc", pssh); err != nil {
		t.Error(err)
	}
	if err := session.Close(watchdog(t)); err != nil {
		t.Error(err)
	}
}
