package drm_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/playertest"
)

// The lower Representation first.
var sdAndHD = ladder(track(kidA), track(kidB))

func TestWhatIsDoneAboutAStatus(t *testing.T) {
	for _, test := range []struct {
		status string
		policy drm.Policy // "" is the default
		fails  bool
		barred bool
		asks   int // requests after the first
	}{
		{"output-restricted", "", false, true, 0},
		{"output-restricted", drm.PolicyError, true, false, 0},
		{"output-restricted", drm.PolicyContinue, false, false, 0},
		{"expired", "", false, false, 1},
		{"expired", drm.PolicyError, true, false, 0},
		{"expired", drm.PolicyFallback, false, true, 0},
		{"internal-error", "", false, false, 1},
		{"internal-error", drm.PolicyFallback, false, true, 0},
		{"released", "", true, false, 0},
		{"released", drm.PolicyFallback, false, true, 0},
		{"usable-in-future", "", false, false, 0},
		{"status-pending", "", false, false, 0},
		{"output-downscaled", "", false, false, 0},
	} {
		t.Run(test.status+" "+string(test.policy), func(t *testing.T) {
			config := func(c *drm.Config) {
				if test.policy != "" {
					c.Policies = map[string]drm.Policy{test.status: test.policy}
				}
			}
			work(t, setup{config: config}, func(d *desk) {
				d.play(sdAndHD)
				d.host.SetKeyStatus(kidB, test.status)
				time.Sleep(time.Second)
				if test.fails {
					if failure := d.expectFailure(drm.KeyUnusable); failure.Detail != test.status || len(failure.Keys) == 0 {
						t.Errorf("the error is %v with keys %v, want %s", failure, failure.Keys, test.status)
					}
					return
				}
				d.expectAlive()
				if want := 1 + test.asks; len(d.asked) != want {
					t.Errorf("asked %d times, want %d", len(d.asked), want)
				}
				if test.barred {
					d.expectBarred(kidB)
					d.host.SetKeyStatus(kidB, "usable")
				}
				d.expectBarred()
			})
		})
	}
}

func TestWithoutAnotherRepresentationARestrictionIsFatal(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(contentOf(track(kidA), track(kidB)))
		d.host.SetKeyStatus(kidB, "output-restricted")
		if failure := d.expectFailure(drm.KeyUnusable); !slices.Equal(failure.KeyIDs, kids(kidB)) {
			t.Errorf("the error names %x", failure.KeyIDs)
		}
	})
}

func TestALicenceThatLacksAKeyBarsItsRepresentation(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(ladder(track(kidA), track(kidC)))
		d.expectBarred(kidC)
		d.load.WaitingForKey()
		time.Sleep(5 * time.Second)
		d.expectAlive() // the other one's key is there
	})
}

func TestAKeyWithAnInternalErrorIsRecreatedOnce(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(channelA)
		d.host.SetKeyStatus(kidA, "internal-error")
		time.Sleep(time.Second)
		d.expectUsable(kidA)
		d.host.SetKeyStatus(kidA, "internal-error")
		d.expectFailure(drm.KeyUnusable)
		d.expectAsked(kids(kidA), kids(kidA))
	})
}

func TestALicenceIsRenewedBeforeItExpires(t *testing.T) {
	options := playertest.Options{CDM: playertest.CDMOptions{ExpireAfter: 10 * time.Minute}}
	work(t, setup{options: options, system: "com.widevine.alpha"}, func(d *desk) {
		d.play(channelA)
		time.Sleep(9 * time.Minute)
		d.expectAsked(kids(kidA))
		time.Sleep(50 * time.Second)
		d.expectAsked(kids(kidA), kids(kidA))
		if n := d.host.OpenSessions(); n != 1 {
			t.Errorf("%d sessions are open, want the new one alone", n)
		}
		time.Sleep(2 * time.Minute)
		d.expectAlive()
		d.expectUsable(kidA)
	})
}

func TestARenewalThatFailsIsNotFatalWhileTheKeyWorks(t *testing.T) {
	options := playertest.Options{CDM: playertest.CDMOptions{ExpireAfter: 10 * time.Minute}}
	work(t, setup{options: options, system: "com.widevine.alpha"}, func(d *desk) {
		d.play(channelA)
		down := errors.New("down")
		d.fail(slices.Repeat([]error{down}, 100)...)
		time.Sleep(9*time.Minute + 50*time.Second)
		d.expectAlive()
		d.expectErrors(drm.FetchFailed, drm.FetchFailed, drm.FetchFailed)
		d.expectFailure(drm.FetchFailed) // now it has expired
	})
}

