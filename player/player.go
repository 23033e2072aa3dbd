// Package player plays encrypted and adaptive media on a host: a media element and the page around it.
package player

import (
	"context"
	"sync"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/stream"
)

// Player plays one source at a time on its host's element. Its methods may be called from any goroutine.
type Player struct {
	host   platform.Host
	config Config
	engine *drm.Engine
	events dispatcher
	meter  *stream.Meter // what is known of the network, between loads too

	mu      sync.Mutex
	current *playback // the newest load, over or not; nil before the first
	closed  bool

	shut      chan struct{} // closed when nothing is left; made by the first Close
	shutError error         // what could not be taken away
}

// New makes an idle player. It validates nothing and touches nothing: Load does, and returns what is wrong.
func New(host platform.Host, config Config) *Player {
	p := &Player{host: host, config: config, events: dispatcher{to: config.OnEvent}, meter: new(stream.Meter)}
	p.meter.Seed(config.ABR.StartBitrate)
	if config.DRM.Observer == nil {
		config.DRM.Observer = p.exchanged
	}
	p.engine = drm.NewEngine(host, config.DRM)
	return p
}

// Load plays a source from its start and returns when the element can play it. Errors are *[Error]. A Load during a Load interrupts the
// first one, which returns LOAD_INTERRUPTED. Ending ctx before Load returns interrupts it too; afterwards ctx means nothing.
//
// The keys of earlier loads are kept: going back to a film whose licence still holds asks for nothing.
func (p *Player) Load(ctx context.Context, source Source) error {
	return p.loadAt(ctx, source, 0)
}

// loadAt plays a source from a position.
func (p *Player) loadAt(ctx context.Context, source Source, position time.Duration) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return closedError()
	}
	previous := p.current
	pb := newPlayback(p, source)
	pb.position = position
	p.current = pb
	p.mu.Unlock()

	pb.start(previous)
	defer p.events.flush()
	select {
	case <-pb.settled:
	case <-ctx.Done():
		pb.interrupt(interruptedError(ctx.Err()))
		<-pb.settled
	}
	return pb.result()
}

// newest is the newest load, over or not; nil before the first. A player that is closed has none to give.
func (p *Player) newest() (*playback, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, closedError()
	}
	return p.current, nil
}

// Unload ends playback and gives the element its source back. What was licensed stays licensed for the next Load. A Load under way returns
// LOAD_INTERRUPTED. Ending ctx stops the waiting, not the unloading.
func (p *Player) Unload(ctx context.Context) error {
	current, err := p.newest()
	if err != nil || current == nil {
		return err
	}
	select {
	case <-current.over:
		p.idle(current) // it has failed before
		return nil
	default:
	}
	defer p.events.flush()
	current.interrupt(interruptedError(nil))
	return current.wait(ctx)
}

// RetryLicense asks again for the licences that have failed. Where such a failure has ended playback, it loads the source again, at the position where
// that happened, and returns what that Load does. It does nothing where no licence has failed.
func (p *Player) RetryLicense(ctx context.Context) error {
	current, err := p.newest()
	if err != nil || current == nil || current.retryLicense() {
		return err
	}
	if err := current.wait(ctx); err != nil {
		return err
	}
	if !current.lackedLicense() {
		return nil
	}
	return p.loadAt(ctx, current.source, current.position)
}

// Timings lists how long the latest steps of licensing took, the newest last.
func (p *Player) Timings() []drm.Timing { return p.engine.Timings() }

// Close ends playback, closes every session, detaches the keys and frees what the player holds. It is final; calling it again waits for the
// first call's work and does nothing more. A Load under way returns CLOSED. Ending ctx stops the waiting, not the closing.
func (p *Player) Close(ctx context.Context) error {
	p.mu.Lock()
	current := p.current
	if !p.closed {
		p.closed = true
		p.shut = make(chan struct{})
		go p.shutDown(current)
	}
	p.mu.Unlock()
	select {
	case <-p.shut:
		return p.shutError
	case <-ctx.Done():
		return interruptedError(ctx.Err())
	}
}

// shutDown does the work of Close.
func (p *Player) shutDown(current *playback) {
	defer close(p.shut)
	if current != nil {
		current.interrupt(closedError())
		<-current.over
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := p.engine.Close(ctx); err != nil {
		p.shutError = &Error{Code: MediaKeysFailed, Stage: StageClose, Message: "The keys could not be taken from the element: " + err.Error(),
			Remedy: "Use a new element", cause: err}
	}
	p.events.send(&StateChangeEvent{State: StateClosed, Stage: StageClose})
	p.events.flush()
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
	if err := drm.Validate(p.config.DRM); err != nil {
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
