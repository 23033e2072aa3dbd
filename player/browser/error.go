//go:build js && wasm

package browser

import (
	"errors"
	"syscall/js"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

// domError makes a *platform.DOMError of what JavaScript threw, and leaves other errors as they are.
func domError(err error) error {
	var thrown js.Error
	if !errors.As(err, &thrown) {
		return err
	}
	value := safejs.Safe(thrown.Value)
	switch value.Type() {
	case safejs.TypeObject, safejs.TypeFunction:
		if name := Text(Get(value, "name")); name != "" {
			return &platform.DOMError{Name: name, Message: Text(Get(value, "message"))}
		}
	case safejs.TypeString:
		return &platform.DOMError{Name: "Error", Message: Text(value)}
	}
	return &platform.DOMError{Name: "Error", Message: "something that is no error was thrown"}
}
