package playertest_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

var (
	kid   = [16]byte([]byte("0123456789012345"))
	key   = [16]byte{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	right = `{"keys":[{"kty":"oct","kid":"MDEyMzQ1Njc4OTAxMjM0NQ","k":"ABEiM0RVZneImaq7zN3u_w"}]}`
	wrong = `{"keys":[{"kty":"oct","kid":"MDEyMzQ1Njc4OTAxMjM0NQ","k":"________________-____w"}]}`
)

const filmType = `video/mp4; codecs="avc1.64001e"`

// film is 100 bytes of header and 900 of media: ten seconds, 240 frames, three fragments.
func film(name string, keys ...playertest.FilmKey) *playertest.Film {
	b := bytes.Repeat([]byte(name), 1000)[:1000]
	for i := range b {
		b[i] += byte(i >> 5)
	}
	f := &playertest.Film{Bytes: b, HeaderSize: 100, Type: filmType, Fragmented: true, Duration: 9 * time.Second, Frames: 216,
		Fragments: []int64{400, 700}, Keys: keys}
	for _, k := range keys[:min(len(keys), 1)] {
		f.InitData = []playertest.InitData{{Type: "webm", Data: k.ID[:]}}
	}
	return f
}

func encrypted() *playertest.Film { return film("encrypted", playertest.FilmKey{ID: kid, Key: key}) }

// stage is a host with one film at film.mp4, and a SourceBuffer for it.
type stage struct {
	t    *testing.T
	ctx  context.Context
	host *playertest.Host
	film *playertest.Film
	ms   platform.MediaSource
	sb   platform.SourceBuffer
	seen []string

	began time.Time
}

func newStage(t *testing.T, f *playertest.Film, o playertest.Options) *stage {
	o.Films = append(o.Films, f)
	s := &stage{t: t, ctx: t.Context(), host: playertest.NewHost(t, o), film: f}
	s.host.Network.Serve("film.mp4", playertest.Resource{Body: f.Bytes, Type: "video/mp4"})
	s.host.Element().Listen(func(e platform.MediaEvent) { s.seen = append(s.seen, e.Type) }, "loadedmetadata", "loadeddata", "canplay", "playing",
		"waiting", "waitingforkey", "ended", "error", "encrypted")
	return s
}

func (s *stage) open() *stage {
	var err error
	s.ms, err = s.host.NewMediaSource()
	s.must(err)
	s.must(s.host.Element().Attach(s.ctx, s.ms))
	s.sb, err = s.ms.AddSourceBuffer(s.film.Type)
	s.must(err)
	return s
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) append(data []byte) error {
	s.host.Network.Serve("piece", playertest.Resource{Body: data})
	resp, err := s.host.Fetch(s.ctx, platform.Request{URL: "piece"})
	s.must(err)
	body, err := resp.ReadBody(s.ctx, 1<<20)
	s.must(err)
	defer body.Release()
	return s.sb.AppendBuffer(s.ctx, body)
}

// license attaches keys and brings one licence to them.
func (s *stage) license(license string) platform.MediaKeySession {
	access, err := s.host.RequestMediaKeySystemAccess(s.ctx, "org.w3.clearkey", []platform.MediaKeySystemConfiguration{{
		InitDataTypes: []string{"webm"}, VideoCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: filmType}}}})
	s.must(err)
	keys, err := access.CreateMediaKeys(s.ctx)
	s.must(err)
	s.must(s.host.Element().SetMediaKeys(s.ctx, keys))
	session, err := keys.CreateSession("")
	s.must(err)
	s.must(session.GenerateRequest(s.ctx, "webm", kid[:]))
	s.must(session.Update(s.ctx, []byte(license)))
	return session
}

// sleep lets virtual time pass, and then everything settle.
func (s *stage) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (s *stage) expect(events string, frames int) {
	s.t.Helper()
	synctest.Wait()
	if got := strings.Join(s.seen, " "); got != events {
		s.t.Errorf("events\n got %s\nwant %s\n%s", got, events, s.host.Dump())
	}
	if got := s.host.Video().DecodedFrames(); got != frames {
		s.t.Errorf("decoded %d frames, want %d", got, frames)
	}
	if v := s.host.Violations(); len(v) > 0 {
		s.t.Errorf("violations: %v", v)
	}
}

