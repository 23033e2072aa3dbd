package drm

import (
	"context"
	"sync"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// closeTimeout bounds what is done for a session that is no longer wanted, and what cannot be called back once it has begun.
const closeTimeout = 5 * time.Second

// Step is a step of the EME flow that has just begun.
type Step string

// The steps, in order; the last three once a session.
const (
	StepNegotiate       Step = "negotiate"
	StepAttachKeys      Step = "attach-keys"
	StepGenerateRequest Step = "generate-request"
	StepLicense         Step = "license"
	StepUpdate          Step = "update"
)

// Event is a [*LicenseRequestEvent], a [*KeyStatusChangeEvent] or a [*WaitingForKeyEvent].
type Event interface{ EventType() string }

// Observer is told what is done for a load, from the goroutines that call Open and Run.
type Observer interface {
	DRMStep(Step)
	DRMGranted(Grant)
	DRMEvent(Event)
	DRMError(*Error)             // a failure that playback survives so far
	DRMBarred(keyIDs [][16]byte) // all keys that may not be used now; Representations with other keys can play
}

// Grant is what a key system granted.
type Grant struct {
	KeySystem     string
	Configuration platform.MediaKeySystemConfiguration
	Software      bool    // by our own CDM, which decrypts media before it is appended
	Report        *Report // of this key system alone: why it is, or is not, our own
}

// Engine licenses what plays on one element. It outlives loads: the keys of one are there for the next. There is one load at a time.
type Engine struct {
	host   platform.Host
	config Config
	log    timings

	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	sessions sync.WaitGroup
	workers  sync.WaitGroup // all other goroutines

	// inbox is what the sessions want done by whoever runs the load; between loads it waits. What only tells the observer changes nothing.
	inbox *platform.Queue[func(*Load) (changed bool)]

	vault      *vault             // nil before the first Open that found a key system
	attached   platform.MediaKeys // to the element, or soon; nil where there are none of ours
	attachment *attachment        // the latest; nil before the first
}

// NewEngine makes an engine that has asked for nothing yet.
func NewEngine(host platform.Host, config Config) *Engine {
	ctx, cancel := context.WithCancel(context.Background())
	return &Engine{host: host, config: config, ctx: ctx, cancel: cancel, inbox: platform.NewQueue[func(*Load) bool]()}
}

// Open prepares the element for content: it negotiates a key system, makes MediaKeys or takes those of an earlier load, asks for the keys that the
// content is known to need, and attaches. Run the Load and then Close it before the next Open. Errors are *[Error], or ctx's.
func (e *Engine) Open(ctx context.Context, content Content, observer Observer) (*Load, error) {
	l := &Load{
		engine: e, observer: observer, used: make(map[*session]bool), groups: make(map[string]*session), renewed: make(map[renewal]bool),
		recreated: make(map[string]int),
	}
	if err := l.open(ctx, content); err != nil {
		l.Close(ctx.Err() == nil)
		return nil, err
	}
	return l, nil
}

// Close closes every session, waits for that, and detaches the keys from the element, which should have no source any more. It is final.
func (e *Engine) Close(ctx context.Context) error {
	e.cancel()
	e.sessions.Wait()
	return e.detach(ctx)
}

// put has whoever runs the load change what is known of a session.
func (e *Engine) put(f func(*Load)) {
	e.inbox.Put(func(l *Load) bool {
		f(l)
		return true
	})
}

// Timings lists how long the latest steps took, the newest last. It may be called from anywhere.
func (e *Engine) Timings() []Timing { return e.log.list() }
