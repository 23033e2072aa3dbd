package player_test

import (
	"testing"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/playertest"
)

// twoLanguages is a Period of a picture and two languages of sound.
func twoLanguages() playertest.Period {
	return playertest.Period{Duration: 10 * time.Second, Ladders: []*playertest.Ladder{
		{Bitrates: []int64{300_000}}, {Kind: "audio", Language: "en", Bitrates: []int64{64_000}}, {Kind: "audio", Language: "de", Bitrates: []int64{64_000}},
	}}
}

// selectLanguage selects the track of a language.
func (s *stage) selectLanguage(kind, language string) {
	s.t.Helper()
	told := eventsOf[*player.TracksChangeEvent](s)
	for _, track := range told[len(told)-1].Tracks {
		if track.Kind == kind && track.Language == language {
			if err := s.player.SelectTrack(s.t.Context(), kind, track.ID); err != nil {
				s.t.Fatalf("select %s: %v", track.ID, err)
			}
			return
		}
	}
	s.t.Fatalf("there is no %s track in %q", kind, language)
}

// A change of the track replaces what is buffered in all Periods, not only in the last.
func TestDASHChangesTheTrackInAllPeriods(t *testing.T) {
	film := &playertest.Presentation{Periods: []playertest.Period{twoLanguages(), twoLanguages(), twoLanguages()}}
	playDASH(t, film, playertest.Options{}, player.Config{AudioLanguages: []string{"en"}}, func(s *stage) {
		s.loadDASH()
		passes(3 * time.Second)
		s.selectLanguage("audio", "de")
		passes(4 * time.Second)
		for _, m := range s.player.Buffered()["audio"] {
			if m.Start >= 6*time.Second && m.Quality != "audiode0" {
				t.Errorf("%v is buffered %v later", m, 4*time.Second)
			}
		}
		s.selectLanguage("audio", "en")
		s.selectLanguage("audio", "de") // what is there is right again
		n := s.asked("audioen")
		s.expectEnd(25 * time.Second)
		if more := s.asked("audioen") - n; more > 0 {
			t.Errorf("%d segments of a track that was not chosen were fetched", more)
		}
		s.expectCodes()
	})
}

// refused is a film that begins clear or with a scheme that the browser takes, and goes on with one that it does not.
func refused(ladders ...int) *playertest.Presentation {
	p := ladder(10*time.Second, playertest.FilmKey{ID: kidA, Key: keyA})
	q := playertest.Period{Duration: 10 * time.Second, Ladders: []*playertest.Ladder{
		{Bitrates: []int64{300_000}, Keys: []playertest.FilmKey{{ID: kidB, Key: keyB}}},
		{Kind: "audio", Language: "en", Bitrates: []int64{64_000}, Keys: []playertest.FilmKey{{ID: kidB, Key: keyB}}},
		{Kind: "audio", Language: "de", Bitrates: []int64{64_000}, Keys: []playertest.FilmKey{{ID: kidA, Key: keyA}}},
	}}
	for _, i := range ladders {
		q.Ladders[i].Scheme = "cens"
	}
	p.Periods = append(p.Periods, q)
	return p
}

// A Period for which the key system was not granted ends playback when the playhead comes to it, and not before.
func TestDASHFailsAtAPeriodThatIsRefused(t *testing.T) {
	config := player.Config{AudioLanguages: []string{"en"}, DRM: drm.Config{Software: drm.SoftwareNever}}
	for _, ladders := range [][]int{{0}, {0, 1, 2}, {1, 2}} {
		playDASH(t, refused(ladders...), playertest.Options{}, config, func(s *stage) {
			s.loadDASH()
			passes(9 * time.Second)
			s.expectCodes()
			passes(4 * time.Second)
			if errors := s.errors(); len(errors) != 1 || errors[0].Code != player.KeySystemRefused || !errors[0].Fatal || s.lastState() != player.StateFailed {
				t.Errorf("%v: the state is %q, the errors are %v\n%s", ladders, s.lastState(), errors, s.host.Dump())
			}
		})
	}
}

// Sound for which the key system was not granted gives way to sound for which it was.
func TestDASHAvoidsATrackThatIsRefused(t *testing.T) {
	config := player.Config{AudioLanguages: []string{"en"}, DRM: drm.Config{Software: drm.SoftwareNever}}
	playDASH(t, refused(1), playertest.Options{}, config, func(s *stage) {
		s.loadDASH()
		s.expectEnd(22 * time.Second)
		s.expectCodes()
		if s.asked("audioen") > 0 || s.asked("audiode") == 0 {
			t.Errorf("%d and %d requests for the two languages", s.asked("audioen"), s.asked("audiode"))
		}
	})
}
