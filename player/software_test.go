package player_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// software configures a licence server, on a host that has a CDM of its own.
func software(mode drm.Software) func(*stage) player.Config {
	return func(s *stage) player.Config {
		c := server(s)
		s.software, c.DRM.Software = true, mode
		return c
	}
}

var noEME = playertest.CDMOptions{NoEME: true}

// The films with rotating keys and the progressive one are played so in real browsers.
func TestEveryEncryptedFilmPlaysInSoftware(t *testing.T) {
	for name, film := range films(t) {
		if len(film.Keys) == 0 || film.Rotation || !film.Fragmented {
			continue
		}
		for what, test := range map[string]struct {
			mode    drm.Software
			options playertest.Options
			refused drm.Element
		}{
			"always":                   {mode: drm.SoftwareAlways},
			"without EME":              {options: playertest.Options{CDM: noEME}, refused: drm.ElementEME},
			"on an insecure page":      {options: playertest.Options{CDM: noEME, Insecure: true}, refused: drm.ElementContext},
			"with a little buffer":     {mode: drm.SoftwareAlways, options: playertest.Options{Quota: 300 << 10}},
			"after a slow start of it": {mode: drm.SoftwareAlways, options: playertest.Options{Decryption: playertest.DecryptionOptions{StartDelay: 3 * time.Second}}},
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				play(t, name, test.options, software(test.mode), func(s *stage) {
					s.playToEnd()
					last := s.events[len(s.events)-1].(*player.StateChangeEvent)
					if !last.Software || last.Mode != player.ModeMSE || last.Report == nil || !last.Report.Systems[0].Software {
						t.Errorf("told %+v", last)
					} else if r := last.Report.Systems[0].Refused; (r == nil) != (test.refused == "") || r != nil && r.Element != test.refused {
						t.Errorf("the browser's refusal is %+v, want %q", r, test.refused)
					}
					if got := len(s.requests("license")); got != 1 {
						t.Errorf("%d licence requests\n%s", got, s.host.Dump())
					}
				})
			})
		}
	}
}

func TestTheBrowserDecryptsWhatItCan(t *testing.T) {
	for name, decrypts := range map[string]bool{"mp4-cenc": true, "mp4-cbcs": true, "webm-vp9-opus-cenc": true, "mp4-cens": false, "mp4-cbc1": false} {
		play(t, name, playertest.Options{}, software(drm.SoftwareAuto), func(s *stage) {
			s.playToEnd()
			last := s.events[len(s.events)-1].(*player.StateChangeEvent)
			if last.Software == decrypts || last.Report.Systems[0].Software == decrypts || (last.Report.Systems[0].Refused == nil) != decrypts {
				t.Errorf("%s: told %+v", name, last)
			}
			if used := s.host.Decryptions() > 0; used == decrypts {
				t.Errorf("%s: decrypted in software: %v", name, used)
			}
		})
	}
}

func TestWhatSoftwareMustDecryptMovesToMSE(t *testing.T) {
	for _, mode := range []drm.Software{drm.SoftwareAuto, drm.SoftwareAlways} {
		config := func(s *stage) player.Config {
			c := software(mode)(s)
			c.Mode = player.ModeDirect
			return c
		}
		play(t, "mp4-cenc-muxed", playertest.Options{}, config, func(s *stage) {
			s.playToEnd()
			if last := s.events[len(s.events)-1].(*player.StateChangeEvent); last.Mode != player.ModeMSE || !last.Software {
				t.Errorf("%q: told %+v", mode, last)
			}
		})
	}
}

func TestAFilmPlaysOnWhereTheSoftwareCDMDies(t *testing.T) {
	for _, deaths := range [][]int{{1}, {2}, {5}, {9}} {
		options := playertest.Options{Decryption: playertest.DecryptionOptions{Deaths: deaths}}
		play(t, "mp4-cenc-muxed", options, software(drm.SoftwareAlways), func(s *stage) {
			s.playToEnd()
			if got := len(s.requests("license")); got != 1 {
				t.Errorf("deaths %v: %d licence requests", deaths, got)
			}
		})
	}
	// A load has begun already in which it dies for the second time.
	options := playertest.Options{Decryption: playertest.DecryptionOptions{Deaths: []int{1, 2}}}
	play(t, "mp4-cenc-muxed", options, software(drm.SoftwareAlways), func(s *stage) {
		s.expectError(s.load(), player.SoftwareCDMFailed, player.StageDecrypt)
		s.events = nil
		s.playToEnd()
	})
}

func TestASoftwareCDMThatCannotStartIsAnError(t *testing.T) {
	options := playertest.Options{Decryption: playertest.DecryptionOptions{
		StartError: &platform.DecryptionError{Reason: "unavailable", Message: "cdm.wasm came with HTTP status 404", URL: playertest.PageURL + "cdm.wasm"}}}
	play(t, "mp4-cenc", options, software(drm.SoftwareAlways), func(s *stage) {
		s.expectError(s.load(), player.SoftwareCDMUnavailable, player.StageDecrypt)
		if e := s.errors()[0]; e.URL != playertest.PageURL+"cdm.wasm" {
			t.Errorf("it is about %s", e.URL)
		}
	})
}

// A trun box that promises four billion samples.
func TestHostileMediaIsAnErrorAndThePlayerLives(t *testing.T) {
	play(t, "mp4-cenc-muxed", playertest.Options{}, software(drm.SoftwareAlways), func(s *stage) {
		good := s.bytes
		spoilt := bytes.Clone(good)
		copy(spoilt[bytes.LastIndex(spoilt, []byte("trun"))+8:], "\xff\xff\xff\xff")
		s.host.Network.Serve(s.urls[0], playertest.Resource{Body: spoilt})
		if err := s.load(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if errs := s.errors(); len(errs) != 1 || errs[0].Code != player.DecryptFailed || errs[0].Stage != player.StageDecrypt || errs[0].Remedy == "" {
			t.Errorf("errors %v\n%s", errs, s.host.Dump())
		}
		s.host.Network.Serve(s.urls[0], playertest.Resource{Body: good})
		s.events = nil
		s.playToEnd()
	})
}

func TestPlaybackWaitsForAKeyInSoftware(t *testing.T) {
	config := func(s *stage) player.Config {
		c := software(drm.SoftwareAlways)(s)
		s.host.Network.Fault("license?token=secret", playertest.Fault{Delay: 3 * time.Second})
		return c
	}
	play(t, "mp4-cenc-clear-lead", playertest.Options{}, config, func(s *stage) {
		if err := s.load(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(s.film.Duration)*time.Second + 5*time.Second)
		s.expectEnded()
		waited := slices.ContainsFunc(s.events, func(e player.Event) bool {
			stall, ok := e.(*player.StallEvent)
			return ok && stall.Cause == player.StallKey
		})
		if !waited {
			t.Errorf("no stall was told\n%s", s.host.Dump())
		}
	})
}
