package player_test

import (
	"context"
	"encoding/hex"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/cdm"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

var (
	kidA, keyA = [16]byte{0: 0xa, 15: 1}, [16]byte{0: 0xa, 15: 0xff}
	kidB, keyB = [16]byte{0: 0xb, 15: 1}, [16]byte{0: 0xb, 15: 0xff}
)

// ladder is a film of one Period: a picture in three qualities, and sound.
func ladder(d time.Duration, keys ...playertest.FilmKey) *playertest.Presentation {
	return &playertest.Presentation{Periods: []playertest.Period{{Duration: d, Ladders: []*playertest.Ladder{
		{Bitrates: []int64{300_000, 1_200_000, 3_000_000}, Keys: keys},
		{Kind: "audio", Bitrates: []int64{64_000}, Keys: keys},
	}}}}
}

// playDASH runs f with a player and a presentation at film.mpd, as play does.
func playDASH(t *testing.T, film *playertest.Presentation, options playertest.Options, config player.Config, f func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, urls: []string{"film.mpd"}}
		options.Autoplay = true
		options.Films = film.Films()
		s.host = playertest.NewHost(t, options)
		film.Serve(s.host.Network, "film.mpd")
		if config.DRM.KeySystems == nil {
			config.DRM.KeySystems = []drm.KeySystem{{Name: clearkey.Name, Keys: map[string]string{
				hex.EncodeToString(kidA[:]): hex.EncodeToString(keyA[:]), hex.EncodeToString(kidB[:]): hex.EncodeToString(keyB[:]),
			}}}
		}
		config.OnEvent = func(e player.Event) {
			telling.Lock()
			defer telling.Unlock()
			s.events = append(s.events, e)
		}
		var host platform.Host = s.host
		if config.DRM.Software == drm.SoftwareAlways {
			host = cdm.NewHost(s.host)
		}
		s.player = player.New(host, config)
		defer s.expectNothingLeft()
		defer func() {
			if err := s.player.Close(t.Context()); err != nil {
				t.Errorf("close: %v", err)
			}
		}()
		f(s)
	})
}

// loadFilm loads film.mpd.
func (s *stage) loadFilm() error {
	return s.player.Load(s.t.Context(), player.Source{Tracks: []player.File{{URL: "film.mpd"}}})
}

// loadDASH does, and it must be possible.
func (s *stage) loadDASH() {
	s.t.Helper()
	if err := s.loadFilm(); err != nil {
		s.t.Fatalf("load: %v\n%s", err, s.host.Dump())
	}
}

// expectPlayed waits until the film should have ended.
func (s *stage) expectPlayed(d time.Duration) {
	s.t.Helper()
	time.Sleep(d + 2*time.Second)
	synctest.Wait()
	if !s.host.Video().Ended() {
		s.t.Errorf("the film did not end: it is at %v\n%s", s.host.Video().CurrentTime(), s.host.Dump())
	}
	if errs := s.errors(); len(errs) > 0 {
		s.t.Errorf("error events: %v", errs)
	}
}

