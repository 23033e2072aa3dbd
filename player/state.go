package player

import (
	"strconv"

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

// Fetching tells of a download, which may follow a [playback.Finished] when the playhead goes back to media that is gone.
func (pb *playback) Fetching(track stream.Feed) {
	pb.inbox.Put(func() error {
		pb.left[track] = true
		return nil
	})
	pb.streaming(StageFetch)
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
	pb.inbox.Put(func() error {
		delete(pb.left, track)
		if len(pb.left) > 0 {
			return nil
		}
		return pb.media.EndOfStream()
	})
}

// truncated tells of a file that ends too early. It is not fatal: what is there plays.
func (pb *playback) truncated(file File, missing int64) {
	e := sourceError(SourceTruncated, file, nil,
		"ends too early: at least "+strconv.FormatInt(missing, 10)+" bytes are missing; what is there is played", "Upload the file again")
	e.Fatal, e.Stage = false, StageAppend
	pb.player.events.send(e)
}
