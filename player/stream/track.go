package stream

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/keystream-player/keystream/player/abr"
	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
)

// Track plays one track of a film whose segments have times. One download and one append are under way at once, so that neither the network nor the
// SourceBuffer waits for the other. Run it on a goroutine of its own, which owns all that is not under mu.
type Track struct {
	Parts    []*Part               // of the Periods that share its SourceBuffer, in order
	Buffer   platform.SourceBuffer // nil until Use
	MIMEType string                // that Buffer was made with
	Element  platform.MediaElement
	Fetch    *fetch.Client
	Kind     fetch.Kind // of its segments
	Selector abr.Selector
	Meter    *Meter
	Observer TrackObserver
	Goals    Goals
	Share    float64 // of the network that Selector may count on; 0 is all

	// Beside, where it is not nil, is a track that needs its part of the network too, before Selector may count on the rest.
	Beside *Track

	// MayGoOn, where it is not nil, is asked before anything but a first segment is downloaded: the others of one track would share the line with the first of
	// another, which all wait for. Wake the track when the answer changes.
	MayGoOn func() bool

	// Wanted, where it is not nil, says whether the browser wants media ([platform.MediaSource.Streaming]).
	Wanted func() bool

	// Announce, where it is not nil, is told what the boxes of an encrypted segment say of keys, as [Sequence.Announce] is.
	Announce func(pssh []byte, keyIDs []manifest.KeyID)

	wake  chan struct{}
	inbox *platform.Queue[func() error] // what others want done by the goroutine of Run
	work  sync.WaitGroup                // downloads and appends

	have      inventory
	coming    *piece // is being downloaded, or waits for one to which the SourceBuffer gave no room
	ready     *piece // is here, and waits for the append before it
	appending *piece
	busy      bool       // an operation of Buffer is under way
	feeding   feeding    // what Buffer was told last; while busy, the operation's
	current   *Rendition // of the newest download
	fixed     func(*Rendition) bool
	forced    *Rendition   // of the download that replaces one that was given up
	former    []*Rendition // that were the parts' before a [Track.Select]; their initialization segments are still here

	full     bool
	finished bool
	lost     bool          // the place where media is decrypted has died once
	some     bool          // media of it has been buffered
	unseen   int           // segments that were appended
	skipped  int           // segments that could not be had, one after the other
	tried    time.Duration // where another rendition is tried, because a segment could not be had
	seen     map[int]bool  // the parts of which media was downloaded
	retry    *time.Timer   // nothing is downloaded until it fires
	waited   time.Duration // for the last one
	paused   bool          // nothing new is downloaded
	doomed   Range         // media that cannot be played
	refused  bool          // there was no room for a piece even in an empty SourceBuffer, or so it seemed
	most     int64         // of Goals.Bytes, as it was set

	mu      sync.Mutex
	playing inventory // as have, for those who ask
	began   time.Time // of the append under way
}

// Goals bound what a track buffers. The zero value of a field is its default.
type Goals struct {
	Ahead  time.Duration // 30 s
	Behind time.Duration // 30 s
	Bytes  int64         // 100 MiB; what a browser refuses lowers it
}

func (g Goals) orDefault() Goals {
	if g.Ahead == 0 {
		g.Ahead = 30 * time.Second
	}
	if g.Behind == 0 {
		g.Behind = 30 * time.Second
	}
	if g.Bytes == 0 {
		g.Bytes = 100 << 20
	}
	return g
}

// TrackObserver is an [Observer] that hears of what only a Track does.
type TrackObserver interface {
	Observer
	Began(t *Track)                            // its first media is there
	Entering(t *Track, part int)               // it begins to download media of a part
	Skipped(t *Track, url string, cause error) // a segment could not be had; playback will jump over it
}

// NewTrack makes a track; the exported fields are then the caller's to set before Run.
func NewTrack() *Track {
	return &Track{wake: make(chan struct{}, 1), inbox: platform.NewQueue[func() error](), tried: -1}
}

// Wake says that the playhead moved, or that the element stalled.
func (t *Track) Wake() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Run feeds the SourceBuffer until ctx ends or something fails for good.
func (t *Track) Run(ctx context.Context) error {
	t.Goals = t.Goals.orDefault()
	t.most = t.Goals.Bytes
	ctx, cancel := context.WithCancel(ctx)
	defer t.close()
	defer cancel()
	for {
		// What was asked of it before it ran counts for the first step too: a quality that is barred, or chosen.
		for do, ok := t.inbox.Take(); ok; do, ok = t.inbox.Take() {
			if err := do(); err != nil {
				return err
			}
		}
		if err := t.step(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.wake:
			t.full = false
		case <-t.inbox.Ready():
		}
	}
}

// close waits for what is under way, and lets go of everything.
func (t *Track) close() {
	t.work.Wait()
	if t.retry != nil {
		t.retry.Stop()
	}
	for do, ok := t.inbox.Take(); ok; do, ok = t.inbox.Take() {
		_ = do() // what comes too late is released here
	}
	for _, p := range []*piece{t.coming, t.ready, t.appending} {
		p.release()
	}
	for _, part := range t.Parts {
		t.former = append(t.former, part.Renditions...)
	}
	for _, r := range t.former {
		r.release()
	}
}

