package player

import (
	"sync"
	"time"
)

// eventDelay keeps events from standing in the way of what they tell of: a page's thread runs the listeners and the player alike.
const eventDelay = 5 * time.Millisecond

// dispatcher calls the app's listener with one event at a time, in order. A slow or a reentrant listener holds up nobody, and an idle player has
// neither goroutine nor timer.
type dispatcher struct {
	to func(Event)

	delivering sync.Mutex // held while the listener is called

	mu      sync.Mutex
	waiting []Event
	due     bool // a timer will deliver what waits
}

func (d *dispatcher) send(event Event) {
	if d.to == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = append(d.waiting, event)
	if !d.due {
		d.due = true
		time.AfterFunc(eventDelay, func() {
			d.mu.Lock()
			d.due = false
			d.mu.Unlock()
			d.flush()
		})
	}
}

// flush delivers what waits, and returns when the listener has heard it.
func (d *dispatcher) flush() {
	d.delivering.Lock()
	defer d.delivering.Unlock()
	for {
		d.mu.Lock()
		if len(d.waiting) == 0 {
			d.mu.Unlock()
			return
		}
		event := d.waiting[0]
		d.waiting = d.waiting[1:]
		d.mu.Unlock()
		d.to(event)
	}
}
