package stream

import (
	"context"
	"errors"
	"time"

	"github.com/keystream-player/keystream/player/abr"
	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
)

const (
	maxSkipped = 2 // segments, one after the other, that playback may jump over

	// Where the network or the server fails and there is media left to play, a download is tried again after retryFirst, and twice as long each time.
	retryFirst = 2 * time.Second
	retryMost  = 8 * time.Second
)

// fetch begins the download of what a step asks for: of an index first, where that is how a segment is found.
func (t *Track) fetch(ctx context.Context, step Step) error {
	part := t.Parts[step.Part]
	r := t.choose(part, step)
	if r == nil {
		return part.failure() // or nothing is done until something is allowed again: whoever forbade it says what that means
	}
	t.current = r
	p := &piece{part: step.Part, rendition: r}
	var downloadCtx context.Context
	downloadCtx, p.cancel = context.WithCancel(ctx)
	if r.index == nil {
		p.start, p.end = part.Start+step.At, part.End
		t.coming = p
		t.reopen()
		t.spawn(func() {
			index, init, err := t.loadIndex(downloadCtx, r)
			t.inbox.Put(func() error { return t.indexed(p, index, init, err) })
		})
		return nil
	}
	n := r.index.Find(step.At)
	if n >= r.index.Len() {
		// Its last segment ends before those of the others.
		p.start, p.end = step.From, part.End
		t.hole(p)
		return nil
	}
	p.segment = r.index.Segment(n)
	p.start, p.end = PartView{Start: part.Start, End: part.End, Index: r.index}.segment(n)
	p.start = max(p.start, part.Start)
	if p.start > step.From+rounding {
		t.have = t.have.add(gap(step.Part, step.From, p.start))
	}
	t.coming = p
	t.reopen()
	if !t.entered(step.Part) {
		t.Observer.Entering(t, step.Part)
	}
	needsInit := r.init == nil && r.Init != nil
	t.spawn(func() { t.download(downloadCtx, p, needsInit) })
	return nil
}

// entered says whether media of a part was downloaded before.
func (t *Track) entered(part int) bool {
	if t.seen == nil {
		t.seen = make(map[int]bool)
	}
	before := t.seen[part]
	t.seen[part] = true
	return before
}

// download fetches a segment, and beside it the initialization segment where that is not here yet.
func (t *Track) download(ctx context.Context, p *piece, needsInit bool) {
	type result struct {
		body platform.Body
		err  error
	}
	inits := make(chan result, 1)
	if needsInit {
		t.spawn(func() {
			got := result{err: context.Canceled} // of a panic
			defer func() { inits <- got }()
			got.body, got.err = t.get(ctx, fetch.Init, p.rendition, *p.rendition.Init, nil)
		})
	} else {
		inits <- result{}
	}
	body, err := t.get(ctx, t.Kind, p.rendition, p.segment, p)
	if err != nil {
		p.cancel() // the other one is of no use without it
	}
	init := <-inits
	t.inbox.Put(func() error { return t.downloaded(p, body, err, init.body, init.err) })
}

// get fetches a segment; p, where it is not nil, is measured.
func (t *Track) get(ctx context.Context, kind fetch.Kind, r *Rendition, segment manifest.Segment, p *piece) (platform.Body, error) {
	url, alternatives, err := r.urls(segment.URL)
	if err != nil {
		return nil, &fetch.Error{Kind: kind, URL: fetch.RedactURL(segment.URL), Cause: err}
	}
	request := fetch.Request{Kind: kind, URL: url, Alternatives: alternatives, Range: fetch.Range(segment.Range)}
	if p != nil {
		request.Observe = func(progress fetch.Progress) {
			p.observe(progress)
			t.poke()
		}
	}
	result, err := t.Fetch.Do(ctx, request)
	if err != nil {
		return nil, err
	}
	if p != nil && kind == fetch.Media && !result.Early {
		t.Meter.Add(abr.Transfer{Started: result.Started, Opened: result.Opened, Ended: result.Ended, Bytes: result.Body.Len()})
	}
	return result.Body, nil
}

// poke has Run look again, without a word about the playhead.
func (t *Track) poke() { t.inbox.Put(func() error { return nil }) }

// downloaded takes in what a download brought.
func (t *Track) downloaded(p *piece, body platform.Body, err error, init platform.Body, initErr error) error {
	p.cancel()
	p.body = body
	p.rendition.keep(init)
	if p.dropped {
		p.release()
		return nil
	}
	if err == nil && initErr == nil {
		t.skipped, t.waited = 0, 0
		return nil // step takes it from here
	}
	t.coming = nil
	p.release()
	if initErr != nil && !errors.Is(initErr, context.Canceled) && (err == nil || errors.Is(err, context.Canceled)) {
		p.rendition.failed = initErr
		return t.failed(p, initErr, true)
	}
	return t.failed(p, err, false)
}

