package player_test

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/playertest"
)

var (
	filmKeyA, filmKeyB = playertest.FilmKey{ID: kidA, Key: keyA}, playertest.FilmKey{ID: kidB, Key: keyB}

	// clearKeySystem is the system of Clear Key's own ContentProtection.
	clearKeySystem = [16]byte{0xe2, 0x71, 0x9d, 0x58, 0xa9, 0x85, 0xb3, 0xc9, 0x78, 0x1a, 0xb0, 0x30, 0xaf, 0x78, 0xd3, 0x0e}

	// noLicense is a Clear Key for which the app names no licence server.
	noLicense = []drm.KeySystem{{Name: clearkey.Name}}
)

// licensed gives a ladder of one rung a key and its licence server.
func licensed(l *playertest.Ladder, key playertest.FilmKey, url string) *playertest.Ladder {
	l.Keys = []playertest.FilmKey{key}
	if url != "" {
		l.Told = []playertest.Protected{{System: clearKeySystem, LicenseURL: url}}
	}
	return l
}

func pictures() *playertest.Ladder { return &playertest.Ladder{Bitrates: []int64{300_000}} }

func sound(language string) *playertest.Ladder {
	return &playertest.Ladder{Kind: "audio", Language: language, Bitrates: []int64{64_000}}
}

func periodOf(ladders ...*playertest.Ladder) playertest.Period {
	return playertest.Period{Duration: 10 * time.Second, Ladders: ladders}
}

// licenses answers at a URL with every key, and checks that it is asked for these only.
func (s *stage) licenses(url string, own ...[16]byte) {
	s.host.Network.Handle(url, func(ex playertest.Exchange) playertest.Reply {
		ids, err := clearkey.ParseRequest(ex.Body)
		if err != nil {
			s.t.Errorf("%s: %v", url, err)
		}
		for _, id := range ids {
			if !slices.Contains(own, id) {
				s.t.Errorf("%s was asked for %s", url, hex.EncodeToString(id[:]))
			}
		}
		var keys []clearkey.Key
		for _, key := range []playertest.FilmKey{filmKeyA, filmKeyB} {
			if slices.Contains(own, key.ID) {
				keys = append(keys, clearkey.Key{ID: key.ID, Value: key.Key})
			}
		}
		return playertest.Reply{Body: clearkey.FormatLicense(keys)}
	})
}

func TestDASHAsksEachLicenceServerForItsOwnKeys(t *testing.T) {
	film := &playertest.Presentation{Periods: []playertest.Period{
		periodOf(licensed(pictures(), filmKeyA, "license-a"), licensed(sound(""), filmKeyB, "license-b")),
	}}
	playDASH(t, film, playertest.Options{}, player.Config{DRM: drm.Config{KeySystems: noLicense}}, func(s *stage) {
		s.licenses("license-a", kidA)
		s.licenses("license-b", kidB)
		s.loadDASH()
		s.expectPlayed(film.Duration())
		if a, b := s.asked("license-a"), s.asked("license-b"); a != 1 || b != 1 {
			t.Errorf("%d and %d licence requests", a, b)
		}
	})
}

func TestDASHFollowsALicenceURLWhereItMay(t *testing.T) {
	for name, test := range map[string]struct {
		url     string
		allowed []string
		refused bool
	}{
		"relative":                     {url: "license?token=secret"},
		"of the page's origin":         {url: playertest.PageURL + "license?token=secret"},
		"of another origin":            {url: "https://license.test/?token=secret", refused: true},
		"of an origin that is allowed": {url: "https://license.test/?token=secret", allowed: []string{"https://license.test"}},
		"of an origin that is not":     {url: "https://license.test:444/?token=secret", allowed: []string{"https://license.test"}, refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			film := &playertest.Presentation{Periods: []playertest.Period{periodOf(licensed(pictures(), filmKeyA, test.url), licensed(sound(""), filmKeyA, test.url))}}
			config := player.Config{DRM: drm.Config{KeySystems: noLicense, LicenseOrigins: test.allowed}}
			playDASH(t, film, playertest.Options{}, config, func(s *stage) {
				s.licenses(test.url, kidA)
				if !test.refused {
					s.loadDASH()
					s.expectPlayed(film.Duration())
					return
				}
				err := s.loadFilm()
				s.expectError(err, player.LicenseOriginRefused, player.StageLicense)
				if s.asked("token") > 0 {
					t.Error("the licence server was asked")
				}
			})
		})
	}
}

