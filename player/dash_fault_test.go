package player_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/playertest"
)

var (
	gone  = playertest.Fault{Status: 404}
	noise = bytes.Repeat([]byte("\x00\x00\x00\x08nope"), 50_000)
)

// one is a film of 40 s in one quality.
func oneQuality() *playertest.Presentation {
	p := ladder(40 * time.Second)
	p.Periods[0].Ladders[0].Bitrates = []int64{1_000_000}
	return p
}

func TestDASHPlaysInSpiteOf(t *testing.T) {
	always := func(urls ...string) func(*stage) {
		return func(s *stage) {
			for _, url := range urls {
				s.fault(url, gone)
			}
		}
	}
	everyRung := func(n string) []string { return []string{"p0/video0/" + n, "p0/video1/" + n, "p0/video2/" + n} }
	mirrored := func() *playertest.Presentation {
		p := ladder(40 * time.Second)
		p.BaseURLs = []string{"one/", "https://two.test/film/"}
		return p
	}
	for name, test := range map[string]struct {
		film    func() *playertest.Presentation
		options playertest.Options
		break_  func(*stage)
		codes   []player.Code // of errors that are not fatal
		late    time.Duration // how much longer it takes
	}{
		"a missing segment":                  {film: oneQuality, break_: always("p0/video0/5.m4s"), codes: []player.Code{player.FetchHTTP}},
		"a missing segment of one quality":   {break_: always("p0/video2/5.m4s")},
		"a missing segment of each quality":  {break_: always(everyRung("5.m4s")...), codes: []player.Code{player.FetchHTTP}},
		"two in a row":                       {film: oneQuality, break_: always("p0/video0/5.m4s", "p0/video0/6.m4s"), codes: []player.Code{player.FetchHTTP, player.FetchHTTP}},
		"two of the sound in a row":          {break_: always("p0/audio0/5.m4s", "p0/audio0/6.m4s"), codes: []player.Code{player.FetchHTTP, player.FetchHTTP}},
		"several, each for itself":           {film: oneQuality, break_: always("p0/video0/5.m4s", "p0/video0/8.m4s", "p0/audio0/8.m4s", "p0/audio0/11.m4s"), codes: []player.Code{player.FetchHTTP, player.FetchHTTP, player.FetchHTTP, player.FetchHTTP}},
		"the initialization of one quality":  {break_: always("p0/video0/init.mp4")},
		"the initialization of all but one":  {break_: always("p0/video0/init.mp4", "p0/video1/init.mp4")},
		"a first server that has nothing":    {film: mirrored, break_: always(mirror(40*time.Second, "one/")...)},
		"a first server that is down":        {film: mirrored, break_: func(s *stage) { s.down(mirror(40*time.Second, "one/")...) }},
		"a second server that is down":       {film: mirrored, break_: func(s *stage) { s.down(mirror(40*time.Second, "https://two.test/film/")...) }},
		"a missing segment, on two servers":  {film: func() *playertest.Presentation { p := oneQuality(); p.BaseURLs = []string{"one/", "two/"}; return p }, break_: always("one/p0/video0/5.m4s", "two/p0/video0/5.m4s"), codes: []player.Code{player.FetchHTTP}},
		"the index of one quality":           {film: shortIndexed, break_: always("p0/video1.mp4")},
		"an index of one quality of garbage": {film: shortIndexed, break_: func(s *stage) { s.garble("p0/video1.mp4") }},
		"media that begins late":             {film: func() *playertest.Presentation { return shifted(5, 700*time.Millisecond, 0) }},
		"media that ends early":              {film: func() *playertest.Presentation { return shifted(5, 0, -700*time.Millisecond) }},
		"media with a gap of 2 s":            {film: func() *playertest.Presentation { return shifted(5, 2*time.Second-time.Millisecond, 0) }, late: 2 * time.Second},
		"a film that begins late":            {film: func() *playertest.Presentation { return shifted(0, 300*time.Millisecond, 0) }},
		"a film that ends early":             {film: func() *playertest.Presentation { return shifted(19, 0, -time.Second) }},
		"media that is a little longer":      {film: func() *playertest.Presentation { return shifted(5, 0, 60*time.Millisecond) }},
		"the network gone for a moment": {break_: func(s *stage) {
			s.host.Network.Fault("p0/video1/9.m4s", playertest.Fault{NetworkError: true}, playertest.Fault{NetworkError: true})
		}},
		"a segment that hangs for a while": {film: oneQuality, break_: func(s *stage) {
			s.host.Network.Fault("p0/video0/9.m4s", playertest.Fault{Stall: true, StallAfter: 100})
		}},
		"a segment that is damaged on its way, once": {film: oneQuality, break_: func(s *stage) {
			s.host.Network.Fault("p0/video0/9.m4s", playertest.Fault{Body: noise})
		}},
		"a first segment that is damaged on its way, once": {film: oneQuality, break_: func(s *stage) {
			s.host.Network.Fault("p0/video0/1.m4s", playertest.Fault{Body: noise})
		}},
		"two that are, far from each other": {film: oneQuality, break_: func(s *stage) {
			s.host.Network.Fault("p0/video0/2.m4s", playertest.Fault{Body: noise})
			s.host.Network.Fault("p0/video0/19.m4s", playertest.Fault{Body: noise})
		}},
		"a browser that holds next to nothing": {options: playertest.Options{Quota: 2_500_000}, late: 10 * time.Second},
		"a browser that evicts what it likes": {options: playertest.Options{Managed: true}, break_: func(s *stage) {
			time.AfterFunc(10*time.Second, func() { s.host.Video().Evict(12*time.Second, 20*time.Second) })
		}},
		"a browser that evicts what is playing": {options: playertest.Options{Managed: true}, break_: func(s *stage) {
			time.AfterFunc(10*time.Second, func() { s.host.Video().Evict(9*time.Second, 13*time.Second) })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			film := ladder(40 * time.Second)
			if test.film != nil {
				film = test.film()
			}
			playDASH(t, film, test.options, player.Config{}, func(s *stage) {
				if test.break_ != nil {
					test.break_(s)
				}
				ended := s.hears()
				s.loadDASH()
				s.expectEnd(45*time.Second + test.late)
				s.expectCodes(test.codes...)
				if ended["ended"] != 1 {
					t.Errorf("it has ended %d times\n%s", ended["ended"], s.host.Dump())
				}
			})
		})
	}
}

