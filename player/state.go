package player

import (
	"slices"
	"strconv"

	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/stream"
)

// update changes what state events carry, without sending one.
func (pb *playback) update(change func(*StateChangeEvent)) {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	change(&pb.state)
}

// enter moves to a state and a stage, and tells of it. Nothing is told of a playback that was interrupted: its successor speaks.
func (pb *playback) enter(state State, stage Stage) {
	pb.update(func(s *StateChangeEvent) {
		s.State, s.Stage = state, stage
		if pb.ctx.Err() == nil || state == StateFailed {
			event := *s
			pb.player.events.send(&event)
		}
	})
}

func (pb *playback) stage() Stage {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	return pb.state.Stage
}

func (pb *playback) mode() Mode {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	return pb.state.Mode
}

func (pb *playback) currentState() State {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	return pb.state.State
}

// advance tells of a step that does not change the state.
func (pb *playback) advance(stage Stage) {
	pb.enter(pb.currentState(), stage)
}

// expect says which tracks the film is not over without: text is none of those.
func (pb *playback) expect(tracks []stream.Feed) {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	pb.left = map[stream.Feed]bool{}
	for _, track := range tracks {
		pb.left[track] = true
	}
}

// Fetching tells of a download, which may follow a [playback.Finished] when the playhead goes back to media that is gone.
func (pb *playback) Fetching(track stream.Feed) {
	pb.setLeft(track, true)
	pb.streaming(StageFetch)
}

func (pb *playback) setLeft(track stream.Feed, left bool) {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	if _, expected := pb.left[track]; expected {
		pb.left[track] = left
	}
}

// complete says whether all tracks have appended everything.
func (pb *playback) complete() bool {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	return pb.allDone()
}

func (pb *playback) allDone() bool {
	for _, left := range pb.left {
		if left {
			return false
		}
	}
	return len(pb.left) > 0
}

// Appending tells of an append.
func (pb *playback) Appending(stream.Feed) { pb.streaming(StageAppend) }

// streaming tells of the first download and the first append only: they go on for as long as the film.
func (pb *playback) streaming(stage Stage) {
	pb.mu.Lock()
	told := pb.streamed[stage]
	pb.streamed[stage] = true
	pb.mu.Unlock()
	if !told {
		pb.advance(stage)
	}
}

// Finished ends the stream when no track has anything left to append.
func (pb *playback) Finished(track stream.Feed) {
	if file, ok := track.(*stream.Sequence); ok && file.Outline != nil && file.Outline.Missing() > 0 {
		pb.truncated(File{URL: file.Representation.Init.URL}, file.Outline.Missing())
		file.Outline = nil // told once
	}
	pb.setLeft(track, false)
	pb.inbox.Put(pb.finish)
}

// finish ends the stream when no track has anything left to append; what goes on in another span does not end yet. It holds the lock, so that no track begins
// an operation meanwhile.
func (pb *playback) finish() error {
	if s := pb.span; s != nil && s.last+1 < len(pb.film.periods) {
		return pb.cross()
	}
	pb.mu.Lock()
	defer pb.mu.Unlock()
	if !pb.allDone() || pb.media.ReadyState() != "open" {
		return nil // it has ended; or it is closed, and the element's own error says why
	}
	return pb.media.EndOfStream()
}

// Began lets other tracks go on.
func (pb *playback) Began(*stream.Track) {
	pb.inbox.Put(func() error {
		pb.arriveSoon()
		return nil
	})
	pb.wakeTracks()
}

// Entering asks for the keys of another Period.
func (pb *playback) Entering(track *stream.Track, part int) {
	pb.inbox.Put(func() error {
		if s := pb.span; s != nil && slices.Contains(pb.tracks, stream.Feed(track)) && track != pb.texts.feed {
			s.entering = s.first + part
			pb.licenseInPlay()
		}
		return nil
	})
}

// Skipped tells of a segment that could not be had. It is not fatal: playback jumps over it.
func (pb *playback) Skipped(_ *stream.Track, _ string, cause error) {
	pb.inbox.Put(func() error {
		e := pb.explain(cause)
		e.Fatal, e.Stage = false, StageFetch
		pb.player.events.send(e)
		return nil
	})
}

// exchanged tells of a request that is over.
func (p *Player) exchanged(x fetch.Exchange) { p.events.send(&RequestEvent{x}) }

// truncated tells of a file that ends too early. It is not fatal: what is there plays.
func (pb *playback) truncated(file File, missing int64) {
	e := sourceError(SourceTruncated, file, nil,
		"ends too early: at least "+strconv.FormatInt(missing, 10)+" bytes are missing; what is there is played", "Upload the file again")
	e.Fatal, e.Stage = false, StageAppend
	pb.player.events.send(e)
}
