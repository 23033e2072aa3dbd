package player

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
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
	element *playhead
	source  Source
	fetch   *fetch.Client

	cancel  context.CancelFunc
	ctx     context.Context
	settled chan struct{} // closed when Load may return
	over    chan struct{} // closed when nothing of this playback is left

	workers sync.WaitGroup
	media   platform.MediaSource
	tracks  []stream.Feed
	files   []*head

	film        *film // nil where plain files play
	manifestURL string
	span        *span                        // of the film, that plays
	wishes      map[string]wish              // by kind of track
	quality     string                       // the id of the one that a person chose; "" is none
	plays       map[string]*stream.Rendition // by kind: as last told
	told        int                          // the period whose tracks were
	barred      map[*stream.Rendition]bool   // as last told the tracks of span, as is unplayed
	unplayed    map[*stream.Rendition]bool
	limits      limits
	licensed    []*trackSet // in play, as last told the DRM engine
	texts       texts
	offline     atomic.Bool // has been told
	nudged      struct {
		at    time.Duration
		times int // moved on from there
		looks int // at it, since
	}
	opened        time.Duration  // where the newest MediaSource was to begin
	survived      *time.Duration // where the element failed last, and was given a new one
	stopStreaming func()
	attaching     chan error // the end of an Attach that is under way; nil while none is

	position  time.Duration                 // where playback begins, and then where it ended
	encrypted bool                          // the element has fired "encrypted"
	sourced   bool                          // the element's source is ours
	stall     stall                         // why playback stands still
	inbox     *platform.Queue[func() error] // what the workers want done by the run goroutine

	mu    sync.Mutex
	err   error            // why it is over, once it is
	ready bool             // Load has succeeded
	keys  *drm.Load        // nil while nothing is known to be encrypted; written by the run goroutine
	state StateChangeEvent // as last sent

	left    map[stream.Feed]bool     // the tracks that the film is not over without, and whether they have not appended everything
	showing map[string]*stream.Track // of span, by kind

	streamed map[Stage]bool // of StageFetch and StageAppend: has been told
}

func newPlayback(p *Player, source Source) *playback {
	ctx, cancel := context.WithCancel(context.Background())
	pb := &playback{
		player: p, host: p.host, element: &playhead{MediaElement: p.host.Element()}, source: source, fetch: &fetch.Client{Fetcher: p.host, Observer: p.exchanged},
		wishes: map[string]wish{"audio": {languages: p.config.AudioLanguages}, "text": {languages: p.config.TextLanguages}},
		plays:  map[string]*stream.Rendition{},
		ctx:    ctx, cancel: cancel, settled: make(chan struct{}), over: make(chan struct{}),
		inbox:    platform.NewQueue[func() error](),
		streamed: make(map[Stage]bool), state: StateChangeEvent{State: StateLoading, Stage: StageConfigure},
	}
	pb.fetch.Reconnect = pb.reconnect
	return pb
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
	if pb.conclude(reason) {
		pb.settle()
	}
	pb.cancel()
}

// conclude notes why the playback is over, once; the first reason counts. Who was first settles.
func (pb *playback) conclude(err error) (first bool) {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	if pb.err != nil {
		return false
	}
	pb.err = err
	return true
}

// settle lets a Load return that has not.
func (pb *playback) settle() {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	if !pb.ready {
		close(pb.settled)
	}
}

// succeed lets Load return.
func (pb *playback) succeed() {
	pb.mu.Lock()
	if pb.ready || pb.err != nil {
		pb.mu.Unlock()
		return
	}
	pb.ready = true
	pb.mu.Unlock()
	pb.enter(StateReady, pb.stage())
	close(pb.settled)
}

// wait waits until nothing is left of the playback.
func (pb *playback) wait(ctx context.Context) error {
	select {
	case <-pb.over:
		return nil
	case <-ctx.Done():
		return interruptedError(ctx.Err())
	}
}

// failure says why the playback is over.
func (pb *playback) failure() error {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	return pb.err
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
	stop := pb.element.Listen(events.Put, "encrypted", "waitingforkey", "canplay", "timeupdate", "seeking", "seeked", "waiting", "stalled", "playing", "pause", "ended", "error")
	defer stop()
	defer pb.watchPage()()
	if err := pb.open(); err != nil {
		return err
	}
	for {
		select {
		case <-pb.ctx.Done():
			return pb.ctx.Err()
		case <-events.Ready():
			for event, ok := events.Take(); ok; event, ok = events.Take() {
				if err := pb.survive(pb.heard(event)); err != nil {
					return err
				}
			}
		case <-pb.inbox.Ready():
			if err := pb.survive(pb.drain()); err != nil {
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
	mode, obstacle := pb.choose()
	if mode == "" {
		return obstacle
	}
	pb.update(func(s *StateChangeEvent) {
		s.Mode = mode
		s.MIMETypes = pb.mimeTypes()
	})
	if pb.film != nil { // it opens while the key system is asked for: both take the browser some time
		if err := pb.attach(); err != nil {
			return err
		}
	}
	if err := pb.prepareKeys(); err != nil {
		return err
	}
	switch {
	case pb.keys != nil && pb.keys.Software():
		if obstacle, curable := pb.obstacles(); obstacle != nil && !curable {
			return obstacle
		}
		mode = ModeMSE
		pb.update(func(s *StateChangeEvent) { s.Mode = mode })
	case obstacle != nil:
		return obstacle
	}
	pb.enter(StateLoading, StageOpen)
	pb.sourced = true
	if pb.film != nil {
		if err := pb.addTexts(); err != nil {
			return err
		}
		return pb.openFilm(pb.position)
	}
	if mode == ModeMSE {
		return pb.openMSE()
	}
	pb.releaseHeads()
	if err := pb.element.SetSrc(pb.source.Tracks[0].URL); err != nil {
		return err
	}
	pb.begin()
	return nil
}

// begin goes to where playback is to begin.
func (pb *playback) begin() {
	if pb.position > 0 {
		pb.element.SetCurrentTime(pb.position)
	}
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

// end tears down what the playback built, then tells why.
func (pb *playback) end(err error) {
	failure := pb.explain(err)
	interrupted := pb.ctx.Err() != nil
	pb.cancel()
	pb.closeSpan()
	pb.workers.Wait()
	pb.releaseHeads()
	pb.removeTexts()
	pb.stall.stop()
	pb.position = pb.element.CurrentTime()
	if pb.keys != nil {
		pb.keys.Close(!interrupted && failure.isAboutKeys())
	}
	teardown := pb.guard(pb.detach)
	if interrupted {
		pb.player.idle(pb)
		return
	}
	if pb.conclude(failure) {
		pb.player.events.send(failure)
		pb.enter(StateFailed, failure.Stage)
		pb.settle()
	}
	if teardown != nil {
		report := pb.explain(teardown)
		report.Fatal = false
		pb.player.events.send(report)
	}
}

// detach takes the source from the element; its keys stay for the next load. A source that is not ours (another player's, whose keys are in the
// way of ours) stays.
func (pb *playback) detach() error {
	var err error
	if pb.sourced {
		err = pb.element.SetSrc("")
	}
	if pb.media != nil {
		pb.media.Close()
	}
	return err
}
