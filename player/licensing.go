package player

import (
	"errors"
	"slices"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/stream"
)

// license opens the DRM engine for this content and sets it to work.
func (pb *playback) license() error {
	load, err := pb.player.engine.Open(pb.ctx, pb.content(), pb)
	if err != nil {
		return err
	}
	pb.mu.Lock()
	pb.keys = load
	pb.mu.Unlock()
	pb.work(load.Run)
	return nil
}

// announced passes on what a track's segments say of their keys.
func (pb *playback) announced(pssh []byte, keyIDs []manifest.KeyID) { pb.keys.Announce(pssh, keyIDs) }

// retryLicense asks again for what has failed, if the playback is alive.
func (pb *playback) retryLicense() (alive bool) {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	if pb.err == nil && pb.keys != nil {
		pb.keys.Retry()
	}
	return pb.err == nil
}

// lackedLicense says whether the playback has failed for want of a licence.
func (pb *playback) lackedLicense() bool {
	var failure *Error
	return errors.As(pb.failure(), &failure) && failure.Fatal && failure.isAboutKeys()
}

// isAboutKeys says whether a failure may lie in a key or its licence, so that neither is to be kept.
func (e *Error) isAboutKeys() bool {
	var license *drm.Error
	return errors.As(e.cause, &license) || e.Code == KeyProbablyWrong
}

// DRMStep tells of a step of the EME flow.
func (pb *playback) DRMStep(step drm.Step) { pb.advance(Stage(step)) }

// DRMGranted notes what the key system granted; the step that follows tells it.
func (pb *playback) DRMGranted(grant drm.Grant) {
	pb.update(func(s *StateChangeEvent) {
		s.KeySystem, s.Configuration, s.Software, s.Report = grant.KeySystem, &grant.Configuration, grant.Software, grant.Report
	})
}

// DRMEvent passes on an event of the DRM engine, or takes it as the cause of a stall.
func (pb *playback) DRMEvent(event drm.Event) {
	if waiting, ok := event.(*drm.WaitingForKeyEvent); ok {
		pb.inbox.Put(func() error {
			pb.waitingForKey(waiting.KeyIDs)
			return nil
		})
		return
	}
	pb.player.events.send(event)
}

// DRMError tells of a failure that playback survives.
func (pb *playback) DRMError(failure *drm.Error) {
	pb.player.events.send(explainDRM(failure))
}

// DRMBarred has Representations with other keys play. A plain file is the only one of its track: without its key, playback fails.
func (pb *playback) DRMBarred(keyIDs [][16]byte) {
	pb.inbox.Put(func() error {
		pb.limits.keys = keyIDs
		pb.limit()
		return nil
	})
}

// prepareKeys opens the DRM engine where anything is known to be encrypted, before anything is appended. Where that is nothing but what may be chosen
// later, playback goes on without what no key system is granted for.
func (pb *playback) prepareKeys() error {
	content := pb.content()
	needed := content.Encrypted()
	if !needed && (len(content.Later) == 0 || len(pb.player.config.DRM.KeySystems) == 0) {
		return nil
	}
	err := pb.license()
	if err == nil || needed || pb.ctx.Err() != nil {
		return err
	}
	e := pb.explain(err)
	e.Fatal = false
	pb.player.events.send(e)
	return nil
}

// firstEncrypted is the Period that the engine is opened for: the one that plays first, or if that is clear the next one that is not. The keys of the others
// are asked for when their media is.
func (pb *playback) firstEncrypted() int {
	first := pb.film.at(pb.position)
	for n := first; n < len(pb.film.periods); n++ {
		if pb.film.periods[n].content().Encrypted() {
			return n
		}
	}
	return first
}

// filmContent is what the engine is opened for.
func (pb *playback) filmContent() drm.Content {
	first := pb.firstEncrypted()
	content := pb.film.periods[first].content()
	for n, p := range pb.film.periods {
		for _, set := range p.sets {
			if (n != first || p.chosen[set.Kind] != set) && set.encrypted() {
				content.Later = append(content.Later, set.headers())
			}
		}
	}
	return content
}

// encrypted says whether any of a set's Representations is known to be. Text never is, here.
func (s *trackSet) encrypted() bool {
	return s.Kind != "text" && slices.ContainsFunc(s.renditions, func(r *stream.Rendition) bool { return r.Header.Encrypted() })
}

// licenseInPlay tells the engine what is in play, where that has changed: it asks for keys that are new, and is done with those of what is over.
func (pb *playback) licenseInPlay() {
	if pb.keys == nil || pb.film == nil {
		return
	}
	var sets []*trackSet
	first, last := pb.inPlay()
	playing := pb.film.periods[first : last+1]
	for _, p := range playing {
		sets = append(sets, p.chosen["video"], p.chosen["audio"])
	}
	if slices.Equal(sets, pb.licensed) {
		return
	}
	pb.licensed = sets
	var contents []drm.Content
	for _, p := range playing {
		contents = append(contents, p.content())
	}
	pb.keys.Play(contents...)
	pb.limit()
}

// inPlay gives the Periods from that of the playhead to the last of which media is here or on its way. Where all are clear, it goes on to the first that
// is not, whose licence may as well come now.
func (pb *playback) inPlay() (first, last int) {
	position := pb.position
	if pb.span != nil {
		position = pb.element.CurrentTime()
	}
	first = pb.film.at(position)
	last = first
	for last+1 < len(pb.film.periods) && pb.has(last+1) {
		last++
	}
	for n := first; n < len(pb.film.periods); n++ {
		if pb.film.periods[n].content().Encrypted() {
			return first, max(last, n)
		}
	}
	return first, last
}

// has says whether media of a Period is here, or on its way.
func (pb *playback) has(n int) bool {
	s := pb.span
	if s == nil || n < s.first || n > s.last {
		return false
	}
	p := pb.film.periods[n]
	for _, track := range s.tracks {
		if slices.ContainsFunc(track.Media(), func(m stream.Media) bool { return m.End > p.start && m.Start < p.end }) {
			return true
		}
	}
	return n == s.entering
}
