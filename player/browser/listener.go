//go:build js && wasm

package browser

import "github.com/hack-pad/safejs"

// listener is JavaScript listeners that lead to one Go function.
type listener struct {
	host    *Host
	id      safejs.Value
	f       Func
	stopped bool
}

// listen calls f for each event of these types until stop. text and data are what an event of EME carries, else "" and nil.
func (h *Host) listen(target safejs.Value, types []string, f func(eventType, text string, data []byte)) (*listener, error) {
	l := &listener{host: h}
	var err error
	l.f, err = FuncOf(h.panicked, func(args []safejs.Value) any {
		if !l.stopped {
			f(Text(args[0]), Text(args[1]), goBytes(args[2]))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	l.id, err = Call(h.bridge, "listen", target, stringsOf(types), l.f.Value())
	if err != nil {
		l.f.Release()
		return nil, err
	}
	h.hold(l)
	return l, nil
}

// stop ends it at once: no call follows. It may be called again.
func (l *listener) stop() {
	h := l.host
	h.mu.Lock()
	stopped := l.stopped
	l.stopped = true
	delete(h.held, l)
	h.mu.Unlock()
	if !stopped {
		h.release(l.id)
		l.f.Release()
	}
}
