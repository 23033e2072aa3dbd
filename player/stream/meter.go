package stream

import (
	"sync"

	"github.com/keystream-player/keystream/player/abr"
)

// Meter is what the tracks of a player know of the network together.
type Meter struct {
	mu        sync.Mutex
	estimator abr.Estimator
}

// Add tells of a download that is over.
func (m *Meter) Add(t abr.Transfer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.estimator.Add(t)
}

// Seed tells what the network did another time.
func (m *Meter) Seed(bitsPerSecond int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.estimator.Seed(bitsPerSecond)
}

// Throughput is what the network does now.
func (m *Meter) Throughput() abr.Throughput {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.estimator.Throughput()
}
