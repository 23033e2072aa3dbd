package drm

import (
	"slices"
	"sync"
	"time"
)

// maxTimings is how many steps are remembered: those of about 60 sessions.
const maxTimings = 200

// Timing says how long a step took.
type Timing struct {
	Step      Step
	SessionID string     // of the last three steps, once the CDM has given it
	KeyIDs    [][16]byte // that the session is for, as far as they are known
	Start     time.Time
	Took      time.Duration
	Failed    bool
}

// timings remembers the latest steps.
type timings struct {
	mu  sync.Mutex
	all []Timing
}

// since notes a step that began at start and is over.
func (t *timings) since(start time.Time, step Step, sessionID string, keyIDs [][16]byte, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.all) == maxTimings {
		t.all = slices.Delete(t.all, 0, maxTimings/4)
	}
	t.all = append(t.all, Timing{step, sessionID, keyIDs, start, time.Since(start), err != nil})
}

func (t *timings) list() []Timing {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.all)
}