func TestAFilmPlays(t *testing.T) {
	direct := func(s *stage) { s.must(s.host.Element().SetSrc("film.mp4")) }
	whole := func(s *stage) { s.open().must(s.append(s.film.Bytes)) }
	auto := playertest.Options{Autoplay: true}
	autoFirefox := playertest.Options{Autoplay: true, Engine: playertest.Firefox}
	tests := []struct {
		name    string
		film    *playertest.Film
		options playertest.Options
		play    func(*stage)
		events  string
		frames  int
	}{
		{"clear through MSE", film("clear"), auto, func(s *stage) {
			s.open().must(s.append(s.film.Bytes))
			s.must(s.ms.EndOfStream())
		}, "loadedmetadata loadeddata canplay playing ended", 216},
		{"data that comes late is waited for", film("clear"), auto, func(s *stage) {
			s.open().must(s.append(s.film.Bytes[:400]))
			s.pass(10 * time.Second)
			s.must(s.append(s.film.Bytes[400:]))
			s.must(s.ms.EndOfStream())
		}, "loadedmetadata loadeddata canplay playing waiting canplay playing ended", 216},
		{"half of it", film("clear"), auto, func(s *stage) {
			s.open().must(s.append(s.film.Bytes[:550]))
			s.must(s.ms.EndOfStream())
		}, "loadedmetadata loadeddata canplay playing ended", 108},
		{"encrypted, the key first", encrypted(), auto, func(s *stage) {
			s.license(right)
			s.open().must(s.append(s.film.Bytes))
			s.must(s.ms.EndOfStream())
		}, "encrypted loadedmetadata loadeddata canplay playing ended", 216},
		{"encrypted, the key late", encrypted(), auto, func(s *stage) {
			s.open().must(s.append(s.film.Bytes))
			s.must(s.ms.EndOfStream())
			s.pass(time.Minute)
			s.license(right)
		}, "encrypted loadedmetadata waitingforkey waitingforkey loadeddata canplay playing ended", 216},
		{"encrypted, no key", encrypted(), auto, whole, "encrypted loadedmetadata waitingforkey", 0},
		{"encrypted, no key, in Firefox", encrypted(), autoFirefox, whole, "loadedmetadata encrypted", 0},
		{"encrypted, a wrong key", encrypted(), auto, func(s *stage) {
			s.license(wrong)
			s.open().must(s.append(s.film.Bytes))
		}, "encrypted loadedmetadata error", 0},
		{"encrypted, a wrong key, in Firefox", encrypted(), autoFirefox, func(s *stage) {
			s.license(wrong)
			s.open().must(s.append(s.film.Bytes))
			s.must(s.ms.EndOfStream())
		}, "loadedmetadata encrypted loadeddata canplay playing ended", 216},
		{"a key that is taken away", encrypted(), auto, func(s *stage) {
			session := s.license(right)
			s.open().must(s.append(s.film.Bytes))
			s.pass(3 * time.Second)
			s.must(session.Close(s.ctx))
		}, "encrypted loadedmetadata loadeddata canplay playing waiting waitingforkey", 72},
		{"a second key from the middle on", film("rotated", playertest.FilmKey{ID: kid, Key: key, End: 3 * time.Second},
			playertest.FilmKey{ID: [16]byte{1}, Key: key, Start: 3 * time.Second}), auto, func(s *stage) {
			s.license(right)
			s.open().must(s.append(s.film.Bytes))
		}, "encrypted loadedmetadata loadeddata canplay playing waiting waitingforkey", 72},
		{"directly", film("clear"), auto, direct, "loadedmetadata loadeddata canplay playing ended", 216},
		{"directly, encrypted", encrypted(), auto, direct, "loadedmetadata error", 0},
		{"directly, a 404", film("clear"), auto, func(s *stage) { s.must(s.host.Element().SetSrc("none.mp4")) }, "error", 0},
		{"directly, cut", film("clear"), auto, func(s *stage) {
			s.host.Network.Fault("film.mp4", playertest.Fault{Cut: 550})
			s.must(s.host.Element().SetSrc("film.mp4"))
		}, "loadedmetadata loadeddata canplay playing error", 108},
		{"directly, no film at all", film("clear"), auto, func(s *stage) {
			s.host.Network.Fault("film.mp4", playertest.Fault{Body: []byte("<html>")})
			s.must(s.host.Element().SetSrc("film.mp4"))
		}, "error", 0},
		{"not before it is told to", film("clear"), playertest.Options{}, func(s *stage) {
			s.must(s.host.Element().SetSrc("film.mp4"))
			s.pass(time.Minute)
			if at := s.host.Element().CurrentTime(); at != 0 {
				s.t.Errorf("plays by itself, up to %v", at)
			}
			s.host.Video().Play()
		}, "loadedmetadata loadeddata canplay playing ended", 216},
		{"from where it was sought", film("clear"), playertest.Options{}, func(s *stage) {
			s.must(s.host.Element().SetSrc("film.mp4"))
			s.pass(time.Second)
			s.host.Video().Seek(8 * time.Second)
			s.host.Video().Play()
			start := time.Now()
			for !s.host.Video().Ended() {
				s.pass(100 * time.Millisecond)
			}
			if took := time.Since(start); took != time.Second {
				s.t.Errorf("the last second took %v", took)
			}
		}, "loadedmetadata loadeddata canplay playing ended", 216},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, test.film, test.options)
				test.play(s)
				s.pass(time.Minute)
				s.expect(test.events, test.frames)
			})
		})
	}
}

