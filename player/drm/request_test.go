package drm_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/playertest"
)

func TestAKeyIsAskedForOnce(t *testing.T) {
	for name, test := range map[string]struct {
		content drm.Content
		then    func(*desk)
		want    [][][16]byte
	}{
		"named by the PSSH, then by events of equal content": {contentOf(track(kidA, pssh(kidA))), func(d *desk) {
			d.encrypted("cenc", pssh(kidA))
			d.encrypted("cenc", pssh(kidA))
			d.encrypted("keyids", clearkey.KeyIDsInitData(kids(kidA)))
		}, [][][16]byte{{kidA}}},
		"two files, one key":                {contentOf(track(kidA), track(kidA)), nil, [][][16]byte{{kidA}}},
		"two files, two keys, in one":       {contentOf(track(kidA, pssh(kidA)), track(kidB, pssh(kidB))), nil, [][][16]byte{{kidA, kidB}}},
		"a ladder of two keys, in one":      {ladder(track(kidA), track(kidB)), nil, [][][16]byte{{kidA, kidB}}},
		"two boxes of the common system":    {contentOf(track(kidA, pssh(kidA), pssh(kidB))), nil, [][][16]byte{{kidA, kidB}}},
		"only tenc names it":                {contentOf(track(kidA)), nil, [][][16]byte{{kidA}}},
		"a foreign system's PSSH":           {contentOf(track(kidA, mp4.BuildPSSH([16]byte{9}, nil, []byte("x")))), nil, [][][16]byte{{kidA}}},
		"a foreign PSSH in an event, later": {contentOf(track(kidA)), func(d *desk) { d.encrypted("cenc", mp4.BuildPSSH([16]byte{9}, nil, []byte("x"))) }, [][][16]byte{{kidA}}},
		"a new key beside a known one":      {contentOf(track(kidA)), func(d *desk) { d.encrypted("cenc", pssh(kidA, kidB)) }, [][][16]byte{{kidA}, {kidB}}},
		"the zero key id names no key":      {contentOf(track(kidA)), func(d *desk) { d.encrypted("cenc", pssh([16]byte{}, kidA)) }, [][][16]byte{{kidA}}},
		"content that nobody read ahead":    {drm.Content{}, func(d *desk) { d.encrypted("webm", kidA[:]) }, [][][16]byte{{kidA}}},
		"announced, then in an event": {contentOf(track(kidA)), func(d *desk) {
			d.load.Announce(pssh(kidB), kids(kidB, kidA))
			time.Sleep(time.Minute)
			d.encrypted("cenc", pssh(kidB))
		}, [][][16]byte{{kidA}, {kidB}}},
		"two announced at once": {contentOf(track(kidA)), func(d *desk) {
			d.load.Announce(nil, kids(kidB, kidD))
			time.Sleep(time.Minute)
		}, [][][16]byte{{kidA}, {kidB, kidD}}},
		"another period with the same key and a new one": {contentOf(track(kidA)), func(d *desk) {
			d.load.Play(contentOf(track(kidA), track(kidB)))
			time.Sleep(time.Second)
		}, [][][16]byte{{kidA}, {kidB}}},
		"a manifest's PSSH": {contentOf(manifestTrack(kidA, manifest.System{ID: mp4.SystemCommon, PSSH: pssh(kidA, kidB)})), nil, [][][16]byte{{kidA, kidB}}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, engine := range bothEngines {
				work(t, setup{options: playertest.Options{Engine: engine}}, func(d *desk) {
					d.play(test.content)
					if test.then != nil {
						test.then(d)
					}
					d.expectAsked(test.want...)
					d.expectAlive()
				})
			}
		})
	}
}

func manifestTrack(id [16]byte, systems ...manifest.System) *manifest.Header {
	header := track(id)
	header.Tracks[0].Protection.Systems = systems
	return header
}

func TestOneLicenceCoversWhatTheAppSays(t *testing.T) {
	for per, want := range map[drm.LicensePer][][][16]byte{
		drm.PerRequest:  {{kidA, kidB}, {kidD}, {kidC}},
		drm.PerInitData: {{kidA}, {kidB}, {kidD}, {kidC}},
		drm.PerPeriod:   {{kidA, kidB}, {kidC}},
		drm.PerContent:  {{kidA, kidB}},
	} {
		t.Run(string(per), func(t *testing.T) {
			work(t, setup{config: func(c *drm.Config) { c.LicensePer = per }}, func(d *desk) {
				d.server.Keys[kidC] = [16]byte{3}
				d.play(contentOf(track(kidA, pssh(kidA)), track(kidB, pssh(kidB))))
				d.encrypted("cenc", pssh(kidD))
				d.load.Play(contentOf(track(kidC)))
				time.Sleep(time.Second)
				d.expectAsked(want...)
				d.expectAlive()
			})
		})
	}
}

func TestKeysThatALicenceWasToCoverAreNotAskedForAgain(t *testing.T) {
	work(t, setup{config: func(c *drm.Config) { c.LicensePer = drm.PerContent }}, func(d *desk) {
		d.play(contentOf(track(kidA)))
		d.encrypted("cenc", pssh(kidB))
		d.expectAsked(kids(kidA))
		d.load.WaitingForKey()
		d.expectFailureAfter(drm.KeyTimeout, 10*time.Second)
	})
}

