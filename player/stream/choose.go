package stream

import (
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/abr"
)

// choose gives the rendition of the next segment; nil where none may be had.
func (t *Track) choose(part *Part, step Step) *Rendition {
	ladder := part.usable()
	if len(ladder) == 0 {
		return nil
	}
	if r := t.forced; r != nil {
		t.forced = nil
		if slices.Contains(ladder, r) {
			return r
		}
	}
	if t.fixed != nil {
		for _, r := range ladder {
			if t.fixed(r) {
				return r
			}
		}
	}
	if len(ladder) == 1 || t.Selector == nil {
		return ladder[0]
	}
	length := time.Duration(0)
	if index := part.index(t.current); index != nil {
		if n := index.Find(step.At); n < index.Len() {
			segment := index.Segment(n)
			length = segment.End - segment.Start
		}
	}
	s := t.situation(part, ladder, step.At, length)
	if t.current == nil && !s.Playing {
		return ladder[starting(s)]
	}
	return ladder[t.Selector.Select(s)]
}

// startTime is how long the first segment may take, so that there is a picture soon; the next one may be better.
const startTime = 300 * time.Millisecond

// starting chooses the rung of the first segment of all: the best that is here at once, by what the network is taken for.
func starting(s abr.Situation) (rung int) {
	for i, r := range s.Ladder {
		bits := 8 * float64(r.Size)
		if r.Size == 0 {
			bits = float64(r.Bitrate) * s.Segment.Seconds()
		}
		if bits <= float64(s.Throughput.BitsPerSecond)*startTime.Seconds() {
			rung = i
		}
	}
	return rung
}

// situation is what a choice among ladder is made on, for the segment of a time of the part.
func (t *Track) situation(part *Part, ladder []*Rendition, at, length time.Duration) abr.Situation {
	s := abr.Situation{Current: -1, Segment: length, Goal: t.Goals.Ahead, Rate: t.Element.PlaybackRate(), Throughput: t.Meter.Throughput()}
	s.Throughput.BitsPerSecond = t.share(s.Throughput.BitsPerSecond, s.Rate)
	for i, r := range ladder {
		rung := abr.Rung{Bitrate: r.Bandwidth}
		if r.index != nil {
			if n := r.index.Find(at); n < r.index.Len() {
				rung.Size = r.index.Segment(n).Range.Length
			}
		}
		s.Ladder = append(s.Ladder, rung)
		if r == t.current {
			s.Current = i
		}
	}
	position := t.Element.CurrentTime()
	reached, _ := View{Position: position, Have: t.have.chunks()}.reach()
	for _, p := range []*piece{t.appending, t.ready} {
		if p != nil && p.end > reached && p.start <= reached+slack {
			reached = p.end
		}
	}
	s.Buffered = reached - position
	s.Playing = s.Buffered > 0
	s.Left = max(t.Parts[len(t.Parts)-1].End-part.Start-at, length)
	return s
}

// share is what Selector may count on of so many bits a second: all but what the track beside it plays, and at least half.
func (t *Track) share(all int64, rate float64) int64 {
	if t.Share > 0 {
		return int64(t.Share * float64(all))
	}
	if t.Beside == nil {
		return all
	}
	beside := t.Beside.At(t.Element.CurrentTime())
	if beside == nil {
		return all
	}
	return max(all-int64(rate*float64(beside.Bandwidth)), all/2)
}
