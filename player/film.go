package player

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/stream"
)

// film is a presentation that a manifest tells of, with what of it can be played here.
type film struct {
	*manifest.Manifest
	periods []*period
	end     time.Duration // of the last period; forever where nobody knows
}

// period is a Period with the tracks that can be played; those made for fast forward are not among them.
type period struct {
	id         string
	start, end time.Duration
	sets       []*trackSet
	chosen     map[string]*trackSet // by kind
}

// trackSet is an AdaptationSet with those of its Representations that can be played. A track goes on to another set by another's renditions.
type trackSet struct {
	*manifest.AdaptationSet
	renditions []*stream.Rendition
	refused    bool // by the key system: it was asked for something else first
}

// kinds are those of tracks, in the order in which they are opened.
var kinds = []string{"video", "audio", "text"}

// forever is the end of what has none.
const forever = time.Duration(1<<63 - 1)

// newFilm finds out what of a manifest can be played: supported says of which MIME type a SourceBuffer can be made.
func newFilm(m *manifest.Manifest, supported func(mimeType string) bool) *film {
	f := &film{Manifest: m}
	supported = remember(supported)
	for i := range m.Periods {
		source := &m.Periods[i]
		p := &period{id: source.ID, start: source.Start, end: forever, chosen: map[string]*trackSet{}}
		switch {
		case source.Duration > 0:
			p.end = source.Start + source.Duration
		case i+1 < len(m.Periods):
			p.end = m.Periods[i+1].Start
		case m.Duration > source.Start:
			p.end = m.Duration
		}
		for j := range source.AdaptationSets {
			one := &source.AdaptationSets[j]
			if one.TrickPlay || len(p.of(one.Kind)) == maxSets {
				continue
			}
			if set := playable(one, supported); set != nil {
				p.sets = append(p.sets, set)
			}
		}
		p.sets = joined(p.sets)
		f.periods = append(f.periods, p)
		f.end = p.end
	}
	return f
}

// What of a Period is looked at: nobody chooses among more, and a manifest may have any number.
const (
	maxSets       = 64 // of each kind
	maxRenditions = 64 // of each set
	maxTypes      = 256
)

// remember asks about each MIME type once: most Representations have one of a few. Of types past any sensible number the browser is to say itself what it thinks.
func remember(supported func(string) bool) func(string) bool {
	known := map[string]bool{}
	return func(mimeType string) bool {
		answer, ok := known[mimeType]
		if !ok {
			answer = len(known) >= maxTypes || supported(mimeType)
			known[mimeType] = answer
		}
		return answer
	}
}

// playable gives what of an AdaptationSet can be played; nil is nothing.
func playable(source *manifest.AdaptationSet, supported func(string) bool) *trackSet {
	set := &trackSet{AdaptationSet: source}
	for i := range source.Representations {
		r := &source.Representations[i]
		if len(set.renditions) == maxRenditions {
			break
		}
		if source.Kind == "text" && r.Header.Container == "vtt" || source.Kind != "text" && supported(r.Header.MIMEType()) {
			set.renditions = append(set.renditions, stream.NewRendition(r))
		}
	}
	if len(set.renditions) == 0 {
		return nil
	}
	return set
}

// joined makes one of sets whose Representations can stand in for each other, as the manifest says: films with a key for each size are packaged so.
func joined(sets []*trackSet) (out []*trackSet) {
	for _, set := range sets {
		i := slices.IndexFunc(out, func(first *trackSet) bool { return first.switches(set) })
		if i < 0 {
			out = append(out, set)
			continue
		}
		out[i].renditions = append(out[i].renditions, set.renditions...)
		slices.SortStableFunc(out[i].renditions, func(a, b *stream.Rendition) int { return cmp.Compare(a.Bandwidth, b.Bandwidth) })
	}
	return out
}

// switches says whether a SourceBuffer can go from one set to the other and back, and the manifest lets it.
func (s *trackSet) switches(other *trackSet) bool {
	return s.Kind == other.Kind && (slices.Contains(s.SwitchesWith, other.ID) || slices.Contains(other.SwitchesWith, s.ID)) &&
		stream.Alike(s.renditions[0].Header.MIMEType(), other.renditions[0].Header.MIMEType())
}

