package drm_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

const (
	nameWidevine  = "com.widevine.alpha"
	namePlayReady = "com.microsoft.playready"
)

// question is a call of requestMediaKeySystemAccess.
type question struct {
	name    string
	configs []platform.MediaKeySystemConfiguration
}

// inquiry is a page in memory that notes what is asked of it.
type inquiry struct {
	*playertest.Host

	mu       sync.Mutex
	asked    []question
	decoding []string // content types
	made     int      // MediaKeys
}

// notedAccess counts the MediaKeys that are made of it.
type notedAccess struct {
	platform.MediaKeySystemAccess
	page *inquiry
}

func (a notedAccess) CreateMediaKeys(ctx context.Context) (platform.MediaKeys, error) {
	a.page.mu.Lock()
	a.page.made++
	a.page.mu.Unlock()
	return a.MediaKeySystemAccess.CreateMediaKeys(ctx)
}

func (q *inquiry) RequestMediaKeySystemAccess(ctx context.Context, name string, configs []platform.MediaKeySystemConfiguration,
) (platform.MediaKeySystemAccess, error) {
	q.mu.Lock()
	q.asked = append(q.asked, question{name, configs})
	q.mu.Unlock()
	access, err := q.Host.RequestMediaKeySystemAccess(ctx, name, configs)
	return notedAccess{access, q}, err
}

func (q *inquiry) DecodingInfo(ctx context.Context, media platform.MediaDecodingConfiguration) (platform.MediaCapabilitiesInfo, error) {
	q.mu.Lock()
	q.decoding = append(q.decoding, media.ContentType)
	q.mu.Unlock()
	return q.Host.DecodingInfo(ctx, media)
}

// names lists the key systems that were asked for, one after the other.
func (q *inquiry) names() (names []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, asked := range q.asked {
		names = append(names, asked.name)
	}
	return slices.Compact(names)
}

// grantObserver is an observer that keeps what was granted.
type grantObserver struct{ drm.Grant }

func (g *grantObserver) DRMStep(drm.Step)           {}
func (g *grantObserver) DRMGranted(grant drm.Grant) { g.Grant = grant }
func (g *grantObserver) DRMEvent(drm.Event)         {}
func (g *grantObserver) DRMError(*drm.Error)        {}
func (g *grantObserver) DRMBarred([][16]byte)       {}
func (g *grantObserver) robustness() (s string) {
	return g.Configuration.VideoCapabilities[0].Robustness
}

// never is a licence fetcher that has not answered when the test is over.
var never = drm.LicenseFunc(func(ctx context.Context, _ drm.LicenseRequest) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
})

// representation is a file of one track; scheme "" is clear.
func representation(kind, codec, scheme string) *manifest.Header {
	track := manifest.Track{Kind: kind, Codec: codec}
	if scheme != "" {
		track.Protection = &manifest.Protection{Scheme: scheme, KeyID: [16]byte{0xa}}
	}
	container := "mp4"
	if strings.HasPrefix(codec, "vp") || codec == "vorbis" {
		container = "webm"
	}
	return &manifest.Header{Container: container, Fragmented: true, Tracks: []manifest.Track{track}}
}

func setsOf(sets ...drm.Set) drm.Content { return drm.Content{Sets: sets} }

var (
	avc  = representation("video", "avc1.42E01E", "cenc")
	hevc = representation("video", "hvc1.1.6.L93.B0", "cenc")
	aac  = representation("audio", "mp4a.40.2", "cenc")
)

// negotiated opens the content, hands the load to f, and closes all. A failure to open is returned.
func negotiated(t *testing.T, options playertest.Options, systems []drm.KeySystem, content drm.Content,
	f func(*inquiry, *drm.Load, *grantObserver)) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		page, g := &inquiry{Host: playertest.NewHost(t, options)}, &grantObserver{}
		for i := range systems {
			systems[i].License = never
		}
		engine := drm.NewEngine(page, drm.Config{KeySystems: systems})
		var load *drm.Load
		if load, err = engine.Open(t.Context(), content, g); err == nil {
			f(page, load, g)
			load.Close(false)
		}
		if err := engine.Close(t.Context()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return err
}

