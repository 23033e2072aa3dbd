package player_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/playertest"
)

func TestEveryFilmPlaysToItsEnd(t *testing.T) {
	for name, film := range films(t) {
		if film.Scheme == "cens" || film.Scheme == "cbc1" || !film.Fragmented && len(film.Keys) > 0 {
			continue // browsers refuse them: see TestBadInputGetsATypedError
		}
		for _, engine := range []playertest.Engine{playertest.Chromium, playertest.Firefox} {
			t.Run(name, func(t *testing.T) {
				play(t, name, playertest.Options{Engine: engine}, server, func(s *stage) {
					s.playToEnd()
					want := min(len(film.Keys), 1)
					if film.Rotation {
						want = len(film.Keys)
					}
					if got := len(s.requests("license")); got != want {
						s.t.Errorf("%d licence requests, want %d\n%s", got, want, s.host.Dump())
					}
				})
			})
		}
	}
}

func TestKeysInTheConfigurationNeedNoServer(t *testing.T) {
	play(t, "mp4-cenc-two-keys", playertest.Options{}, keys, func(s *stage) { s.playToEnd() })
}

func TestTheServerIsAskedOnlyForKeysThatTheConfigurationLacks(t *testing.T) {
	config := func(s *stage) player.Config {
		c := server(s)
		c.DRM.KeySystems[0].Keys = map[string]string{}
		for kid, key := range s.film.Keys {
			c.DRM.KeySystems[0].Keys[kid] = key
			break
		}
		return c
	}
	play(t, "mp4-cenc-two-keys", playertest.Options{}, config, func(s *stage) {
		s.playToEnd()
		requests := s.requests("license")
		if len(requests) != 1 {
			t.Fatalf("%d licence requests, want 1", len(requests))
		}
		if ids, err := clearkey.ParseRequest(requests[0].Body); err != nil || len(ids) != 1 {
			t.Errorf("the server was asked for %x (%v), want the one key that is lacking", ids, err)
		}
	})
}

func TestChunksAreFetchedOnceEach(t *testing.T) {
	play(t, "mp4-fragmented", playertest.Options{}, nothing, func(s *stage) {
		s.playToEnd()
		requests := s.requests(s.film.Files[0])
		if len(requests) != 6 {
			t.Fatalf("%d requests, want one for the header and five chunks: %v", len(requests), requests)
		}
		seen := map[string]bool{}
		for _, r := range requests {
			if seen[r.Range] {
				t.Errorf("%s was fetched twice", r.Range)
			}
			seen[r.Range] = true
		}
	})
}

func TestTheChoiceOfModeIsTold(t *testing.T) {
	for name, want := range map[string]player.Mode{
		"mp4-fragmented": player.ModeMSE, "mp4-progressive": player.ModeDirect, "mp4-moov-last": player.ModeDirect, "mp4-cenc": player.ModeMSE,
	} {
		t.Run(name, func(t *testing.T) {
			play(t, name, playertest.Options{}, keys, func(s *stage) {
				s.playToEnd()
				last := s.events[len(s.events)-1].(*player.StateChangeEvent)
				if last.Mode != want {
					t.Errorf("mode %q, want %q", last.Mode, want)
				}
				if len(s.film.Keys) > 0 && (last.KeySystem != clearkey.Name || last.Configuration == nil || len(last.Configuration.VideoCapabilities) == 0) {
					t.Errorf("the state tells of key system %q with %+v", last.KeySystem, last.Configuration)
				}
			})
		})
	}
}

func TestAModeCanBeForced(t *testing.T) {
	direct := func(*stage) player.Config { return player.Config{Mode: player.ModeDirect} }
	play(t, "mp4-fragmented", playertest.Options{}, direct, func(s *stage) {
		s.playToEnd()
		if last := s.events[len(s.events)-1].(*player.StateChangeEvent); last.Mode != player.ModeDirect {
			t.Errorf("mode %q, want direct", last.Mode)
		}
	})
}

func TestAFilmLargerThanTheSourceBufferPlays(t *testing.T) {
	play(t, "mp4-fragmented", playertest.Options{Quota: 300 << 10}, nothing, func(s *stage) { s.playToEnd() })
}