// expectFailureAfter also checks that the load did not end before.
func (d *desk) expectFailureAfter(reason drm.Reason, after time.Duration) *drm.Error {
	d.t.Helper()
	time.Sleep(after - time.Millisecond)
	d.expectAlive()
	return d.expectFailure(reason)
}

func TestEachKeySystemIsAskedInItsOwnFormats(t *testing.T) {
	for _, system := range []string{"com.widevine.alpha", "com.microsoft.playready.recommendation"} {
		t.Run(system, func(t *testing.T) {
			options := playertest.Options{CDM: playertest.CDMOptions{CertificateFirst: true, Individualization: true, SwappedIDs: system != "com.widevine.alpha"}}
			work(t, setup{system: system, options: options}, func(d *desk) {
				d.play(contentOf(track(kidA), track(kidB)))
				time.Sleep(time.Second)
				d.encrypted("cenc", pssh(kidA))
				d.expectAlive()
				d.expectUsable(kidA, kidB)
				want := []string{"individualization-request", "license-request"}
				if system == "com.widevine.alpha" {
					want = []string{"individualization-request", "certificate-request", "license-request"}
				}
				d.expectTypes(want...)
			})
		})
	}
}

// expectUsable checks that the newest key status events name these keys as usable.
func (d *desk) expectUsable(ids ...[16]byte) {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	status := map[[16]byte]string{}
	for _, event := range d.events {
		if change, ok := event.(*drm.KeyStatusChangeEvent); ok {
			for _, key := range change.Keys {
				status[key.KeyID] = key.Status
			}
		}
	}
	for _, id := range ids {
		if status[id] != "usable" {
			d.t.Errorf("key %x is %q, want usable; events: %v", id, status[id], status)
		}
	}
}

func TestAKeySystemWithoutACodecPassesUnread(t *testing.T) {
	box := pssh(kidA)
	options := playertest.Options{CDM: playertest.CDMOptions{RepeatedMessages: 1}}
	work(t, setup{system: "com.example.drm", options: options}, func(d *desk) {
		d.play(contentOf(track(kidA, box)))
		d.encrypted("cenc", box)
		d.expectAsked(kids(kidA), kids(kidA))
	})
}

func TestAMessageMayComeFirst(t *testing.T) {
	options := playertest.Options{CDM: playertest.CDMOptions{MessageFirst: true, GenerateDelay: time.Second / 2}}
	work(t, setup{options: options}, func(d *desk) {
		d.play(contentOf(track(kidA)))
		d.expectAsked(kids(kidA))
		d.expectUsable(kidA)
	})
}

func TestAnAnnouncedKeyIsAskedForBeforeItIsNeeded(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(contentOf(track(kidA)))
		d.load.Announce(nil, kids(kidB))
		time.Sleep(10 * time.Millisecond)
		d.expectAsked(kids(kidA), kids(kidB)) // nothing is buffered: there is no time to lose
	})
}

func TestALicenceThatFailsAheadIsTriedAgain(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(contentOf(track(kidA)))
		d.fail(errors.New("down"), errors.New("down"))
		d.load.Announce(nil, kids(kidB))
		time.Sleep(time.Minute)
		d.expectAsked(kids(kidA), kids(kidB), kids(kidB), kids(kidB))
		d.expectErrors(drm.FetchFailed, drm.FetchFailed)
		d.expectAlive()
		d.expectUsable(kidA, kidB)
	})
}

func TestWaitingTriesAFailedLicenceAtOnceAndThenForTheLastTime(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(contentOf(track(kidA)))
		d.fail(errors.New("down"), errors.New("down"))
		d.load.Announce(nil, kids(kidB))
		time.Sleep(time.Second)
		d.load.WaitingForKey()
		d.expectFailure(drm.FetchFailed)
		d.expectAsked(kids(kidA), kids(kidB), kids(kidB))
	})
}

func TestRetryAsksForWhatHasFailed(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(contentOf(track(kidA)))
		d.fail(errors.New("down"))
		d.load.Announce(nil, kids(kidB))
		time.Sleep(time.Second)
		d.load.Retry()
		time.Sleep(time.Second)
		d.expectUsable(kidB)
		d.load.Retry()
		d.expectAsked(kids(kidA), kids(kidB), kids(kidB))
	})
}

func TestRetryAsksForWhatALicenceDidNotHold(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(ladder(track(kidA), track(kidC)))
		d.expectBarred(kidC)
		d.server.Keys[kidC] = [16]byte{3}
		d.load.Retry()
		time.Sleep(time.Second)
		d.expectAsked(kids(kidA, kidC), kids(kidC))
		d.expectBarred()
	})
}

func TestInitDataThatNobodyCanReadIsAnError(t *testing.T) {
	work(t, setup{}, func(d *desk) {
		d.play(drm.Content{})
		d.load.Encrypted("cenc", bytes.Repeat([]byte("no box"), 10))
		d.expectFailure(drm.InitDataRejected)
	})
}