func TestNegotiationAsksForWhatIsEncrypted(t *testing.T) {
	content := setsOf(drm.Set{avc}, drm.Set{representation("audio", "mp4a.40.2", "")})
	err := negotiated(t, playertest.Options{}, []drm.KeySystem{{Name: clearkey.Name}}, content,
		func(page *inquiry, load *drm.Load, _ *grantObserver) {
			want := []question{{clearkey.Name, []platform.MediaKeySystemConfiguration{{
				InitDataTypes:     []string{"cenc", "keyids"},
				VideoCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: `video/mp4; codecs="avc1.42E01E"`, EncryptionScheme: "cenc"}},
			}}}}
			if !reflect.DeepEqual(page.asked, want) {
				t.Errorf("asked %+v\nwant  %+v", page.asked, want)
			}
			for _, set := range content.Sets {
				if !load.Allowed(set[0]) {
					t.Errorf("%s may not be used", set[0].MIMEType())
				}
			}
		})
	if err != nil {
		t.Error(err)
	}
}

func TestTheStrictestThatIsGrantedIsUsed(t *testing.T) {
	const recommendation, sl3000 = namePlayReady + ".recommendation", namePlayReady + ".recommendation.3000"
	const experiment = nameWidevine + ".experiment"
	hardware := playertest.Grant{VideoRobustness: []string{"HW_SECURE_ALL", "HW_SECURE_DECODE", "SW_SECURE_CRYPTO"}}
	for name, test := range map[string]struct {
		system     drm.KeySystem
		exist      []string
		grant      playertest.Grant
		asked      []string
		robustness string
	}{
		"Widevine in software": {drm.KeySystem{Name: nameWidevine}, []string{nameWidevine}, playertest.Grant{},
			[]string{nameWidevine}, "SW_SECURE_DECODE"},
		"Widevine in hardware": {drm.KeySystem{Name: nameWidevine}, []string{nameWidevine}, hardware, []string{nameWidevine}, "HW_SECURE_ALL"},
		"a CDM that knows no levels": {drm.KeySystem{Name: nameWidevine}, []string{nameWidevine},
			playertest.Grant{VideoRobustness: []string{}, AudioRobustness: []string{}}, []string{nameWidevine}, ""},
		"the app's own ladder": {drm.KeySystem{Name: nameWidevine, VideoRobustness: []string{"HW_SECURE_DECODE", ""}},
			[]string{nameWidevine}, hardware, []string{nameWidevine}, "HW_SECURE_DECODE"},
		"the end of the app's ladder": {drm.KeySystem{Name: nameWidevine, VideoRobustness: []string{"HW_SECURE_CRYPTO", ""}},
			[]string{nameWidevine}, hardware, []string{nameWidevine}, ""},
		"PlayReady's names": {drm.KeySystem{Name: namePlayReady}, []string{namePlayReady, recommendation}, playertest.Grant{},
			[]string{sl3000, recommendation}, "2000"},
		"PlayReady's oldest name": {drm.KeySystem{Name: namePlayReady}, []string{namePlayReady}, playertest.Grant{},
			[]string{sl3000, recommendation, namePlayReady}, "2000"},
		"one name of PlayReady's": {drm.KeySystem{Name: recommendation}, []string{namePlayReady, recommendation},
			playertest.Grant{}, []string{recommendation}, "2000"},
		"a name behind the family's": {drm.KeySystem{Name: experiment}, []string{experiment}, playertest.Grant{}, []string{experiment},
			"SW_SECURE_DECODE"},
		"a name like the family's": {drm.KeySystem{Name: nameWidevine + "bet"}, []string{nameWidevine + "bet"}, playertest.Grant{},
			[]string{nameWidevine + "bet"}, ""},
		"Clear Key": {drm.KeySystem{Name: clearkey.Name}, []string{clearkey.Name}, playertest.Grant{}, []string{clearkey.Name}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			last := test.asked[len(test.asked)-1]
			options := playertest.Options{CDM: playertest.CDMOptions{KeySystems: test.exist, Grants: map[string]playertest.Grant{last: test.grant}}}
			err := negotiated(t, options, []drm.KeySystem{test.system}, setsOf(drm.Set{avc}, drm.Set{aac}),
				func(page *inquiry, load *drm.Load, g *grantObserver) {
					if names := page.names(); !slices.Equal(names, test.asked) || load.KeySystem() != last {
						t.Errorf("asked for %q and got %s, want %q", names, load.KeySystem(), test.asked)
					}
					if g.robustness() != test.robustness {
						t.Errorf("granted %q, want %q", g.robustness(), test.robustness)
					}
					for _, audio := range g.Configuration.AudioCapabilities {
						if strings.HasPrefix(audio.Robustness, "HW") || audio.Robustness == "3000" {
							t.Errorf("audio is asked for %s", audio.Robustness)
						}
					}
				})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEachSetKeepsARepresentation(t *testing.T) {
	only := func(codecs ...string) playertest.Options {
		return playertest.Options{CDM: playertest.CDMOptions{KeySystems: []string{nameWidevine},
			Grants: map[string]playertest.Grant{nameWidevine: {Codecs: codecs, VideoRobustness: []string{"HW_SECURE_ALL", "SW_SECURE_CRYPTO"}}}}}
	}
	systems := func() []drm.KeySystem { return []drm.KeySystem{{Name: nameWidevine}} }
	vp9 := representation("video", "vp09.00.10.08", "cenc")
	err := negotiated(t, only("avc1", "mp4a"), systems(), setsOf(drm.Set{vp9, avc}, drm.Set{aac}),
		func(_ *inquiry, load *drm.Load, g *grantObserver) {
			if load.Allowed(vp9) || !load.Allowed(avc) || !load.Allowed(aac) {
				t.Errorf("of %+v, VP9 is allowed: %t, AVC: %t, AAC: %t", g.Configuration, load.Allowed(vp9), load.Allowed(avc), load.Allowed(aac))
			}
		})
	if err != nil {
		t.Error(err)
	}
	cens := representation("video", "avc1.42E01E", "cens")
	err = negotiated(t, only("avc1"), systems(), setsOf(drm.Set{cens, avc}), func(_ *inquiry, load *drm.Load, g *grantObserver) {
		if load.Allowed(cens) || !load.Allowed(avc) {
			t.Errorf("of %+v, cens is allowed: %t, cenc: %t", g.Configuration, load.Allowed(cens), load.Allowed(avc))
		}
	})
	if err != nil {
		t.Error(err)
	}
	err = negotiated(t, only("avc1", "mp4a"), systems(), setsOf(drm.Set{avc}, drm.Set{vp9}, drm.Set{aac}), nil)
	var failure *drm.Error
	if !errors.As(err, &failure) || failure.Reason != drm.Refused || !strings.Contains(failure.Detail, "vp09.00.10.08") {
		t.Errorf("got %v, want a refusal that names VP9", err)
	}
}

// splitHost grants AVC in hardware and VP9 in software only.
type splitHost struct{ *inquiry }

func (h splitHost) RequestMediaKeySystemAccess(ctx context.Context, name string, configs []platform.MediaKeySystemConfiguration,
) (platform.MediaKeySystemAccess, error) {
	var cut []platform.MediaKeySystemConfiguration
	for _, c := range configs {
		c.VideoCapabilities = slices.DeleteFunc(slices.Clone(c.VideoCapabilities), func(v platform.MediaKeySystemMediaCapability) bool {
			return strings.Contains(v.ContentType, "vp09") && strings.HasPrefix(v.Robustness, "HW")
		})
		if len(c.VideoCapabilities) > 0 {
			cut = append(cut, c)
		}
	}
	if len(cut) == 0 {
		return nil, &platform.DOMError{Name: "NotSupportedError"}
	}
	return h.inquiry.RequestMediaKeySystemAccess(ctx, name, cut)
}

func TestALevelThatLeavesASetEmptyIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := splitHost{&inquiry{Host: playertest.NewHost(t, playertest.Options{CDM: playertest.CDMOptions{KeySystems: []string{nameWidevine},
			Grants: map[string]playertest.Grant{nameWidevine: {VideoRobustness: []string{"HW_SECURE_ALL", "SW_SECURE_DECODE"}}}}})}}
		engine, g := drm.NewEngine(host, drm.Config{KeySystems: []drm.KeySystem{{Name: nameWidevine, License: never}}}), &grantObserver{}
		load, err := engine.Open(t.Context(), setsOf(drm.Set{avc}, drm.Set{representation("video", "vp09.00.10.08", "cenc")}), g)
		if err != nil {
			t.Fatal(err)
		}
		if len(g.Configuration.VideoCapabilities) != 2 || g.robustness() != "SW_SECURE_DECODE" {
			t.Errorf("granted %+v, want both codecs in software", g.Configuration)
		}
		load.Close(false)
		if err := engine.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestUnreadContentIsAskedForByTheCommonestCodecs(t *testing.T) {
	for unsupported, want := range map[string]string{"": "avc1.42E01E", "avc1": "vp8"} {
		options := playertest.Options{Unsupported: []string{"none"}}
		if unsupported != "" {
			options.Unsupported = []string{unsupported}
		}
		err := negotiated(t, options, []drm.KeySystem{{Name: clearkey.Name}}, drm.Content{}, func(page *inquiry, load *drm.Load, g *grantObserver) {
			if got := g.Configuration.VideoCapabilities[0].ContentType; !strings.Contains(got, want) || len(page.asked) != 1 || !load.Allowed(avc) {
				t.Errorf("granted %s after %d questions, want %s after one", got, len(page.asked), want)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestWhatIsGrantedIsNotAskedForAgain(t *testing.T) {
	first := setsOf(drm.Set{avc, hevc}, drm.Set{aac})
	for name, test := range map[string]struct {
		content     drm.Content
		asked, made int
	}{
		"the same content":             {first, 1, 1},
		"a part of it":                 {setsOf(drm.Set{avc}), 1, 1},
		"another scheme":               {setsOf(drm.Set{representation("video", "avc1.42E01E", "cbcs")}, drm.Set{aac}), 2, 1},
		"another codec":                {setsOf(drm.Set{representation("video", "av01.0.04M.08", "cenc")}), 2, 1},
		"content that nobody has read": {drm.Content{}, 2, 1},
		"unusable in that hardware":    {setsOf(drm.Set{representation("video", "vp09.00.10.08", "cenc")}), 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				page := &inquiry{Host: playertest.NewHost(t, playertest.Options{CDM: playertest.CDMOptions{KeySystems: []string{nameWidevine},
					Grants: map[string]playertest.Grant{nameWidevine: {VideoRobustness: []string{"HW_SECURE_ALL", "SW_SECURE_DECODE"}}}}})}
				host := splitHost{page}
				engine := drm.NewEngine(host, drm.Config{KeySystems: []drm.KeySystem{{Name: nameWidevine, License: never}}})
				for _, content := range []drm.Content{first, test.content} {
					load, err := engine.Open(t.Context(), content, &grantObserver{})
					if err != nil {
						t.Fatal(err)
					}
					load.Close(false)
				}
				if len(page.asked) != test.asked || page.made != test.made {
					t.Errorf("asked %d times, made %d MediaKeys, want %d and %d", len(page.asked), page.made, test.asked, test.made)
				}
				if err := engine.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestAKeySystemThatFailsIsFollowedByTheNext(t *testing.T) {
	broken := errors.New("the CDM crashed")
	options := playertest.Options{CDM: playertest.CDMOptions{KeySystems: []string{nameWidevine, clearkey.Name}, CreateErrors: []error{broken}}}
	err := negotiated(t, options, []drm.KeySystem{{Name: nameWidevine}, {Name: clearkey.Name}}, setsOf(drm.Set{avc}),
		func(_ *inquiry, load *drm.Load, _ *grantObserver) {
			if load.KeySystem() != clearkey.Name {
				t.Errorf("%s is used", load.KeySystem())
			}
		})
	if err != nil {
		t.Error(err)
	}
	err = negotiated(t, options, []drm.KeySystem{{Name: nameWidevine}, {Name: namePlayReady}}, setsOf(drm.Set{avc}), nil)
	var failure *drm.Error
	if !errors.As(err, &failure) || failure.Reason != drm.CreateFailed || !errors.Is(err, broken) {
		t.Errorf("got %v, want what the one that exists failed with", err)
	}
}

func TestNegotiationEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := playertest.NewHost(t, playertest.Options{CDM: playertest.CDMOptions{AccessDelay: time.Hour}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		engine := drm.NewEngine(host, drm.Config{KeySystems: []drm.KeySystem{{Name: clearkey.Name}}})
		if _, err := engine.Open(ctx, setsOf(drm.Set{avc}), &grantObserver{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
}
