package drm_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/drm/playready"
	"github.com/keystream-player/keystream/player/drm/widevine"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/playertest"
)

// servers are licence servers that a manifest names.
type servers struct {
	mu    sync.Mutex
	asked map[string][][16]byte // by URL, in the order of the requests
	times map[string]int        // by URL: requests
}

// follow has URLs answered, and the app answer nothing.
func follow(d *desk, urls ...string) *servers {
	s := &servers{asked: map[string][][16]byte{}, times: map[string]int{}}
	for _, url := range urls {
		d.host.Network.Handle(url, func(ex playertest.Exchange) playertest.Reply {
			request, err := playertest.ReadLicenseRequest(ex.Body)
			if err != nil {
				d.t.Errorf("%s: %v", url, err)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.asked[url] = append(s.asked[url], request.KeyIDs...)
			s.times[url]++
			return d.server.Handle(ex)
		})
	}
	return s
}

// expect checks which keys a server was asked for, and in how many requests.
func (s *servers) expect(t *testing.T, url string, times int, want ...[16]byte) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	got := slices.Clone(s.asked[url])
	slices.SortFunc(got, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	if !slices.Equal(got, want) || s.times[url] != times {
		t.Errorf("%s was asked for %x in %d requests, want %x in %d", url, got, s.times[url], want, times)
	}
}

// licensedAt is a track whose manifest names a licence server, with what else it says.
func licensedAt(url, system string, id [16]byte, all ...[16]byte) *manifest.Header {
	s := manifest.System{ID: map[string][16]byte{clearkey.Name: mp4.SystemCommon, widevine.Name: widevine.SystemID, playready.Name: playready.SystemID}[system],
		LicenseURL: url}
	if len(all) > 0 {
		s.PSSH = map[string]func() []byte{
			clearkey.Name:  func() []byte { return playertest.CommonPSSH(all...) },
			widevine.Name:  func() []byte { return playertest.WidevinePSSH(all...) },
			playready.Name: func() []byte { return playertest.PlayReadyPSSH("4.3", all...) },
		}[system]()
	}
	return manifestTrack(id, s)
}

// manifestsOwn is a key system for which the app names no licence server.
func manifestsOwn(system string) setup {
	return setup{system: system, config: func(c *drm.Config) { c.KeySystems[0].License = nil }}
}

func TestEachLicenceServerOfAManifestIsAskedForItsOwnKeys(t *testing.T) {
	for _, system := range []string{clearkey.Name, widevine.Name, playready.Name} {
		for name, all := range map[string][][16]byte{"default_KID": nil, "a PSSH that names all keys": {kidA, kidB, kidD}} {
			t.Run(system+" "+name, func(t *testing.T) {
				work(t, manifestsOwn(system), func(d *desk) {
					s := follow(d, "a", "b")
					d.play(contentOf(licensedAt("a", system, kidA, all...), licensedAt("b", system, kidB, all...), licensedAt("a", system, kidD, all...)))
					d.expectAlive()
					d.expectUsable(kidA, kidB, kidD)
					if system == playready.Name && all != nil {
						s.expect(t, "a", 1, kidA, kidB, kidD) // its header cannot be divided: the challenge names them all
						s.expect(t, "b", 1, kidA, kidB, kidD)
						return
					}
					s.expect(t, "a", 1, kidA, kidD)
					s.expect(t, "b", 1, kidB)
				})
			})
		}
	}
}

func TestAKeyIsAskedOfItsServerWheneverItIsAskedFor(t *testing.T) {
	t.Run("a renewal, when another Period has come", func(t *testing.T) {
		work(t, manifestsOwn(clearkey.Name), func(d *desk) {
			s := follow(d, "a", "b")
			first, second := contentOf(licensedAt("a", clearkey.Name, kidA)), contentOf(licensedAt("b", clearkey.Name, kidB))
			d.play(first)
			d.load.Play(first, second)
			time.Sleep(time.Second)
			d.host.SetKeyStatus(kidA, "expired")
			time.Sleep(time.Second)
			d.expectAlive()
			s.expect(t, "a", 2, kidA, kidA)
			s.expect(t, "b", 1, kidB)
		})
	})
	t.Run("an event with the keys of both", func(t *testing.T) {
		work(t, manifestsOwn(clearkey.Name), func(d *desk) {
			s := follow(d, "a", "b")
			first, second := contentOf(licensedAt("a", clearkey.Name, kidA)), contentOf(licensedAt("b", clearkey.Name, kidB))
			d.play(first)
			d.load.Encrypted("cenc", pssh(kidA, kidB))
			d.load.Play(first, second)
			time.Sleep(time.Second)
			// The event came before anybody had said that the second key is another server's.
			s.expect(t, "a", 2, kidA, kidB)
			s.expect(t, "b", 0)
		})
	})
	t.Run("again, for what no licence held", func(t *testing.T) {
		work(t, manifestsOwn(clearkey.Name), func(d *desk) {
			s := follow(d, "a", "b")
			d.server.Keys = map[[16]byte][16]byte{kidA: {1}, kidB: {2}}
			d.play(drm.Content{Sets: []drm.Set{
				{licensedAt("a", clearkey.Name, kidA), licensedAt("a", clearkey.Name, kidC)}, {licensedAt("b", clearkey.Name, kidB), licensedAt("b", clearkey.Name, kidD)},
			}})
			d.expectBarred(kidC, kidD)
			d.server.Keys = map[[16]byte][16]byte{kidC: {3}, kidD: {4}}
			d.load.Retry()
			time.Sleep(time.Second)
			d.expectBarred()
			s.expect(t, "a", 2, kidA, kidC, kidC)
			s.expect(t, "b", 2, kidB, kidD, kidD)
		})
	})
	t.Run("that no track names", func(t *testing.T) {
		work(t, manifestsOwn(clearkey.Name), func(d *desk) {
			s := follow(d, "a")
			d.play(contentOf(licensedAt("a", clearkey.Name, kidA), track(kidB)))
			d.load.Announce(nil, kids(kidD))
			time.Sleep(time.Second)
			s.expect(t, "a", 2, kidA, kidB, kidD)
		})
	})
}

func TestALicenceForAllIsOneOfEachServer(t *testing.T) {
	for _, per := range []drm.LicensePer{drm.PerContent, drm.PerPeriod} {
		s := manifestsOwn(clearkey.Name)
		own := s.config
		s.config = func(c *drm.Config) { own(c); c.LicensePer = per }
		work(t, s, func(d *desk) {
			s := follow(d, "a", "b")
			d.server.All = true
			d.play(contentOf(licensedAt("a", clearkey.Name, kidA), licensedAt("b", clearkey.Name, kidB)))
			d.load.Announce(nil, kids(kidC))
			time.Sleep(time.Second)
			d.expectAlive()
			s.expect(t, "a", 1, kidA)
			s.expect(t, "b", 1, kidB)
		})
	}
}

// The app's own answer is asked for all keys at once, whatever servers a manifest names.
func TestTheAppsLicenceComesBeforeAManifests(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(contentOf(licensedAt("a", clearkey.Name, kidA), licensedAt("https://evil.test/b", clearkey.Name, kidB)))
		d.expectAsked(kids(kidA, kidB))
		d.expectUsable(kidA, kidB)
	})
}

