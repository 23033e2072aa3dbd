package playertest

import (
	"math"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

var textContract = []contractTest{
	{"a text track is hidden at first, and its mode can be changed", func(c *contract) {
		track, err := c.host.Element().AddTextTrack(platform.TextTrackOptions{Kind: "subtitles", Label: "English", Language: "en"})
		c.must(err)
		defer track.Close()
		if got := track.Mode(); got != "hidden" {
			c.Errorf("it is %s", got)
		}
		for _, mode := range []string{"showing", "disabled", "hidden"} {
			track.SetMode(mode)
			if got := track.Mode(); got != mode {
				c.Errorf("it is %s, want %s", got, mode)
			}
		}
	}},
	{"a change of a text track's mode is told", func(c *contract) {
		e := c.host.Element()
		track, err := e.AddTextTrack(platform.TextTrackOptions{Kind: "captions", Language: "de"})
		c.must(err)
		defer track.Close()
		told := make(chan struct{}, 100)
		stop := e.ListenTextTracks(func() { told <- struct{}{} })
		track.SetMode("showing")
		receive(c, told)
		stop()
		stop()
	}},
	{"cues are added and removed, also odd ones, and before there is media", func(c *contract) {
		track, err := c.host.Element().AddTextTrack(platform.TextTrackOptions{Kind: "subtitles"})
		c.must(err)
		odd := platform.NewCue("2", 3*time.Second, 2*time.Second, "<i>ends before it <b>begins")
		odd.Line, odd.LineAuto, odd.SnapToLines, odd.Position, odd.PositionAuto, odd.Vertical, odd.Align = -1, false, false, 400, false, "rl", "sideways"
		c.must(track.AddCues([]platform.Cue{platform.NewCue("1", 0, time.Second, "One"), odd, platform.NewCue("", time.Second, 9*time.Second, "")}))
		c.must(track.AddCues(nil))
		track.RemoveCues(0, 2*time.Second)
		track.RemoveCues(0, math.MaxInt64)
		track.Close()
	}},
}
