package playertest

import (
	"context"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

const elementLane = "element"

// Element is the page's media element. Its clock runs in the time of the test.
type Element struct {
	host      *Host
	listeners listeners[platform.MediaEvent]

	source source // nil while there is none
	keys   *mediaKeys
	taking int // how many setMediaKeys are under way

	readyState    platform.ReadyState
	err           *platform.MediaError
	paused, ended bool
	autoplayed    bool
	seeking       bool
	waitingForKey bool // told, for this stall

	textTracks []*TextTrack

	loaded        bool // loadeddata was fired
	dropped       int
	width, height int

	begin  time.Duration // where the next media begins
	pos    time.Duration // at since
	since  time.Time
	rate   float64       // of playback
	moving bool          // pos grows
	stop   time.Duration // up to here
	timer  *time.Timer
}

// source is what an element plays: a file, or a MediaSource.
type source interface {
	header() bool // the metadata is there
	duration() (d time.Duration, known bool)
	buffered() []platform.TimeRange
	complete() bool // nothing will be added
	spans() []span  // the media that is there
	broken() bool   // the media cannot be decoded past what is buffered
	detach()
}

// Listen hears the named events.
func (e *Element) Listen(f func(platform.MediaEvent), types ...string) (stop func()) {
	types = slices.Clone(types)
	return e.listeners.add(f, func(ev platform.MediaEvent) bool { return slices.Contains(types, ev.Type) })
}

// fire tells of an event, all of which are in the dump whether heard or not, but timeupdate. h.mu is held.
func (e *Element) fire(ev platform.MediaEvent) {
	line := ev.Type
	switch ev.Type {
	case "timeupdate":
		line = ""
	case "encrypted":
		line += " " + ev.InitDataType
	case "error":
		line += " " + e.err.Message
	case "waiting", "waitingforkey", "ended":
		line += " at " + e.pos.String()
	}
	if line != "" {
		e.host.logf(elementLane, "%s", line)
	}
	e.listeners.fire(ev, func(ev platform.MediaEvent) platform.MediaEvent {
		ev.InitData = slices.Clone(ev.InitData)
		return ev
	})
}

func (e *Element) fireType(types ...string) {
	for _, t := range types {
		e.fire(platform.MediaEvent{Type: t})
	}
}

// reset is the media element load algorithm, up to the choice of a resource.
func (e *Element) reset() {
	if e.source != nil {
		e.paused, e.rate = true, 1
		e.source.detach()
		e.source = nil
		e.fireType("emptied")
	}
	if e.timer != nil {
		e.timer.Stop()
	}
	e.readyState, e.err = platform.HaveNothing, nil
	e.ended, e.autoplayed, e.seeking, e.waitingForKey, e.moving, e.loaded = false, false, false, false, false, false
	e.pos, e.since = 0, time.Now()
}

// SetSrc loads a file, or takes the source away.
func (e *Element) SetSrc(url string) error {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	e.host.logf(elementLane, "src=%q", url)
	e.reset()
	if url != "" {
		e.fireType("loadstart")
		newDirect(e, url)
	}
	return nil
}

// Attach opens a MediaSource.
func (e *Element) Attach(ctx context.Context, ms platform.MediaSource) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	own := ms.(*mediaSource)
	e.host.mu.Lock()
	if own.state != "closed" || own.element != nil {
		err := e.host.violation("InvalidStateError", "Attach: the MediaSource is %s", own.state)
		e.host.mu.Unlock()
		return err
	}
	e.host.logf(elementLane, "src=MediaSource")
	e.reset()
	e.source, own.element = own, e
	e.fireType("loadstart")
	e.host.mu.Unlock()
	return e.host.async(ctx, latency, func() error {
		if e.source != source(own) {
			return dom("AbortError", "the MediaSource was detached before it opened")
		}
		own.state = "open"
		own.stream(true)
		return nil
	})
}

// SetMediaKeys attaches or detaches as each engine lets it.
func (e *Element) SetMediaKeys(ctx context.Context, keys platform.MediaKeys) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	own, _ := keys.(*mediaKeys)
	e.host.mu.Lock()
	err := e.refuseKeys(own)
	if err == nil {
		e.taking++
	}
	delay := e.host.options.CDM.SetMediaKeysDelay
	e.host.mu.Unlock()
	if err != nil {
		return err
	}
	return e.host.async(ctx, delay+latency, func() error { return e.takeKeys(own) })
}

