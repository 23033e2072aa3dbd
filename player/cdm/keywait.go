package cdm

import (
	"sync"

	"github.com/keystream-player/keystream/player/platform"
)

// keyWait tells that playback stands still for want of a key: once in a stretch, as a CDM does. An append that waits for a key is no such thing by
// itself: what was appended before may play for a while yet.
//
// https://www.w3.org/TR/encrypted-media-2/#wait-for-key
type keyWait struct {
	element *element

	mu      sync.Mutex // guards what follows
	appends int        // that wait for a key
	told    bool       // of this stretch
	stop    func()     // of listening
}

// begin says that an append waits for a key, until end.
func (w *keyWait) begin() {
	w.mu.Lock()
	w.appends++
	first := w.appends == 1
	w.mu.Unlock()
	if first {
		stop := w.element.MediaElement.Listen(w.look, "waiting", "seeking", "canplay", "playing")
		w.mu.Lock()
		w.stop = stop
		w.mu.Unlock()
	}
	w.look(platform.MediaEvent{})
}

// end says that it does not wait any more.
func (w *keyWait) end() {
	w.mu.Lock()
	w.appends--
	var stop func()
	if w.appends == 0 {
		w.told = false
		stop, w.stop = w.stop, nil
	}
	w.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// look sees whether playback stands still. A seek begins a stretch of its own.
func (w *keyWait) look(e platform.MediaEvent) {
	blocked := w.element.ReadyState() < platform.HaveFutureData
	w.mu.Lock()
	if !blocked || e.Type == "seeking" {
		w.told = false
	}
	tell := blocked && !w.told && w.appends > 0
	w.told = w.told || tell
	w.mu.Unlock()
	if tell {
		w.element.fire(platform.MediaEvent{Type: "waitingforkey"})
	}
}