func TestDASHPlaysToItsEnd(t *testing.T) {
	key := playertest.FilmKey{ID: kidA, Key: keyA}
	for name, test := range map[string]struct {
		film    func() *playertest.Presentation
		options playertest.Options
		config  player.Config
	}{
		"clear":     {film: func() *playertest.Presentation { return ladder(20 * time.Second) }},
		"encrypted": {film: func() *playertest.Presentation { return ladder(20*time.Second, key) }},
		"timeline": {film: func() *playertest.Presentation {
			p := ladder(20 * time.Second)
			p.Addressing = playertest.Timeline
			return p
		}},
		"list": {film: func() *playertest.Presentation {
			p := ladder(20 * time.Second)
			p.Addressing = playertest.List
			return p
		}},
		"list of ranges": {film: func() *playertest.Presentation {
			p := ladder(20 * time.Second)
			p.Addressing = playertest.ListOfRanges
			return p
		}},
		"base": {film: func() *playertest.Presentation {
			p := ladder(20 * time.Second)
			p.Addressing = playertest.Base
			return p
		}},
		"by our own CDM":    {film: func() *playertest.Presentation { return ladder(20*time.Second, key) }, config: player.Config{DRM: drm.Config{Software: drm.SoftwareAlways}}},
		"Firefox":           {film: func() *playertest.Presentation { return ladder(20*time.Second, key) }, options: playertest.Options{Engine: playertest.Firefox}},
		"a small buffer":    {film: func() *playertest.Presentation { return ladder(60 * time.Second) }, options: playertest.Options{Quota: 4 << 20}},
		"long, and evicted": {film: func() *playertest.Presentation { return ladder(180 * time.Second) }},
		"two Periods": {film: func() *playertest.Presentation {
			p := ladder(10 * time.Second)
			p.Periods = append(p.Periods, ladder(10*time.Second, key).Periods...)
			return p
		}},
		"clear after encrypted, other codecs, no changeType": {film: func() *playertest.Presentation {
			p := ladder(10*time.Second, key)
			q := ladder(10 * time.Second)
			q.Periods[0].Ladders[0].Container = "webm"
			q.Periods[0].Ladders[1].Container = "webm"
			p.Periods = append(p.Periods, q.Periods...)
			return p
		}, options: playertest.Options{NoChangeType: true}},
		"other codecs by changeType": {film: func() *playertest.Presentation {
			p := ladder(10*time.Second, key)
			q := ladder(10 * time.Second)
			q.Periods[0].Ladders[0].Container = "webm"
			q.Periods[0].Ladders[1].Container = "webm"
			p.Periods = append(p.Periods, q.Periods...)
			return p
		}},
	} {
		t.Run(name, func(t *testing.T) {
			film := test.film()
			playDASH(t, film, test.options, test.config, func(s *stage) {
				s.loadDASH()
				s.expectPlayed(film.Duration())
			})
		})
	}
}

// What there will be a first picture of goes to the SourceBuffer before more is asked for: the page's thread does one thing at a time.
func TestDASHAppendsTheFirstMediaFirst(t *testing.T) {
	film := ladder(10 * time.Second)
	playDASH(t, film, playertest.Options{}, player.Config{}, func(s *stage) {
		s.loadDASH()
		s.expectPlayed(film.Duration())
		times := map[string]*player.RequestEvent{}
		for _, e := range eventsOf[*player.RequestEvent](s) {
			times[path.Base(path.Dir(e.URL))+path.Base(e.URL)] = e
		}
		if first, second := times["video01.m4s"], times["video02.m4s"]; !second.Started.After(first.Ended) {
			t.Errorf("the second segment was asked for at %v, when the first came", second.Started)
		}
	})
}

// A licence is asked for before any media is: the MPD names the key.
func TestDASHAsksForTheLicenceFirst(t *testing.T) {
	film := ladder(10*time.Second, playertest.FilmKey{ID: kidA, Key: keyA})
	var began time.Time
	config := player.Config{DRM: drm.Config{KeySystems: []drm.KeySystem{{Name: clearkey.Name}}}}
	asked := time.Duration(0)
	config.DRM.KeySystems[0].License = drm.LicenseFunc(func(context.Context, drm.LicenseRequest) ([]byte, error) {
		asked = time.Since(began)
		return clearkey.FormatLicense([]clearkey.Key{{ID: kidA, Value: keyA}}), nil
	})
	playDASH(t, film, playertest.Options{}, config, func(s *stage) {
		began = time.Now()
		s.loadDASH()
		for _, r := range s.host.Network.Requests() {
			if strings.Contains(r.URL, ".m4s") && r.Time < asked {
				t.Errorf("%s was asked for at %v, the licence at %v", r.URL, r.Time, asked)
			}
		}
		s.expectPlayed(film.Duration())
		if n := slices.IndexFunc(s.events, func(e player.Event) bool { _, ok := e.(*player.TracksChangeEvent); return ok }); n < 0 {
			t.Error("no trackschange")
		}
	})
}
