package player

import (
	"sync"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// arrivalDelay is how long after its first media a pipeline is sought in. WebKitGTK's needs a moment to link its decoders. Of 30 times back and forth between
// codecs, with GStreamer 1.22, 14 failed ("Failed to push buffer") or hung where the seek came before the media, 8 right after it, and 3 from 8 ms on.
const arrivalDelay = 20 * time.Millisecond

// playhead is an element that can begin elsewhere than at its source's start once there is media, and says until then that it is there already.
type playhead struct {
	platform.MediaElement

	mu sync.Mutex
	to *time.Duration // where it goes; nil once it was told to
}

// CurrentTime is where the playhead is, or is going to be.
func (p *playhead) CurrentTime() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.to != nil {
		return *p.to
	}
	return p.MediaElement.CurrentTime()
}

// SetCurrentTime goes there at once.
func (p *playhead) SetCurrentTime(t time.Duration) {
	p.stay()
	p.MediaElement.SetCurrentTime(t)
}

// goLater goes there at the next arrive.
func (p *playhead) goLater(t time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = &t
}

// stay goes nowhere later.
func (p *playhead) stay() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = nil
}

// arrive goes to where goLater was to, unless somebody else has moved the playhead meanwhile.
func (p *playhead) arrive() {
	p.mu.Lock()
	to := p.to
	p.to = nil
	p.mu.Unlock()
	if to != nil && !p.moved() {
		p.MediaElement.SetCurrentTime(*to)
	}
}

// moved says whether somebody else has moved the playhead of a new source: it seeks, or will as soon as there is media.
func (p *playhead) moved() bool {
	return p.Seeking() || p.ReadyState() == platform.HaveNothing && p.MediaElement.CurrentTime() > 0
}

// arriveSoon has the playhead go where the newest MediaSource is to begin, once all tracks have media.
func (pb *playback) arriveSoon() {
	if pb.span == nil {
		return
	}
	for _, track := range pb.span.tracks {
		if len(track.Media()) == 0 {
			return
		}
	}
	media := pb.media
	time.AfterFunc(arrivalDelay, func() {
		pb.inbox.Put(func() error {
			if pb.media == media {
				pb.element.arrive()
			}
			return nil
		})
	})
}
