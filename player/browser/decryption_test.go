//go:build js && wasm

package browser_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/cenc"
	"github.com/keystream-player/keystream/player/platform"
)

// workers is web/test/gobrowser's hand on the Workers that are started.
var workers = browser.Get(safejs.Global(), "gobrowser")

// instead starts other scripts and programs than the right ones, until the test is over; "" is the right one.
func instead(t *testing.T, script, wasm string) {
	t.Helper()
	set := func(script, wasm string) {
		if err := errors.Join(workers.Set("script", script), workers.Set("wasm", wasm)); err != nil {
			t.Fatal(err)
		}
	}
	set(script, wasm)
	t.Cleanup(func() { set("", "") })
}

// newest is the Worker that was started last, and count how many were started.
func newest(t *testing.T) (worker safejs.Value, count int) {
	t.Helper()
	list := browser.Get(workers, "workers")
	count = browser.Length(list)
	return browser.Index(list, count-1), count
}

func download(t *testing.T, host *browser.Host, url string) []byte {
	t.Helper()
	body := fetched(t, host, url)
	defer body.Release()
	b, err := body.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// bodyOf makes a downloaded body of bytes.
func bodyOf(t *testing.T, host *browser.Host, b []byte) platform.Body {
	t.Helper()
	array, err := browser.BytesOf(b)
	if err != nil {
		t.Fatal(err)
	}
	list := construct(t, "Array")
	call(t, list, "push", array)
	url := browser.Text(call(t, browser.Get(safejs.Global(), "URL"), "createObjectURL", construct(t, "Blob", list)))
	defer call(t, browser.Get(safejs.Global(), "URL"), "revokeObjectURL", url)
	return fetched(t, host, url)
}

// taken is the bytes of what a Decrypt gave, which it releases.
func taken(t *testing.T, out platform.Decrypted) []byte {
	t.Helper()
	if out.Body == nil {
		return nil
	}
	defer out.Body.Release()
	b, err := out.Body.Bytes()
	if err != nil || int64(len(b)) != out.Body.Len() {
		t.Fatal(len(b), out.Body.Len(), err)
	}
	return b
}

// decrypted gives a decrypter bytes, which must succeed.
func decrypted(t *testing.T, host *browser.Host, d platform.Decrypter, b []byte) platform.Decrypted {
	t.Helper()
	out, err := d.Decrypt(watchdog(t), bodyOf(t, host, b))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func newDecrypter(t *testing.T, host *browser.Host, keys ...platform.ContentKey) (platform.Decryption, platform.Decrypter) {
	t.Helper()
	decryption := host.NewDecryption()
	t.Cleanup(decryption.Close)
	decryption.SetKeys(keys)
	d := decryption.NewDecrypter()
	t.Cleanup(d.Close)
	return decryption, d
}

// ring is the same keys for package cenc.
type ring map[[16]byte]*cenc.Key

func (r ring) Key(id [16]byte) *cenc.Key { return r[id] }

// A film becomes in the Worker what it becomes in package cenc.
func TestDecryption(t *testing.T) {
	host, _ := newHost(t)
	film := films[0]
	file := download(t, host, "/media/"+film.file)
	want, err := cenc.NewDecrypter(ring{film.key.ID: cenc.NewKey(film.key.ID, film.key.Value)}, nil).Decrypt(watchdog(t), file)
	if err != nil {
		t.Fatal(err)
	}
	_, d := newDecrypter(t, host, film.key)
	var clear []byte
	var events []platform.MediaEvent
	for piece := range slicesOf(file, 50_000) {
		out := decrypted(t, host, d, piece)
		clear = append(clear, taken(t, out)...)
		events = append(events, out.InitData...)
	}
	if !bytes.Equal(clear, want.Clear) {
		t.Errorf("%d bytes, which are not the %d that they should be", len(clear), len(want.Clear))
	}
	wanted := []platform.MediaEvent{}
	for _, data := range want.InitData {
		wanted = append(wanted, platform.MediaEvent{Type: "encrypted", InitDataType: data.Type, InitData: data.Data})
	}
	if len(wanted) == 0 || fmt.Sprint(events) != fmt.Sprint(wanted) {
		t.Errorf("events %v, want %v", events, wanted)
	}
}

func slicesOf(b []byte, size int) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 && yield(b[:min(size, len(b))]) {
			b = b[min(size, len(b)):]
		}
	}
}

// Long frames, which WebCrypto decrypts where it is there, and more of them than are decrypted at once. Short ones, which Go does, are among them.
func TestDecryptionOfLongFrames(t *testing.T) {
	for _, script := range []string{"", "/gobrowser/insecure.js"} {
		for _, film := range films {
			t.Run(film.scheme+script, func(t *testing.T) {
				instead(t, script, "")
				host, _ := newHost(t)
				_, d := newDecrypter(t, host, film.key)
				taken(t, decrypted(t, host, d, film.initSegment(t, host)))
				for _, frame := range []int{60_001, 200, 5_000} {
					segment, want := film.segment(t, 3_000_000/frame, frame)
					got := taken(t, decrypted(t, host, d, segment))
					if len(got) != len(segment) || !bytes.Equal(got[len(got)-len(want):], want) {
						t.Errorf("frames of %d bytes are not what they were", frame)
					}
				}
			})
		}
	}
}

