package cdm_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/cdm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

func TestMediaIsDecryptedWhereKeysAreAttached(t *testing.T) {
	play(t, playertest.Options{}, one(film("one", key(1, 0, 0))), func(s *stage) {
		element := s.host.Element()
		s.session(1)
		s.holds(1)
		s.must(element.SetMediaKeys(s.ctx, s.keys)) // again
		s.must(element.SetSrc(""))
		s.must(element.SetMediaKeys(s.ctx, nil))
		if n := s.page.Decryptions(); n != 0 {
			t.Errorf("%d decryptions without attached keys", n)
		}
		s.must(element.SetMediaKeys(s.ctx, s.keys))
		s.holds(1) // of the session, which lives on
		others := s.mediaKeys()
		s.must(element.SetMediaKeys(s.ctx, others))
		s.holds()
		if n := s.page.Decryptions(); n != 1 {
			t.Errorf("%d decryptions for the attached keys", n)
		}
		s.session(2) // of keys that are not attached
		s.holds()
	})
}

func TestKeysAreNotTakenAwayWhileASourceIsLoaded(t *testing.T) {
	play(t, playertest.Options{}, one(film("one", key(1, 0, 0))), func(s *stage) {
		element := s.host.Element()
		s.session(1)
		others := s.mediaKeys()
		for _, load := range []func() error{func() error { return nil }, func() error { return element.SetSrc("film.mp4") }} {
			s.must(load())
			s.named(element.SetMediaKeys(s.ctx, nil), "InvalidStateError")
			s.named(element.SetMediaKeys(s.ctx, others), "InvalidStateError")
			s.must(element.SetMediaKeys(s.ctx, s.keys))
			s.holds(1)
		}
		other := cdm.NewHost(playertest.NewHost(s.T, playertest.Options{})).Element()
		s.named(other.SetMediaKeys(s.ctx, s.keys), "QuotaExceededError")
		s.must(element.SetSrc(""))
		s.must(element.SetMediaKeys(s.ctx, others))
		s.must(other.SetMediaKeys(s.ctx, s.keys))
		s.must(other.SetMediaKeys(s.ctx, nil))
	})
}

// browserKeys are MediaKeys of the page's own CDM.
func (s *stage) browserKeys() platform.MediaKeys {
	s.Helper()
	s.page.Turn(func(o *playertest.CDMOptions) { o.NoEME = false })
	access, err := s.host.RequestMediaKeySystemAccess(s.ctx, clearkey.Name, []platform.MediaKeySystemConfiguration{{
		VideoCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: filmType}}}})
	s.must(err)
	keys, err := access.CreateMediaKeys(s.ctx)
	s.must(err)
	return keys
}

func TestTheBrowsersKeysAndOursTakeTurns(t *testing.T) {
	play(t, playertest.Options{}, one(film("one", key(1, 0, 0))), func(s *stage) {
		element := s.host.Element()
		s.must(element.SetSrc(""))
		has := func(ours int, theirs bool) {
			t.Helper()
			if s.page.Decryptions() != ours || s.page.Video().HasMediaKeys() != theirs {
				t.Errorf("%d of ours, the browser's %v; want %d, %v", s.page.Decryptions(), s.page.Video().HasMediaKeys(), ours, theirs)
			}
		}
		keys := s.browserKeys()
		has(1, false)
		s.must(element.SetMediaKeys(s.ctx, keys))
		has(0, true)
		s.must(element.SetMediaKeys(s.ctx, s.keys))
		has(1, false)
		refused := &platform.DOMError{Name: "NotSupportedError"}
		s.page.Turn(func(o *playertest.CDMOptions) { o.SetMediaKeysErrors = []error{refused} })
		if err := element.SetMediaKeys(s.ctx, keys); err != error(refused) {
			t.Errorf("got %v", err)
		}
		has(1, false) // ours stay
		s.must(element.SetMediaKeys(s.ctx, keys))
		s.open()
		s.violations++
		s.named(element.SetMediaKeys(s.ctx, s.keys), "InvalidStateError")
		has(0, true)

		// The browser decrypts, and nothing of ours is in its way.
		session, err := keys.CreateSession("")
		s.must(err)
		i := id(1)
		s.must(session.GenerateRequest(s.ctx, "webm", i[:]))
		s.must(session.Update(s.ctx, clearkey.FormatLicense([]clearkey.Key{{ID: id(1), Value: id(1)}})))
		s.must(s.append(s.piece(0, 1000)))
		s.buffered(s.sb, 9)
		s.sees("encrypted loadedmetadata canplay playing")
		if n := s.pieces(); n != 0 {
			t.Errorf("%d pieces were decrypted", n)
		}
		s.must(session.Close(s.ctx))
		s.must(element.SetSrc(""))
		s.must(element.SetMediaKeys(s.ctx, s.keys))
		has(1, false)
	})
}

