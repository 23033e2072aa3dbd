package stream

import (
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// Do has the track's goroutine do something, and look again. It may be called from anywhere and never blocks; after Run has ended it does nothing.
func (t *Track) Do(f func()) {
	t.inbox.Put(func() error {
		f()
		return nil
	})
}

// Use gives the track its SourceBuffer. What it has downloaded before waits for that.
func (t *Track) Use(buffer platform.SourceBuffer) {
	t.Do(func() { t.Buffer = buffer })
}

// Select makes other renditions those of a part. What is there of the old ones is replaced, but for what is just being played; what they lacked is asked for.
func (t *Track) Select(part int, renditions []*Rendition) {
	t.Do(func() {
		for _, r := range t.Parts[part].Renditions {
			if !slices.Contains(t.former, r) {
				t.former = append(t.former, r)
			}
		}
		t.Parts[part].Renditions = renditions
		t.have = slices.DeleteFunc(t.have, func(h held) bool { return h.Hole && h.part == part })
		t.restale()
	})
}

// Fix chooses the renditions that match, instead of the [abr.Selector]; nil gives the choice back to that. What is there of others is replaced.
func (t *Track) Fix(match func(*Rendition) bool) {
	t.Do(func() {
		t.fixed = match
		t.restale()
	})
}

// Bar says which renditions may not be chosen. What is there of them stays, unless it cannot be played: then it is taken out, and what comes after it, for an
// element that meets it waits for its key, whatever else may be on its way.
func (t *Track) Bar(barred, unplayable func(*Rendition) bool) {
	t.Do(func() {
		for _, part := range t.Parts {
			for _, r := range part.Renditions {
				r.Barred, r.unplayable = barred(r), unplayable(r)
			}
		}
		position := t.Element.CurrentTime()
		for _, h := range t.have {
			if h.rendition != nil && unplayable(h.rendition) && h.End > position {
				t.doomed = Range{max(h.Start, position), forever}
				t.have = t.have.cut(t.doomed)
				break
			}
		}
	})
}

// Jumped says that the playhead was moved.
func (t *Track) Jumped() {
	t.Do(func() {
		if t.Selector != nil {
			t.Selector.Jumped()
		}
		t.now()
	})
}

// Pause has nothing more downloaded until Resume. A download under way is called off.
func (t *Track) Pause() {
	t.Do(func() {
		t.paused = true
		if t.coming != nil && t.coming.body == nil {
			t.drop(&t.coming)
		}
	})
}

// Hurry ends a waiting for a network, or a server, that has failed.
func (t *Track) Hurry() { t.Do(t.now) }

// Resume ends a Pause.
func (t *Track) Resume() {
	t.Do(func() {
		t.paused = false
		t.now()
	})
}

// At gives the rendition whose media is buffered at a time; nil is none.
func (t *Track) At(position time.Duration) *Rendition {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h := t.playing.at(position); h != nil {
		return h.rendition
	}
	return nil
}

// Waits says whether an append takes so long that it must be waiting for a key.
func (t *Track) Waits() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.began.IsZero() && time.Since(t.began) > appendTime
}

// Media is what is buffered of one rendition.
type Media struct {
	Range
	Rendition *Rendition // nil of what could not be had
}

// Media lists what is buffered, in order.
func (t *Track) Media() []Media {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]Media, len(t.playing))
	for i, h := range t.playing {
		out[i] = Media{Range{h.Start, h.End}, h.rendition}
	}
	return out
}

// restale works out what is to be replaced of what is there or on its way. What comes after this is as it was chosen, even if it had to be of another rendition.
func (t *Track) restale() {
	for i := range t.have {
		h := &t.have[i]
		h.Stale = !h.Hole && t.stale(h.part, h.rendition)
	}
	for _, p := range []*piece{t.appending, t.ready, t.coming} {
		if p != nil {
			p.stale = t.stale(p.part, p.rendition)
		}
	}
}

// stale says whether media is to be replaced: of a rendition that is not its part's any more, or not the one that is fixed where that can be had.
func (t *Track) stale(part int, r *Rendition) bool {
	p := t.Parts[part]
	return !p.has(r) || t.fixed != nil && !t.fixed(r) && p.offers(t.fixed)
}

// offers says whether the part has a rendition that matches and may be chosen.
func (p *Part) offers(match func(*Rendition) bool) bool {
	for _, r := range p.usable() {
		if match(r) {
			return true
		}
	}
	return false
}
