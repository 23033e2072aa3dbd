package drm_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

var (
	kidA, kidB, kidC = [16]byte{0xa}, [16]byte{0xb}, [16]byte{0xc}
	contentKey       = [16]byte{1, 2, 3}
)

// desk is a DRM engine at work on a page in memory, and the licence fetcher that it asks.
type desk struct {
	t       *testing.T
	host    *playertest.Host
	engine  *drm.Engine
	cancel  context.CancelFunc
	result  chan error
	granted platform.MediaKeySystemConfiguration

	mu     sync.Mutex
	asked  []drm.LicenseRequest
	events []drm.Event
}

func (d *desk) DRMStep(drm.Step) {}

func (d *desk) DRMGranted(_ string, configuration platform.MediaKeySystemConfiguration) {
	d.granted = configuration
}

func (d *desk) DRMEvent(event drm.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, event)
}

// FetchLicense grants the keys that are asked for, all but kidC.
func (d *desk) FetchLicense(_ context.Context, req drm.LicenseRequest) ([]byte, error) {
	d.mu.Lock()
	d.asked = append(d.asked, req)
	d.mu.Unlock()
	ids, err := clearkey.ParseRequest(req.Message)
	if err != nil {
		return nil, err
	}
	var keys []clearkey.Key
	for _, id := range ids {
		if id != kidC {
			keys = append(keys, clearkey.Key{ID: id, Value: contentKey})
		}
	}
	return clearkey.FormatLicense(keys), nil
}

// askedFor lists the key ids of each licence request.
func (d *desk) askedFor() (ids [][][16]byte) {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, req := range d.asked {
		list, _ := clearkey.ParseRequest(req.Message)
		ids = append(ids, list)
	}
	return ids
}

// track is the header of a cenc video with these pssh boxes.
func track(id [16]byte, boxes ...[]byte) *manifest.Header {
	return &manifest.Header{Container: "mp4", Fragmented: true, PSSH: bytes.Join(boxes, nil),
		Tracks: []manifest.Track{{Kind: "video", Codec: "avc1.42E01E", Protection: &manifest.Protection{Scheme: "cenc", KeyID: id}}}}
}

// contentOf is files that play together.
func contentOf(headers ...*manifest.Header) (content drm.Content) {
	for _, header := range headers {
		content.Sets = append(content.Sets, drm.Set{header})
	}
	return content
}

func pssh(ids ...[16]byte) []byte { return mp4.BuildPSSH(mp4.SystemCommon, ids, nil) }

// work runs f beside an engine for the content, then ends the engine and checks that no session is left.
func work(t *testing.T, name string, options playertest.Options, content drm.Content, f func(*desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{t: t, host: playertest.NewHost(t, options), result: make(chan error, 1)}
		ctx, cancel := context.WithCancel(t.Context())
		d.cancel = cancel
		engine, err := drm.Open(ctx, d.host, []drm.KeySystem{{Name: name, License: d}}, content, d)
		if err != nil {
			t.Fatal(err)
		}
		d.engine = engine
		go func() {
			d.result <- engine.Run(ctx)
			close(d.result)
		}()
		time.Sleep(time.Second)
		f(d)
		cancel()
		for range d.result {
		}
		if n := d.host.OpenSessions(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		if err := engine.Close(t.Context()); err != nil {
			t.Errorf("close: %v", err)
		}
		if v := d.host.Violations(); len(v) > 0 {
			t.Errorf("calls that the specification forbids: %q", v)
		}
	})
}

func (d *desk) encrypted(kind string, data []byte) {
	d.engine.Encrypted(kind, data)
	time.Sleep(time.Second)
}

func (d *desk) expectFailure(reason drm.Reason) *drm.Error {
	d.t.Helper()
	select {
	case err := <-d.result:
		var failure *drm.Error
		if !errors.As(err, &failure) || failure.Reason != reason {
			d.t.Fatalf("the engine ended with %v, want reason %d", err, reason)
		}
		return failure
	case <-time.After(time.Minute):
		d.cancel()
		d.t.Fatal("the engine goes on")
	}
	return nil
}