// at gives the period of a time: the last one that has begun.
func (f *film) at(t time.Duration) int {
	n := 0
	for i, p := range f.periods {
		if p.start <= t {
			n = i
		}
	}
	return n
}

// of lists the sets of a kind.
func (p *period) of(kind string) (list []*trackSet) {
	for _, set := range p.sets {
		if set.Kind == kind {
			list = append(list, set)
		}
	}
	return list
}

// muxed says whether the video of a period has the sound in it.
func (p *period) muxed() bool {
	set := p.chosen["video"]
	return set != nil && len(set.renditions[0].Header.Tracks) > 1
}

// content is what is chosen, as the DRM engine wants it. Text is never encrypted here.
func (p *period) content() (content drm.Content) {
	for _, kind := range kinds[:2] {
		if set := p.chosen[kind]; set != nil {
			content.Sets = append(content.Sets, set.headers())
		}
	}
	return content
}

func (s *trackSet) headers() (list drm.Set) {
	for _, r := range s.renditions {
		list = append(list, r.Header)
	}
	return list
}

// mimeTypes lists the types of all that is chosen.
func (p *period) mimeTypes() (types []string) {
	for _, kind := range kinds[:2] {
		if set := p.chosen[kind]; set != nil {
			types = append(types, set.renditions[0].Header.MIMEType())
		}
	}
	return types
}

// wish is what is asked of a track beside its kind: what a person chose, or the app prefers.
type wish struct {
	languages []string // BCP 47, the dearest first
	like      *manifest.AdaptationSet
	none      bool // no track of this kind
}

// choose chooses a set of each kind.
func (p *period) choose(wishes map[string]wish) {
	for _, kind := range kinds {
		p.chosen[kind] = nil
		wish := wishes[kind]
		list := p.of(kind)
		if wish.none || len(list) == 0 || kind == "audio" && p.muxed() {
			continue
		}
		p.chosen[kind] = slices.MaxFunc(list, func(a, b *trackSet) int {
			if a.refused != b.refused {
				return bit(b.refused) - bit(a.refused)
			}
			return wish.compare(a, b)
		})
	}
}

// compare says which of two sets fits better.
func (w wish) compare(a, b *trackSet) int {
	x, y := w.merits(a), w.merits(b)
	for i := range x {
		if x[i] != y[i] {
			return x[i] - y[i]
		}
	}
	return 0
}

// merits are how well a set fits, what counts most first. Of equals the first counts: MaxFunc keeps it.
func (w wish) merits(s *trackSet) (m [8]int) {
	if w.like != nil {
		m[0] = bit(s.AdaptationSet == w.like)
		m[1] = bit(strings.EqualFold(s.Language, w.like.Language)) + bit(strings.EqualFold(primary(s.Language), primary(w.like.Language)))
	}
	if m[1] > 0 {
		m[2] = bit(slices.Equal(s.Roles, w.like.Roles)) + bit(len(s.Accessibility) == len(w.like.Accessibility))
		m[3] = bit(s.Label == w.like.Label)
	}
	for i, language := range w.languages {
		if speaks(s.Language, language) {
			m[4] = len(w.languages) - i
			break
		}
	}
	m[5] = bit(slices.Contains(s.Roles, "main")) - 2*bit(slices.Contains(s.Roles, "description") || len(s.Accessibility) > 0)
	m[6] = bit(!slices.Contains(s.Roles, "alternate") && !slices.Contains(s.Roles, "commentary") && !slices.Contains(s.Roles, "dub"))
	if s.Kind == "video" {
		m[7] = len(s.renditions)
	}
	return m
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// primary is the language without its varieties.
func primary(language string) string {
	language, _, _ = strings.Cut(language, "-")
	return language
}

// speaks says whether a track's language is the one wanted, or a variety of it.
//
// https://www.rfc-editor.org/rfc/rfc4647#section-3.3.1
func speaks(language, wanted string) bool {
	return strings.EqualFold(language, wanted) || len(language) > len(wanted) && language[len(wanted)] == '-' && strings.EqualFold(language[:len(wanted)], wanted)
}