func TestAnAppendThatIsNoFilm(t *testing.T) {
	b, html := film("clear").Bytes, []byte("<!doctype html><html>")
	header, hole := b[:100], [][]byte{b[:100], b[100:200], b[300:]}
	tests := []struct {
		name   string
		engine playertest.Engine
		bytes  [][]byte
		failed bool // the last append
		state  string
		code   platform.MediaErrorCode // after endOfStream, where that is allowed
	}{
		{"HTML first, in Chromium: nothing until the end", playertest.Chromium, [][]byte{html}, false, "open", platform.MediaErrSrcNotSupported},
		{"HTML first, in Firefox", playertest.Firefox, [][]byte{html}, true, "closed", platform.MediaErrSrcNotSupported},
		{"HTML after the header, in Chromium: never", playertest.Chromium, [][]byte{header, html}, false, "open", 0},
		{"HTML after the header, in Firefox", playertest.Firefox, [][]byte{header, html}, true, "ended", platform.MediaErrDecode},
		{"no header", playertest.Chromium, [][]byte{film("clear").Bytes[100:]}, true, "closed", platform.MediaErrSrcNotSupported},
		{"a hole inside a fragment, in Chromium", playertest.Chromium, hole, false, "open", platform.MediaErrDecode},
		{"a hole inside a fragment, in Firefox", playertest.Firefox, hole, true, "ended", platform.MediaErrDecode},
		{"a fragment left out", playertest.Chromium, [][]byte{header, film("clear").Bytes[400:]}, false, "open", 0},
		{"another film's header", playertest.Chromium, [][]byte{film("clear").Bytes, film("audio").Bytes}, true, "ended", platform.MediaErrDecode},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				audio := film("audio")
				audio.Type = `audio/mp4; codecs="mp4a.40.2"`
				s := newStage(t, film("clear"), playertest.Options{Engine: test.engine, Films: []*playertest.Film{audio}}).open()
				var err error
				for _, b := range test.bytes {
					err = s.append(b)
				}
				if (err != nil) != test.failed || s.ms.ReadyState() != test.state {
					t.Errorf("append gives %v, source %s", err, s.ms.ReadyState())
				}
				if test.state == "open" {
					s.must(s.ms.EndOfStream())
				}
				got := platform.MediaErrorCode(0)
				if e := s.host.Element().Error(); e != nil {
					got = e.Code
				}
				if got != test.code {
					t.Errorf("MediaError %d, want %d", got, test.code)
				}
			})
		})
	}
}
