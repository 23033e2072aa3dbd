package cdm

import (
	"slices"
	"sync"
)

// listener tells its function of events one at a time and in order, on a goroutine that lives while there are any: whoever fires an event may hold
// locks, or stand where nothing may wait. (It takes events of any type: a generic type would be in player.wasm once for each.)
type listener struct {
	call  func(event any)
	types []string // of the events that it wants, where its target has several

	calling sync.Mutex // held while call runs
	mu      sync.Mutex // guards what follows
	queue   []any
	busy    bool // the goroutine is there
	stopped bool
}

// tell puts an event behind those before it.
func (l *listener) tell(event any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return
	}
	l.queue = append(l.queue, event)
	if !l.busy {
		l.busy = true
		go func() {
			for l.next() {
			}
		}()
	}
}

// next tells of one event, and says whether there may be more.
func (l *listener) next() bool {
	l.calling.Lock()
	defer l.calling.Unlock()
	l.mu.Lock()
	if len(l.queue) == 0 || l.stopped {
		l.queue, l.busy = nil, false
		l.mu.Unlock()
		return false
	}
	event := l.queue[0]
	l.queue = l.queue[1:]
	l.mu.Unlock()
	l.call(event)
	return true
}

// stop ends it: no call follows, nor is there one under way. It is not to be called by the function itself.
func (l *listener) stop() {
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	l.calling.Lock()
	defer l.calling.Unlock()
}

// without is a list of listeners without one of them.
func without(list []*listener, l *listener) []*listener {
	return slices.DeleteFunc(list, func(have *listener) bool { return have == l })
}