// refuseKeys is for the refusals that come at once. The specification forbids two attachments at a time; Firefox does them one after the other.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-htmlmediaelement-setmediakeys
func (e *Element) refuseKeys(keys *mediaKeys) error {
	h := e.host
	chromium := h.options.Engine == Chromium
	if e.taking > 0 {
		if err := h.violation("InvalidStateError", "setMediaKeys: another request is in progress"); chromium {
			return err
		}
	}
	switch {
	case keys == e.keys:
		return nil
	case keys != nil && keys.element != nil:
		return h.violation("QuotaExceededError", "setMediaKeys: the keys are in use by another element")
	case (chromium || keys != nil) && e.keys != nil && e.source != nil:
		return h.violation("InvalidStateError", "setMediaKeys: the existing CDM cannot be removed while a source is loaded")
	}
	return nil
}

func (e *Element) takeKeys(keys *mediaKeys) error {
	e.taking--
	options := &e.host.options.CDM
	if keys != nil {
		if err := next(&options.SetMediaKeysErrors, options.SetMediaKeysError); err != nil {
			e.host.logf(emeLane, "setMediaKeys failed")
			return err
		}
	}
	if e.keys != nil {
		e.keys.element = nil
	}
	e.keys = keys
	if keys == nil {
		e.host.logf(emeLane, "setMediaKeys(null)")
	} else {
		keys.element = e
		e.host.logf(emeLane, "setMediaKeys")
	}
	e.waitingForKey = false
	e.update()
	return nil
}

// HasMediaKeys says whether keys are attached, or are about to be.
func (e *Element) HasMediaKeys() bool {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	return e.keys != nil || e.taking > 0
}

// CanPlayType says "probably" where codecs are named.
func (e *Element) CanPlayType(mimeType string) string {
	m := parseMIMEType(mimeType)
	switch {
	case !e.host.plays(m):
		return ""
	case len(m.codecs) == 0:
		return "maybe"
	}
	return "probably"
}

// CurrentTime is where the picture stands.
func (e *Element) CurrentTime() time.Duration {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	return e.position()
}

func (e *Element) position() time.Duration {
	if e.readyState == platform.HaveNothing && e.begin > 0 {
		return e.begin
	}
	if !e.moving {
		return e.pos
	}
	return min(e.pos+time.Duration(float64(time.Since(e.since))*e.rate), e.stop)
}

// Seeking is true while a seek waits for data.
func (e *Element) Seeking() bool {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	return e.seeking
}

// Duration is known once the metadata is.
func (e *Element) Duration() (d time.Duration, known bool) {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	if e.source == nil || e.readyState == platform.HaveNothing {
		return 0, false
	}
	return e.source.duration()
}

// Buffered is the source's.
func (e *Element) Buffered() []platform.TimeRange {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	if e.source == nil {
		return nil
	}
	return e.source.buffered()
}

// ReadyState is the element's.
func (e *Element) ReadyState() platform.ReadyState {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	return e.readyState
}

// Error is a copy.
func (e *Element) Error() *platform.MediaError {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	if e.err == nil {
		return nil
	}
	err := *e.err
	return &err
}

// Paused is HTMLMediaElement.paused.
func (e *Element) Paused() bool {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	return e.paused
}

// PlaybackRate is 1 until [Element.SetPlaybackRate].
func (e *Element) PlaybackRate() float64 {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	return e.rate
}

// SetPlaybackRate makes the picture go faster or slower, as the page does.
func (e *Element) SetPlaybackRate(rate float64) {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	e.pos, e.since, e.moving = e.position(), time.Now(), false
	if rate != e.rate {
		e.rate = rate
		e.fireType("ratechange")
	}
	e.update()
}

// Frames counts those that [Element.DropFrames] said as dropped.
func (e *Element) Frames() (total, dropped int) {
	total = e.DecodedFrames()
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	return total, e.dropped
}

// DropFrames says how many frames were dropped so far.
func (e *Element) DropFrames(total int) {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	e.dropped = total
}

// Size is what [Element.SetSize] says, and Options before it.
func (e *Element) Size() (width, height int) {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	return e.width, e.height
}

// SetSize changes the element's box.
func (e *Element) SetSize(width, height int) {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	e.width, e.height = width, height
}