func TestAKeyIsAskedForOnce(t *testing.T) {
	for name, test := range map[string]struct {
		content drm.Content
		then    func(*desk)
		want    [][][16]byte
	}{
		"named by the PSSH, then by events of equal content": {contentOf(track(kidA, pssh(kidA))), func(d *desk) {
			d.encrypted("cenc", pssh(kidA))
			d.encrypted("cenc", pssh(kidA))
			d.encrypted("keyids", clearkey.KeyIDsInitData([][16]byte{kidA}))
		}, [][][16]byte{{kidA}}},
		"two files, one key":                {contentOf(track(kidA), track(kidA)), nil, [][][16]byte{{kidA}}},
		"two files, two keys, in one":       {contentOf(track(kidA, pssh(kidA)), track(kidB, pssh(kidB))), nil, [][][16]byte{{kidA, kidB}}},
		"two boxes of the common system":    {contentOf(track(kidA, pssh(kidA), pssh(kidB))), nil, [][][16]byte{{kidA, kidB}}},
		"only tenc names it":                {contentOf(track(kidA)), nil, [][][16]byte{{kidA}}},
		"a foreign system's PSSH":           {contentOf(track(kidA, mp4.BuildPSSH([16]byte{9}, nil, []byte("x")))), nil, [][][16]byte{{kidA}}},
		"a foreign PSSH in an event, later": {contentOf(track(kidA)), func(d *desk) { d.encrypted("cenc", mp4.BuildPSSH([16]byte{9}, nil, []byte("x"))) }, [][][16]byte{{kidA}}},
		"a new key beside a known one":      {contentOf(track(kidA)), func(d *desk) { d.encrypted("cenc", pssh(kidA, kidB)) }, [][][16]byte{{kidA}, {kidB}}},
		"the zero key id names no key":      {contentOf(track(kidA)), func(d *desk) { d.encrypted("cenc", pssh([16]byte{}, kidA)) }, [][][16]byte{{kidA}}},
		"content that nobody read ahead":    {drm.Content{}, func(d *desk) { d.encrypted("webm", kidA[:]) }, [][][16]byte{{kidA}}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, engine := range []playertest.Engine{playertest.Chromium, playertest.Firefox} {
				work(t, clearkey.Name, playertest.Options{Engine: engine}, test.content, func(d *desk) {
					if test.then != nil {
						test.then(d)
					}
					if got := d.askedFor(); !reflect.DeepEqual(got, test.want) {
						t.Errorf("asked for %x, want %x", got, test.want)
					}
				})
			}
		})
	}
}

func TestAnotherKeySystemsMessagesPassUnread(t *testing.T) {
	foreign := mp4.BuildPSSH(mp4.SystemCommon, [][16]byte{kidA}, nil)
	options := playertest.Options{CDM: playertest.CDMOptions{KeySystems: []string{"com.widevine.alpha"}, RepeatedMessages: 1}}
	work(t, "com.widevine.alpha", options, contentOf(track(kidA, foreign)), func(d *desk) {
		d.encrypted("cenc", foreign)
		if got := d.askedFor(); !reflect.DeepEqual(got, [][][16]byte{{kidA}, {kidA}}) {
			t.Errorf("asked for %x, want one request for each of the session's two messages", got)
		}
		if req := d.asked[0]; req.KeySystem != "com.widevine.alpha" || req.InitDataType != "cenc" || !bytes.Equal(req.InitData, foreign) {
			t.Errorf("the request is %+v", req)
		}
	})
}

func TestPlaybackThatWaitsForAKeyNobodyFetchesFails(t *testing.T) {
	work(t, clearkey.Name, playertest.Options{}, contentOf(track(kidA), track(kidC)), func(d *desk) {
		d.engine.WaitingForKey()
		failure := d.expectFailure(drm.KeyMissing)
		if !reflect.DeepEqual(failure.KeyIDs, [][16]byte{kidC}) {
			t.Errorf("the error names %x, want %x", failure.KeyIDs, kidC)
		}
	})
}

