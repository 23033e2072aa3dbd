package drm

import (
	"slices"

	"github.com/keystream-player/keystream/player/manifest"
)

// Content is what is known of the media before it is loaded: from its manifest, or from the headers of its files. The zero value is legal:
// nothing could be read ahead.
type Content struct {
	// Sets play together, one Representation of each at a time.
	Sets []Set

	// Later are encrypted Sets of other Periods, whose keys are not to be asked for yet ([Load.Period] does). A key system is looked for that has them too.
	Later []Set

	// Direct says that the media goes to the element's src, not through a MediaSource.
	Direct bool
}

// Set is one AdaptationSet: the headers of Representations that can stand in for each other. A plain file is a Set of one.
type Set []*manifest.Header

// whole is the content with what comes later.
func (c Content) whole() Content {
	return Content{Sets: slices.Concat(c.Sets, c.Later), Direct: c.Direct}
}

// headers lists those of all Representations.
func (c Content) headers() (all []*manifest.Header) {
	for _, set := range c.Sets {
		all = append(all, set...)
	}
	return all
}

// systemsOf lists what a manifest says of the protection systems of tracks.
func systemsOf(tracks []manifest.Track) (systems []manifest.System) {
	for _, track := range tracks {
		if track.Protection != nil {
			systems = append(systems, track.Protection.Systems...)
		}
	}
	return systems
}

// KeyIDs lists the default key ids of all Representations, each once.
func (c Content) KeyIDs() [][16]byte {
	var ids [][16]byte
	for _, header := range c.headers() {
		for _, id := range header.KeyIDs() {
			ids = appendNew(ids, id)
		}
	}
	return ids
}

// Encrypted says whether any Representation is known to be.
func (c Content) Encrypted() bool {
	return slices.ContainsFunc(c.headers(), (*manifest.Header).Encrypted)
}

func appendNew[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}