// step does what is to be done now.
func (t *Track) step(ctx context.Context) error {
	if !t.busy && t.Buffer != nil {
		t.look()
	}
	if t.ready == nil && t.appending == nil && t.coming != nil && t.coming.body != nil { // one that is being appended may come back for want of room
		t.ready, t.coming = t.coming, nil
	}
	next := t.reconcile()
	switch {
	case t.busy || t.Buffer == nil:
	case t.doomed != Range{}:
		t.evict(ctx, t.doomed)
		t.doomed = Range{}
	case next.Action == Evict:
		t.evict(ctx, next.Remove)
	case t.ready != nil && !t.full:
		t.append(ctx)
	}
	if next.Action == Fetch && t.coming == nil && t.ready == nil && t.retry == nil && !t.paused && t.mayFetch() {
		return t.fetch(ctx, next)
	}
	t.abandon(ctx)
	if next.Action == Done && t.Buffer != nil && t.coming == nil && t.ready == nil && !t.busy {
		return t.finish()
	}
	return nil
}

// mayFetch lets the first piece go to the SourceBuffer before anything else is thought of: the page's thread does one thing at a time.
func (t *Track) mayFetch() bool {
	if len(t.have) == 0 && (t.appending == nil || !t.appending.given) {
		return t.appending == nil
	}
	return t.MayGoOn == nil || t.MayGoOn()
}

// look compares what should be in the SourceBuffer with what is.
func (t *Track) look() {
	t.have = t.have.trim(t.Buffer.Buffered())
	t.mu.Lock()
	begins := len(t.playing) == 0 && len(t.have) > 0
	t.playing = slices.Clone(t.have)
	t.mu.Unlock()
	if begins {
		t.Observer.Began(t)
	}
}

// reconcile drops the pieces that nobody wants any more, and plans on.
func (t *Track) reconcile() Step {
	v := t.view()
	have := t.have
	for _, slot := range []**piece{&t.appending, &t.ready, &t.coming} {
		p := *slot
		if p == nil {
			continue
		}
		v.Have = have.chunks()
		step := Plan(v)
		late := p.stale && p.start >= v.Position+settleAhead // for the playhead will not be there before another is
		if step.Action == Done || step.Action == Fetch && !p.serves(t, step, v.playhead()) || !t.Parts[p.part].has(p.rendition) || p.rendition.unplayable || late {
			t.drop(slot)
			continue
		}
		have = have.add(p.held(false))
	}
	v.Have = have.chunks()
	return Plan(v)
}

func (t *Track) view() View {
	v := View{
		Position: t.Element.CurrentTime(), Goal: t.Goals.Ahead, Bytes: t.Goals.Bytes, Behind: t.Goals.Behind, Full: t.full,
		Idle: t.Wanted != nil && !t.Wanted(),
	}
	for _, part := range t.Parts {
		v.Parts = append(v.Parts, PartView{Start: part.Start, End: part.End, Index: part.index(t.current), Empty: len(part.Renditions) == 0})
	}
	return v
}

// finish tells, once, that everything is appended. A track of which nothing was buffered holds no media: Chromium takes garbage without a word.
func (t *Track) finish() error {
	if t.finished {
		return nil
	}
	t.finished = true
	if !t.some && t.feeding.url != "" {
		return &AppendError{URL: fetch.RedactURL(t.feeding.url), Cause: errNoMedia}
	}
	t.Observer.Finished(t)
	return nil
}

// evict takes media out.
func (t *Track) evict(ctx context.Context, r Range) {
	t.full = false
	t.reopen()
	start, end := max(r.Start, 0), r.End
	if len(t.have) > 0 && start <= t.have[0].Start && end < forever {
		start = 0
		if end > 2*slack {
			end -= slack // media that begins a little too early must not lose its first picture: all up to the next key frame would go with it
		}
	}
	t.operate(func() error { return t.Buffer.Remove(ctx, start, end) }, func(err error) error {
		t.have = t.have.cut(r)
		return err
	})
}

// reopen says that not everything is appended any more, or that what opens an ended source is about to be done.
func (t *Track) reopen() {
	t.finished = false
	t.Observer.Fetching(t)
}

// spawn does something beside the goroutine of Run. A panic, which only media that somebody made for it can cause, ends the track and nothing else.
func (t *Track) spawn(f func()) {
	t.work.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				t.inbox.Put(func() error { return fmt.Errorf("panic: %v", p) })
			}
		}()
		f()
	})
}

// operate runs an operation of the SourceBuffer beside the goroutine of Run, which then hears of its end.
func (t *Track) operate(do func() error, then func(error) error) {
	t.busy = true
	t.spawn(func() {
		err := do()
		t.inbox.Put(func() error {
			t.busy = false
			return then(err)
		})
	})
}
