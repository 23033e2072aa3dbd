package player_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/playertest"
)

// A server that fails for less time than is buffered is waited for: nothing is skipped.
func TestDASHOutlastsAServerThatFails(t *testing.T) {
	for _, status := range []int{500, 503, 429} {
		playDASH(t, ladder(60*time.Second), playertest.Options{}, player.Config{}, func(s *stage) {
			s.loadDASH()
			passes(10 * time.Second)
			for rung, failures := range map[string]int{"video0": 5, "video1": 5, "video2": 5, "audio0": 8} {
				for n := 20; n <= 22; n++ { // each is asked for four times, and then in another quality, before it is left in peace for a while
					s.host.Network.Fault(fmt.Sprintf("p0/%s/%d.m4s", rung, n), slices.Repeat([]playertest.Fault{{Status: status}}, failures)...)
				}
			}
			s.expectEnd(52 * time.Second)
			s.expectCodes()
			if s.asked("audio0/22.m4s") != 9 {
				t.Error("the server did not fail")
			}
		})
	}
}

// One segment that a server always fails for is had in another quality, or in the end skipped.
func TestDASHSkipsWhatAServerAlwaysFailsFor(t *testing.T) {
	for film, want := range map[*playertest.Presentation][]player.Code{ladder(40 * time.Second): nil, oneQuality(): {player.FetchHTTP}} {
		playDASH(t, film, playertest.Options{}, player.Config{}, func(s *stage) {
			s.fault("p0/video0/9.m4s", playertest.Fault{Status: 500})
			s.loadDASH()
			s.expectEnd(46 * time.Second)
			s.expectCodes(want...)
		})
	}
}

// HTML tells of a page that is left by pagehide, and then by visibilitychange. Nothing is asked for, or under way, until it is back.
func TestDASHRestsWhileThePageIsAway(t *testing.T) {
	playDASH(t, ladder(80*time.Second), playertest.Options{Trace: slow.Trace}, player.Config{}, func(s *stage) {
		s.loadDASH()
		passes(100 * time.Millisecond)
		s.host.FirePage("pagehide")
		s.host.SetVisible(false)
		passes(time.Millisecond)
		n := s.asked(".m4s")
		if all, over := len(s.host.Network.Requests()), len(eventsOf[*player.RequestEvent](s)); over != all {
			t.Errorf("%d requests are under way", all-over)
		}
		passes(5 * time.Second)
		if more := s.asked(".m4s") - n; more > 0 {
			t.Errorf("%d requests of a page in the back/forward cache", more)
		}
		s.host.FirePage("pageshow")
		s.host.SetVisible(true)
		s.expectEnd(85 * time.Second)
		s.expectCodes()
	})
}

// A load that begins offline says why it does not end, once, and goes on.
func TestDASHSaysThatItIsOffline(t *testing.T) {
	playDASH(t, ladder(10*time.Second), playertest.Options{}, player.Config{}, func(s *stage) {
		s.host.SetOnline(false)
		s.host.Network.Fault("film.mpd", playertest.Fault{NetworkError: true})
		time.AfterFunc(time.Minute, func() {
			s.expectCodes(player.FetchNetwork)
			s.host.SetOnline(true)
		})
		s.loadDASH()
		s.expectEnd(15 * time.Second)
		s.expectCodes(player.FetchNetwork)
	})
}
