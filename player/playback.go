package player

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/stream"
)

// closeTimeout bounds each step of a teardown: a host that hangs must not hang the next Load.
const closeTimeout = 5 * time.Second

// playback is one Load: everything from its validation to its teardown happens on goroutines that it waits for. Its run goroutine owns its
// fields, but for those under mu.
type playback struct {
	player  *Player
	host    platform.Host
	element platform.MediaElement
	source  Source
	fetch   *fetch.Client

	cancel  context.CancelFunc
	ctx     context.Context
	settled chan struct{} // closed when Load may return
	over    chan struct{} // closed when nothing of this playback is left

	workers sync.WaitGroup
	engine  *drm.Engine
	media   platform.MediaSource
	tracks  []*stream.Track
	left    map[*stream.Track]bool // tracks that have not appended everything
	files   []*head

	encrypted bool                          // the element has fired "encrypted"
	sourced   bool                          // the element's source is ours
	inbox     *platform.Queue[func() error] // what the workers want done by the run goroutine

	mu    sync.Mutex
	err   error            // why it is over, once it is
	ready bool             // Load has succeeded
	state StateChangeEvent // as last sent

	streamed map[Stage]bool // of StageFetch and StageAppend: has been told
}

func newPlayback(p *Player, source Source) *playback {
	ctx, cancel := context.WithCancel(context.Background())
	return &playback{
		player: p, host: p.host, element: p.host.Element(), source: source, fetch: &fetch.Client{Fetcher: p.host},
		ctx: ctx, cancel: cancel, settled: make(chan struct{}), over: make(chan struct{}),
		left: make(map[*stream.Track]bool), inbox: platform.NewQueue[func() error](),
		streamed: make(map[Stage]bool), state: StateChangeEvent{State: StateLoading, Stage: StageConfigure},
	}
}

// start runs the playback once the previous one is over.
func (pb *playback) start(previous *playback) {
	go func() {
		defer close(pb.over)
		if previous != nil {
			previous.interrupt(interruptedError(nil))
			<-previous.over
		}
		pb.enter(StateLoading, StageConfigure)
		err := pb.guard(pb.run)
		pb.end(err)
	}()
}

// interrupt ends the playback for a reason that is no failure.
func (pb *playback) interrupt(reason *Error) {
	pb.conclude(reason)
	pb.cancel()
}

// conclude notes why the playback is over, once; the first reason counts.
func (pb *playback) conclude(err error) (first bool) {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	if pb.err != nil {
		return false
	}
	pb.err = err
	if !pb.ready {
		close(pb.settled)
	}
	return true
}

// succeed lets Load return.
func (pb *playback) succeed() {
	pb.mu.Lock()
	if pb.ready || pb.err != nil {
		pb.mu.Unlock()
		return
	}
	pb.ready = true
	close(pb.settled)
	pb.mu.Unlock()
	pb.enter(StateReady, pb.stage())
}

func (pb *playback) result() error {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	if pb.ready {
		return nil
	}
	return pb.err
}

// run plays until the context ends or something fails.
func (pb *playback) run() error {
	if err := pb.player.validate(pb.source); err != nil {
		return err
	}
	events := platform.NewQueue[platform.MediaEvent]()
	stop := pb.element.Listen(events.Put, "encrypted", "waitingforkey", "canplay", "timeupdate", "seeking", "waiting", "stalled", "playing", "ended", "error")
	defer stop()
	if err := pb.open(); err != nil {
		return err
	}
	for {
		select {
		case <-pb.ctx.Done():
			return pb.ctx.Err()
		case <-events.Ready():
			for event, ok := events.Take(); ok; event, ok = events.Take() {
				if err := pb.heard(event); err != nil {
					return err
				}
			}
		case <-pb.inbox.Ready():
			if err := pb.drain(); err != nil {
				return err
			}
		}
	}
}

// drain does what the workers want done.
func (pb *playback) drain() error {
	for do, ok := pb.inbox.Take(); ok; do, ok = pb.inbox.Take() {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// open takes the source from its URLs to an element that loads it.
func (pb *playback) open() error {
	if err := pb.probe(); err != nil {
		return err
	}
	mode, err := pb.choose()
	if err != nil {
		return err
	}
	pb.update(func(s *StateChangeEvent) {
		s.Mode = mode
		s.MIMETypes = pb.mimeTypes()
	})
	if pb.content().Encrypted() {
		if err := pb.license(); err != nil {
			return err
		}
	}
	pb.enter(StateLoading, StageOpen)
	pb.sourced = true
	if mode == ModeMSE {
		return pb.openMSE()
	}
	pb.releaseHeads()
	return pb.element.SetSrc(pb.source.Tracks[0].URL)
}

// license opens the DRM engine and sets it to work.
func (pb *playback) license() error {
	engine, err := drm.Open(pb.ctx, pb.host, pb.player.config.KeySystems, pb.content(), pb)
	if err != nil {
		return err
	}
	pb.engine = engine
	pb.work(engine.Run)
	return nil
}

// heard acts on an event of the element.
func (pb *playback) heard(event platform.MediaEvent) error {
	switch event.Type {
	case "encrypted":
		pb.encrypted = true
		pb.player.events.send(&EncryptedEvent{InitDataType: event.InitDataType, InitData: event.InitData})
		if pb.engine == nil {
			if err := pb.license(); err != nil {
				return err
			}
		}
		pb.engine.Encrypted(event.InitDataType, event.InitData)
	case "waitingforkey":
		if pb.engine != nil {
			pb.engine.WaitingForKey()
		}
	case "canplay":
		pb.succeed()
	case "ended":
		pb.enter(StateEnded, pb.stage())
	case "playing":
		if pb.currentState() == StateEnded {
			pb.enter(StateReady, pb.stage())
		}
	case "error":
		// A SourceBuffer that refused its bytes says more than the element, and says it first.
		if err := pb.drain(); err != nil {
			return err
		}
		if e := pb.element.Error(); e != nil {
			return pb.elementError(e)
		}
	}
	for _, track := range pb.tracks {
		track.Wake()
	}
	return nil
}

// work runs f beside the run goroutine, which hears of its failure.
func (pb *playback) work(f func(context.Context) error) {
	pb.workers.Go(func() {
		err := pb.guard(func() error { return f(pb.ctx) })
		if err != nil && pb.ctx.Err() == nil {
			pb.inbox.Put(func() error { return err })
		}
	})
}

// guard makes a panic an error, so that it is a fatal event and not a dead page.
func (pb *playback) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

// end tears down what the playback built, then tells why. The order matters: the source goes before the keys, or the element refuses to
// let go of them.
func (pb *playback) end(err error) {
	failure := pb.explain(err)
	interrupted := pb.ctx.Err() != nil
	pb.cancel()
	pb.workers.Wait()
	pb.releaseHeads()
	teardown := pb.guard(pb.detach)
	if interrupted {
		pb.player.idle(pb)
		return
	}
	if pb.conclude(failure) {
		pb.player.events.send(failure)
		pb.enter(StateFailed, failure.Stage)
	}
	if teardown != nil {
		report := pb.explain(teardown)
		report.Fatal = false
		pb.player.events.send(report)
	}
}

// detach gives the element back as it was. A source that is not ours (another player's, whose keys are in the way of ours) stays.
func (pb *playback) detach() error {
	var err error
	if pb.sourced {
		err = pb.element.SetSrc("")
	}
	if pb.media != nil {
		pb.media.Close()
	}
	if pb.engine == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if e := pb.engine.Close(ctx); e != nil {
		return e
	}
	return err
}
