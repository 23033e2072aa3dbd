package playertest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// onDemand is a stage with a presentation, and one SourceBuffer for its first ladder.
type onDemand struct {
	*stage
	p *playertest.Presentation
}

// rungs runs a test with 20 s of video in two rungs, and another of VP9 in WebM.
func rungs(t *testing.T, options playertest.Options, test func(*onDemand)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &playertest.Presentation{Periods: []playertest.Period{{Duration: 20 * time.Second, Ladders: []*playertest.Ladder{
			{Bitrates: []int64{300_000, 3_000_000}}, {ID: "webm", Container: "webm", Bitrates: []int64{300_000}},
			{ID: "odd", Bitrates: []int64{400_000}, SegmentDuration: 3 * time.Second}}}}}
		options.Films = p.Films()
		s := newStage(t, film("none"), options)
		s.film = p.FilmOf(0, 0, 0)
		test(&onDemand{s.open(), p})
	})
}

// put appends an initialization segment (-1) or media segments of a rung.
func (d *onDemand) put(ladder, rung int, segments ...int) error {
	d.t.Helper()
	f := d.p.FilmOf(0, ladder, rung)
	for _, n := range segments {
		from, to := int64(0), f.HeaderSize
		if n >= 0 {
			from, to = f.Segments[n].Offset, 0
		}
		if n >= 0 && n+1 < len(f.Segments) {
			to = f.Segments[n+1].Offset
		}
		d.host.Network.ServeFilm("piece", f, from, to)
		body := d.host.NewBody(d.fetched("piece", ""))
		err := d.sb.AppendBuffer(d.ctx, body)
		body.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// has wants ranges, in seconds.
func (d *onDemand) has(want string) {
	d.t.Helper()
	var got []string
	for _, r := range d.sb.Buffered() {
		got = append(got, fmt.Sprintf("%v-%v", r.Start.Seconds(), r.End.Seconds()))
	}
	if s := strings.Join(got, " "); s != want {
		d.t.Errorf("%s is buffered, want %s", s, want)
	}
}

func TestSegmentsGoInAnyOrder(t *testing.T) {
	rungs(t, playertest.Options{}, func(d *onDemand) {
		d.must(d.put(0, 0, -1, 3, 0))
		d.has("0-2 6-8")
		d.must(d.put(0, 1, -1, 1))
		d.must(d.put(0, 0, -1, 2))
		d.has("0-8")
		d.must(d.sb.Remove(d.ctx, time.Second, 5*time.Second))
		d.has("0-1 6-8") // what follows within the last segment cannot be decoded without what is gone
		d.must(d.sb.Remove(d.ctx, 0, 6*time.Second))
		d.has("6-8")
	})
}

func TestANewerSegmentReplacesWhatItOverlaps(t *testing.T) {
	rungs(t, playertest.Options{Autoplay: true}, func(d *onDemand) {
		d.must(d.put(0, 0, -1, 0, 1, 2, 3))
		d.has("0-8")
		d.must(d.put(2, 0, -1, 1)) // three seconds from the third
		d.has("0-8")
	})
	rungs(t, playertest.Options{Autoplay: true}, func(d *onDemand) {
		d.must(d.put(0, 0, -1, 0, 1, 2, 3))
		d.must(d.put(2, 0, -1, 0))
		d.has("0-3 4-8")
		d.must(d.put(0, 1, -1, 1))
		d.has("0-8")
	})
}

func TestTimestampOffsetAndAppendWindow(t *testing.T) {
	rungs(t, playertest.Options{}, func(d *onDemand) {
		d.must(d.sb.SetTimestampOffset(10 * time.Second))
		d.must(d.put(0, 0, -1, 0))
		d.has("10-12")
		d.must(d.sb.SetTimestampOffset(-3 * time.Second))
		d.must(d.put(0, 0, 1, 2))
		d.has("1-3 10-12") // what begins before 0 is no use
		d.must(d.sb.SetTimestampOffset(0))
		d.must(d.sb.SetAppendWindow(3*time.Second, 9*time.Second))
		d.must(d.put(0, 0, 1, 2, 3, 4))
		d.has("1-3 4-9 10-12")
		d.must(d.sb.SetAppendWindow(0, 1<<63-1))
		d.must(d.put(0, 0, 4))
		d.has("1-3 4-12")
		for _, err := range []error{d.sb.SetAppendWindow(time.Second, time.Second), d.sb.SetAppendWindow(-1, time.Second)} {
			if !platform.IsDOMError(err, "TypeError") {
				t.Errorf("an empty window gives %v", err)
			}
		}
		f := d.p.FilmOf(0, 0, 0)
		d.host.Network.ServeFilm("half", f, f.Segments[6].Offset, f.Segments[7].Offset-1000)
		d.must(d.append(d.fetched("half", "")))
		if err := d.sb.SetTimestampOffset(time.Second); !platform.IsDOMError(err, "InvalidStateError") {
			t.Errorf("an offset within a segment gives %v", err)
		}
		d.must(d.sb.Abort())
		d.must(d.sb.SetTimestampOffset(time.Second))
		d.must(d.put(0, 0, 7))
	})
}

func TestChangeType(t *testing.T) {
	rungs(t, playertest.Options{}, func(d *onDemand) {
		d.must(d.put(0, 0, -1, 0))
		d.must(d.sb.ChangeType(`video/webm; codecs="vp9"`))
		d.must(d.put(1, 0, -1, 1))
		d.must(d.sb.ChangeType(filmType))
		d.must(d.put(0, 1, -1, 2))
		d.has("0-6")
		if err := d.sb.ChangeType(`video/mp4; codecs="nonsense"`); !platform.IsDOMError(err, "NotSupportedError") {
			t.Errorf("an unknown codec gives %v", err)
		}
		d.must(d.sb.ChangeType(`video/webm; codecs="vp9"`))
		if err := d.put(0, 0, 3); err == nil {
			t.Error("media goes on without the new initialization segment")
		}
	})
	rungs(t, playertest.Options{NoChangeType: true}, func(d *onDemand) {
		if err := d.sb.ChangeType(filmType); !platform.IsDOMError(err, "NotSupportedError") {
			t.Errorf("a browser without changeType gives %v", err)
		}
		d.must(d.put(0, 0, -1, 0))
	})
}

func TestMediaOfAnotherRungNeedsItsOwnHeader(t *testing.T) {
	rungs(t, playertest.Options{}, func(d *onDemand) {
		d.must(d.put(0, 0, -1, 0))
		if err := d.put(0, 1, 1); err == nil || d.host.Element().Error() == nil {
			t.Errorf("the append gives %v, the element %v", err, d.host.Element().Error())
		}
	})
	rungs(t, playertest.Options{}, func(d *onDemand) {
		d.must(d.put(0, 0, -1, 0))
		if err := d.put(1, 0, -1); err == nil {
			t.Error("a WebM goes into an MP4's buffer")
		}
	})
}

func TestAFullBufferIsOneOfAllItsFilms(t *testing.T) {
	rungs(t, playertest.Options{Quota: 1_100_000}, func(d *onDemand) {
		d.must(d.put(0, 0, -1, 0, 1))
		d.must(d.put(0, 1, -1, 2))
		if err := d.put(0, 1, 3); !platform.IsDOMError(err, "QuotaExceededError") {
			t.Errorf("got %v", err)
		}
		d.must(d.sb.Remove(d.ctx, 4*time.Second, 6*time.Second))
		d.must(d.put(0, 1, 3))
		d.has("0-4 6-8")
	})
}

func TestAGapStopsThePicture(t *testing.T) {
	rungs(t, playertest.Options{Autoplay: true}, func(d *onDemand) {
		d.must(d.ms.SetDuration(20 * time.Second))
		d.must(d.put(0, 0, -1, 0, 2))
		d.pass(time.Minute)
		if at := d.host.Element().CurrentTime(); at != 2*time.Second {
			t.Errorf("the picture stands at %v", at)
		}
		d.host.Element().SetCurrentTime(4*time.Second - 30*time.Millisecond) // a picture's length before there is one
		d.pass(time.Second)
		if at := d.host.Element().CurrentTime(); at != 5*time.Second-30*time.Millisecond {
			t.Errorf("the picture is at %v", at)
		}
		d.pass(time.Minute)
		d.must(d.sb.SetTimestampOffset(20 * time.Millisecond))
		d.must(d.put(0, 0, 3))
		d.must(d.ms.EndOfStream())
		d.pass(time.Minute)
		if at := d.host.Element().CurrentTime(); at != 8*time.Second+20*time.Millisecond || !d.host.Video().Ended() {
			t.Errorf("the picture is at %v, ended %v", at, d.host.Video().Ended())
		}
		d.expect("loadedmetadata loadeddata canplay playing waiting canplay playing waiting canplay playing ended", 200)
	})
}
