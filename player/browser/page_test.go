//go:build js && wasm

package browser_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/platform"
)

func TestPage(t *testing.T) {
	host, _ := newHost(t)
	if !host.Online() || !host.Visible() {
		t.Errorf("online %v, visible %v", host.Online(), host.Visible())
	}
	var got []string
	stop := host.ListenPage(func(eventType string) { got = append(got, eventType) },
		"online", "offline", "visibilitychange", "pagehide", "pageshow")
	window, document := safejs.Global(), browser.Get(safejs.Global(), "document")
	tell := func() {
		dispatch(t, window, "offline")
		dispatch(t, window, "online")
		dispatch(t, document, "visibilitychange")
		for _, persisted := range []bool{false, true} {
			for _, eventType := range []string{"pagehide", "pageshow"} {
				options, err := safejs.ValueOf(map[string]any{"persisted": persisted})
				if err != nil {
					t.Fatal(err)
				}
				call(t, window, "dispatchEvent", construct(t, "PageTransitionEvent", eventType, options))
			}
		}
	}
	tell()
	// A page that is shown for the first time comes back from nowhere.
	if want := []string{"offline", "online", "visibilitychange", "pagehide", "pagehide", "pageshow"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	stop()
	stop()
	if n := len(got); n != 6 {
		t.Fatal(n)
	}
	tell()
	if len(got) != 6 {
		t.Errorf("%v is told after stop", got[6:])
	}
}

func TestElementTellsOfItsPicture(t *testing.T) {
	host, video := newHost(t)
	element := host.Element()
	if w, h := element.Size(); w != 0 || h != 0 {
		t.Errorf("an element outside of the page has %d by %d pixels", w, h)
	}
	if !element.Paused() || element.PlaybackRate() != 1 {
		t.Errorf("paused %v, rate %v", element.Paused(), element.PlaybackRate())
	}
	if total, dropped := element.Frames(); total != 0 || dropped != 0 {
		t.Errorf("%d frames, %d dropped", total, dropped)
	}
	call(t, browser.Get(browser.Get(safejs.Global(), "document"), "body"), "append", video)
	defer call(t, video, "remove")
	style := browser.Get(video, "style")
	call(t, style, "setProperty", "width", "320px")
	call(t, style, "setProperty", "height", "180px")
	scale := browser.Number(browser.Get(safejs.Global(), "devicePixelRatio"))
	if w, h := element.Size(); w != int(320*scale) || h != int(180*scale) {
		t.Errorf("%d by %d, want 320 by 180 times %v", w, h, scale)
	}
	playing := make(chan bool, 1)
	defer element.Listen(func(e platform.MediaEvent) { playing <- true }, "playing")()
	if err := errors.Join(video.Set("muted", true), element.SetSrc("/media/webm-vp8-vorbis.webm"), video.Set("playbackRate", 2)); err != nil {
		t.Fatal(err)
	}
	if _, err := host.Await(watchdog(t), call(t, video, "play")); err != nil {
		t.Fatal(err)
	}
	receive(t, playing)
	if element.Paused() || element.PlaybackRate() != 2 {
		t.Errorf("paused %v, rate %v while it plays", element.Paused(), element.PlaybackRate())
	}
	if !webkit { // which does not count
		until(t, "a frame is shown", func() bool { total, dropped := element.Frames(); return total > 0 && dropped <= total })
	}
}
