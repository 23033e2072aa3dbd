package player

import (
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/stream"
)

// StallCause says why playback stands still though it should move.
type StallCause string

// The causes.
const (
	StallNone    StallCause = ""        // it is over
	StallNetwork StallCause = "network" // the media has not come yet
	StallGap     StallCause = "gap"     // there is none here, but some further on
	StallKey     StallCause = "key"     // the media is there, its key is not
	StallDecoder StallCause = "decoder" // media and keys are there
)

// StallEvent says that playback stands still, why, and later (with StallNone) that it moves again. A cause may give way to another.
type StallEvent struct {
	Cause    StallCause
	Position time.Duration
	KeyIDs   [][16]byte // of StallKey: the keys that are waited for, as far as they are known
}

// EventType is "stall".
func (*StallEvent) EventType() string { return "stall" }

const (
	stallGrace = 500 * time.Millisecond // a shorter pause is no stall
	stallCheck = time.Second            // how often the cause of one is looked for again
	gapMax     = 3 * time.Second        // what is further away than this is no gap, but media that has not come
	stallAhead = 200 * time.Millisecond // with less media than this, decoders wait for more
)

// stall is the state of standing still. The playback's run goroutine owns it.
type stall struct {
	timer  *time.Timer // nil while playback moves
	cause  StallCause  // as last told
	forKey bool        // the element waits for a key
	keyIDs [][16]byte
}

// stop ends it without a word.
func (s *stall) stop() {
	if s.timer != nil {
		s.timer.Stop()
	}
	*s = stall{}
}

// stalled begins to look for a cause.
func (pb *playback) stalled() {
	if pb.stall.timer == nil {
		pb.watchStall(stallGrace)
	}
}

func (pb *playback) watchStall(after time.Duration) {
	pb.stall.timer = time.AfterFunc(after, func() {
		pb.inbox.Put(func() error {
			if pb.stall.timer != nil {
				pb.watchStall(stallCheck)
				return pb.lookAtStall()
			}
			return nil
		})
	})
}

// waitingForKey is the one cause that the element names itself.
func (pb *playback) waitingForKey(keyIDs [][16]byte) {
	pb.stall.forKey, pb.stall.keyIDs = true, keyIDs
	pb.stalled()
	if pb.stall.cause != StallNone {
		position := pb.element.CurrentTime()
		pb.tellStall(stallCause(position, pb.element.Buffered(), true), position)
	}
}

// lookAtStall finds the cause of a stall, tells of it and does something about it, where something can be done.
func (pb *playback) lookAtStall() error {
	position := pb.element.CurrentTime()
	if pb.stall.forKey && !pb.mayLackKey(position) {
		pb.stall.forKey, pb.stall.keyIDs = false, nil
		pb.keys.Resumed()
	}
	cause := stallCause(position, pb.element.Buffered(), pb.stall.forKey)
	if cause == StallDecoder && !pb.hasMedia(position) {
		cause = StallNetwork // what an element says is buffered leaves out the SourceBuffers that have not had anything yet
	}
	if pb.span != nil && cause == StallNetwork {
		if pb.atEnd(position, endMargin+stallAhead) { // a stream that does not end here stands still some frames before its last
			return pb.reopen(pb.film.periods[pb.span.last+1].start)
		}
		if err := pb.refusal(pb.film.at(position + gapSlack)); err != nil {
			return err
		}
	}
	pb.tellStall(cause, position)
	return pb.cure(cause, position)
}

// tellStall tells of a cause that is new.
func (pb *playback) tellStall(cause StallCause, position time.Duration) {
	if pb.film != nil && pb.currentState() == StateLoading {
		return // everything is waited for then
	}
	if cause != pb.stall.cause {
		pb.stall.cause = cause
		event := &StallEvent{Cause: cause, Position: position}
		if cause == StallKey {
			event.KeyIDs = pb.stall.keyIDs
		}
		pb.player.events.send(event)
	}
}

// hasMedia says whether all tracks have media for a place, which only those of a film can tell.
func (pb *playback) hasMedia(position time.Duration) bool {
	if pb.span == nil {
		return true
	}
	for _, track := range pb.span.tracks {
		if !slices.ContainsFunc(track.Media(), func(m stream.Media) bool {
			return m.Rendition != nil && m.Start <= position+gapSlack && position < m.End
		}) {
			return false
		}
	}
	return true
}

// mayLackKey says whether the element, which has said so, may still wait for a key: it has media, or media waits with our own CDM. Else it is the network that
// keeps it waiting, or nothing comes at all where it stands.
func (pb *playback) mayLackKey(position time.Duration) bool {
	if pb.span == nil {
		return true
	}
	for _, r := range pb.element.Buffered() {
		if r.Start <= position && position < r.End-stallAhead {
			return true
		}
	}
	if _, gap := pb.overGap(position); gap {
		return false
	}
	return slices.ContainsFunc(pb.filmTracks(), (*stream.Track).Waits)
}

// moving notes that the element plays, or could.
func (pb *playback) moving() {
	if pb.keys != nil {
		pb.keys.Resumed()
	}
	pb.resumed()
}

// resumed ends a stall.
func (pb *playback) resumed() {
	told := pb.stall.cause != StallNone
	pb.stall.stop()
	if told {
		pb.player.events.send(&StallEvent{Position: pb.element.CurrentTime()})
	}
}

// stallCause finds out why playback stands still at a position.
func stallCause(position time.Duration, buffered []platform.TimeRange, waitingForKey bool) StallCause {
	if waitingForKey {
		return StallKey
	}
	for _, r := range buffered {
		switch {
		case r.Start <= position && position < r.End-stallAhead:
			return StallDecoder
		case position <= r.Start && r.Start <= position+gapMax:
			return StallGap
		}
	}
	return StallNetwork
}
