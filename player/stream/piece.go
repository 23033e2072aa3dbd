package stream

import (
	"context"
	"sync"
	"time"

	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
)

// piece is a segment on its way to the SourceBuffer.
type piece struct {
	part       int
	rendition  *Rendition
	segment    manifest.Segment
	start, end time.Duration // on the presentation's clock

	cancel  context.CancelFunc // of the download, or of the append
	begun   time.Time          // the append
	given   bool               // to the SourceBuffer
	stale   bool               // another rendition was chosen since
	dropped bool               // nobody wants it any more
	body    platform.Body      // nil until it is here

	mu       sync.Mutex // guards what follows
	progress fetch.Progress
}

// held is the piece as media that is there.
func (p *piece) held(settled bool) held {
	h := held{Chunk: Chunk{Start: p.start, End: p.end, Settled: settled, Stale: p.stale}, part: p.part, rendition: p.rendition}
	if p.body != nil {
		h.Bytes = p.body.Len()
	}
	return h
}

// serves says whether the piece is still of use, where the plan would fetch something else now: it may lie between the playhead and that.
func (p *piece) serves(t *Track, step Step, position time.Duration) bool {
	target := t.Parts[step.Part].Start + step.At
	return p.end > position && p.start <= target+slack
}

func (p *piece) observe(progress fetch.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.progress = progress
}

func (p *piece) seen() fetch.Progress {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.progress
}

func (p *piece) release() {
	if p != nil && p.body != nil {
		p.body.Release()
		p.body = nil
	}
}

// keep keeps an initialization segment, of which one is enough; nil is none.
func (r *Rendition) keep(init platform.Body) {
	switch {
	case init == nil:
	case r.init == nil:
		r.init = init
	default:
		init.Release()
	}
}

func (r *Rendition) release() {
	if r.init != nil {
		r.init.Release()
		r.init = nil
	}
}
