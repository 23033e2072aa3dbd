//go:build js && wasm

package browser

import (
	"context"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

// Await waits for a promise; any other value is its own result. A rejection is a *[platform.DOMError]: with the name and message of what was
// thrown, or with the name Error and its text where it has none.
//
// The bridge stands between the promise and Go's function, so that the function can be released as soon as ctx ends, and a promise that never
// settles holds nothing of Go's.
func (h *Host) Await(ctx context.Context, promise safejs.Value) (safejs.Value, error) {
	type outcome struct {
		value safejs.Value
		err   error
	}
	done := make(chan outcome, 1)
	settle, err := FuncOf(h.panicked, func(args []safejs.Value) any {
		if Truthy(args[0]) {
			done <- outcome{value: args[1]}
		} else {
			done <- outcome{err: &platform.DOMError{Name: Text(args[1]), Message: Text(args[2])}}
		}
		return nil
	})
	if err != nil {
		return safejs.Undefined(), err
	}
	defer settle.Release()
	id, err := Call(h.bridge, "settle", promise, settle.Value())
	if err != nil {
		return safejs.Undefined(), err
	}
	select {
	case out := <-done:
		return out.value, out.err
	case <-ctx.Done():
		h.release(id)
		return safejs.Undefined(), ctx.Err()
	}
}

// release makes the bridge forget a number. It cannot fail, and is not needed for a promise that has settled.
func (h *Host) release(id safejs.Value) { _, _ = Call(h.bridge, "release", id) }

// Ask calls a function of the page's with an object, to which the bridge adds signal, an AbortSignal: it is aborted when the context of the
// [Host.Await] that waits for the promise ends first.
func (h *Host) Ask(f, argument safejs.Value) (promise safejs.Value, err error) {
	return Call(h.bridge, "ask", f, argument)
}
