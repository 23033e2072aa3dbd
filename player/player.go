// Package player plays encrypted and adaptive media on a host: a media element and the page around it.
package player

import (
	"context"
	"sync"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/platform"
)

// Player plays one source at a time on its host's element. Its methods may be called from any goroutine.
type Player struct {
	host   platform.Host
	config Config
	events dispatcher

	mu      sync.Mutex
	current *playback // the newest load, over or not; nil before the first
	closed  bool
}

// New makes an idle player. It validates nothing and touches nothing: Load does, and returns what is wrong.
func New(host platform.Host, config Config) *Player {
	return &Player{host: host, config: config, events: dispatcher{to: config.OnEvent}}
}

// Load plays a source from its start and returns when the element can play it. Errors are *[Error]. A Load during a Load interrupts the
// first one, which returns LOAD_INTERRUPTED. Ending ctx before Load returns interrupts it too; afterwards ctx means nothing.
func (p *Player) Load(ctx context.Context, source Source) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return closedError()
	}
	previous := p.current
	pb := newPlayback(p, source)
	p.current = pb
	p.mu.Unlock()

	pb.start(previous)
	select {
	case <-pb.settled:
	case <-ctx.Done():
		pb.interrupt(interruptedError(ctx.Err()))
		<-pb.settled
	}
	return pb.result()
}

// Close ends playback, closes every session, detaches the keys and frees what the player holds. It is final; calling it again waits for the
// first call's work and does nothing more. A Load under way returns CLOSED. Ending ctx stops the waiting, not the closing.
func (p *Player) Close(ctx context.Context) error {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	current := p.current
	p.mu.Unlock()
	if current != nil {
		current.interrupt(closedError())
		select {
		case <-current.over:
		case <-ctx.Done():
			return interruptedError(ctx.Err())
		}
	}
	if first {
		p.events.send(&StateChangeEvent{State: StateClosed, Stage: StageClose})
	}
	return nil
}

// idle tells that nothing plays, after an interruption that no other Load or Close follows.
func (p *Player) idle(pb *playback) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == pb && !p.closed {
		p.events.send(&StateChangeEvent{State: StateIdle, Stage: StageClose})
	}
}

// validate reads what can be read of configuration and source before anything is touched.
func (p *Player) validate(source Source) error {
	if err := drm.Validate(p.config.KeySystems); err != nil {
		return err
	}
	switch p.config.Mode {
	case ModeAuto, ModeMSE, ModeDirect:
	default:
		return configError(`There is no mode "`+string(p.config.Mode)+`"`, `Use "auto", "mse" or "direct"`)
	}
	if len(source.Tracks) == 0 {
		return configError("The source names no file", "Give load a URL, a File, a Blob, or an array of them, one a track")
	}
	for _, file := range source.Tracks {
		if file.URL == "" {
			return configError("The source has a file without a URL", "Give every track a URL, a File or a Blob")
		}
		if file.Chunks < 0 {
			return configError("A file cannot be fetched in fewer than one chunk", "Leave chunks out, or give a positive number")
		}
	}
	if p.config.Mode == ModeDirect && len(source.Tracks) > 1 {
		return configError("Several files cannot be played directly", `Leave mode out, or use "mse"`)
	}
	return nil
}
