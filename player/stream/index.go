package stream

import (
	"context"
	"errors"
	"io"
	"math/bits"

	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/webm"
)

// IndexError says that a file's own index of its segments cannot be read.
type IndexError struct {
	URL   string // by fetch.RedactURL
	Cause error
}

func (e *IndexError) Error() string { return "index of " + e.URL + ": " + e.Cause.Error() }

// Unwrap gives the cause, of package mp4 or webm.
func (e *IndexError) Unwrap() error { return e.Cause }

const (
	maxIndexReads = 64       // requests for one index
	indexApart    = 64 << 10 // between initialization segment and index, that one request may bring in vain
	indexProbe    = 16 << 10 // where the manifest does not tell how far an index goes
)

// index is a mp4.Index or a webm.Index.
type index interface {
	Read(r io.ReaderAt, length, offset int64) (next manifest.ByteRange, err error)
}

// indexed takes in an index.
func (t *Track) indexed(p *piece, index manifest.Index, init platform.Body, err error) error {
	p.cancel()
	r := p.rendition
	r.keep(init)
	if index != nil {
		r.index = index
	}
	if p.dropped {
		return nil
	}
	t.coming = nil
	if err != nil && !errors.Is(err, context.Canceled) {
		r.failed = err
		return t.failed(p, err, true)
	}
	return nil
}

// loadIndex fetches and reads an index, and with it the initialization segment where one request can bring both.
func (t *Track) loadIndex(ctx context.Context, r *Rendition) (manifest.Index, platform.Body, error) {
	url := fetch.RedactURL(r.IndexSource.URL)
	if len(r.BaseURLs) > 0 && url == "" {
		url = fetch.RedactURL(r.BaseURLs[0])
	}
	var boxes mp4.Index
	var cues webm.Index
	var x index = &boxes
	if r.Header.Container == "webm" {
		x = &cues
	}
	init, err := t.readIndex(ctx, r, x)
	if err != nil {
		if init != nil {
			init.Release()
		}
		var failure *fetch.Error
		if !errors.As(err, &failure) && ctx.Err() == nil {
			err = &IndexError{URL: url, Cause: err}
		}
		return nil, nil, err
	}
	timescale, fragments := boxes.Timescale, boxes.Fragments
	if r.Header.Container == "webm" {
		timescale, fragments = cues.Timescale, cues.Fragments
	}
	return manifest.NewFragmentIndex(r.IndexSource.URL, timescale, rescale(r.PresentationTimeOffset, r.Timescale, timescale), fragments), init, nil
}

// readIndex reads piece after piece. The first is the initialization segment too, where the index lies right behind it.
func (t *Track) readIndex(ctx context.Context, r *Rendition, x index) (init platform.Body, err error) {
	next := r.IndexSource.Range
	if next == (manifest.ByteRange{}) {
		next.Length = indexProbe
	}
	if head := r.Init; head != nil && head.URL == r.IndexSource.URL && head.Range.Start == 0 && head.Range.Length > 0 {
		together := manifest.ByteRange{Length: next.Start + next.Length}
		if next.Start-head.Range.Length > indexApart || next.Start < head.Range.Length {
			together = head.Range
		}
		if init, err = t.get(ctx, fetch.Index, r, manifest.Segment{URL: head.URL, Range: together}, nil); err != nil {
			return nil, err
		}
		_, boxes := x.(*mp4.Index)
		if together == head.Range && boxes {
			return init, t.readOn(ctx, r, x, next)
		}
		more, err := x.Read(init, init.Len(), 0)
		if err != nil || more == (manifest.ByteRange{}) && together != head.Range {
			return init, err
		}
		if together != head.Range {
			next = more
		}
	}
	return init, t.readOn(ctx, r, x, next)
}

// readOn reads piece after piece, from next on.
func (t *Track) readOn(ctx context.Context, r *Rendition, x index, next manifest.ByteRange) error {
	for range maxIndexReads {
		body, err := t.get(ctx, fetch.Index, r, manifest.Segment{URL: r.IndexSource.URL, Range: next}, nil)
		if err != nil {
			return err
		}
		next, err = x.Read(body, body.Len(), next.Start)
		body.Release()
		if err != nil || next == (manifest.ByteRange{}) {
			return err
		}
	}
	return errEndless
}

var errEndless = errors.New("it is in too many pieces")

// rescale gives a time in other ticks, rounded down.
func rescale(ticks, from, to uint64) uint64 {
	high, low := bits.Mul64(ticks, to)
	if from == 0 || high >= from {
		return 0
	}
	quotient, _ := bits.Div64(high, low, from)
	return quotient
}
