package stream

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
)

// still is an element whose playhead does not move.
type still struct{ platform.MediaElement }

func (still) CurrentTime() time.Duration { return 0 }

// silent hears nothing.
type silent struct{}

func (silent) Fetching(Feed)                 {}
func (silent) Appending(Feed)                {}
func (silent) Finished(Feed)                 {}
func (silent) Began(*Track)                  {}
func (silent) Entering(*Track, int)          {}
func (silent) Skipped(*Track, string, error) {}

// twoParts is a track of two Periods, of two renditions each.
func twoParts() *Track {
	t := NewTrack()
	for i := range 2 {
		start := time.Duration(i) * 10 * s
		part := &Part{Start: start, End: start + 10*s}
		for _, id := range []string{"a", "b"} {
			part.Renditions = append(part.Renditions, NewRendition(&manifest.Representation{ID: id, Index: every(2*s, 10*s)}))
		}
		t.Parts = append(t.Parts, part)
	}
	t.Element, t.Observer = still{}, silent{}
	return t
}

// A panic beside the goroutine of Run, over media that somebody made for it, is an error of Run.
func TestTrackSurvivesAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		track := twoParts()
		track.paused = true
		over := make(chan error, 1)
		go func() { over <- track.Run(t.Context()) }()
		track.Do(func() {
			track.operate(func() error { panic("index out of range") }, func(error) error { return errors.New("it went on") })
		})
		if err := <-over; err == nil || !strings.Contains(err.Error(), "panic: index out of range") {
			t.Errorf("got %v", err)
		}
	})
}

// What is stale follows from what is chosen, whatever was chosen before.
func TestTrackKnowsWhatIsStale(t *testing.T) {
	track := twoParts()
	fill := func() {
		track.have = nil
		for part := range 2 {
			for n := range 2 {
				start := time.Duration(part)*10*s + time.Duration(n)*2*s
				track.have = track.have.add(held{Chunk: Chunk{Start: start, End: start + 2*s, Settled: true}, part: part, rendition: track.Parts[part].Renditions[n]})
			}
		}
	}
	other := func(part int) []*Rendition {
		return []*Rendition{NewRendition(track.Parts[part].Renditions[0].Representation)}
	}
	is := func(id string) func(*Rendition) bool { return func(r *Rendition) bool { return r.ID == id } }
	first, last := track.Parts[0].Renditions, track.Parts[1].Renditions
	for _, step := range []struct {
		name string
		do   func()
		want []bool
	}{
		{"nothing chosen", func() { fill() }, []bool{false, false, false, false}},
		{"a quality", func() { track.Fix(is("b")) }, []bool{true, false, true, false}},
		{"another", func() { track.Fix(is("a")) }, []bool{false, true, false, true}},
		{"one that is not there", func() { track.Fix(is("c")) }, []bool{false, false, false, false}},
		{"a track of one Period", func() { track.Select(0, other(0)) }, []bool{true, true, false, false}},
		{"… and of the next", func() { track.Select(1, other(1)) }, []bool{true, true, true, true}},
		{"… and no quality", func() { track.Fix(nil) }, []bool{true, true, true, true}},
		{"… and the old one", func() { track.Select(0, first); track.Select(1, last) }, []bool{false, false, false, false}},
	} {
		step.do()
		for do, ok := track.inbox.Take(); ok; do, ok = track.inbox.Take() {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
		var got []bool
		for _, h := range track.have {
			got = append(got, h.Stale)
		}
		if !slices.Equal(got, step.want) {
			t.Errorf("%s: %v is stale, want %v", step.name, got, step.want)
		}
	}
}

// What another track could not be had of, a new one may have.
func TestTrackForgetsTheHolesOfAnotherTrack(t *testing.T) {
	track := twoParts()
	track.have = inventory{gap(0, 4*s, 6*s), gap(1, 14*s, 16*s)}
	track.Select(0, track.Parts[0].Renditions[:1])
	do, _ := track.inbox.Take()
	if err := do(); err != nil || len(track.have) != 1 || track.have[0].part != 1 {
		t.Errorf("got %+v, %v", track.have, err)
	}
}

// A failing server is asked less and less often, but before the film stands still.
func TestTrackWaitsLongerAndLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		track := twoParts()
		for i, test := range []struct{ left, want time.Duration }{
			{20 * s, 2 * s}, {20 * s, 4 * s}, {20 * s, 8 * s}, {20 * s, 8 * s}, {5 * s, 5 * s}, {1 * s, 2 * s},
		} {
			began := time.Now()
			track.later(test.left)
			<-track.inbox.Ready()
			do, _ := track.inbox.Take()
			if err := do(); err != nil || track.retry != nil || time.Since(began) != test.want {
				t.Errorf("%d: it waited %v, want %v; %v, %v", i, time.Since(began), test.want, track.retry, err)
			}
		}
	})
}

// room is a SourceBuffer that removes.
type room struct {
	platform.SourceBuffer
	removed []Range
}

func (b *room) Remove(_ context.Context, start, end time.Duration) error {
	b.removed = append(b.removed, Range{start, end})
	return nil
}

// Media that begins before the manifest says must not lose its first picture with what is before it. What is left of that goes with the next.
func TestTrackEvictsLessThanItMay(t *testing.T) {
	for _, test := range []struct{ range_, want Range }{
		{Range{2 * s, 4 * s}, Range{0, 4*s - slack}},
		{Range{2 * s, forever}, Range{2 * s, forever}},
		{Range{4 * s, 6 * s}, Range{4 * s, 6 * s}},
	} {
		synctest.Test(t, func(t *testing.T) {
			track, buffer := twoParts(), &room{}
			track.Buffer, track.have = buffer, shown(2*s, 4*s, 4*s, 6*s)
			track.evict(t.Context(), test.range_)
			track.work.Wait()
			if do, _ := track.inbox.Take(); do() != nil || !slices.Equal(buffer.removed, []Range{test.want}) {
				t.Errorf("%v: %v was removed, want %v", test.range_, buffer.removed, test.want)
			}
			if track.have.at(test.range_.Start) != nil {
				t.Errorf("%v: it is still in the inventory", test.range_)
			}
		})
	}
}

// bytes are a body of a length.
type bytes struct {
	platform.Body
	length int64
}

func (b bytes) Len() int64 { return b.length }
func (b bytes) Release()   {}

// filled is a SourceBuffer that shows all of the film.
type filled struct{ platform.SourceBuffer }

func (filled) Buffered() []platform.TimeRange { return buffered(0, 20*s) }

// A quota lowers what is buffered, but never to less than two segments, and not for good.
func TestTrackBuffersLessForAWhile(t *testing.T) {
	track := twoParts()
	track.Goals, track.most = Goals{Bytes: 20_000}.orDefault(), 20_000
	track.Buffer, track.have = filled{}, shown(0, 10*s)
	piece := &piece{body: bytes{length: 8000}, rendition: track.Parts[0].Renditions[0], start: 10 * s, end: 12 * s}
	if err := track.noRoom(t.Context(), piece, nil); err != nil || track.ready != piece || !track.full {
		t.Fatalf("the piece is lost: %v", err)
	}
	if got := track.Goals.Bytes; got != 16_000 {
		t.Errorf("with 10,000 bytes buffered it aims at %d", got)
	}
	for range 100 {
		piece.body = bytes{length: 8000}
		track.take(piece)
	}
	if got := track.Goals.Bytes; got != 20_000 {
		t.Errorf("after 100 segments it aims at %d", got)
	}
}
