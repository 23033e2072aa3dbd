package playertest

import "bytes"

// listeners is an event target. Events reach every listener one at a time, in order, on the host's own goroutine.
type listeners[E any] struct {
	host *Host
	all  []*listener[E]
}

type listener[E any] struct {
	call    func(E)
	accepts func(E) bool
	stopped bool
	running chan struct{} // while call runs
}

func (l *listeners[E]) add(call func(E), accepts func(E) bool) (stop func()) {
	one := &listener[E]{call: call, accepts: accepts}
	l.host.mu.Lock()
	l.all = append(l.all, one)
	l.host.mu.Unlock()
	return func() {
		l.host.mu.Lock()
		one.stopped = true
		running := one.running
		l.host.mu.Unlock()
		if running != nil && !bytes.Equal(goroutineID(), l.host.loopID) {
			<-running
		}
	}
}

// fire queues an event; copied makes each listener's own copy. The host's mutex is held.
func (l *listeners[E]) fire(e E, copied func(E) E) {
	l.host.tasks.Put(func() {
		l.host.mu.Lock()
		kept := l.all[:0:0]
		for _, one := range l.all {
			if !one.stopped {
				kept = append(kept, one)
			}
		}
		l.all = kept
		l.host.mu.Unlock()
		for _, one := range kept {
			l.deliver(one, e, copied)
		}
	})
}

func (l *listeners[E]) deliver(one *listener[E], e E, copied func(E) E) {
	l.host.mu.Lock()
	if one.stopped || !one.accepts(e) {
		l.host.mu.Unlock()
		return
	}
	running := make(chan struct{})
	one.running = running
	l.host.mu.Unlock()
	defer func() {
		l.host.mu.Lock()
		one.running = nil
		l.host.mu.Unlock()
		close(running)
	}()
	one.call(copied(e))
}

// wanted says whether anyone would hear e. The host's mutex is held.
func (l *listeners[E]) wanted(e E) bool {
	for _, one := range l.all {
		if !one.stopped && one.accepts(e) {
			return true
		}
	}
	return false
}
