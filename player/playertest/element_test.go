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

// hears notes the events of these types.
func (d *onDemand) hears(types ...string) *[]string {
	var seen []string
	synctest.Wait()
	d.t.Cleanup(d.host.Element().Listen(func(e platform.MediaEvent) { seen = append(seen, e.Type) }, types...))
	return &seen
}

func (d *onDemand) heard(seen *[]string, want string) {
	d.t.Helper()
	synctest.Wait()
	if got := strings.Join(*seen, " "); got != want {
		d.t.Errorf("heard %q, want %q", got, want)
	}
	*seen = nil
}

func TestASeekWaitsForItsMedia(t *testing.T) {
	rungs(t, playertest.Options{Autoplay: true}, func(d *onDemand) {
		d.must(d.ms.SetDuration(20 * time.Second))
		d.must(d.put(0, 0, -1, 0, 1))
		d.pass(time.Second)
		e := d.host.Element()
		seen := d.hears("seeking", "seeked", "waiting", "canplay", "playing", "loadeddata")
		e.SetCurrentTime(3 * time.Second)
		d.heard(seen, "seeking seeked")
		e.SetCurrentTime(11 * time.Second)
		d.heard(seen, "seeking waiting")
		if e.ReadyState() != platform.HaveMetadata || !e.Seeking() || e.CurrentTime() != 11*time.Second {
			t.Errorf("ready state %d, seeking %v, at %v", e.ReadyState(), e.Seeking(), e.CurrentTime())
		}
		e.SetCurrentTime(15 * time.Second) // and it has not yet found the place before
		d.must(d.put(0, 0, 5))
		d.heard(seen, "seeking")
		d.must(d.put(0, 0, 7))
		d.heard(seen, "seeked canplay playing")
		if e.ReadyState() != platform.HaveEnoughData || e.Seeking() {
			t.Errorf("ready state %d, seeking %v", e.ReadyState(), e.Seeking())
		}
		d.pass(time.Minute)
		d.heard(seen, "waiting")
		e.SetCurrentTime(time.Hour)
		if at := e.CurrentTime(); at != 20*time.Second {
			t.Errorf("a seek past the end goes to %v", at)
		}
		d.heard(seen, "seeking")
	})
}

func TestTheDurationChanges(t *testing.T) {
	for engine, refuses := range map[playertest.Engine]bool{playertest.Chromium: false, playertest.Firefox: true} {
		rungs(t, playertest.Options{Engine: engine, Autoplay: true}, func(d *onDemand) {
			e := d.host.Element()
			d.must(d.put(0, 0, -1))
			if length, known := e.Duration(); known {
				t.Errorf("a fragmented film lasts %v", length)
			}
			seen := d.hears("durationchange", "ended", "seeking")
			lasts := func(want time.Duration) {
				t.Helper()
				if got, known := e.Duration(); got != want || !known {
					t.Errorf("it lasts %v, want %v", got, want)
				}
			}
			d.must(d.ms.SetDuration(3 * time.Second))
			d.heard(seen, "durationchange")
			d.must(d.put(0, 0, 0, 1))
			lasts(4 * time.Second) // the media is longer
			d.heard(seen, "durationchange")
			d.pass(3500 * time.Millisecond)
			err := d.ms.SetDuration(2 * time.Second)
			if refuses {
				if !platform.IsDOMError(err, "InvalidStateError") || len(d.host.Violations()) != 1 {
					t.Errorf("a duration that cuts gives %v", err)
				}
				return
			}
			d.must(err)
			d.has("0-2")
			d.heard(seen, "durationchange seeking")
			d.must(d.ms.EndOfStream())
			d.heard(seen, "ended")
			lasts(2 * time.Second)
		})
	}
}

func TestThePictureGoesFaster(t *testing.T) {
	rungs(t, playertest.Options{Autoplay: true, Width: 640, Height: 360}, func(d *onDemand) {
		d.must(d.put(0, 0, -1, 0, 1, 2, 3, 4))
		e, v := d.host.Element(), d.host.Video()
		d.pass(time.Second - 2*time.Millisecond)
		at := e.CurrentTime()
		v.SetPlaybackRate(4)
		d.pass(time.Second)
		if got := e.CurrentTime() - at; got != 4*time.Second || e.PlaybackRate() != 4 {
			t.Errorf("at rate %v, the picture went on by %v in a second", e.PlaybackRate(), got)
		}
		v.SetPlaybackRate(0)
		d.pass(time.Second)
		if got := e.CurrentTime() - at; got != 4*time.Second {
			t.Errorf("at rate 0, the picture went on by %v", got-4*time.Second)
		}
		v.DropFrames(3)
		v.SetSize(1280, 720)
		total, dropped := e.Frames()
		width, height := e.Size()
		if got, want := fmt.Sprint(total > 100 && total < 130, dropped, width, height), "true 3 1280 720"; got != want {
			t.Errorf("%s (%d frames), want %s", got, total, want)
		}
	})
}

func TestAManagedSourceSaysWhenItWantsMedia(t *testing.T) {
	rungs(t, playertest.Options{Managed: true, Autoplay: true}, func(d *onDemand) {
		var told []bool
		synctest.Wait()
		stop := d.ms.ListenStreaming(func() { told = append(told, d.ms.Streaming()) })
		d.must(d.put(0, 0, -1, 0, 1, 2))
		d.host.Video().SetStreaming(false)
		d.host.Video().SetStreaming(false)
		synctest.Wait()
		d.host.Video().Evict(0, 2*time.Second)
		synctest.Wait()
		d.has("2-6")
		d.host.Video().SetStreaming(true)
		synctest.Wait()
		stop()
		d.host.Video().SetStreaming(false)
		if got := fmt.Sprint(told, d.ms.Streaming()); got != "[false false true] false" {
			t.Errorf("streaming was %s", got)
		}
	})
	rungs(t, playertest.Options{}, func(d *onDemand) {
		d.host.Video().SetStreaming(false)
		if !d.ms.Streaming() {
			t.Error("a plain MediaSource wants no media")
		}
	})
}

// Keys belong to the media, wherever it plays.
func TestAKeyIsNeededWhereItsMediaPlays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &playertest.Presentation{Periods: []playertest.Period{{Duration: 20 * time.Second, Ladders: []*playertest.Ladder{
			{Rungs: []playertest.Rung{{Bitrate: 300_000}, {Bitrate: 800_000, Keys: own(kid)}, {Bitrate: 3_000_000, Keys: own(other)}}}}}}}
		s := newStage(t, film("none"), playertest.Options{Films: p.Films(), Autoplay: true})
		s.film = p.FilmOf(0, 0, 0)
		d := &onDemand{s.open(), p}
		d.license(right)
		d.must(d.put(0, 0, -1, 0))
		d.must(d.put(0, 1, -1, 1))
		d.must(d.put(0, 2, -1, 2))
		d.pass(time.Minute)
		if at := d.host.Element().CurrentTime(); at != 4*time.Second {
			t.Errorf("the picture stands at %v, for want of the second key", at)
		}
		d.must(d.put(0, 1, -1, 2)) // what needs it is replaced
		d.pass(time.Second)
		if at := d.host.Element().CurrentTime(); at != 5*time.Second {
			t.Errorf("the picture is at %v", at)
		}
		d.expect("loadedmetadata loadeddata canplay playing waiting waitingforkey canplay playing", 125)
	})
}
