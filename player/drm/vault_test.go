package drm_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

var (
	channelA = contentOf(track(kidA, pssh(kidA)))
	channelB = contentOf(track(kidB, pssh(kidB)))
	channelD = contentOf(track(kidD, pssh(kidD)))
)

func TestGoingBackToAChannelAsksForNothing(t *testing.T) {
	for _, system := range []string{"", "com.widevine.alpha", "com.microsoft.playready.recommendation", "com.example.drm"} {
		t.Run(system, func(t *testing.T) {
			work(t, setup{system: system}, func(d *desk) {
				d.play(channelA)
				d.play(channelA)
				d.play(channelB)
				d.play(channelA)
				d.encrypted("cenc", pssh(kidA))
				d.expectAsked(kids(kidA), kids(kidB))
				d.expectUsable(kidA)
				if n := strings.Count(d.host.Dump(), "createMediaKeys"); n != 1 {
					t.Errorf("createMediaKeys %d times, want once", n)
				}
			})
		})
	}
}

func TestALoadTakesOverALicenceThatIsUnderWay(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.delay = 10 * time.Second
		d.play(channelA)
		d.play(channelB)
		d.play(channelA)
		time.Sleep(10 * time.Second)
		d.expectAsked(kids(kidA), kids(kidB))
		d.expectUsable(kidA)
	})
}

func TestAfterAFailureTheKeysAreAskedForAnew(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(channelA)
		d.play(channelB)
		d.end(true) // what is decoded is garbage, say
		d.play(channelB)
		d.play(channelA)
		d.expectAsked(kids(kidA), kids(kidB), kids(kidB))
	})
}

func TestRenewalsWaitUntilTheirChannelIsPlayedAgain(t *testing.T) {
	options := playertest.Options{CDM: playertest.CDMOptions{RenewAfter: time.Minute, ExpireAfter: time.Hour}}
	work(t, setup{options: options, system: "com.widevine.alpha"}, func(d *desk) {
		d.play(channelA)
		d.play(channelB)
		d.end(false)
		time.Sleep(2 * time.Minute)
		d.expectTypes("license-request", "license-request")
		d.play(channelA)
		d.expectTypes("license-request", "license-request", "license-renewal")
	})
}

func TestTheVaultKeepsTheLatest(t *testing.T) {
	for name, limit := range map[string]func(*drm.Config){
		"sessions": func(c *drm.Config) { c.MaxSessions = 2 },
		"keys":     func(c *drm.Config) { c.MaxKeys = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			work(t, setup{config: limit}, func(d *desk) {
				d.play(channelA)
				d.play(channelB)
				d.play(channelA)
				d.play(channelD) // B is the one not used for longest
				if n := d.host.OpenSessions(); n != 2 {
					t.Errorf("%d sessions are open, want 2", n)
				}
				d.play(channelA)
				d.expectAsked(kids(kidA), kids(kidB), kids(kidD))
				d.play(channelB)
				d.expectAsked(kids(kidA), kids(kidB), kids(kidB), kids(kidD))
			})
		})
	}
}

func TestTheVaultLearnsFromARefusal(t *testing.T) {
	for name, cdm := range map[string]playertest.CDMOptions{
		"of createSession":   {MaxSessions: 2, CloseDelay: time.Second / 2},
		"of generateRequest": {MaxSessions: 2, CloseDelay: time.Second / 2, QuotaAtRequest: true},
		"by eviction":        {MaxSessions: 2, Evict: true},
	} {
		t.Run(name, func(t *testing.T) {
			work(t, setup{options: playertest.Options{CDM: cdm}}, func(d *desk) {
				d.play(channelA)
				d.play(channelB)
				d.play(channelD)
				time.Sleep(time.Second)
				d.expectAlive()
				d.expectUsable(kidD)
				d.play(channelB)
				d.play(channelD)
				d.expectAsked(kids(kidA), kids(kidB), kids(kidD))
				d.expectErrors()
			})
		})
	}
}

func TestACDMWithoutRoomForWhatPlaysIsAnError(t *testing.T) {
	options := playertest.Options{CDM: playertest.CDMOptions{MaxSessions: 1, QuotaAtRequest: true}}
	work(t, setup{options: options, config: func(c *drm.Config) { c.LicensePer = drm.PerInitData }}, func(d *desk) {
		d.play(contentOf(track(kidA), track(kidB)))
		d.expectFailure(drm.TooManySessions)
	})
}

func TestAFailedAttachmentIsAnError(t *testing.T) {
	options := playertest.Options{CDM: playertest.CDMOptions{SetMediaKeysErrors: []error{&platform.DOMError{Name: "QuotaExceededError"}}}}
	work(t, setup{options: options}, func(d *desk) {
		_, err := d.engine.Open(d.t.Context(), channelA, d)
		var failure *drm.Error
		if !errors.As(err, &failure) || failure.Reason != drm.AttachFailed {
			t.Fatalf("got %v, want a failed attachment", err)
		}
		d.play(channelA)
		d.expectUsable(kidA)
	})
}

func TestASpoiltCDMIsMadeAnew(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(channelA)
		for range 2 {
			d.host.CloseSessions("internal-error")
			time.Sleep(time.Second)
		}
		d.expectFailure(drm.SessionClosed)
		d.play(channelA)
		d.expectUsable(kidA)
		if n := strings.Count(d.host.Dump(), "createMediaKeys"); n != 2 {
			t.Errorf("createMediaKeys %d times, want twice", n)
		}
	})
}

func TestTheServerCertificateIsSetOnce(t *testing.T) {
	certificate := func(c *drm.Config) { c.KeySystems[0].Certificate = []byte{1, 2, 3} }
	options := playertest.Options{CDM: playertest.CDMOptions{CertificateFirst: true}}
	work(t, setup{options: options, system: "com.widevine.alpha", config: certificate}, func(d *desk) {
		d.play(channelA)
		d.play(channelB)
		d.expectTypes("license-request", "license-request")
	})
	options.CDM.CertificateError = &platform.DOMError{Name: "TypeError"}
	work(t, setup{options: options, system: "com.widevine.alpha", config: certificate}, func(d *desk) {
		_, err := d.engine.Open(d.t.Context(), channelA, d)
		var failure *drm.Error
		if !errors.As(err, &failure) || failure.Reason != drm.CertificateFailed {
			t.Errorf("got %v, want a failed certificate", err)
		}
	})
}

func TestTimingsTellOfEachStep(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.delay = 150 * time.Millisecond
		d.play(channelA)
		took := map[drm.Step]time.Duration{}
		for _, timing := range d.engine.Timings() {
			took[timing.Step] = timing.Took
		}
		if len(took) != 5 || took[drm.StepLicense] != d.delay || took[drm.StepUpdate] == 0 {
			t.Errorf("the timings are %v", took)
		}
	})
}