// The key of a Period that is over may go.
func TestDASHPlaysOnWithoutTheKeyOfAPeriodThatIsOver(t *testing.T) {
	last := periodOf(licensed(pictures(), filmKeyB, ""), licensed(sound(""), filmKeyB, ""))
	for name, next := range map[string]playertest.Period{"another key": last, "none": periodOf(pictures(), sound(""))} {
		for _, status := range []string{"expired", "released"} {
			t.Run(status+", then "+name, func(t *testing.T) {
				film := &playertest.Presentation{Periods: []playertest.Period{periodOf(licensed(pictures(), filmKeyA, ""), licensed(sound(""), filmKeyA, "")), next}}
				gone, asked := false, 0
				config := player.Config{DRM: drm.Config{KeySystems: []drm.KeySystem{{Name: clearkey.Name}}}}
				config.DRM.KeySystems[0].License = drm.LicenseFunc(func(_ context.Context, req drm.LicenseRequest) ([]byte, error) {
					asked++
					if gone {
						return nil, errors.New("gone")
					}
					return clearkey.FormatLicense([]clearkey.Key{{ID: kidA, Value: keyA}, {ID: kidB, Value: keyB}}), nil
				})
				playDASH(t, film, playertest.Options{}, config, func(s *stage) {
					s.loadDASH()
					passes(11 * time.Second)
					before := asked
					gone = true
					s.host.SetKeyStatus(kidA, status)
					s.expectPlayed(10 * time.Second)
					if asked > before {
						t.Errorf("%d licences were asked for", asked-before)
					}
				})
			})
		}
	}
}

// mixed is a film that begins with clear tracks, beside which there is an encrypted one.
func mixed() *playertest.Presentation {
	p := periodOf(pictures(), sound("en"), licensed(sound("de"), filmKeyA, ""))
	p.Duration = 20 * time.Second
	return &playertest.Presentation{Periods: []playertest.Period{p}}
}

func TestDASHIsReadyForAnEncryptedTrackThatMayBeChosen(t *testing.T) {
	film := mixed()
	playDASH(t, film, playertest.Options{}, player.Config{AudioLanguages: []string{"en"}}, func(s *stage) {
		s.loadDASH()
		passes(2 * time.Second)
		var stages []player.Stage
		for _, e := range eventsOf[*player.StateChangeEvent](s) {
			stages = append(stages, e.Stage)
		}
		attached, appended := slices.Index(stages, player.StageAttachKeys), slices.Index(stages, player.StageAppend)
		if attached < 0 || attached > appended || !s.host.Video().HasMediaKeys() {
			t.Errorf("the MediaKeys were not attached before the first append: %v\n%s", stages, s.host.Dump())
		}
		if s.host.OpenSessions() != 0 {
			t.Error("a licence was asked for that nobody needs yet")
		}
		s.selectLanguage("audio", "de")
		passes(10 * time.Millisecond)
		if s.host.OpenSessions() != 1 {
			t.Error("the licence is not asked for at once")
		}
		s.expectPlayed(film.Duration())
	})
}

// trackOf is the id of the track of a kind in a language.
func (s *stage) trackOf(kind, language string) string {
	s.t.Helper()
	for _, e := range eventsOf[*player.TracksChangeEvent](s) {
		for _, track := range e.Tracks {
			if track.Kind == kind && track.Language == language {
				return track.ID
			}
		}
	}
	s.t.Fatalf("there is no %s in %s", kind, language)
	return ""
}

func TestDASHPlaysWhatIsClearWithoutAKeySystem(t *testing.T) {
	for name, test := range map[string]struct {
		config drm.Config
		told   []player.Code
	}{
		"none is configured": {drm.Config{KeySystems: []drm.KeySystem{}}, nil},
		"it is refused":      {drm.Config{KeySystems: []drm.KeySystem{{Name: "com.example"}}}, []player.Code{player.KeySystemRefused}},
	} {
		t.Run(name, func(t *testing.T) {
			film := mixed()
			config := player.Config{AudioLanguages: []string{"en"}, DRM: test.config}
			playDASH(t, film, playertest.Options{}, config, func(s *stage) {
				s.loadDASH()
				err := s.player.SelectTrack(s.t.Context(), "audio", s.trackOf("audio", "de"))
				var failed *player.Error
				if !errors.As(err, &failed) || failed.Code != player.ConfigInvalid {
					t.Errorf("SelectTrack returned %v", err)
				}
				s.expectEnd(23 * time.Second)
				s.expectCodes(test.told...)
			})
		})
	}
}
