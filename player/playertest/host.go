// Package playertest is a platform in memory: a scripted network, a media element, Media Source Extensions and a CDM, for tests in virtual time.
// It cannot decode; a [Film] tells it what a file's bytes hold. It behaves as Chromium 156 and Firefox ESR 153 were seen to, not as the player
// would like. [Contract] is the suite that this host and every other one must pass.
package playertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// Engine is the browser whose ways a Host has, where browsers differ.
type Engine int

// The engines.
const (
	Chromium Engine = iota
	Firefox
)

// Options are what a Host's browser is like. The zero value is Chromium on an https page, able to play everything, paused.
type Options struct {
	Engine   Engine
	Films    []*Film
	Autoplay bool
	NoResume bool // the browser lets nobody but the visitor play

	Unsupported []string // codecs that this browser lacks, by prefix: "avc1", "opus"
	NoMSE       bool

	NoChangeType bool // as in WebKitGTK
	Managed      bool // its MediaSource is a ManagedMediaSource: see [Element.SetStreaming]

	Insecure bool     // IsSecureContext is false; NoEME is a choice of its own
	Denied   []string // features that the permissions policy takes from the page: "encrypted-media". Firefox does not know that one
	Quota    int64    // bytes of media that a SourceBuffer holds; 0 is no limit

	NetworkLatency time.Duration // from request to header; 0 is 5 ms
	Bandwidth      int64         // bytes a second, of each download for itself; 0 is without limit
	Trace          []TracePeriod // instead of Bandwidth, what all downloads share, from the host's beginning on and over again

	Width, Height int // of the element, in device pixels; 0 is not drawn

	// DecodingInfo answers for MediaCapabilities; nil supports what MediaSource does.
	DecodingInfo func(platform.MediaDecodingConfiguration) (platform.MediaCapabilitiesInfo, error)

	CDM        CDMOptions
	Decryption DecryptionOptions
}

// latency is what every asynchronous operation of the browser takes, unless a knob says otherwise.
const latency = time.Millisecond

var errClosed = errors.New("playertest: the host is closed")

// Host is a page in memory: one element, a network, a CDM.
type Host struct {
	Network *Network

	options Options
	start   time.Time
	element *Element
	page    listeners[string]
	tasks   *platform.Queue[func()] // events on their way to listeners
	done    chan struct{}
	loopID  []byte

	mu         sync.Mutex // guards all that follows, and all state of the element, its source and the CDM
	closed     bool
	offline    bool
	hidden     bool
	log        []entry
	violations []string
	link       *link // nil without a trace
	live       int   // responses that are open and bodies that are not released
	buffers    int   // SourceBuffers made so far
	sources    int   // MediaSources made so far
	keys       []*mediaKeys
	sessions   int // sessions made so far
	open       int // sessions that have an id and are not closed

	initialising int // sessions whose request is under way

	decryptions []*decryption   // that are not closed
	pieces      int             // that were to be decrypted so far
	clear       map[*Film]*Film // what encrypted ones become, once there was a decryption
}

// NewHost makes a host. It ends with the test (t is a *testing.T, or whatever else runs functions at its end): call it inside the synctest bubble.
func NewHost(t interface{ Cleanup(func()) }, options Options) *Host {
	if options.NetworkLatency == 0 {
		options.NetworkLatency = 5 * time.Millisecond
	}
	h := &Host{options: options, start: time.Now(), tasks: platform.NewQueue[func()](), done: make(chan struct{}),
		clear: map[*Film]*Film{}}
	h.Network = &Network{host: h, resources: map[string]Resource{}, handlers: map[string]Handler{}, faults: map[string][]Fault{}}
	h.element = &Element{host: h, paused: true, rate: 1, width: options.Width, height: options.Height}
	h.element.listeners.host, h.page.host = h, h
	h.link = newLink(h)
	started := make(chan struct{})
	go func() {
		h.loopID = goroutineID()
		close(started)
		h.loop()
	}()
	<-started
	t.Cleanup(h.Close)
	return h
}

// Close ends the page. What still waits for it gets an error.
func (h *Host) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.done)
	}
}

// Element is the page's media element; [Element] has more methods than platform knows, for tests.
func (h *Host) Element() platform.MediaElement { return h.element }

// Video is Element with the controls that a page has and the player has not.
func (h *Host) Video() *Element { return h.element }

// IsSecureContext says what Options say.
func (h *Host) IsSecureContext() bool { return !h.options.Insecure }

// AllowsFeature says whether the permissions policy does; Firefox does not tell.
func (h *Host) AllowsFeature(name string) bool {
	return h.options.Engine == Firefox || !slices.Contains(h.options.Denied, name)
}

// Origin is that of [PageURL].
func (h *Host) Origin() string { return strings.TrimSuffix(PageURL, "/") }

// Violations lists the calls that the specifications forbid in the state they were made in. A player that knows its states makes none.
func (h *Host) Violations() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.violations)
}

// Live counts the responses neither read nor cancelled and the bodies not released: 0 when the player has let go of everything.
func (h *Host) Live() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.live
}

// violation records a forbidden call and is the error it gets. h.mu is held.
func (h *Host) violation(name, format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	h.violations = append(h.violations, message)
	h.logf("violations", "%s", message)
	return dom(name, message)
}

func dom(name, message string) error { return &platform.DOMError{Name: name, Message: message} }

func (h *Host) loop() {
	for {
		select {
		case <-h.done:
			return
		case <-h.tasks.Ready():
			for task, ok := h.tasks.Take(); ok; task, ok = h.tasks.Take() {
				task()
			}
		}
	}
}

// after runs f with h.mu held once d has passed.
func (h *Host) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if !h.closed {
			f()
		}
	})
}

// async is a promise: f runs after d with h.mu held, whether or not the caller still waits. It is called without h.mu.
func (h *Host) async(ctx context.Context, d time.Duration, f func() error) error {
	done := make(chan error, 1)
	h.after(d, func() { done <- f() })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-h.done:
		return errClosed
	}
}

// goroutineID is how a stop function knows that a listener of its own goroutine runs, which it must not wait for.
func goroutineID() []byte {
	buf := make([]byte, 64)
	buf = buf[:runtime.Stack(buf, false)]
	return bytes.Fields(buf)[1]
}
