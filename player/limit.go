package player

import (
	"maps"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/stream"
)

const (
	frameWindow  = 5 * time.Second // frames are counted over
	framesEnough = 60              // with fewer decoded in it, nothing is concluded
	framesLost   = 0.2             // as large a part of them dropped means that this quality is too much
)

// limits are what qualities may be chosen by, beside the network. The playback's run goroutine owns it.
type limits struct {
	keys          [][16]byte // that may not be used now
	width, height int        // of the element, when last looked
	tooMuch       int        // pixels from which on frames were lost; 0 is none
	told          bool       // the tracks of the span know

	checked        time.Time // when frames were counted last
	total, dropped int
}

// limit works out which qualities may be chosen, and tells the tracks and the page where that has changed.
func (pb *playback) limit() {
	if pb.bar() {
		pb.tellTracks()
	}
}

// bar is limit, but for the page.
func (pb *playback) bar() (changed bool) {
	if pb.span == nil {
		return false
	}
	pb.avoidRefused()
	pb.limits.width, pb.limits.height = pb.element.Size()
	barred, unplayable := map[*stream.Rendition]bool{}, map[*stream.Rendition]bool{}
	for _, p := range pb.film.periods[pb.span.first : pb.span.last+1] {
		for _, kind := range kinds[:2] {
			if set := p.chosen[kind]; set != nil {
				pb.limitSet(set, barred, unplayable)
			}
		}
	}
	if pb.limits.told && maps.Equal(barred, pb.barred) && maps.Equal(unplayable, pb.unplayed) {
		return false
	}
	pb.limits.told, pb.barred, pb.unplayed = true, barred, unplayable
	for _, track := range pb.span.tracks {
		track.Bar(func(r *stream.Rendition) bool { return barred[r] }, func(r *stream.Rendition) bool { return unplayable[r] })
	}
	return true
}

// limitSet is limit for one set. Where every quality is more than it should be, the least may be chosen.
func (pb *playback) limitSet(set *trackSet, barred, unplayable map[*stream.Rendition]bool) {
	var least *stream.Rendition
	allowed := false
	for _, r := range set.renditions {
		if pb.unplayable(r) {
			barred[r], unplayable[r] = true, true
			continue
		}
		if least == nil {
			least = r
		}
		if pb.excessive(set, r) {
			barred[r] = true
		} else {
			allowed = true
		}
	}
	if !allowed && least != nil {
		delete(barred, least)
	}
}

// unplayable says whether the key of a Representation is not to be had, or the key system was not granted for it.
func (pb *playback) unplayable(r *stream.Rendition) bool {
	if pb.keys == nil || !r.Header.Encrypted() {
		return false
	}
	return !pb.keys.Allowed(r.Header) ||
		slices.ContainsFunc(r.Header.KeyIDs(), func(id [16]byte) bool { return slices.Contains(pb.limits.keys, id) })
}

// excessive says whether a quality is more than the app, the element or the decoder wants.
func (pb *playback) excessive(set *trackSet, r *stream.Rendition) bool {
	c, main := &pb.player.config.ABR, r.Header.Tracks[0]
	pixels := main.Width * main.Height
	switch {
	case r.ID == pb.quality:
		return false // a person wants it all the same
	case c.MaxBitrate > 0 && set.Kind == pb.mainKind() && r.Bandwidth > c.MaxBitrate, c.MaxHeight > 0 && main.Height > c.MaxHeight:
		return true
	case pb.limits.tooMuch > 0 && pixels >= pb.limits.tooMuch:
		return true
	case c.AnySize || pb.limits.width == 0 || pixels == 0:
		return false
	}
	// The smallest picture that fills the element is enough.
	return slices.ContainsFunc(set.renditions, func(smaller *stream.Rendition) bool {
		size := smaller.Header.Tracks[0]
		return size.Width*size.Height < pixels && (size.Width >= pb.limits.width || size.Height >= pb.limits.height)
	})
}

// watchLimits looks whether the element has another size, and whether the decoder keeps up.
func (pb *playback) watchLimits() {
	if pb.span == nil {
		return
	}
	changed := false
	if width, height := pb.element.Size(); width != pb.limits.width || height != pb.limits.height {
		changed = true
	}
	if pb.losesFrames() {
		if r := pb.plays["video"]; r != nil && !pb.isLeast(r) {
			pb.limits.tooMuch = r.Header.Tracks[0].Width * r.Header.Tracks[0].Height
			changed = true
		}
	}
	if changed {
		pb.limit()
	}
}

// losesFrames says, once for each window, whether too many frames were dropped in it. A page that is not seen drops all.
func (pb *playback) losesFrames() bool {
	before := pb.limits
	since := time.Since(before.checked)
	if since < frameWindow {
		return false
	}
	pb.countFrames()
	newTotal, newDropped := pb.limits.total-before.total, pb.limits.dropped-before.dropped
	return since <= 2*frameWindow && pb.host.Visible() && !pb.element.Paused() && pb.element.PlaybackRate() <= 1 && newTotal >= framesEnough &&
		float64(newDropped) > framesLost*float64(newTotal)
}

// countFrames begins a window: of another quality, too, which must not pay for the one before.
func (pb *playback) countFrames() {
	pb.limits.checked = time.Now()
	pb.limits.total, pb.limits.dropped = pb.element.Frames()
}

func (pb *playback) isLeast(r *stream.Rendition) bool {
	for _, p := range pb.film.periods {
		if set := p.chosen["video"]; set != nil && set.renditions[0] == r {
			return true
		}
	}
	return false
}