func TestEachLicenceServerOfAManifestNeedsLeave(t *testing.T) {
	for _, allowed := range []bool{true, false} {
		s := manifestsOwn(clearkey.Name)
		own := s.config
		s.config = func(c *drm.Config) {
			own(c)
			if allowed {
				c.LicenseOrigins = []string{"https://license.test"}
			}
		}
		work(t, s, func(d *desk) {
			s := follow(d, "a", "https://license.test/b?token=secret")
			ctx, cancel := context.WithCancel(d.t.Context())
			load, err := d.engine.Open(ctx, contentOf(licensedAt("a", clearkey.Name, kidA), licensedAt("https://license.test/b?token=secret", clearkey.Name, kidB)), d)
			if err != nil {
				t.Fatal(err)
			}
			d.load, d.cancel, d.result = load, cancel, make(chan error, 1)
			go func() {
				d.result <- load.Run(ctx)
				close(d.result)
			}()
			time.Sleep(time.Second)
			if allowed {
				d.expectAlive()
				d.expectUsable(kidA, kidB)
				s.expect(t, "https://license.test/b?token=secret", 1, kidB)
			} else {
				failure := d.expectFailure(drm.OriginRefused)
				if !slices.Equal(failure.KeyIDs, kids(kidB)) || strings.Contains(failure.Error(), "secret") {
					t.Errorf("the error is %v", failure)
				}
				s.expect(t, "https://license.test/b?token=secret", 0)
			}
			s.expect(t, "a", 1, kidA)
		})
	}
}
