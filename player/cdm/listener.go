package cdm

import "sync"

// listener tells its function of events one at a time and in order, on a goroutine that lives while there are any: whoever fires an event may hold
// locks, or stand where nothing may wait.
type listener[E any] struct {
	call func(E)

	calling sync.Mutex // held while call runs
	mu      sync.Mutex // guards what follows
	queue   []E
	busy    bool // the goroutine is there
	stopped bool
}

// tell puts an event behind those before it.
func (l *listener[E]) tell(e E) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return
	}
	l.queue = append(l.queue, e)
	if !l.busy {
		l.busy = true
		go func() {
			for l.next() {
			}
		}()
	}
}

// next tells of one event, and says whether there may be more.
func (l *listener[E]) next() bool {
	l.calling.Lock()
	defer l.calling.Unlock()
	l.mu.Lock()
	if len(l.queue) == 0 || l.stopped {
		l.queue, l.busy = nil, false
		l.mu.Unlock()
		return false
	}
	e := l.queue[0]
	l.queue = l.queue[1:]
	l.mu.Unlock()
	l.call(e)
	return true
}

// stop ends it: no call follows, nor is there one under way. It is not to be called by the function itself.
func (l *listener[E]) stop() {
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	l.calling.Lock()
	defer l.calling.Unlock()
}
