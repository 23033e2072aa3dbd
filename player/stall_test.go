package player_test

import (
	"slices"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/playertest"
)

// stalls lists the causes that were told, and the keys that were waited for.
func (s *stage) stalls() (causes []player.StallCause, keyIDs [][16]byte) {
	hear()
	for _, e := range s.events {
		if stall, ok := e.(*player.StallEvent); ok {
			causes, keyIDs = append(causes, stall.Cause), append(keyIDs, stall.KeyIDs...)
		}
	}
	return causes, keyIDs
}

func TestAStallTellsItsCause(t *testing.T) {
	for name, test := range map[string]struct {
		film    string
		options playertest.Options
		delay   time.Duration // of the licence
		want    []player.StallCause
	}{
		"none":    {film: "mp4-cenc"},
		"key":     {film: "mp4-cenc", delay: 3 * time.Second, want: []player.StallCause{player.StallKey, player.StallNone}},
		"network": {film: "mp4-fragmented", options: playertest.Options{Bandwidth: 20_000}, want: []player.StallCause{player.StallNetwork, player.StallNone}},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, test.film, test.options, server, func(s *stage) {
				s.host.Network.Fault("license?token=secret", playertest.Fault{Delay: test.delay})
				if err := s.load(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Minute)
				s.expectEnded()
				causes, keyIDs := s.stalls()
				if len(causes) > 2 {
					causes = causes[:2] // a slow network stalls again and again
				}
				if !slices.Equal(causes, test.want) {
					t.Errorf("stalls %q, want %q", causes, test.want)
				}
				if test.delay > 0 && !slices.Equal(keyIDs, filmKeyIDs(t, test.film)) {
					t.Errorf("the stall names the keys %x", keyIDs)
				}
			})
		})
	}
}

func TestUnloadKeepsTheKeys(t *testing.T) {
	play(t, "mp4-cenc", playertest.Options{}, server, func(s *stage) {
		if err := s.player.Unload(s.t.Context()); err != nil {
			t.Errorf("unload of nothing: %v", err)
		}
		s.playToEnd()
		if err := s.player.Unload(s.t.Context()); err != nil {
			t.Fatal(err)
		}
		if state := s.lastState(); state != player.StateIdle {
			t.Errorf("the state is %q, want idle", state)
		}
		if s.host.OpenSessions() != 1 || !s.host.Video().HasMediaKeys() {
			t.Error("the keys went with the source")
		}
		s.playToEnd()
		if got := len(s.requests("license")); got != 1 {
			t.Errorf("%d licence requests, want 1", got)
		}
	})
}

func TestALicenceThatFailedCanBeRetriedWhereItFailed(t *testing.T) {
	play(t, "mp4-cenc", playertest.Options{}, server, func(s *stage) {
		s.host.Network.Fault("license?token=secret", playertest.Fault{Status: 403})
		if err := s.player.RetryLicense(s.t.Context()); err != nil {
			t.Errorf("retry of nothing: %v", err)
		}
		s.expectError(s.load(), player.LicenseHTTP, player.StageLicense)
		s.events = nil
		if err := s.player.RetryLicense(s.t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(12 * time.Second)
		s.expectEnded()
	})
}

func TestAFilmPlaysOnFromWhereItsLicenceRanOut(t *testing.T) {
	play(t, "mp4-cenc", playertest.Options{}, server, func(s *stage) {
		if err := s.load(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(4 * time.Second)
		s.host.Network.Fault("license?token=secret", playertest.Fault{Status: 403})
		s.host.SetKeyStatus(filmKeyIDs(t, "mp4-cenc")[0], "expired")
		time.Sleep(time.Second)
		if state := s.lastState(); state != player.StateFailed {
			t.Fatalf("the state is %q, want failed", state)
		}
		s.events = nil
		if err := s.player.RetryLicense(s.t.Context()); err != nil {
			t.Fatal(err)
		}
		if at := s.host.Video().CurrentTime(); at < 3*time.Second {
			t.Errorf("playback goes on at %v, want about 4 s", at)
		}
		time.Sleep(12 * time.Second)
		s.expectEnded()
	})
}
