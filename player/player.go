// Package player plays encrypted and adaptive media on a host: a media element and the page around it.
package player

import (
	"context"

	"github.com/keystream-player/keystream/player/platform"
)

// Player plays one source at a time on its host's element. Its methods may be called from any goroutine.
type Player struct {
	host   platform.Host
	config Config
}

// New makes an idle player. It validates nothing and touches nothing: Load does, and returns what is wrong.
func New(host platform.Host, config Config) *Player {
	return &Player{host: host, config: config}
}

// Load plays a source from its start and returns when the element can play it. Errors are *[Error]. A Load during a Load interrupts the
// first one, which returns LOAD_INTERRUPTED. Ending ctx interrupts it too.
func (p *Player) Load(ctx context.Context, source Source) error { panic("to be written") }

// Close ends playback, closes every session, detaches the keys and frees what the player holds. It is final; calling it again does nothing.
func (p *Player) Close(ctx context.Context) error { panic("to be written") }
