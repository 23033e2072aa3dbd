package player_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/cdm"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

const dashLicenseURL = "license"

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// build makes the world. A quarter of all worlds is calm; in a quarter of the others, what goes wrong may not pass.
func (s *dashSim) build(t *testing.T) {
	s.start = time.Now()
	s.calm = s.chance(4)
	s.hard = !s.calm && s.chance(4)
	s.software = s.chance(5)
	s.server.Keys = map[[16]byte][16]byte{}
	s.film = s.presentation()
	s.options = s.browser()
	s.options.Films = s.film.Films()
	s.host = playertest.NewHost(t, s.options)
	s.film.Serve(s.host.Network, "film.mpd")
	s.page = &dashPage{Host: s.host, sim: s, asked: map[string][]bool{}}
	s.config = s.wanted()
	s.host.Network.Handle(dashLicenseURL, func(ex playertest.Exchange) playertest.Reply { return s.server.Handle(ex) })
	s.host.Element().Listen(func(e platform.MediaEvent) { s.heard(e.Type) }, "ended", "waiting", "seeking")
	var page platform.Host = s.page
	if s.software {
		page = cdm.NewHost(s.page)
	}
	s.player = player.New(page, s.config)
	s.logf("%s\n%s", s.about(), s.film.MPD())
}

// presentation makes a film of up to three Periods and about a minute.
func (s *dashSim) presentation() *playertest.Presentation {
	p := &playertest.Presentation{Addressing: pick(s.rand, playertest.Number, playertest.Timeline, playertest.TimelineNumber, playertest.List,
		playertest.ListOfRanges, playertest.Base)}
	if s.chance(3) {
		p.BaseURLs = []string{"one/", "https://two.test/film/"}
	}
	languages := pick(s.rand, []string{"en"}, []string{"en"}, []string{"en", "de"}, nil)
	texts := pick(s.rand, nil, []string{"en"}, []string{"en", "fr"})
	container := pick(s.rand, "mp4", "mp4", "webm")
	for n := range 1 + s.rand.IntN(3) {
		period := playertest.Period{Duration: time.Duration(6_000+s.rand.IntN(20_000)) * time.Millisecond}
		if s.chance(4) {
			container = pick(s.rand, "mp4", "webm")
		}
		if s.chance(8) {
			languages = []string{"en"}
		}
		keys, rotate := s.keys(n, container)
		video := s.ladder(container, rotate)
		for range 1 + s.rand.IntN(4) {
			i := len(video.Rungs)
			video.Rungs = append(video.Rungs, playertest.Rung{Bitrate: []int64{250_000, 700_000, 1_500_000, 3_000_000}[i], Keys: keys("video", i)})
		}
		s.shift(video)
		period.Ladders = append(period.Ladders, video)
		for _, language := range languages {
			audio := s.ladder(container, rotate)
			audio.Kind, audio.Language = "audio", language
			audio.Rungs = []playertest.Rung{{Bitrate: 64_000, Keys: keys("audio", 0)}}
			period.Ladders = append(period.Ladders, audio)
		}
		for _, language := range texts {
			period.Texts = append(period.Texts, s.text(language, period.Duration))
		}
		p.Periods = append(p.Periods, period)
	}
	s.losing(p)
	return p
}

// ladder makes a track without rungs. Where keys rotate, they do where segments begin.
func (s *dashSim) ladder(container string, rotate bool) *playertest.Ladder {
	l := &playertest.Ladder{Container: container, InBand: s.chance(3),
		SegmentDuration: time.Duration(pick(s.rand, 1000, 2000, 2002, 4000)) * time.Millisecond,
		Timescale:       pick(s.rand, uint64(0), 0, 1000, 10_000_000),
		FirstTime:       pick(s.rand, uint64(0), 0, 12_345, 1<<33)}
	if rotate {
		l.SegmentDuration = l.SegmentDuration.Truncate(time.Second)
	}
	return l
}

// shift makes a hole in a film, now and then: media that ends too early, or begins too late.
func (s *dashSim) shift(l *playertest.Ladder) {
	if s.calm || !s.chance(5) {
		return
	}
	at, by := s.rand.IntN(6), time.Duration(s.rand.IntN(900))*time.Millisecond
	late := s.chance(2)
	l.Shift = func(n int) (start, end time.Duration) {
		switch {
		case n != at:
			return 0, 0
		case late:
			return by, 0
		}
		return 0, -by
	}
}