func shortIndexed() *playertest.Presentation {
	p := ladder(40 * time.Second)
	p.Addressing = playertest.Base
	return p
}

// shifted moves the media of a segment, which the MPD does not know.
func shifted(segment int, start, end time.Duration) *playertest.Presentation {
	p := oneQuality()
	p.Periods[0].Ladders[0].Shift = func(n int) (time.Duration, time.Duration) {
		if n != segment {
			return 0, 0
		}
		return start, end
	}
	return p
}

// mirror lists the files of a film of a ladder on one of its servers.
func mirror(d time.Duration, base string) (urls []string) {
	p := ladder(d)
	p.Films()
	for _, l := range p.Periods[0].Ladders {
		for rung := range l.Rungs {
			first := p.Segment(&p.Periods[0], l, rung, 0)
			urls = append(urls, base+first[:len(first)-len("1.m4s")]+"init.mp4")
			for n := range int(d / (2 * time.Second)) {
				urls = append(urls, base+p.Segment(&p.Periods[0], l, rung, n))
			}
		}
	}
	return urls
}

// down is a server that cannot be reached.
func (s *stage) down(urls ...string) {
	for _, url := range urls {
		s.fault(url, playertest.Fault{NetworkError: true})
	}
}

// garble makes a file of noise.
func (s *stage) garble(url string) {
	s.host.Network.Serve(url, playertest.Resource{Body: noise, Type: "video/mp4"})
}

