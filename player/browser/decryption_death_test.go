//go:build js && wasm

package browser_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/platform"
)

// A Worker that dies takes what it knew of a stream with it. Each decrypter hears of it once, and then another Worker has the keys.
func TestDecryptionLost(t *testing.T) {
	for _, test := range []struct {
		name string
		kill func(t *testing.T, worker safejs.Value)
	}{
		{"an exception in its script", func(t *testing.T, worker safejs.Value) {
			call(t, worker, "postMessage", map[string]any{"type": "start", "wasm": "no URL"})
		}},
		{"a panic in its program", func(t *testing.T, worker safejs.Value) {
			call(t, worker, "postMessage", map[string]any{"type": "panic"})
		}},
		{"silence", func(t *testing.T, worker safejs.Value) { call(t, worker, "terminate") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			host, _ := newHost(t)
			film := films[0]
			decryption, busy := newDecrypter(t, host, film.key)
			idle, fresh := decryption.NewDecrypter(), decryption.NewDecrypter()
			head := film.initSegment(t, host)
			segment, want := film.segment(t, 2, 50_000)
			for _, d := range []platform.Decrypter{busy, idle} {
				taken(t, decrypted(t, host, d, head))
			}
			worker, count := newest(t)
			test.kill(t, worker)
			if _, err := busy.Decrypt(watchdog(t), bodyOf(t, host, segment)); !errors.Is(err, platform.ErrDecryptionLost) {
				t.Fatal(err)
			}
			if _, err := idle.Decrypt(watchdog(t), bodyOf(t, host, segment)); !errors.Is(err, platform.ErrDecryptionLost) {
				t.Fatal(err)
			}
			for _, d := range []platform.Decrypter{fresh, idle, busy} {
				if got := taken(t, decrypted(t, host, d, append(bytes.Clone(head), segment...))); !bytes.HasSuffix(got, want) {
					t.Error("it is not what it was")
				}
			}
			if _, after := newest(t); after != count+1 {
				t.Errorf("%d more Workers were started", after-count)
			}
			idle.Close()
			fresh.Close()
		})
	}
}

// A Worker that cannot start is an error that says why, and the next Decrypt tries again.
func TestDecryptionUnavailable(t *testing.T) {
	for _, test := range []struct{ script, wasm, message, url string }{
		{"/gobrowser/missing.js", "", "keystream-cdm.js ", "/gobrowser/keystream-cdm.js"},
		{"/gobrowser/text.js", "", "keystream-cdm.js ", "/gobrowser/keystream-cdm.js"},
		{"/gobrowser/broken.js", "", "keystream-cdm.js ", "/gobrowser/keystream-cdm.js"},
		{"http://localhost:1/foreign.js", "", "as a Worker", "/gobrowser/keystream-cdm.js"},
		{"", "/gobrowser/missing.wasm", "cdm.wasm came with HTTP status 404. Serve", "/gobrowser/missing.wasm"},
		{"", "/gobrowser/broken.wasm", "cdm.wasm could not be compiled. Allow 'wasm-unsafe-eval'", "/gobrowser/broken.wasm"},
		{"", "/gobrowser/foreign.wasm", "cdm.wasm could not be instantiated. Build", "/gobrowser/foreign.wasm"},
		{"", "http://localhost:1/cdm.wasm", "cdm.wasm could not be fetched. Serve it beside keystream-cdm.js", "http://localhost:1/cdm.wasm"},
	} {
		t.Run(test.script+test.wasm, func(t *testing.T) {
			instead(t, test.script, test.wasm)
			host, _ := newHost(t)
			film := films[0]
			_, d := newDecrypter(t, host, film.key)
			head := film.initSegment(t, host)
			_, err := d.Decrypt(watchdog(t), bodyOf(t, host, head))
			var failed *platform.DecryptionError
			if !errors.As(err, &failed) || failed.Reason != "unavailable" || !strings.HasSuffix(failed.URL, test.url) || !strings.Contains(failed.Message, test.message) {
				t.Fatalf("%#v", err)
			}
			instead(t, "", "")
			taken(t, decrypted(t, host, d, head))
		})
	}
}

// A Worker is started before it is needed; what waits when its place is closed hears of it, and so does what comes later.
func TestDecryptionClosed(t *testing.T) {
	host, _ := newHost(t)
	_, before := newest(t)
	film := films[0]
	decryption, d := newDecrypter(t, host, film.key)
	d.Reset()
	if _, after := newest(t); after != before+1 {
		t.Fatalf("%d Workers were started", after-before)
	}
	head := film.initSegment(t, host)
	taken(t, decrypted(t, host, d, head))
	segment, _ := film.segment(t, 60, 50_000)
	body := bodyOf(t, host, segment)
	done := make(chan error)
	go func() {
		_, err := d.Decrypt(watchdog(t), body)
		done <- err
	}()
	waiting := live(t)
	for live(t) == waiting {
		pause(t)
	}
	decryption.Close()
	decryption.Close()
	if err := receive(t, done); !errors.Is(err, platform.ErrDecryptionLost) {
		t.Error(err)
	}
	decryption.SetKeys([]platform.ContentKey{film.key})
	for _, d := range []platform.Decrypter{d, decryption.NewDecrypter()} {
		if _, err := d.Decrypt(watchdog(t), bodyOf(t, host, head)); !errors.Is(err, platform.ErrDecryptionLost) {
			t.Error(err)
		}
	}
	if _, after := newest(t); after != before+1 {
		t.Errorf("%d Workers were started", after-before)
	}
}

// A host closes what was left open.
func TestHostClosesDecryptions(t *testing.T) {
	host, _ := newHost(t)
	film := films[0]
	decryption := host.NewDecryption()
	d := decryption.NewDecrypter()
	taken(t, decrypted(t, host, d, film.initSegment(t, host)))
	d.Close()
	host.Close()
	if _, err := d.Decrypt(watchdog(t), nil); !errors.Is(err, platform.ErrDecryptionLost) {
		t.Error(err)
	}
}

// pause lets the page run.
func pause(t *testing.T) {
	t.Helper()
	host := browser.New(safejs.Null(), bridge)
	if _, err := host.Await(watchdog(t), call(t, browser.Get(safejs.Global(), "Promise"), "resolve")); err != nil {
		t.Fatal(err)
	}
}
