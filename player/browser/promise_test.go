//go:build js && wasm

package browser_test

import (
	"context"
	"errors"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/platform"
)

func TestAwait(t *testing.T) {
	promise := browser.Get(safejs.Global(), "Promise")
	for _, test := range []struct {
		name   string
		settle string
		value  any
		want   error // nil where it resolves
	}{
		{"a resolved promise", "resolve", 42, nil},
		{"a DOMException", "reject", construct(t, "DOMException", "why", "DataError"), &platform.DOMError{Name: "DataError", Message: "why"}},
		{"a TypeError", "reject", construct(t, "TypeError", "why"), &platform.DOMError{Name: "TypeError", Message: "why"}},
		{"a string", "reject", "why", &platform.DOMError{Name: "Error", Message: "why"}},
		{"null", "reject", nil, &platform.DOMError{Name: "Error", Message: "null"}},
		{"an object without a message", "reject", map[string]any{"name": 7}, &platform.DOMError{Name: "Error", Message: "[object Object]"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			host, _ := newHost(t)
			value, err := host.Await(watchdog(t), call(t, promise, test.settle, test.value))
			if test.want == nil {
				if n, _ := value.Int(); err != nil || n != test.value {
					t.Fatalf("%v, %v", n, err)
				}
				return
			}
			var got *platform.DOMError
			if !errors.As(err, &got) || *got != *test.want.(*platform.DOMError) {
				t.Fatalf("%#v, want %#v", err, test.want)
			}
		})
	}
}

func TestAwaitOfWhatIsNoPromise(t *testing.T) {
	host, _ := newHost(t)
	value, err := host.Await(watchdog(t), browser.Get(safejs.Global(), "document"))
	if err != nil || !value.Equal(browser.Get(safejs.Global(), "document")) {
		t.Fatal(value, err)
	}
}

// A cancelled wait leaves nothing of Go's behind, even while the promise is pending, and its settling calls nobody.
func TestAwaitCancelled(t *testing.T) {
	host, _ := newHost(t)
	deferred := call(t, bridge, "deferred")
	funcs, numbers := browser.LiveFuncs(), live(t)

	complaints := 0
	console := browser.Get(safejs.Global(), "console")
	before := browser.Get(console, "error")
	complain, err := browser.FuncOf(host.Panicked, func([]safejs.Value) any { complaints++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer complain.Release()
	if err := console.Set("error", complain.Value()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = console.Set("error", before) }()

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := host.Await(ctx, browser.Get(deferred, "promise"))
		done <- err
	}()
	cancel()
	if err := receive(t, done); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if got := browser.LiveFuncs() - 1; got != funcs || live(t) != numbers {
		t.Fatalf("%d functions and %d numbers, want %d and %d", got, live(t), funcs, numbers)
	}
	call(t, deferred, "resolve", 1)
	if _, err := host.Await(watchdog(t), browser.Get(deferred, "promise")); err != nil || complaints != 0 {
		t.Fatalf("%v; a released function was called %d times", err, complaints)
	}
}

func TestFuncOf(t *testing.T) {
	var panics []any
	f, err := browser.FuncOf(func(value any) { panics = append(panics, value) }, func(args []safejs.Value) any {
		if len(args) == 0 {
			panic("why")
		}
		return args[0]
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := f.Value().Invoke()
	if err != nil || !result.IsNull() || len(panics) != 1 || panics[0] != "why" {
		t.Fatalf("%v, %v, %v", result, err, panics)
	}
	if result, err := f.Value().Invoke("again"); err != nil || browser.Text(result) != "again" {
		t.Fatalf("after a panic: %v, %v", result, err)
	}
	funcs := browser.LiveFuncs()
	f.Release()
	f.Release()
	if got := browser.LiveFuncs(); got != funcs-1 {
		t.Fatalf("two releases of one function took %d away", funcs-got)
	}
}