// A browser may take its time to take its keys away; ours are not attached before, and no other keys meanwhile.
func TestOneAttachmentAtATime(t *testing.T) {
	play(t, playertest.Options{}, one(film("one", key(1, 0, 0))), func(s *stage) {
		element := s.host.Element()
		s.must(element.SetSrc(""))
		s.must(element.SetMediaKeys(s.ctx, s.browserKeys()))
		s.page.Turn(func(o *playertest.CDMOptions) { o.SetMediaKeysDelay = time.Minute })
		ctx, cancel := context.WithCancel(s.ctx)
		first := make(chan error, 1)
		go func() { first <- element.SetMediaKeys(ctx, s.keys) }()
		s.settle()
		s.named(element.SetMediaKeys(s.ctx, s.mediaKeys()), "InvalidStateError")
		cancel()
		if err := <-first; err != context.Canceled || s.page.Decryptions() != 0 {
			t.Errorf("got %v with %d decryptions", err, s.page.Decryptions())
		}
		s.pass(2 * time.Minute)
		s.must(element.SetMediaKeys(s.ctx, s.keys))
		if s.page.Decryptions() != 1 || s.page.Video().HasMediaKeys() {
			t.Error("ours are not attached alone")
		}
	})
}

func TestAnEventBelongsToWhoHearsIt(t *testing.T) {
	play(t, playertest.Options{}, one(film("one", key(1, 0, 0))), func(s *stage) {
		heard := make(chan platform.MediaEvent, 10)
		for range 2 {
			defer s.host.Element().Listen(func(e platform.MediaEvent) {
				want := id(1)
				if e.InitDataType != "webm" || !bytes.Equal(e.InitData, want[:]) {
					t.Errorf("heard %+v", e)
				}
				clear(e.InitData)
				heard <- e
			}, "encrypted")()
		}
		stop := s.host.Element().Listen(func(e platform.MediaEvent) { t.Errorf("heard %s after it was stopped", e.Type) }, "encrypted", "loadedmetadata")
		stop()
		stop()
		s.session(1)
		s.must(s.append(s.piece(0, 1000)))
		s.settle()
		if len(heard) != 2 {
			t.Errorf("heard %d times", len(heard))
		}
	})
}

func TestAccess(t *testing.T) {
	video := func(contentTypes ...string) (c platform.MediaKeySystemConfiguration) {
		for _, contentType := range contentTypes {
			c.VideoCapabilities = append(c.VideoCapabilities, platform.MediaKeySystemMediaCapability{ContentType: contentType})
		}
		return c
	}
	host := cdm.NewHost(playertest.NewHost(t, playertest.Options{}))
	for contentType, want := range map[string]bool{
		`video/mp4; codecs="avc1.64001e"`: true, `video/mp4;codecs=avc1.64001e`: true, `video/mp4; codecs="avc1.64001e, avc1.42E01E"`: true,
		`Video/MP4; Codecs="avc1.64001e"`: true, `video/webm; codecs="vp8"`: true,
		`video/mp4`: false, `video/mp4; codecs=""`: false, `video/webm; codecs="vp8,vorbis"`: false, `audio/mp4; codecs="mp4a.40.2"`: false,
		`video/mp4; codecs="mp4a.40.2"`: false, `video/webm; codecs="opus"`: false, "": false, "video/": false, `video/mp4; codecs="`: false,
	} {
		_, err := host.SoftwareKeySystems().RequestMediaKeySystemAccess(t.Context(), clearkey.Name, []platform.MediaKeySystemConfiguration{video(contentType)})
		if got := err == nil; got != want {
			t.Errorf("%s: %v", contentType, err)
		}
	}
	// WebKitGTK takes any codec under any type.
	careless := cdm.NewHost(takesAll{playertest.NewHost(t, playertest.Options{})}).SoftwareKeySystems()
	for codec, wanted := range map[string]string{"avc1.64001e": "video", "vp09.00.10.08": "video", "mp4a.40.2": "audio", "Opus": "audio", "fLaC": "audio"} {
		for _, kind := range []string{"audio", "video"} {
			list := []platform.MediaKeySystemMediaCapability{{ContentType: kind + `/mp4; codecs="` + codec + `"`}}
			asked := platform.MediaKeySystemConfiguration{AudioCapabilities: list}
			if kind == "video" {
				asked = platform.MediaKeySystemConfiguration{VideoCapabilities: list}
			}
			_, err := careless.RequestMediaKeySystemAccess(t.Context(), clearkey.Name, []platform.MediaKeySystemConfiguration{asked})
			if (err == nil) != (kind == wanted) {
				t.Errorf("%s as %s: %v", codec, kind, err)
			}
		}
	}
	if _, err := host.SoftwareKeySystems().RequestMediaKeySystemAccess(t.Context(), clearkey.Name, []platform.MediaKeySystemConfiguration{{}}); err == nil {
		t.Error("it grants what asks for nothing")
	}
	some := video(filmType, `video/mp4; codecs="nonsense"`)
	some.VideoCapabilities[0].EncryptionScheme = "cbc1"
	access, err := host.SoftwareKeySystems().RequestMediaKeySystemAccess(t.Context(), clearkey.Name, []platform.MediaKeySystemConfiguration{some})
	if err != nil || !slices.Equal(access.Configuration().VideoCapabilities, some.VideoCapabilities[:1]) {
		t.Errorf("granted %+v, %v", access.Configuration(), err)
	}
}

// takesAll is a host whose MediaSource takes any codec under any type.
type takesAll struct{ platform.DecryptionHost }

func (takesAll) IsTypeSupported(string) bool { return true }
