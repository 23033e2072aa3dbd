//go:build js && wasm

package browser

import "github.com/hack-pad/safejs"

// Online is navigator.onLine.
func (h *Host) Online() bool { return Truthy(Get(Get(global(), "navigator"), "onLine")) }

// Visible is whether document.visibilityState is "visible".
func (h *Host) Visible() bool {
	return Text(Get(Get(global(), "document"), "visibilityState")) == "visible"
}

// ListenPage listens to the window and, for what only it hears of, to the document.
func (h *Host) ListenPage(f func(eventType string), types ...string) (stop func()) {
	window, document := []string(nil), []string(nil)
	for _, t := range types {
		if t == "visibilitychange" {
			document = append(document, t)
		} else {
			window = append(window, t)
		}
	}
	var stops []func()
	for _, of := range []struct {
		target safejs.Value
		types  []string
	}{{global(), window}, {Get(global(), "document"), document}} {
		if len(of.types) == 0 {
			continue
		}
		l, err := h.listen(of.target, of.types, func(eventType, _ string, _ []byte) { f(eventType) })
		if err != nil {
			h.panicked(err)
			continue
		}
		stops = append(stops, l.stop)
	}
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}