func TestDASHFailsWithATypedError(t *testing.T) {
	all := func(n string) func(*stage) {
		return func(s *stage) {
			for _, rung := range []string{"0", "1", "2"} {
				s.fault("p0/video"+rung+n, gone)
			}
		}
	}
	mpd := func(text string) func(*stage) {
		return func(s *stage) {
			s.host.Network.Serve("film.mpd", playertest.Resource{Body: []byte(text), Type: "application/dash+xml"})
		}
	}
	for name, test := range map[string]struct {
		film   func() *playertest.Presentation
		break_ func(*stage)
		code   player.Code
		stage  player.Stage
	}{
		"no manifest":                {break_: func(s *stage) { s.fault("film.mpd", gone) }, code: player.FetchHTTP, stage: player.StageFetch},
		"a manifest that is a page":  {break_: mpd("<!doctype html><title>Not found</title>"), code: player.ManifestInvalid, stage: player.StageProbe},
		"an empty manifest":          {break_: mpd(""), code: player.ManifestInvalid, stage: player.StageProbe},
		"a manifest without Periods": {break_: mpd(`<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>`), code: player.ManifestInvalid, stage: player.StageProbe},
		"live":                       {break_: mpd(`<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="2026-01-01T00:00:00Z"><Period id="p" start="PT0S"><AdaptationSet contentType="video" mimeType="video/mp4"><Representation id="v" bandwidth="1" codecs="avc1.42c015"><SegmentTemplate duration="2" media="$Number$"/></Representation></AdaptationSet></Period></MPD>`), code: player.ManifestUnsupported, stage: player.StageProbe},
		"no initialization at all":   {break_: all("/init.mp4"), code: player.FetchHTTP, stage: player.StageFetch},
		"no first segment at all":    {break_: all("/1.m4s"), code: player.FetchHTTP, stage: player.StageFetch},
		"no files with an index":     {film: shortIndexed, break_: all(".mp4"), code: player.FetchHTTP, stage: player.StageFetch},
		"all indexes are garbage":    {film: shortIndexed, break_: func(s *stage) { s.garble("p0/video0.mp4"); s.garble("p0/video1.mp4"); s.garble("p0/video2.mp4") }, code: player.SourceInvalid, stage: player.StageFetch},
		"segments of garbage":        {break_: func(s *stage) { s.garble("p0/video0/1.m4s"); s.garble("p0/video1/1.m4s"); s.garble("p0/video2/1.m4s") }, code: player.MediaInvalid, stage: player.StageAppend},
		"initialization of garbage": {break_: func(s *stage) {
			s.garble("p0/video0/init.mp4")
			s.garble("p0/video1/init.mp4")
			s.garble("p0/video2/init.mp4")
		}, code: player.MediaInvalid, stage: player.StageAppend},
		"a server that cannot be reached": {break_: func(s *stage) { s.down(mirror(40*time.Second, "")...) }, code: player.FetchNetwork, stage: player.StageFetch},
	} {
		t.Run(name, func(t *testing.T) {
			film := ladder(40 * time.Second)
			if test.film != nil {
				film = test.film()
			}
			playDASH(t, film, playertest.Options{}, player.Config{}, func(s *stage) {
				test.break_(s)
				s.expectError(s.loadFilm(), test.code, test.stage)
			})
		})
	}
}

// A film of which nothing more comes plays what there is, jumps over two segments, and then fails.
func TestDASHFailsWhereNothingComesAnyMore(t *testing.T) {
	playDASH(t, oneQuality(), playertest.Options{}, player.Config{Buffer: player.Buffer{Ahead: 6 * time.Second}}, func(s *stage) {
		for _, n := range []string{"5", "6", "7", "8", "9", "10"} {
			s.fault("p0/video0/"+n+".m4s", gone)
		}
		s.loadDASH()
		passes(time.Minute)
		if codes := s.codes(); !slices.Equal(codes, []player.Code{player.FetchHTTP, player.FetchHTTP, player.FetchHTTP}) || !s.errors()[2].Fatal {
			t.Errorf("the errors are %v\n%s", s.errors(), s.host.Dump())
		}
		if s.lastState() != player.StateFailed {
			t.Errorf("the state is %q", s.lastState())
		}
	})
}

