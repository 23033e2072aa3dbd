package stream

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/platform"
)

// appendTime is how long an append takes that does not wait for anything, and more.
const appendTime = 500 * time.Millisecond

// How far media may reach out of its Period: a picture whose first frame is a rounding error too early must not be lost, for all up to the next key frame
// would be.
const (
	windowBefore = 100 * time.Millisecond
	windowAfter  = 10 * time.Millisecond
)

// later adds to a time, of which the largest is no time.
func later(t, d time.Duration) time.Duration {
	if t > forever-d {
		return forever
	}
	return t + d
}

// feeding is what a SourceBuffer was told last.
type feeding struct {
	part      int
	rendition *Rendition // nil is nothing, or what it made of it is not known
	mimeType  string
	url       string // of the newest segment
}

// append hands the piece that is ready to the SourceBuffer.
func (t *Track) append(ctx context.Context) {
	p := t.ready
	t.ready, t.appending = nil, p
	appendCtx, cancel := context.WithCancel(ctx)
	p.cancel = cancel
	p.begun = time.Now()
	t.begin(p.begun)
	t.Observer.Appending(t)
	said, part, first := t.feeding, t.Parts[p.part], len(t.have) == 0
	t.operate(func() error {
		if err := t.prepare(appendCtx, part, p, &said); err != nil {
			return err
		}
		if first {
			t.inbox.Put(func() error {
				p.given = true
				return nil
			})
		}
		defer t.announce(p)()
		if cues, ok := t.Buffer.(*cueBuffer); ok {
			cues.segment = Range{p.start, p.end}
		}
		return t.Buffer.AppendBuffer(appendCtx, p.body)
	}, func(err error) error {
		t.feeding = said
		calledOff := appendCtx.Err() != nil
		cancel()
		return t.appended(ctx, p, err, calledOff)
	})
}

// prepare tells the SourceBuffer what comes, where that is another rendition or another Period than before.
func (t *Track) prepare(ctx context.Context, part *Part, p *piece, said *feeding) error {
	said.url = p.segment.URL
	if said.rendition == p.rendition && said.part == p.part {
		return nil
	}
	said.rendition = nil
	r := p.rendition
	_ = t.Buffer.SetTimestampOffset(r.offset(part)) // opens a source that has ended, which abort demands; an offset is set again where a segment is over
	if err := t.Buffer.Abort(); err != nil {
		return err
	}
	if mimeType := r.Header.MIMEType(); said.mimeType == "" && !Alike(mimeType, t.MIMEType) || said.mimeType != "" && !Alike(mimeType, said.mimeType) {
		if err := t.Buffer.ChangeType(mimeType); err != nil {
			return err
		}
		said.mimeType = mimeType
	}
	if err := t.Buffer.SetTimestampOffset(r.offset(part)); err != nil {
		return err
	}
	if err := t.Buffer.SetAppendWindow(max(part.Start-windowBefore, 0), later(part.End, windowAfter)); err != nil {
		return err
	}
	if r.init != nil {
		init, err := r.init.Clone()
		if err != nil {
			return err
		}
		defer init.Release()
		if err := t.Buffer.AppendBuffer(ctx, init); err != nil {
			return err
		}
	}
	said.part, said.rendition = p.part, r
	return nil
}

// Alike says whether a SourceBuffer takes both types without a word: the same container, the same families of codecs.
func Alike(a, b string) bool { return family(a) == family(b) }

// family is `video/mp4;codecs=avc1` for `video/mp4; codecs="avc1.64001f"`.
func family(mimeType string) string {
	container, codecs, _ := strings.Cut(mimeType, `; codecs="`)
	out := container + ";"
	for codec := range strings.SplitSeq(strings.TrimSuffix(codecs, `"`), ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(codec), ".")
		switch name {
		case "avc3":
			name = "avc1"
		case "hev1":
			name = "hvc1"
		}
		out += name + ","
	}
	return out
}

// announce tells what the boxes before the media say of keys; wait returns when it has. It goes on beside the append, which may wait for a key and which the
// first picture waits for. Boxes that make no sense are the SourceBuffer's to refuse.
func (t *Track) announce(p *piece) (wait func()) {
	if t.Announce == nil || p.rendition.Header.Container != "mp4" {
		return func() {}
	}
	done := make(chan struct{})
	t.spawn(func() {
		defer close(done)
		outline := mp4.Outline{Box: announcing(t.Announce)}
		_ = outline.Add(p.body, p.body.Len())
	})
	return func() { <-done }
}

// begin notes when an append began; the zero time is its end.
func (t *Track) begin(began time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began = began
}

// appended hears of the end of an append, which may have been called off.
func (t *Track) appended(ctx context.Context, p *piece, err error, calledOff bool) error {
	t.appending = nil
	t.begin(time.Time{})
	switch {
	case err == nil:
		return t.take(p)
	case platform.IsDOMError(err, "QuotaExceededError"):
		return t.noRoom(ctx, p, err)
	case p.dropped || calledOff:
		t.feeding.rendition = nil
		p.release()
		return nil
	case errors.Is(err, platform.ErrDecryptionLost) && !t.lost:
		t.lost = true // a piece that kills it kills it again
		p.release()
		t.restart(ctx)
		return nil
	}
	p.release()
	return &AppendError{URL: fetch.RedactURL(t.feeding.url), Cause: err}
}

// maxUnseen is how many segments are appended without any media to show for it: Chromium takes garbage without a word.
const maxUnseen = 3

// take notes what has been appended.
func (t *Track) take(p *piece) error {
	h := p.held(true)
	p.release()
	h.seen = visible(Range{h.Start, h.End}, t.Buffer.Buffered())
	t.some = t.some || h.seen != Range{}
	t.have = t.have.add(h)
	t.refused = false
	t.Goals.Bytes = min(t.most, t.Goals.Bytes+h.Bytes/16)
	if t.unseen++; !t.some && t.unseen >= maxUnseen {
		return &AppendError{URL: fetch.RedactURL(t.feeding.url), Cause: errNoMedia}
	}
	return nil
}

// noRoom keeps a piece for which there was none: nothing is downloaded twice for want of space. For a while less is buffered. A piece for which there is no
// room even in an empty SourceBuffer will never have any.
func (t *Track) noRoom(ctx context.Context, p *piece, err error) error {
	if p.dropped {
		p.release()
		t.feeding.rendition = nil // there was no room for all of it
		return nil
	}
	t.full = true
	size := p.body.Len()
	if held := bytesAhead(View{Have: t.have.chunks(), Position: -forever}); held > 0 {
		t.Goals.Bytes = min(t.Goals.Bytes, max(held*9/10, 2*size))
	}
	v := t.view()
	v.Have = t.have.chunks()
	if reached, _ := v.reach(); reached > v.Position+2*slack || Plan(v).Action == Evict {
		t.ready = p
		return nil
	}
	if t.refused {
		p.release()
		return &AppendError{URL: fetch.RedactURL(p.segment.URL), Cause: err}
	}
	t.refused, t.full = true, false
	t.ready = p
	t.restart(ctx) // of what is there nobody knows
	return nil
}

// restart empties the SourceBuffer and begins again. The removal comes first: it opens a source that has ended, which abort demands.
func (t *Track) restart(ctx context.Context) {
	t.have, t.feeding.rendition = nil, nil
	t.reopen()
	t.operate(func() error { return t.Buffer.Remove(ctx, 0, forever) }, func(err error) error { return err })
}
