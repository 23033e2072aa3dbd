package player

import "sync"

// dispatcher calls the app's listener with one event at a time, in order, on a goroutine that lives as long as there are events: a slow or
// a reentrant listener holds up nobody, and an idle player has no goroutine.
type dispatcher struct {
	to func(Event)

	mu      sync.Mutex
	waiting []Event
	running bool
}

func (d *dispatcher) send(event Event) {
	if d.to == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = append(d.waiting, event)
	if !d.running {
		d.running = true
		go d.run()
	}
}

func (d *dispatcher) run() {
	for {
		d.mu.Lock()
		if len(d.waiting) == 0 {
			d.running = false
			d.mu.Unlock()
			return
		}
		event := d.waiting[0]
		d.waiting = d.waiting[1:]
		d.mu.Unlock()
		d.to(event)
	}
}