func TestDASHComesBackOnline(t *testing.T) {
	for _, away := range []time.Duration{2 * time.Second, time.Minute} {
		playDASH(t, ladder(60*time.Second), playertest.Options{Trace: slow.Trace}, player.Config{Buffer: player.Buffer{Ahead: 10 * time.Second}}, func(s *stage) {
			s.loadDASH()
			passes(5 * time.Second)
			s.host.SetOnline(false)
			for n := range 30 {
				for _, rung := range []string{"video0", "video1", "video2", "audio0"} {
					s.host.Network.Fault("p0/"+rung+"/"+strconv.Itoa(n)+".m4s", playertest.Fault{NetworkError: true})
				}
			}
			time.Sleep(away)
			s.host.SetOnline(true)
			s.expectEnd(70 * time.Second)
			s.expectCodes()
		})
	}
}

func TestDASHLicences(t *testing.T) {
	key := playertest.FilmKey{ID: kidA, Key: keyA}
	other := playertest.FilmKey{ID: kidB, Key: keyB}
	byRung := func() *playertest.Presentation {
		p := ladder(40*time.Second, key)
		p.Periods[0].Ladders[0].Bitrates = nil
		p.Periods[0].Ladders[0].Rungs = []playertest.Rung{{Bitrate: 300_000}, {Bitrate: 1_200_000}, {Bitrate: 3_000_000, Keys: []playertest.FilmKey{other}}}
		return p
	}
	rotating := func() *playertest.Presentation {
		p := ladder(40*time.Second, playertest.FilmKey{ID: kidA, Key: keyA, End: 20 * time.Second}, playertest.FilmKey{ID: kidB, Key: keyB, Start: 20 * time.Second})
		for _, l := range p.Periods[0].Ladders {
			l.InBand = true
		}
		return p
	}
	for name, test := range map[string]struct {
		film     func() *playertest.Presentation
		options  playertest.Options
		software drm.Software
		keys     [][16]byte // that the server has; nil is both
		delay    time.Duration
		fails    player.Code
		never    string // a quality that must not play
		requests int
	}{
		"in time":                   {requests: 1},
		"late":                      {delay: 4 * time.Second, requests: 1},
		"late, in software":         {delay: 4 * time.Second, software: drm.SoftwareAlways, requests: 1},
		"without the key":           {keys: [][16]byte{kidB}, fails: player.LicenseHTTP},
		"without that of a rung":    {film: byRung, keys: [][16]byte{kidA}, never: "video2"},
		"… in software":             {film: byRung, software: drm.SoftwareAlways, keys: [][16]byte{kidA}, never: "video2"},
		"a rung for better screens": {film: byRung, options: playertest.Options{CDM: playertest.CDMOptions{Statuses: map[[16]byte]string{kidB: "output-restricted"}}}, never: "video2", requests: 1},
		"a screen that is too bad":  {options: playertest.Options{CDM: playertest.CDMOptions{Statuses: map[[16]byte]string{kidA: "output-restricted"}}}, fails: player.KeyUnusable},
		"rotation":                  {film: rotating, requests: 2},
		"rotation, in software":     {film: rotating, software: drm.SoftwareAlways, requests: 2},
		"rotation in Firefox":       {film: rotating, options: playertest.Options{Engine: playertest.Firefox}, requests: 2},
		"of each Period":            {film: periods, requests: 2},
		"of each span":              {film: spans, options: playertest.Options{NoChangeType: true}, requests: 2},
	} {
		t.Run(name, func(t *testing.T) {
			film := ladder(40*time.Second, key)
			if test.film != nil {
				film = test.film()
			}
			server := playertest.LicenseServer{Keys: map[[16]byte][16]byte{kidA: keyA, kidB: keyB}}
			if test.keys != nil {
				server.Keys = map[[16]byte][16]byte{}
				for _, id := range test.keys {
					server.Keys[id] = map[[16]byte][16]byte{kidA: keyA, kidB: keyB}[id]
				}
			}
			config := player.Config{DRM: drm.Config{Software: test.software, KeySystems: []drm.KeySystem{{Name: clearkey.Name}}}}
			license := &drm.LicenseServer{URL: "license"}
			config.DRM.KeySystems[0].License = license
			playDASH(t, film, test.options, config, func(s *stage) {
				license.Fetcher = s.host
				s.host.Network.Handle("license", server.Handle)
				s.host.Network.Fault("license", playertest.Fault{Delay: test.delay})
				err := s.loadFilm()
				if test.fails != "" {
					if codes := s.codes(); err == nil || len(codes) == 0 || codes[len(codes)-1] != test.fails {
						t.Errorf("load returned %v, the errors are %v; want %s\n%s", err, codes, test.fails, s.host.Dump())
					}
					return
				}
				if err != nil {
					t.Fatalf("%v\n%s", err, s.host.Dump())
				}
				s.expectEnd(film.Duration() + 2*time.Second)
				for _, e := range eventsOf[*player.QualityChangeEvent](s) {
					if e.Quality.ID == test.never {
						t.Errorf("%s plays at %v", test.never, e.Position)
					}
				}
				if n := len(s.requests("license")); test.requests > 0 && n != test.requests {
					t.Errorf("%d licence requests, want %d\n%s", n, test.requests, s.host.Dump())
				}
				if test.never == "" {
					s.expectCodes()
				}
			})
		})
	}
}

