//go:build js && wasm

package browser_test

import (
	"context"
	"testing"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
)

// bridge is web/src/host.ts, which web/test/gobrowser puts in the page.
var bridge = browser.Get(browser.Get(safejs.Global(), "__keystream"), "bridge")

// newHost makes a host on an element of its own, and fails the test if it leaves a function or a number of the bridge in use.
func newHost(t *testing.T) (*browser.Host, safejs.Value) {
	t.Helper()
	funcs, numbers := browser.LiveFuncs(), live(t)
	video := call(t, browser.Get(safejs.Global(), "document"), "createElement", "video")
	host := browser.New(video, bridge)
	host.Panicked = func(value any) { t.Error(browser.PanicText(value)) }
	t.Cleanup(func() {
		if err := host.Element().SetSrc(""); err != nil {
			t.Error(err)
		}
		host.Close()
		if n := browser.LiveFuncs() - funcs; n != 0 {
			t.Errorf("%d functions are not released", n)
		}
		if n := live(t) - numbers; n != 0 {
			t.Errorf("%d numbers of the bridge are not released", n)
		}
	})
	return host, video
}

func live(t *testing.T) int {
	t.Helper()
	n, err := call(t, bridge, "live").Int()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// watchdog bounds a wait that should be over at once.
func watchdog(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// soon is a context that ends by itself while something hangs.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func call(t *testing.T, of safejs.Value, method string, args ...any) safejs.Value {
	t.Helper()
	value, err := of.Call(method, args...)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func construct(t *testing.T, name string, args ...any) safejs.Value {
	t.Helper()
	value, err := browser.Get(safejs.Global(), name).New(args...)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-watchdog(t).Done():
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// until waits for what no event tells of.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx := watchdog(t)
	for tick := time.NewTicker(5 * time.Millisecond); !is(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("not in time: " + what)
		}
	}
}