func TestAJumpBackToEvictedMediaPlays(t *testing.T) {
	play(t, "mp4-fragmented", playertest.Options{Quota: 300 << 10}, nothing, func(s *stage) {
		s.playToEnd()
		s.host.Video().Seek(0)
		s.host.Video().Play()
		time.Sleep(time.Duration(s.film.Duration*float64(time.Second)) + 2*time.Second)
		synctest.Wait()
		if !s.host.Video().Ended() {
			t.Errorf("the film did not end again\n%s", s.host.Dump())
		}
	})
}

func TestTheSameFilmAgainAndAgain(t *testing.T) {
	play(t, "mp4-cenc", playertest.Options{}, keys, func(s *stage) {
		for range 5 {
			if err := s.load(); err != nil {
				t.Fatal(err)
			}
			if n := s.host.OpenSessions(); n != 1 {
				t.Errorf("%d key sessions are open, want 1", n)
			}
		}
	})
}

func TestTheLastOfManyLoadsWins(t *testing.T) {
	play(t, "mp4-cenc", playertest.Options{}, keys, func(s *stage) {
		results := make(chan error, 5)
		for range 5 {
			go func() { results <- s.load() }()
			time.Sleep(3 * time.Millisecond)
		}
		interrupted := 0
		for range 5 {
			var e *player.Error
			switch err := <-results; {
			case errors.As(err, &e) && e.Code == player.LoadInterrupted && !e.Fatal:
				interrupted++
			case err != nil:
				t.Error(err)
			}
		}
		if interrupted != 4 {
			t.Errorf("%d loads were interrupted, want 4", interrupted)
		}
		time.Sleep(time.Minute)
		s.expectEnded()
	})
}

// TestCloseAtEveryMoment closes a player a little later each time, until the film has started, and again while it plays.
func TestCloseAtEveryMoment(t *testing.T) {
	for _, name := range []string{"mp4-cenc-two-keys", "mp4-progressive"} {
		for moment := range 120 {
			play(t, name, playertest.Options{}, server, func(s *stage) {
				result := make(chan error, 1)
				go func() { result <- s.load() }()
				time.Sleep(time.Duration(moment) * time.Millisecond / 2)
				if err := s.player.Close(s.t.Context()); err != nil {
					t.Errorf("close after %d half milliseconds: %v", moment, err)
				}
				var e *player.Error
				if err := <-result; err != nil && (!errors.As(err, &e) || e.Code != player.Closed) {
					t.Errorf("load that is closed after %d half milliseconds: %v", moment, err)
				}
				if state := s.lastState(); state != player.StateClosed {
					t.Errorf("the last state is %q, want closed", state)
				}
				if err := s.load(); !errors.As(err, &e) || e.Code != player.Closed {
					t.Errorf("load after close: %v", err)
				}
			})
		}
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	play(t, "mp4-cenc", playertest.Options{}, keys, func(s *stage) {
		s.host.Network.Fault(s.urls[0], playertest.Fault{Hang: true})
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		var e *player.Error
		if err := s.player.Load(ctx, s.source()); !errors.As(err, &e) || e.Code != player.LoadInterrupted {
			t.Errorf("load returned %v", err)
		}
		if state := s.lastState(); state != player.StateIdle {
			t.Errorf("the last state is %q, want idle", state)
		}
		s.playToEnd()
	})
}

func TestAPanicIsAnErrorAndNotADeadPlayer(t *testing.T) {
	config := func(*stage) player.Config {
		return player.Config{DRM: drm.Config{KeySystems: []drm.KeySystem{{Name: clearkey.Name, License: panicking{}}}}}
	}
	play(t, "mp4-cenc", playertest.Options{}, config, func(s *stage) {
		s.expectError(s.load(), player.Internal, player.StageLicense)
	})
}

// TestGolden compares what the page saw, lane by lane, with a file: -update writes it anew.
func TestGolden(t *testing.T) {
	for _, name := range []string{"mp4-cenc-two-keys", "mp4-cenc-no-pssh", "webm-vp9-opus-cenc", "mp4-progressive"} {
		t.Run(name, func(t *testing.T) {
			play(t, name, playertest.Options{}, server, func(s *stage) {
				s.playToEnd()
				got := s.host.Dump()
				file := "testdata/" + name + ".golden"
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("the playback differs from %s (go test ./player -update writes it anew):\n%s", file, got)
				}
			})
		})
	}
}
