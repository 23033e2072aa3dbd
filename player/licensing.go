package player

import (
	"errors"
	"maps"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/manifest"
)

// license opens the DRM engine for this content and sets it to work.
func (pb *playback) license() error {
	if pb.film != nil {
		p := pb.film.periods[pb.firstEncrypted()]
		p.licensed = maps.Clone(p.chosen)
	}
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

// firstEncrypted is the Period that the engine is opened for: the one that plays first, or if that is clear the next one that is not. The keys of the others
// are asked for when their media is.
func (pb *playback) firstEncrypted() int {
	first := pb.film.at(pb.position)
	for i := range pb.film.periods {
		if n := (first + i) % len(pb.film.periods); pb.film.periods[n].content().Encrypted() {
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
			if (n != first || p.chosen[set.Kind] != set) && set.Kind != "text" && (drm.Content{Sets: []drm.Set{set.headers()}}).Encrypted() {
				content.Later = append(content.Later, set.headers())
			}
		}
	}
	return content
}

// licenseFor asks for the keys of a Period, once for each choice of tracks.
func (pb *playback) licenseFor(n int) {
	p := pb.film.periods[n]
	content := p.content()
	if pb.keys == nil || !content.Encrypted() || maps.Equal(p.licensed, p.chosen) {
		return
	}
	p.licensed = maps.Clone(p.chosen)
	pb.keys.Period(content)
	pb.limit()
}