// failed finds a way on: another rendition, the same later, without that segment. Where there is none, it is the end.
func (t *Track) failed(p *piece, err error, whole bool) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil // Run is ending
	}
	part := t.Parts[p.part]
	var failure *fetch.Error
	answered := errors.As(err, &failure) && isAnswer(failure)
	left := p.start - needed/2 - t.Element.CurrentTime() // to play until it must be here
	patient := failure != nil && t.some && left > 0
	switch {
	case patient && (!answered || whole && isPassing(failure)):
		p.rendition.failed = nil
		t.later(left)
		return nil
	case whole && len(part.usable()) > 0:
		return nil // its other renditions are still to be tried
	case whole:
		return err
	case answered && t.other(part, p.rendition) != nil && !p.tried(t):
		t.forced = t.other(part, p.rendition)
		t.tried = p.start
		return nil
	case patient && isPassing(failure):
		t.later(left)
		return nil
	case answered && t.some && t.skipped < maxSkipped:
		t.skipped++
		t.hole(p)
		t.Observer.Skipped(t, failure.URL, err)
		return nil
	}
	return err
}

// isAnswer says whether a server has spoken, so that the network is not to blame.
func isAnswer(failure *fetch.Error) bool {
	var dom *platform.DOMError
	return failure.Status >= 300 || !failure.Timeout && failure.Cause != nil && failure.Cause != fetch.ErrShortBody && !errors.As(failure.Cause, &dom)
}

// isPassing says whether a server has spoken that may say something else soon, though not so soon as fetch tries again.
func isPassing(failure *fetch.Error) bool {
	return failure.Status >= 500 || failure.Status == 408 || failure.Status == 425 || failure.Status == 429
}

// tried says whether another rendition of this segment has been tried.
func (p *piece) tried(t *Track) bool { return t.tried == p.start }

// other gives the rendition below one, or above it, or nil.
func (t *Track) other(part *Part, rendition *Rendition) *Rendition {
	var before *Rendition
	for _, r := range part.usable() {
		if r == rendition && before != nil {
			return before
		}
		if before == rendition && before != nil {
			return r
		}
		before = r
	}
	return nil
}

// hole notes that a piece will not come.
func (t *Track) hole(p *piece) {
	p.cancel()
	t.have = t.have.add(gap(p.part, p.start, p.end))
	t.Wake()
}

// gap is a time of which there is nothing.
func gap(part int, start, end time.Duration) held {
	return held{Chunk: Chunk{Start: start, End: end, Settled: true, Hole: true}, part: part}
}

// later downloads nothing for a while, but tries again before what is left to play is played.
func (t *Track) later(left time.Duration) {
	t.waited = min(max(retryFirst, 2*t.waited), retryMost)
	var timer *time.Timer
	timer = time.AfterFunc(min(t.waited, max(left, retryFirst)), func() {
		t.Do(func() {
			if t.retry == timer {
				t.retry = nil
			}
		})
	})
	t.retry = timer
}

// now ends a waiting that [Track.later] has begun.
func (t *Track) now() {
	if t.retry != nil {
		t.retry.Stop()
		t.retry = nil
	}
}

// drop lets go of a piece that nobody wants any more. An append is left to end, unless it waits: for a key, which may never come.
func (t *Track) drop(slot **piece) {
	p := *slot
	if slot == &t.appending {
		if time.Since(p.begun) > appendTime {
			p.dropped = true
			p.cancel()
		}
		return
	}
	p.dropped = true
	p.cancel()
	p.release()
	if !p.begun.IsZero() {
		t.feeding.rendition = nil // there was no room for all of it
	}
	*slot = nil
}

// abandon gives up a download that would come too late.
func (t *Track) abandon(ctx context.Context) {
	p := t.coming
	if p == nil || p.body != nil || t.Selector == nil || t.fixed != nil || p.rendition.index == nil {
		return
	}
	progress := p.seen()
	if progress.Opened.IsZero() {
		return
	}
	part := t.Parts[p.part]
	ladder := part.usable()
	s := t.situation(part, ladder, p.start-part.Start, p.end-p.start)
	s.Current = -1
	for i, r := range ladder {
		if r == p.rendition {
			s.Current = i
		}
	}
	if s.Current < 0 {
		return
	}
	rung, give := t.Selector.Abandon(s, abr.Download{Received: progress.Received, Size: max(progress.Size, 0), Took: time.Since(progress.Opened)})
	if !give || rung == s.Current {
		return
	}
	t.forced = ladder[rung]
	t.Meter.Add(abr.Transfer{Started: progress.Started, Opened: progress.Opened, Ended: time.Now(), Bytes: progress.Received})
	t.drop(&t.coming)
	t.poke()
}
