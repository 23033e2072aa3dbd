//go:build js && wasm

package browser

import (
	"runtime"
	"strconv"
	"sync/atomic"

	"github.com/hack-pad/safejs"
)

var liveFuncs atomic.Int64

// LiveFuncs counts the functions that were given to JavaScript and are not released.
func LiveFuncs() int { return int(liveFuncs.Load()) }

// Func is a Go function that JavaScript can call, until it is released.
type Func struct {
	js       safejs.Func
	released *atomic.Bool
}

// FuncOf makes one. It must not wait for anything: the event loop stands still until it returns. A panic in it goes to panicked, since none may
// unwind into JavaScript, and the call then returns null.
func FuncOf(panicked func(value any), f func(args []safejs.Value) any) (Func, error) {
	js, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) (result any) {
		defer func() {
			if value := recover(); value != nil {
				result = nil
				panicked(value)
			}
		}()
		return f(args)
	})
	if err != nil {
		return Func{}, domError(err)
	}
	liveFuncs.Add(1)
	return Func{js: js, released: new(atomic.Bool)}, nil
}

// Value is the function as JavaScript sees it.
func (f Func) Value() safejs.Value { return f.js.Value() }

// Release frees the function; JavaScript must not call it any more. It may be called inside the function, and again.
func (f Func) Release() {
	if f.released.CompareAndSwap(false, true) {
		f.js.Release()
		liveFuncs.Add(-1)
	}
}

func (h *Host) panicked(value any) {
	if h.Panicked != nil {
		h.Panicked(value)
		return
	}
	println("keystream: " + PanicText(value))
}

// PanicText describes a recovered panic, for a person: the value, and the functions on the stack. It leaves out their arguments, which a usual
// stack trace has, because a key may be among them.
func PanicText(value any) string {
	what := "panic"
	switch value := value.(type) {
	case error:
		what += ": " + value.Error()
	case string:
		what += ": " + value
	}
	pcs := make([]uintptr, 24)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		frame, more := frames.Next()
		what += "\n\t" + frame.Function + ":" + strconv.Itoa(frame.Line)
		if !more {
			return what
		}
	}
}
