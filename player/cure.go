package player

import (
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/stream"
)

const (
	nudge       = 100 * time.Millisecond // over what a decoder sticks at
	nudgesMax   = 3                      // at one place
	nudgeChecks = 2                      // looks at a decoder that stands still before it is nudged
	gapEdge     = time.Millisecond       // past the edge of media, where rounding cannot put the playhead before it

	survivalApart = 5 * time.Second // how far from the last one an element may fail again
)

// cure does something about a stall, where something can be done: what has no media is jumped over, and a decoder that sticks is moved on. It is only for
// films with times: a plain file may have what it lacks further on.
func (pb *playback) cure(cause StallCause, position time.Duration) error {
	if pb.span == nil {
		return nil
	}
	switch cause {
	case StallGap, StallNetwork:
		if to, ok := pb.overGap(position); ok {
			pb.element.SetCurrentTime(to + gapEdge)
		}
	case StallDecoder:
		if position < pb.nudged.at || position > pb.nudged.at+time.Second {
			pb.nudged.at, pb.nudged.times, pb.nudged.looks = position, 0, 0
		}
		if pb.nudged.looks++; pb.nudged.looks < nudgeChecks || pb.nudged.times >= nudgesMax {
			return nil
		}
		pb.nudged.times++
		pb.nudged.looks = 0
		if pb.element.Seeking() {
			return pb.reopen(position) // WebKitGTK never ends a seek that another one overtook, whatever comes
		}
		pb.element.SetCurrentTime(position + nudge)
	}
	return nil
}

// survive plays on, with a new MediaSource, where the element has failed over media: bytes may be damaged on their way, a decoder be lost with its GPU, and
// WebKitGTK fails now and then where one MediaSource takes the place of another. What fails at the same place again is the media's fault.
func (pb *playback) survive(err error) error {
	if err == nil || pb.span == nil {
		return err
	}
	if code := pb.explain(err).Code; code != MediaInvalid && code != KeyProbablyWrong {
		return err
	}
	position := pb.element.CurrentTime()
	if pb.element.ReadyState() == platform.HaveNothing {
		position = pb.opened // it has not gone there yet
	}
	if pb.survived != nil && (position-*pb.survived).Abs() < survivalApart {
		return err
	}
	pb.survived = &position
	return pb.reopen(position)
}

// overGap gives where media begins again, if nothing that may come lies between.
func (pb *playback) overGap(position time.Duration) (to time.Duration, ok bool) {
	for _, r := range pb.element.Buffered() {
		if r.Start > position {
			to, ok = r.Start, true
			break
		}
	}
	if !ok {
		return 0, false
	}
	for _, track := range pb.span.tracks {
		if !covers(track.Media(), position, to) {
			return 0, false
		}
	}
	return to, true
}

// covers says whether all that a manifest has from one time to another was appended, or could not be had.
func covers(media []stream.Media, from, to time.Duration) bool {
	for _, m := range media {
		if m.Start <= from+gapSlack && m.End > from {
			from = m.End
		}
	}
	return from >= to-gapSlack
}

// gapSlack is how far what a manifest says of a segment may be from the truth.
const gapSlack = 250 * time.Millisecond
