package drm_test

import (
	"errors"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/manifest"
)

func TestTheKeysOfAPeriodThatIsOverDoNotMatter(t *testing.T) {
	clear := track(kidA)
	clear.Tracks = []manifest.Track{{Kind: "video", Codec: "avc1.42E01E"}}
	for name, next := range map[string]drm.Content{"another key": contentOf(track(kidB)), "none": contentOf(clear)} {
		for what, happens := range map[string]func(*desk){
			"it expires":         func(d *desk) { d.host.SetKeyStatus(kidA, "expired") },
			"it is released":     func(d *desk) { d.host.SetKeyStatus(kidA, "released") },
			"its session closes": func(d *desk) { d.host.CloseSessions("hardware-context-reset", kidA) },
		} {
			t.Run(what+", then "+name, func(t *testing.T) {
				work(t, setup{}, func(d *desk) {
					first := contentOf(track(kidA))
					d.play(first)
					d.load.Play(first, next)
					time.Sleep(time.Second)
					d.load.Play(next)
					time.Sleep(time.Second)
					before := len(d.asked)
					d.fail(errors.New("gone"), errors.New("gone"), errors.New("gone"))
					happens(d)
					time.Sleep(10 * time.Minute)
					d.expectAlive()
					if len(d.asked) != before {
						t.Errorf("asked for %x", d.asked[before:])
					}
				})
			})
		}
	}
}

func TestALicenceThatFailsForAPeriodThatIsOverDoesNotMatter(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		first, second, third := contentOf(track(kidA)), ladder(track(kidB), track(kidC)), contentOf(track(kidD))
		d.play(first)
		d.load.Play(first, second)
		time.Sleep(time.Second)
		d.expectBarred(kidC)
		d.load.Play(third)
		time.Sleep(time.Second)
		d.expectBarred()
		d.load.WaitingForKey()
		time.Sleep(time.Second)
		d.load.Resumed()
		d.expectAsked(kids(kidA), kids(kidB, kidC), kids(kidD))
		d.expectAlive()
	})
}

func TestTheKeysOfAPeriodThatIsPlayedAgainAreThere(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		first, second := contentOf(track(kidA)), contentOf(track(kidB))
		d.play(first)
		d.load.Play(second)
		time.Sleep(time.Second)
		d.load.Play(first)
		time.Sleep(time.Second)
		d.expectAsked(kids(kidA), kids(kidB))
		d.load.Play(second)
		time.Sleep(time.Second)
		d.host.SetKeyStatus(kidA, "expired")
		d.load.Play(first)
		time.Sleep(time.Second)
		d.expectAsked(kids(kidA), kids(kidB), kids(kidA))
		d.expectUsable(kidA)
		d.expectAlive()
	})
}

func TestAKeyThatCameWithAnEarlierPeriodsIsRenewed(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.server.All = true
		d.server.Keys = map[[16]byte][16]byte{kidA: {1}, kidB: {2}}
		first, second := contentOf(track(kidA)), contentOf(track(kidB))
		d.play(first)
		d.load.Play(second)
		time.Sleep(time.Second)
		d.expectAsked(kids(kidA))
		d.host.SetExpiration(kidB, time.Now().Add(time.Minute))
		time.Sleep(2 * time.Minute)
		d.expectAsked(kids(kidA), kids(kidB))
		d.expectAlive()
	})
}

// The key of what is over is in the licence of what plays on.
func TestALicenceOfTwoPeriodsIsRenewedForTheOneThatPlays(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		first, second := contentOf(track(kidA, pssh(kidA, kidB))), contentOf(track(kidB))
		d.play(first)
		d.load.Play(first, second)
		time.Sleep(time.Second)
		d.load.Play(second)
		time.Sleep(time.Second)
		d.host.SetKeyStatus(kidA, "expired")
		time.Sleep(time.Minute)
		d.expectAsked(kids(kidA, kidB))
		d.host.SetExpiration(kidB, time.Now().Add(time.Minute))
		time.Sleep(2 * time.Minute)
		d.expectAsked(kids(kidA, kidB), kids(kidB))
		d.expectAlive()
	})
}

func TestWhatIsInPlayIsNotAskedForAgain(t *testing.T) {
	for _, per := range []drm.LicensePer{drm.PerRequest, drm.PerPeriod} {
		work(t, setup{system: clearkey.Name, config: func(c *drm.Config) { c.LicensePer = per }}, func(d *desk) {
			d.server.Keys[kidC] = [16]byte{3}
			first, second := contentOf(track(kidA)), contentOf(track(kidB))
			d.play(first)
			d.load.Play(first)
			d.load.Play(first, second)
			d.load.Play(first, second)
			time.Sleep(time.Second)
			d.expectAsked(kids(kidA), kids(kidB))
			d.expectAlive()
		})
	}
}