// A display that is unplugged takes the best quality away, also of what is buffered, and gives it back.
func TestDASHFollowsTheStatusOfAKey(t *testing.T) {
	key, other := playertest.FilmKey{ID: kidA, Key: keyA}, playertest.FilmKey{ID: kidB, Key: keyB}
	film := ladder(150*time.Second, key)
	film.Periods[0].Ladders[0].Bitrates = nil
	film.Periods[0].Ladders[0].Rungs = []playertest.Rung{{Bitrate: 300_000}, {Bitrate: 1_200_000}, {Bitrate: 3_000_000, Keys: []playertest.FilmKey{other}}}
	playDASH(t, film, playertest.Options{Trace: slow.Trace}, player.Config{}, func(s *stage) {
		s.loadDASH()
		waiting := s.hears()
		passes(50 * time.Second)
		playing := func() string {
			at := s.host.Video().CurrentTime()
			for _, m := range s.player.Buffered()["video"] {
				if m.Start <= at && at < m.End {
					return m.Quality
				}
			}
			return ""
		}
		if q := playing(); q != "video2" {
			t.Fatalf("%s plays\n%s", q, s.host.Dump())
		}
		s.host.SetKeyStatus(kidB, "output-restricted")
		passes(3 * time.Second)
		if q := playing(); q != "video1" && q != "video0" {
			t.Errorf("%q plays without its key\n%s", q, s.host.Dump())
		}
		s.host.SetKeyStatus(kidB, "usable")
		passes(45 * time.Second)
		if q := playing(); q != "video2" {
			t.Errorf("%q plays though all keys are there\n%s", q, s.host.Dump())
		}
		s.expectEnd(60 * time.Second)
		if waiting["waiting"] > 1 {
			t.Errorf("it stood still %d times\n%s", waiting["waiting"], s.host.Dump())
		}
	})
}

// Where nothing of a Period is left to play, the error says why something was left out.
func TestDASHSaysWhatItLeftOut(t *testing.T) {
	film := ladder(40 * time.Second)
	playDASH(t, film, playertest.Options{}, player.Config{}, func(s *stage) {
		mpd := regexp.MustCompile(` codecs="[^"]*"`).ReplaceAllString(film.MPD(), "")
		s.host.Network.Serve("film.mpd", playertest.Resource{Body: []byte(mpd), Type: "application/dash+xml"})
		s.fault("p0/video0/init.mp4", gone)
		s.fault("p0/audio0/init.mp4", gone)
		err := s.loadFilm()
		s.expectError(err, player.ManifestInvalid, player.StageProbe)
		if text := fmt.Sprint(err); !strings.Contains(text, "p0/video0/init.mp4") || !strings.Contains(text, "404") {
			t.Errorf("the error does not say what was left out: %v", err)
		}
	})
}
