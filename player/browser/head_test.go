//go:build js && wasm

package browser_test

import (
	"context"
	"errors"
	"testing"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/platform"
)

// headStart calls one of the functions of web/src/head.ts, which give a function that gives up.
func headStart(t *testing.T, name string, args ...any) (abandon func()) {
	t.Helper()
	f := call(t, workers, name, args...)
	return func() {
		t.Helper()
		call(t, f, "call")
	}
}

func body(t *testing.T, host *browser.Host, req platform.Request) string {
	t.Helper()
	res, err := host.Fetch(watchdog(t), req)
	if err != nil {
		t.Fatal(err)
	}
	content, err := res.ReadBody(watchdog(t), 1000)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Release()
	b, err := content.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// counted waits until the server has been asked for an address so often.
func counted(t *testing.T, host *browser.Host, query, times string) {
	t.Helper()
	until(t, query+" is asked for", func() bool { return body(t, host, platform.Request{URL: "/counted?" + query}) == times })
}

func TestPreloadIsTakenOverOnce(t *testing.T) {
	host, _ := newHost(t)
	plain := platform.Request{URL: host.Origin() + "/count?preload"}
	abandon := headStart(t, "preload", plain.URL+"#t=1")
	counted(t, host, "preload", "1")
	others := []platform.Request{plain, plain, plain, plain, plain}
	others[0].Header = []platform.HeaderField{{Name: "X-A", Value: "1"}}
	others[1].WithCredentials = true
	others[2].RefuseRedirects = true
	others[3].Method, others[3].Body = "POST", []byte("body")
	others[4].Method = "DELETE"
	for i, req := range others {
		if got, want := body(t, host, req), string(rune('2'+i)); got != want {
			t.Errorf("request %d was answered %s, want %s", i, got, want)
		}
	}
	for _, want := range []string{"1", "7"} {
		if got := body(t, host, plain); got != want {
			t.Errorf("answered %s, want %s", got, want)
		}
	}
	abandon() // of what is taken over, nothing comes
}

func TestPreloadIsGivenUp(t *testing.T) {
	host, _ := newHost(t)
	plain := platform.Request{URL: host.Origin() + "/count?abandoned"}
	abandon := headStart(t, "preload", plain.URL)
	counted(t, host, "abandoned", "1")
	abandon()
	abandon()
	if got := body(t, host, plain); got != "2" {
		t.Errorf("answered %s", got)
	}
	drip := host.Origin() + "/drip?abandoned"
	abandon = headStart(t, "preload", drip)
	until(t, "the request is there", func() bool { return send(t, host, "abandoned") })
	abandon()
	body(t, host, platform.Request{URL: "/drip/gone?abandoned"})
}

// send has the server send more bytes of /drip, and says whether anybody has asked for it yet.
func send(t *testing.T, host *browser.Host, query string) bool {
	t.Helper()
	res, err := host.Fetch(watchdog(t), platform.Request{URL: "/drip/send?" + query})
	if err != nil {
		t.Fatal(err)
	}
	res.Cancel()
	return res.Status() == 200
}

// Whoever takes a download over is its owner: with its context it ends, and with its number.
func TestPreloadIsStoppedByItsTaker(t *testing.T) {
	host, _ := newHost(t)
	drip := platform.Request{URL: host.Origin() + "/drip?taken"}
	abandon := headStart(t, "preload", drip.URL)
	until(t, "the request is there", func() bool { return send(t, host, "taken") })
	res, err := host.Fetch(watchdog(t), drip)
	if err != nil {
		t.Fatal(err)
	}
	abandon()
	ctx, cancel := context.WithCancel(watchdog(t))
	go func() {
		until(t, "bytes come", func() bool { return res.Received() > 0 })
		cancel()
	}()
	if _, err := res.ReadBody(ctx, 10_000); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	body(t, host, platform.Request{URL: "/drip/gone?taken"})
}

func TestPreloadFails(t *testing.T) {
	host, _ := newHost(t)
	const nobody = "http://localhost:1/film.mpd"
	headStart(t, "preload", nobody)
	if _, err := host.Fetch(watchdog(t), platform.Request{URL: nobody}); !platform.IsDOMError(err, "TypeError") {
		t.Error(err)
	}
}

// keySystem is one as web/src/crossing.ts has it.
func keySystem(name string) map[string]any {
	return map[string]any{"name": name, "videoRobustness": []any{}, "persistentState": "", "distinctiveIdentifier": "", "sessionTypes": []any{}}
}

func made() int { return int(browser.Number(browser.Get(workers, "mediaKeys"))) }

func TestMediaKeysAreWarm(t *testing.T) {
	needEME(t)
	refuse := func(n int) {
		if err := workers.Set("refused", n); err != nil {
			t.Fatal(err)
		}
	}
	stores := keySystem(clearKey)
	stores["persistentState"] = "required"
	for _, test := range []struct {
		name     string
		systems  []any
		software string
		abandons bool
		refused  int
		warm     int // how many are made before they are asked for
		made     int // how many are made in all, when two are asked for
	}{
		{"taken over once", []any{keySystem(clearKey)}, "", false, 0, 1, 2},
		{"the first that is granted", []any{keySystem("com.widevine.none"), keySystem(clearKey)}, "", false, 0, 1, 2},
		{"given up", []any{keySystem(clearKey)}, "", true, 0, 1, 3},
		{"refused", []any{keySystem(clearKey)}, "", false, 1, 1, 3},
		{"none is granted", []any{keySystem("com.widevine.none")}, "", false, 0, 0, 2},
		{"what stores is not begun with", []any{stores, keySystem(clearKey)}, "", false, 0, 0, 2},
		{"nor what the software CDM serves", []any{keySystem(clearKey)}, "always", false, 0, 0, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			host, _ := newHost(t)
			before := made()
			refuse(test.refused)
			defer refuse(0)
			abandon := headStart(t, "warm", test.systems, test.software)
			defer abandon()
			// Whatever it asks, it has asked before this.
			access, err := host.RequestMediaKeySystemAccess(watchdog(t), clearKey, asked)
			if err != nil {
				t.Fatal(err)
			}
			if test.warm > 0 {
				until(t, "MediaKeys are made", func() bool { return made() == before+test.warm })
			}
			if test.abandons {
				abandon()
			}
			for range 2 {
				keys, err := access.CreateMediaKeys(watchdog(t))
				if err != nil {
					t.Fatal(err)
				}
				session, err := keys.CreateSession("")
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(session.GenerateRequest(watchdog(t), "keyids", []byte(keyIDs)), session.Update(watchdog(t), []byte(license)),
					session.Close(watchdog(t))); err != nil {
					t.Error(err)
				}
				if err := host.Element().SetMediaKeys(watchdog(t), keys); err != nil {
					t.Error(err)
				}
			}
			if got := made() - before; got != test.made {
				t.Errorf("%d MediaKeys were made, want %d", got, test.made)
			}
			if err := host.Element().SetMediaKeys(watchdog(t), nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// An access that may keep state is not served by MediaKeys that may not.
func TestWarmMediaKeysOfAnotherKind(t *testing.T) {
	host, _ := newHost(t)
	needEME(t)
	demanding := asked[0]
	demanding.PersistentState = "required"
	access, err := host.RequestMediaKeySystemAccess(watchdog(t), clearKey, []platform.MediaKeySystemConfiguration{demanding})
	if err != nil {
		t.Skip("this browser's Clear Key keeps nothing: ", err)
	}
	before := made()
	defer headStart(t, "warm", []any{keySystem(clearKey)}, "")()
	until(t, "MediaKeys are made", func() bool { return made() == before+1 })
	if _, err := access.CreateMediaKeys(watchdog(t)); err != nil || made() != before+2 {
		t.Errorf("%d were made: %v", made()-before, err)
	}
}
