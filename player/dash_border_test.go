package player_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/playertest"
)

// A seek to where no Period is goes to the next one, with one MediaSource more.
func TestDASHSeeksBetweenSpans(t *testing.T) {
	for _, gap := range []struct {
		start string
		to    time.Duration
	}{{"PT15S", 12 * time.Second}, {"PT11S", 10500 * time.Millisecond}} {
		film := ladder(10 * time.Second)
		film.Periods = append(film.Periods, ladder(10*time.Second).Periods...)
		film.Periods[1].Ladders[0].Container, film.Periods[1].Ladders[1].Container = "webm", "webm"
		playDASH(t, film, playertest.Options{NoChangeType: true}, player.Config{}, func(s *stage) {
			mpd := strings.NewReplacer(`start="PT10S"`, `start="`+gap.start+`"`, ` mediaPresentationDuration="PT20S"`, "").Replace(film.MPD())
			s.host.Network.Serve("film.mpd", playertest.Resource{Body: []byte(mpd), Type: "application/dash+xml"})
			s.loadDASH()
			passes(2 * time.Second)
			s.host.Video().Seek(gap.to)
			passes(2 * time.Second)
			if n := strings.Count(s.host.Dump(), "src=MediaSource"); n != 2 {
				t.Errorf("there were %d MediaSources\n%s", n, s.host.Dump())
			}
			s.expectEnd(12 * time.Second)
			s.expectCodes()
		})
	}
}

// The stream ends once, and what was played stays from then on.
func TestDASHEndsTheStreamOnce(t *testing.T) {
	playDASH(t, ladder(120*time.Second), playertest.Options{}, player.Config{}, func(s *stage) {
		s.loadDASH()
		s.expectEnd(122 * time.Second)
		if n := strings.Count(s.host.Dump(), "endOfStream"); n != 1 {
			t.Errorf("endOfStream was called %d times", n)
		}
	})
}

// Chromium's buffer of sound holds 12 MB; a file without an index is one segment.
func TestDASHFailsWhereASegmentIsLargerThanTheBuffer(t *testing.T) {
	large := playertest.Options{Quota: 700_000}
	film := func(rung playertest.Rung) *playertest.Presentation {
		p := oneQuality()
		p.Periods[0].Ladders[0].Bitrates, p.Periods[0].Ladders[0].Rungs = nil, []playertest.Rung{rung}
		return p
	}
	playDASH(t, film(playertest.Rung{Bitrate: 4_000_000}), large, player.Config{}, func(s *stage) {
		err := s.loadFilm()
		s.expectError(err, player.MediaNotSupported, player.StageAppend)
		if !strings.Contains(err.Error(), "segments") {
			t.Errorf("%v names no cure", err)
		}
	})
	playDASH(t, film(playertest.Rung{Bitrate: 1_500_000}), large, player.Config{}, func(s *stage) {
		s.loadDASH()
		s.expectEnd(50 * time.Second)
		s.expectCodes()
	})
}