func TestPlaybackMayWaitWhileTheLicenceComes(t *testing.T) {
	options := playertest.Options{CDM: playertest.CDMOptions{UpdateDelay: 5 * time.Second}}
	work(t, clearkey.Name, options, contentOf(track(kidA)), func(d *desk) {
		d.engine.WaitingForKey()
		time.Sleep(10 * time.Second)
		select {
		case err := <-d.result:
			t.Errorf("the engine ended: %v", err)
		default:
		}
	})
}

func TestAKeyThatBecomesUnusableFails(t *testing.T) {
	for _, status := range []string{"internal-error", "expired", "output-restricted", "released"} {
		work(t, clearkey.Name, playertest.Options{}, contentOf(track(kidA)), func(d *desk) {
			d.host.SetKeyStatus(kidA, status)
			failure := d.expectFailure(drm.KeyUnusable)
			if failure.Detail != status || len(failure.Keys) != 1 {
				t.Errorf("the error is %v with keys %v, want %s", failure, failure.Keys, status)
			}
		})
	}
}

func TestASessionThatTheCDMClosesFails(t *testing.T) {
	work(t, clearkey.Name, playertest.Options{}, contentOf(track(kidA)), func(d *desk) {
		d.host.CloseSessions("internal-error")
		if failure := d.expectFailure(drm.SessionClosed); failure.Detail != "internal-error" {
			t.Errorf("the error is %v", failure)
		}
	})
}

func TestAMessageMayComeFirst(t *testing.T) {
	options := playertest.Options{CDM: playertest.CDMOptions{MessageFirst: true, GenerateDelay: time.Second / 2}}
	work(t, clearkey.Name, options, contentOf(track(kidA)), func(d *desk) {
		if got := d.askedFor(); len(got) != 1 {
			t.Errorf("asked for %x, want one request", got)
		}
	})
}

func TestNegotiationAsksForTheContent(t *testing.T) {
	content := contentOf(track(kidA), &manifest.Header{Container: "mp4", Tracks: []manifest.Track{{Kind: "audio", Codec: "mp4a.40.2"}}})
	work(t, clearkey.Name, playertest.Options{}, content, func(d *desk) {
		want := platform.MediaKeySystemConfiguration{
			InitDataTypes:     []string{"cenc", "keyids"},
			VideoCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: `video/mp4; codecs="avc1.42E01E"`, EncryptionScheme: "cenc"}},
			AudioCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: `audio/mp4; codecs="mp4a.40.2"`}},
		}
		d.granted.DistinctiveIdentifier, d.granted.PersistentState, d.granted.SessionTypes = "", "", nil
		if !reflect.DeepEqual(d.granted, want) {
			t.Errorf("granted %+v\nwant %+v", d.granted, want)
		}
	})
}

func TestARefusalNamesWhatIsRefused(t *testing.T) {
	cens := track(kidA)
	cens.Tracks[0].Protection.Scheme = "cens"
	second := track(kidA)
	second.Tracks[0].Codec = "hvc1.1.6.L93.B0"
	for name, test := range map[string]struct {
		content drm.Content
		options playertest.Options
		want    string
	}{
		"the scheme":        {contentOf(cens), playertest.Options{}, "cens"},
		"one of two codecs": {contentOf(track(kidA), second), playertest.Options{Unsupported: []string{"hvc1"}}, "hvc1"},
		"the key system":    {contentOf(track(kidA)), playertest.Options{CDM: playertest.CDMOptions{KeySystems: []string{"none"}}}, clearkey.Name},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := playertest.NewHost(t, test.options)
				_, err := drm.Open(t.Context(), host, []drm.KeySystem{{Name: clearkey.Name}}, test.content, &desk{})
				var failure *drm.Error
				if !errors.As(err, &failure) || failure.Reason != drm.Refused || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want a refusal that names %s", err, test.want)
				}
			})
		})
	}
}
