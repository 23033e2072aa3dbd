package stream

import (
	"context"
	"errors"
	"time"

	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/platform"
)

// sequenceGoal is how far ahead of the playhead a file is downloaded.
const sequenceGoal = 60 * time.Second

// Sequence plays a file without an index: its pieces in their order. Run it on a goroutine of its own.
type Sequence struct {
	Representation manifest.Representation
	Head           platform.Body // the bytes of Representation.Init, where they are here already; Run releases them
	SourceBuffer   platform.SourceBuffer
	Element        platform.MediaElement
	Fetch          *fetch.Client
	Observer       Observer
	Outline        *mp4.Outline // of an MP4, to know in the end whether the file is whole; nil does not look

	// Announce, where it and Outline are set, is told what the boxes of a piece say of keys (moof: whole pssh boxes, and key ids of groups of
	// samples) before the piece is appended. It is called from the track's goroutine, owns what it is given, and does not block.
	Announce func(pssh []byte, keyIDs []manifest.KeyID)

	wake  chan struct{}
	view  SequenceView
	body  platform.Body // downloaded and not appended yet
	known bool          // Outline has seen body
	lost  bool          // the place where media is decrypted has died once
}

// NewSequence makes a track; the exported fields are then the caller's to set before Run.
func NewSequence() *Sequence { return &Sequence{wake: make(chan struct{}, 1)} }

// Wake says that the playhead moved, or that the element stalled. It may be called from anywhere and never blocks.
func (t *Sequence) Wake() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// Run feeds the SourceBuffer until ctx ends or something fails: a *[fetch.Error], an *[AppendError], or ctx's error.
func (t *Sequence) Run(ctx context.Context) error {
	t.body, t.Head = t.Head, nil
	defer t.release()
	if t.Outline != nil && t.Announce != nil {
		t.Outline.Box = announcing(t.Announce)
	}
	t.view = SequenceView{Count: 1 + len(t.Representation.Segments), Goal: sequenceGoal, Restarted: -time.Hour}
	finished := false
	for {
		step := t.plan()
		var err error
		switch step.Action {
		case Fetch:
			finished = false
			err = t.append(ctx)
		case Evict:
			t.view.Full = false
			err = t.SourceBuffer.Remove(ctx, step.Remove.Start, step.Remove.End)
		case Restart:
			err = t.restart(ctx)
		case Wait:
			err = t.wait(ctx)
			t.view.Full = false
		case Done:
			if !finished {
				finished = true
				err = t.finish()
			}
			if err == nil {
				err = t.wait(ctx)
			}
		}
		if err != nil {
			return err
		}
	}
}

// finish tells that everything is appended. A file of which nothing was buffered holds no media: Chromium takes garbage without a word.
func (t *Sequence) finish() error {
	if t.view.Reached == 0 {
		return &AppendError{URL: fetch.RedactURL(t.Representation.Init.URL), Cause: errNoMedia}
	}
	t.Observer.Finished(t)
	return nil
}

// plan takes a fresh look and decides.
func (t *Sequence) plan() SequenceStep {
	t.view.Position = t.Element.CurrentTime()
	t.view.Stalled = t.Element.ReadyState() < platform.HaveFutureData
	t.view.Buffered = t.view.Buffered[:0]
	for _, r := range t.SourceBuffer.Buffered() {
		t.view.Buffered = append(t.view.Buffered, Range(r))
	}
	return PlanSequence(t.view)
}

func (t *Sequence) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.wake:
		return nil
	}
}

// append fetches the next piece, unless it is here already, and appends it. Piece 0 is the initialization segment. A piece that finds no
// room is kept: nothing is downloaded twice for want of space.
func (t *Sequence) append(ctx context.Context) error {
	segment := *t.Representation.Init
	if t.view.Next > 0 {
		segment = t.Representation.Segments[t.view.Next-1]
	}
	if t.body == nil {
		t.Observer.Fetching(t)
		result, err := t.Fetch.Do(ctx, fetch.Request{Kind: fetch.Media, URL: segment.URL, Range: fetch.Range(segment.Range)})
		if err != nil {
			return err
		}
		t.body = result.Body
	}
	if err := t.outline(); err != nil {
		return err
	}
	t.Observer.Appending(t)
	err := t.SourceBuffer.AppendBuffer(ctx, t.body)
	switch {
	case err == nil:
		return t.appended()
	case ctx.Err() != nil:
		return ctx.Err()
	case platform.IsDOMError(err, "QuotaExceededError"):
		t.view.Full = true
		return nil
	case errors.Is(err, platform.ErrDecryptionLost) && !t.lost:
		t.lost = true // a piece that kills it kills it again
		return t.restart(ctx)
	}
	return &AppendError{URL: fetch.RedactURL(segment.URL), Cause: err}
}

// outline shows a piece to Outline, once: a piece that found no room comes by again.
func (t *Sequence) outline() error {
	if t.Outline == nil || t.known {
		return nil
	}
	t.known = true
	return t.Outline.Add(t.body, t.body.Len())
}

// announcing is what an Outline shows boxes to: it tells what each says of keys. A box that makes no sense is the SourceBuffer's to refuse; what it said before
// still counts.
func announcing(tell func(pssh []byte, keyIDs []manifest.KeyID)) func(box []byte) {
	return func(box []byte) {
		if fragment, _ := mp4.ReadFragment(box); len(fragment.PSSH) > 0 || len(fragment.KeyIDs) > 0 {
			tell(fragment.PSSH, fragment.KeyIDs)
		}
	}
}

// appended keeps the account of what has been appended.
func (t *Sequence) appended() error {
	defer t.release()
	t.view.Next++
	buffered := t.SourceBuffer.Buffered()
	if len(buffered) == 0 {
		return nil
	}
	if t.view.Reached == 0 {
		t.view.Begin = buffered[0].Start
	}
	t.view.Reached = max(t.view.Reached, buffered[len(buffered)-1].End)
	return nil
}

// restart empties the SourceBuffer and begins again at the first piece. The removal comes first: it opens a source that has ended, which
// abort demands.
func (t *Sequence) restart(ctx context.Context) error {
	if err := t.SourceBuffer.Remove(ctx, 0, forever); err != nil {
		return err
	}
	if err := t.SourceBuffer.Abort(); err != nil {
		return &AppendError{URL: fetch.RedactURL(t.Representation.Init.URL), Cause: err}
	}
	t.release()
	t.view.Next, t.view.Full, t.view.Restarted = 0, false, t.view.Position
	t.view.Begin, t.view.Reached = 0, 0
	if t.Outline != nil {
		*t.Outline = mp4.Outline{Box: t.Outline.Box}
	}
	return nil
}

func (t *Sequence) release() {
	if t.body != nil {
		t.body.Release()
		t.body, t.known = nil, false
	}
}