func TestARenewalMayComeWithTheLastTry(t *testing.T) {
	options := playertest.Options{CDM: playertest.CDMOptions{ExpireAfter: 10 * time.Minute}}
	work(t, setup{options: options, system: "com.widevine.alpha"}, func(d *desk) {
		d.play(channelA)
		d.fail(errors.New("down"), errors.New("down"))
		time.Sleep(15 * time.Minute)
		d.expectAlive()
		d.expectErrors(drm.FetchFailed, drm.FetchFailed)
		d.expectAsked(kids(kidA), kids(kidA), kids(kidA), kids(kidA))
	})
}

func TestARenewalOfTheCDMsOwnThatFailsIsNotFatal(t *testing.T) {
	options := playertest.Options{CDM: playertest.CDMOptions{RenewAfter: time.Minute, ExpireAfter: time.Hour, RenewRetry: time.Minute}}
	work(t, setup{options: options, system: "com.widevine.alpha"}, func(d *desk) {
		d.play(channelA)
		d.fail(errors.New("down"))
		time.Sleep(90 * time.Second)
		d.expectErrors(drm.FetchFailed)
		time.Sleep(time.Minute)
		d.expectAlive()
		d.expectErrors(drm.FetchFailed)
		d.expectTypes("license-request", "license-renewal", "license-renewal")
	})
}

func TestALicenceThatIsExpiredWhenItComesIsRenewedOnce(t *testing.T) {
	options := playertest.Options{CDM: playertest.CDMOptions{Statuses: map[[16]byte]string{kidA: "expired"}}}
	work(t, setup{options: options}, func(d *desk) {
		d.play(channelA)
		d.expectFailure(drm.KeyUnusable)
		d.expectAsked(kids(kidA), kids(kidA))
	})
}

func TestASessionThatTheCDMClosesIsOpenedAnew(t *testing.T) {
	for reason, times := range map[string]int{"hardware-context-reset": 10, "resource-evicted": 10, "internal-error": 1} {
		t.Run(reason, func(t *testing.T) {
			work(t, setup{}, func(d *desk) {
				d.play(channelA)
				for range times {
					d.host.CloseSessions(reason)
					time.Sleep(time.Minute)
					d.expectAlive()
					d.expectUsable(kidA)
				}
				if len(d.asked) != 1+times {
					t.Errorf("asked %d times, want %d", len(d.asked), 1+times)
				}
				if reason == "internal-error" {
					d.host.CloseSessions(reason)
					d.expectFailure(drm.SessionClosed)
				}
			})
		})
	}
}

func TestACDMThatClosesEverySessionAtOnceIsGivenUp(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(channelA)
		for range 4 {
			d.host.CloseSessions("hardware-context-reset")
			time.Sleep(time.Second)
		}
		d.expectFailure(drm.SessionClosed)
	})
}

func TestWaitingForAKeyThatNoLicenceHoldsFails(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(contentOf(track(kidA), track(kidC)))
		d.expectAlive()
		d.load.WaitingForKey()
		if failure := d.expectFailure(drm.KeyMissing); !slices.Equal(failure.KeyIDs, kids(kidC)) {
			t.Errorf("the error names %x, want %x", failure.KeyIDs, kidC)
		}
	})
}

func TestALongWaitIsAnErrorAndThenAFatalOne(t *testing.T) {
	for name, test := range map[string]struct {
		wait     func(*desk)
		survived []drm.Reason
		fatal    drm.Reason
		after    time.Duration
	}{
		"for a licence that comes late":  {func(d *desk) { d.delay = 20 * time.Second }, []drm.Reason{drm.KeyTimeout}, 0, 0},
		"for a licence that never comes": {func(d *desk) { d.delay = time.Hour }, []drm.Reason{drm.KeyTimeout}, drm.FetchTimeout, 58 * time.Second},
		"for a key that nothing names":   {func(*desk) {}, nil, drm.KeyTimeout, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			work(t, setup{}, func(d *desk) {
				test.wait(d)
				d.play(channelA)
				d.load.WaitingForKey()
				if test.fatal != 0 {
					d.expectFailureAfter(test.fatal, test.after)
				} else {
					time.Sleep(25 * time.Second)
					d.load.Resumed()
					time.Sleep(time.Hour)
					d.expectAlive()
				}
				d.expectErrors(test.survived...)
			})
		})
	}
}

func TestAPanicOfTheFetcherIsAnError(t *testing.T) {
	work(t, setup{config: func(c *drm.Config) {
		c.KeySystems[0].License = drm.LicenseFunc(nil)
	}}, func(d *desk) {
		d.play(channelA)
		d.expectFailure(drm.Panicked)
	})
}
