package stream

import (
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
)

// Part is what a track plays in one Period.
type Part struct {
	Start, End time.Duration // of the Period, on the presentation's clock

	// Renditions can stand in for each other, the lowest bandwidth first. A Part without any is a Period in which the track has nothing to play.
	Renditions []*Rendition
}

// Rendition is a Representation as a track plays it. Once its track runs, only the track's goroutine may touch it.
type Rendition struct {
	*manifest.Representation

	// Barred is not to be chosen: it is more than the screen or the decoder can take, or its key is not to be had.
	Barred bool

	unplayable bool // for want of its key

	failed error          // why its initialization segment or its index cannot be had
	index  manifest.Index // nil until it is known
	init   platform.Body  // nil until it is here; the track releases it
}

// NewRendition makes a rendition of a Representation.
func NewRendition(r *manifest.Representation) *Rendition {
	return &Rendition{Representation: r, index: r.Index}
}

// offset is what is added to the media's own times to place it on the presentation's clock.
func (r *Rendition) offset(part *Part) time.Duration {
	return part.Start - manifest.Duration(r.PresentationTimeOffset, r.Timescale)
}

// urls lists where a segment may be fetched from, in order of preference.
func (r *Rendition) urls(ref string) (url string, alternatives []string, err error) {
	if len(r.BaseURLs) == 0 {
		return ref, nil, nil
	}
	var all []string
	for _, base := range r.BaseURLs {
		resolved, problem := manifest.ResolveURL(base, ref)
		if problem != nil {
			err = problem
			continue
		}
		all = append(all, resolved)
	}
	if len(all) == 0 {
		return "", nil, err
	}
	return all[0], all[1:], nil
}

// usable lists the renditions that may be chosen. Where that would be none, the least of those that are barred for being too much is better than nothing.
func (p *Part) usable() (list []*Rendition) {
	var least []*Rendition
	for _, r := range p.Renditions {
		switch {
		case r.failed != nil || r.unplayable:
		case !r.Barred:
			list = append(list, r)
		case least == nil:
			least = []*Rendition{r}
		}
	}
	if list == nil {
		return least
	}
	return list
}

// failure says why a rendition cannot be had, if that is so.
func (p *Part) failure() error {
	for _, r := range p.Renditions {
		if r.failed != nil {
			return r.failed
		}
	}
	return nil
}

// index gives one by which segments of the part can be found: that of the preferred rendition, if it has one.
func (p *Part) index(preferred *Rendition) manifest.Index {
	if preferred != nil && preferred.index != nil && p.has(preferred) {
		return preferred.index
	}
	for _, r := range p.usable() {
		if r.index != nil {
			return r.index
		}
	}
	return nil
}

func (p *Part) has(rendition *Rendition) bool { return slices.Contains(p.Renditions, rendition) }
