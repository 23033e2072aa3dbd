package player

import (
	"slices"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/stream"
)

// avoidRefused chooses other tracks, as much like those that were chosen as there are, where the key system was not granted for them. It is asked for what
// plays first: what comes later may be more than it takes.
func (pb *playback) avoidRefused() {
	for n := pb.span.first; n <= pb.span.last; n++ {
		p := pb.film.periods[n]
		for _, set := range p.sets {
			set.refused = pb.keys != nil && !slices.ContainsFunc(set.renditions, func(r *stream.Rendition) bool {
				return !r.Header.Encrypted() || pb.keys.Allowed(r.Header)
			})
		}
		for _, kind := range kinds[:2] {
			before := p.chosen[kind]
			if before == nil || !before.refused {
				continue
			}
			p.choose(pb.wishes)
			now := p.chosen[kind]
			if now == before {
				continue
			}
			if !stream.Alike(now.renditions[0].Header.MIMEType(), before.renditions[0].Header.MIMEType()) {
				p.chosen[kind] = before // the SourceBuffer may not take it
				continue
			}
			pb.span.tracks[kind].Select(n-pb.span.first, now.renditions)
		}
	}
}

// refusal is the error of a Period of which something cannot be played because the key system was not granted for it; nil of one that can.
func (pb *playback) refusal(n int) error {
	for _, kind := range kinds[:2] {
		set := pb.film.periods[n].chosen[kind]
		if set == nil || !set.refused {
			continue
		}
		header := set.renditions[0].Header
		reason := reasons[drm.Refused]
		return &Error{Code: reason.code, Stage: reason.stage, KeySystem: pb.keys.KeySystem(), KeyIDs: header.KeyIDs(), URL: pb.manifestURL,
			Message: "The browser did not grant " + pb.keys.KeySystem() + " for " + header.MIMEType() + ", which the film goes on with",
			Remedy:  "Package all Periods with the same codecs, encryption scheme and security level, or check that this browser takes them all"}
	}
	return nil
}
