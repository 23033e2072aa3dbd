//go:build js && wasm

package browser_test

import (
	"math"
	"testing"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/platform"
)

// texts is what a TextTrack's cues say, "" where it has none to show.
func texts(track safejs.Value, list string) string {
	out := ""
	cues := browser.Get(track, list)
	for i := range browser.Length(cues) {
		out += browser.Text(browser.Get(browser.Index(cues, i), "text")) + ";"
	}
	return out
}

func addTextTrack(t *testing.T, host *browser.Host, video safejs.Value) (platform.TextTrack, safejs.Value) {
	t.Helper()
	track, err := host.Element().AddTextTrack(platform.TextTrackOptions{Kind: "captions", Label: "Say", Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	list := browser.Get(video, "textTracks")
	return track, browser.Index(list, browser.Length(list)-1)
}

func TestTextTrack(t *testing.T) {
	host, video := newHost(t)
	track, js := addTextTrack(t, host, video)
	for name, want := range map[string]string{"kind": "captions", "label": "Say", "language": "en", "mode": "hidden"} {
		if got := browser.Text(browser.Get(js, name)); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	second := func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
	if err := track.AddCues([]platform.Cue{
		platform.NewCue("a", 0, second(1), "one"), platform.NewCue("b", second(1), second(2.5), "<i>two</i>"), platform.NewCue("c", second(3), second(4), "three"),
	}); err != nil {
		t.Fatal(err)
	}
	until(t, "there are cues", func() bool { return texts(js, "cues") == "one;<i>two</i>;three;" })
	// Chromium would show none of a track whose file it failed to load.
	until(t, "the track's file is loaded", func() bool {
		return browser.Number(browser.Get(call(t, video, "querySelector", "track"), "readyState")) == 2
	})
	track.RemoveCues(second(0.5), second(3.5)) // the others reach out of it
	until(t, "a cue is gone", func() bool { return texts(js, "cues") == "one;three;" })
	track.SetMode("disabled")
	if track.Mode() != "disabled" {
		t.Error(track.Mode())
	}
	if err := track.AddCues([]platform.Cue{platform.NewCue("d", second(5), math.MaxInt64, "four")}); err != nil {
		t.Fatal(err)
	}
	track.RemoveCues(0, second(1))
	// Both come in order, and a bridge's promise is the only one that tells.
	if _, err := host.Await(watchdog(t), call(t, bridge, "removeCues", js, 0, 0)); err != nil {
		t.Fatal(err)
	}
	if track.Mode() != "disabled" {
		t.Errorf("it is %s after cues were removed", track.Mode())
	}
	track.SetMode("showing")
	if got := texts(js, "cues"); got != "three;four;" {
		t.Error(got)
	}
	track.RemoveCues(0, math.MaxInt64)
	until(t, "all cues are gone", func() bool { return texts(js, "cues") == "" })
	track.Close()
	track.Close()
	if n := browser.Length(browser.Get(video, "textTracks")); n != 0 {
		t.Errorf("%d tracks are left", n)
	}
}

// A cue that a browser refuses must not cost its neighbours.
func TestCueSettings(t *testing.T) {
	host, video := newHost(t)
	track, js := addTextTrack(t, host, video)
	defer track.Close()
	cue := func(text string, set func(*platform.Cue)) platform.Cue {
		c := platform.NewCue("id", time.Second, 2*time.Second, text)
		set(&c)
		return c
	}
	if err := track.AddCues([]platform.Cue{
		cue("plain", func(*platform.Cue) {}),
		cue("size", func(c *platform.Cue) { c.Size = 101 }),
		cue("position", func(c *platform.Cue) { c.PositionAuto, c.Position = false, -1 }),
		cue("infinite", func(c *platform.Cue) { c.LineAuto, c.Line = false, math.Inf(1) }),
		cue("none", func(c *platform.Cue) { c.Size = math.NaN() }),
		cue("placed", func(c *platform.Cue) {
			c.Vertical, c.LineAuto, c.Line, c.SnapToLines, c.LineAlign = "rl", false, 12.5, false, "end"
			c.PositionAuto, c.Position, c.PositionAlign, c.Size, c.Align = false, 30, "line-left", 40, "left"
		}),
		cue("unknown words", func(c *platform.Cue) { c.Vertical, c.Align = "up", "middle" }),
	}); err != nil {
		t.Fatal(err)
	}
	until(t, "there are cues", func() bool { return texts(js, "cues") == "plain;placed;unknown words;" })
	cues := browser.Get(js, "cues")
	for i, want := range []map[string]any{
		{"id": "id", "startTime": 1.0, "endTime": 2.0, "vertical": "", "line": "auto", "snapToLines": true, "position": "auto", "size": 100.0, "align": "center"},
		{"vertical": "rl", "line": 12.5, "snapToLines": false, "lineAlign": "end", "position": 30.0, "positionAlign": "line-left", "size": 40.0, "align": "left"},
		{"vertical": "", "align": "center"},
	} {
		for name, value := range want {
			js, err := safejs.ValueOf(value)
			if err != nil {
				t.Fatal(err)
			}
			if got := browser.Get(browser.Index(cues, i), name); !got.Equal(js) {
				t.Errorf("cue %d: %s is not %v but %s %v", i, name, value, browser.Text(got), browser.Number(got))
			}
		}
	}
}

// The page, and a browser's own menu, choose among tracks behind our back.
func TestListenTextTracks(t *testing.T) {
	host, video := newHost(t)
	track, js := addTextTrack(t, host, video)
	defer track.Close()
	modes := make(chan string, 10)
	stop := host.Element().ListenTextTracks(func() { modes <- track.Mode() })
	for _, mode := range []string{"showing", "disabled", "hidden"} {
		if err := js.Set("mode", mode); err != nil {
			t.Fatal(err)
		}
		for got := ""; got != mode; {
			got = receive(t, modes)
		}
	}
	stop()
	stop()
}

// A cue is the page's to see while it is shown, as with a track of its own.
func TestCuesAreActive(t *testing.T) {
	host, video := newHost(t)
	track, js := addTextTrack(t, host, video)
	defer track.Close()
	track.SetMode("showing")
	cues := []platform.Cue{platform.NewCue("", 0, time.Hour, "now"), platform.NewCue("", time.Hour, 2*time.Hour, "later")}
	if err := track.AddCues(cues); err != nil {
		t.Fatal(err)
	}
	if err := video.Set("muted", true); err != nil {
		t.Fatal(err)
	}
	if err := host.Element().SetSrc("/media/webm-vp8-vorbis.webm"); err != nil {
		t.Fatal(err)
	}
	if _, err := host.Await(watchdog(t), call(t, video, "play")); err != nil {
		t.Fatal(err)
	}
	until(t, "the cue is active", func() bool { return texts(js, "activeCues") == "now;" })
}
