package platform

import "sync"

// Queue takes values from callbacks, which may not wait, to the goroutine that owns the state they change. It is unbounded: what puts into
// it is a browser's event loop, which the owner outpaces. Make one with [NewQueue].
type Queue[T any] struct {
	mu     sync.Mutex
	values []T
	ready  chan struct{} // holds a token while values may be waiting
}

// NewQueue makes an empty queue.
func NewQueue[T any]() *Queue[T] { return &Queue[T]{ready: make(chan struct{}, 1)} }

// Put adds a value. It never blocks.
func (q *Queue[T]) Put(v T) {
	q.mu.Lock()
	q.values = append(q.values, v)
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// Ready receives when there may be values to take; after it, [Queue.Take] until empty.
func (q *Queue[T]) Ready() <-chan struct{} { return q.ready }

// Take returns the oldest value, and whether there was one.
func (q *Queue[T]) Take() (v T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.values) == 0 {
		return v, false
	}
	v = q.values[0]
	var zero T
	q.values[0] = zero
	q.values = q.values[1:]
	return v, true
}