// What lacks a key waits for it, and everything before it comes out.
func TestDecryptionWaitsForKeys(t *testing.T) {
	host, _ := newHost(t)
	film := films[0]
	decryption, d := newDecrypter(t, host)
	segment, want := film.segment(t, 60, 50_000)
	out := decrypted(t, host, d, append(film.initSegment(t, host), segment...))
	head := taken(t, out)
	if len(out.Missing) != 1 || out.Missing[0] != film.key.ID || bytes.Contains(head, want[:1000]) {
		t.Fatalf("%x are missing", out.Missing)
	}
	again, err := d.Decrypt(watchdog(t), nil)
	if err != nil || again.Body != nil || len(again.Missing) != 1 {
		t.Fatal(again, err)
	}
	decryption.SetKeys([]platform.ContentKey{films[1].key, film.key})
	rest, err := d.Decrypt(watchdog(t), nil)
	if err != nil || len(rest.Missing) != 0 {
		t.Fatal(rest, err)
	}
	if got := taken(t, rest); !bytes.HasSuffix(append(head, got...), want) {
		t.Error("it is not what it was")
	}
	decryption.SetKeys(nil)
	out = decrypted(t, host, d, segment)
	taken(t, out)
	if len(out.Missing) != 1 {
		t.Error("a key that is gone still decrypts")
	}
}

// Reset forgets half a segment, and keeps the initialization segment.
func TestDecryptionReset(t *testing.T) {
	host, _ := newHost(t)
	film := films[3]
	_, d := newDecrypter(t, host, film.key)
	taken(t, decrypted(t, host, d, film.initSegment(t, host)))
	segment, want := film.segment(t, 10, 1_000)
	taken(t, decrypted(t, host, d, segment[:len(segment)-1500]))
	d.Reset()
	if got := taken(t, decrypted(t, host, d, segment)); !bytes.HasSuffix(got, want) {
		t.Error("it is not what it was")
	}
}

// The body that goes in is given away, and its number with it.
func TestDecryptionTakesOver(t *testing.T) {
	host, _ := newHost(t)
	film := films[0]
	_, d := newDecrypter(t, host, film.key)
	before := live(t)
	body := bodyOf(t, host, film.initSegment(t, host))
	out, err := d.Decrypt(watchdog(t), body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := body.Bytes(); err == nil {
		t.Error("the body is still there")
	}
	if got := live(t) - before; got != 1 {
		t.Errorf("%d numbers for what came out, want 1", got)
	}
	if _, err := d.Decrypt(watchdog(t), body); err == nil {
		t.Error("a released body was taken")
	}
	body.Release()
	taken(t, out)
}

func TestDecryptionOfWhatIsNoMedia(t *testing.T) {
	host, _ := newHost(t)
	film := films[0]
	_, d := newDecrypter(t, host, film.key)
	head := film.initSegment(t, host)
	segment, want := film.segment(t, 1, 1_000)
	for _, test := range []struct {
		reason string
		media  []byte
	}{
		{"unsupported", []byte("no media in sight, whoever looks at it")},
		{"malformed", append(bytes.Clone(head), bytes.Replace(segment, []byte("trun\x00\x00\x02\x01\x00"), []byte("trun\x00\x00\x02\x01\x7f"), 1)...)},
		{"unsupported", bytes.ReplaceAll(head, []byte("cenc"), []byte("xxxx"))},
	} {
		_, err := d.Decrypt(watchdog(t), bodyOf(t, host, test.media))
		var failed *platform.DecryptionError
		if !errors.As(err, &failed) || failed.Reason != test.reason || !strings.Contains(failed.Message, " at ") {
			t.Errorf("%v, want %s", err, test.reason)
		}
		d.Reset()
	}
	if got := taken(t, decrypted(t, host, d, append(head, segment...))); !bytes.HasSuffix(got, want) {
		t.Error("what follows is not what it was")
	}
}

func TestDecryptionCancelled(t *testing.T) {
	host, _ := newHost(t)
	film := films[0]
	_, d := newDecrypter(t, host, film.key)
	head := film.initSegment(t, host)
	segment, want := film.segment(t, 60, 50_000)
	ctx, cancel := context.WithCancel(context.Background())
	body := bodyOf(t, host, append(head, segment...))
	done := make(chan error)
	go func() {
		_, err := d.Decrypt(ctx, body)
		done <- err
	}()
	cancel()
	if err := receive(t, done); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := d.Decrypt(ctx, bodyOf(t, host, segment)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	d.Reset()
	if got := taken(t, decrypted(t, host, d, append(head, segment...))); !bytes.HasSuffix(got, want) {
		t.Error("what follows is not what it was")
	}
}