// keys chooses how a Period is encrypted: it gives the keys of a rung, and says whether they change in the middle.
func (s *dashSim) keys(period int, container string) (of func(kind string, rung int) []playertest.FilmKey, rotate bool) {
	key := func(n int) playertest.FilmKey {
		id := [16]byte{0xd, byte(period), byte(n)}
		s.server.Keys[id] = [16]byte{0xe, byte(period), byte(n)}
		return playertest.FilmKey{ID: id, Key: s.server.Keys[id]}
	}
	one := func(n func(kind string, rung int) int) func(string, int) []playertest.FilmKey {
		return func(kind string, rung int) []playertest.FilmKey { return []playertest.FilmKey{key(n(kind, rung))} }
	}
	switch s.rand.IntN(6) {
	case 0, 1:
		return func(string, int) []playertest.FilmKey { return nil }, false
	case 2:
		return one(func(kind string, _ int) int { return int(kind[0]) }), false
	case 3:
		return one(func(kind string, rung int) int { return int(kind[0]) + rung }), false
	case 4:
		if container == "mp4" {
			return func(string, int) []playertest.FilmKey {
				first, second := key(1), key(2)
				first.End, second.Start = 8*time.Second, 8*time.Second
				return []playertest.FilmKey{first, second}
			}, true
		}
	}
	return one(func(string, int) int { return 1 }), false
}

// losing takes the key of a highest rung away, where it has one of its own and others do without.
func (s *dashSim) losing(p *playertest.Presentation) {
	if s.calm || !s.chance(3) {
		return
	}
	for _, period := range p.Periods {
		rungs := period.Ladders[0].Rungs
		last := rungs[len(rungs)-1]
		if len(rungs) > 1 && len(last.Keys) == 1 && last.Keys[0].ID != rungs[0].Keys[0].ID {
			delete(s.server.Keys, last.Keys[0].ID)
			s.lost[last.Keys[0].ID] = true
		}
	}
}

func (s *dashSim) text(language string, d time.Duration) *playertest.Text {
	t := &playertest.Text{Language: language}
	if s.chance(2) {
		t.SegmentDuration = 5 * time.Second
	}
	for at := time.Duration(0); at < d; at += 3 * time.Second {
		cue := platform.NewCue(fmt.Sprint(language, at), at, at+3500*time.Millisecond, "<i>"+language+"</i> at "+at.String())
		t.Cues = append(t.Cues, cue)
	}
	return t
}

// browser turns the knobs of the page.
func (s *dashSim) browser() playertest.Options {
	o := playertest.Options{Engine: pick(s.rand, playertest.Chromium, playertest.Firefox), Autoplay: true, Managed: s.chance(5), NoChangeType: s.chance(4)}
	if s.software {
		o.CDM.NoEME = s.chance(2)
	}
	if s.chance(4) {
		o.Quota = int64(8+s.rand.IntN(8)) << 20
	}
	if s.chance(3) {
		o.Width, o.Height = 640, 360
	}
	switch {
	case s.calm:
		o.Bandwidth = pick(s.rand, int64(0), 2<<20)
	case s.chance(2):
		for range 1 + s.rand.IntN(5) {
			o.Trace = append(o.Trace, playertest.TracePeriod{Duration: time.Duration(1+s.rand.IntN(8)) * time.Second,
				BitsPerSecond: pick(s.rand, int64(600_000), 1_000_000, 2_000_000, 5_000_000), Latency: time.Duration(s.rand.IntN(200)) * time.Millisecond})
		}
		if s.chance(3) {
			o.Trace = append(o.Trace, playertest.TracePeriod{Duration: 4 * time.Second})
		}
	}
	if s.chance(3) {
		o.CDM.UpdateDelay, o.CDM.MessageDelay = time.Duration(s.rand.IntN(500))*time.Millisecond, time.Duration(s.rand.IntN(500))*time.Millisecond
	}
	return o
}

// wanted is what the app asks for.
func (s *dashSim) wanted() player.Config {
	c := player.Config{OnEvent: s.told}
	system := drm.KeySystem{Name: clearkey.Name, License: drm.LicenseFunc(s.answer)}
	if s.chance(3) {
		system.License = &drm.LicenseServer{Fetcher: s.page, URL: dashLicenseURL}
	}
	c.DRM = drm.Config{KeySystems: []drm.KeySystem{system}, Rand: func() float64 { return 0.5 }}
	if s.software && !s.options.CDM.NoEME {
		c.DRM.Software = drm.SoftwareAlways
	}
	c.ABR.Algorithm = pick(s.rand, "", "", "throughput", "bola")
	if s.chance(4) {
		c.ABR.MaxHeight = 400
	}
	if s.chance(3) {
		c.Buffer = player.Buffer{Ahead: time.Duration(6+s.rand.IntN(20)) * time.Second, Behind: time.Duration(1+s.rand.IntN(20)) * time.Second}
	}
	if s.chance(3) {
		c.TextLanguages = []string{"en"}
	}
	if s.chance(3) {
		c.AudioLanguages = []string{"de"}
	}
	return c
}

// answer is a licence server of few words, which never fails.
func (s *dashSim) answer(_ context.Context, request drm.LicenseRequest) ([]byte, error) {
	s.mu.Lock()
	for _, id := range request.KeyIDs {
		s.judge.keys[id]++
	}
	s.mu.Unlock()
	time.Sleep(time.Duration(int64(dashHash(s.seed, "license", request.InitDataType)%400)) * time.Millisecond)
	return s.server.Answer(request.Message)
}
