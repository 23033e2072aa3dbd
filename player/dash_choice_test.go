package player_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// steps is a film of one Period in five qualities, 240p to 1080p, and sound.
func steps(d time.Duration) *playertest.Presentation {
	return &playertest.Presentation{Periods: []playertest.Period{{Duration: d, Ladders: []*playertest.Ladder{
		{Bitrates: []int64{300_000, 800_000, 1_500_000, 3_000_000, 6_000_000}}, {Kind: "audio", Bitrates: []int64{64_000}},
	}}}}
}

// line is a network of one speed.
func line(bitsPerSecond int64) []playertest.TracePeriod {
	return []playertest.TracePeriod{{Duration: time.Hour, BitsPerSecond: bitsPerSecond, Latency: 40 * time.Millisecond}}
}

// plays gives the quality of the video that was told last.
func (s *stage) plays() string {
	for _, e := range slices.Backward(eventsOf[*player.QualityChangeEvent](s)) {
		if e.Kind == "video" {
			return e.Quality.ID
		}
	}
	return ""
}

// qualities lists those of the video that are buffered.
func (s *stage) qualities() (list []string) {
	for _, m := range s.player.Buffered()["video"] {
		if !slices.Contains(list, m.Quality) {
			list = append(list, m.Quality)
		}
		if (m.Bitrate == 0) != (m.Quality == "") {
			s.t.Errorf("quality %q has the bitrate %d", m.Quality, m.Bitrate)
		}
	}
	return list
}

// firstQuality is that of the first segment of the video, soon after a load.
func (s *stage) firstQuality() string {
	passes(100 * time.Millisecond)
	return s.player.Buffered()["video"][0].Quality
}

func TestDASHFollowsTheNetwork(t *testing.T) {
	film := steps(150 * time.Second)
	trace := []playertest.TracePeriod{{Duration: 40 * time.Second, BitsPerSecond: 12_000_000, Latency: 40 * time.Millisecond},
		{Duration: time.Hour, BitsPerSecond: 700_000, Latency: 40 * time.Millisecond}}
	playDASH(t, film, playertest.Options{Trace: trace}, player.Config{}, func(s *stage) {
		s.loadDASH()
		if at := s.host.Video().CurrentTime(); at > time.Second {
			t.Errorf("it has begun at %v", at)
		}
		passes(25 * time.Second)
		if got := s.plays(); got != "video4" {
			t.Errorf("with 12 Mbit/s %s plays, want video4", got)
		}
		passes(80 * time.Second)
		if got := s.plays(); got > "video1" {
			t.Errorf("with 0.7 Mbit/s %s plays, want video0 or video1", got)
		}
		s.expectEnd(60 * time.Second)
		s.expectCodes()
		for _, e := range eventsOf[*player.StallEvent](s) {
			t.Errorf("it stood still: %+v", e)
		}
	})
}

func TestDASHRemembersTheNetwork(t *testing.T) {
	film := steps(20 * time.Second)
	playDASH(t, film, playertest.Options{Trace: line(25_000_000)}, player.Config{}, func(s *stage) {
		s.loadDASH()
		if first := s.firstQuality(); first != "video0" {
			t.Errorf("the first load begins with %s, want video0", first)
		}
		passes(10 * time.Second)
		s.loadDASH()
		if first := s.firstQuality(); first < "video2" {
			t.Errorf("the second load begins with %s, want at least video2", first)
		}
		if got := s.player.Throughput(); !got.Measured || got.BitsPerSecond < 15_000_000 || got.BitsPerSecond > 30_000_000 {
			t.Errorf("the throughput is %+v", got)
		}
	})
	// What the app remembers counts at the first load too.
	playDASH(t, steps(20*time.Second), playertest.Options{Trace: line(25_000_000)}, player.Config{ABR: player.ABR{StartBitrate: 20_000_000}}, func(s *stage) {
		s.loadDASH()
		if first := s.firstQuality(); first < "video2" {
			t.Errorf("it begins with %s, want at least video2", first)
		}
	})
}

func TestDASHLimits(t *testing.T) {
	for name, test := range map[string]struct {
		abr     player.ABR
		options playertest.Options
		want    string // the best that plays
	}{
		"none":                                   {player.ABR{}, playertest.Options{}, "video4"},
		"a bitrate":                              {player.ABR{MaxBitrate: 1_600_000}, playertest.Options{}, "video2"},
		"a bitrate below all":                    {player.ABR{MaxBitrate: 1}, playertest.Options{}, "video0"},
		"a height":                               {player.ABR{MaxHeight: 720}, playertest.Options{}, "video3"},
		"a small element":                        {player.ABR{}, playertest.Options{Width: 500, Height: 280}, "video1"},
		"a small element that is to have it all": {player.ABR{AnySize: true}, playertest.Options{Width: 500, Height: 280}, "video4"},
	} {
		t.Run(name, func(t *testing.T) {
			test.options.Trace = line(50_000_000)
			playDASH(t, steps(40*time.Second), test.options, player.Config{ABR: test.abr}, func(s *stage) {
				s.loadDASH()
				passes(30 * time.Second)
				if got := s.plays(); got != test.want {
					t.Errorf("%s plays, want %s", got, test.want)
				}
				if list := s.qualities(); slices.Max(list) > test.want {
					t.Errorf("%v are buffered, want none above %s", list, test.want)
				}
			})
		})
	}
}

func TestDASHSparesADecoderThatLosesFrames(t *testing.T) {
	playDASH(t, steps(90*time.Second), playertest.Options{Trace: line(50_000_000)}, player.Config{}, func(s *stage) {
		s.loadDASH()
		dropped := 0
		for range 60 { // while it plays the best, every second frame of 25 is lost
			passes(time.Second)
			if s.plays() == "video4" {
				dropped += 12
				s.host.Video().DropFrames(dropped)
			}
		}
		if got := s.plays(); got != "video3" {
			t.Errorf("%s plays, want video3", got)
		}
		for _, track := range eventsOf[*player.TracksChangeEvent](s)[len(eventsOf[*player.TracksChangeEvent](s))-1].Tracks {
			for _, q := range track.Qualities {
				if q.Allowed != (q.ID != "video4") {
					t.Errorf("%s is allowed: %v", q.ID, q.Allowed)
				}
			}
		}
	})
}

func TestDASHPlaysTheQualityThatIsChosen(t *testing.T) {
	playDASH(t, steps(60*time.Second), playertest.Options{Trace: line(50_000_000)}, player.Config{}, func(s *stage) {
		s.loadDASH()
		passes(10 * time.Second)
		if err := s.player.SelectQuality(s.t.Context(), "video1"); err != nil {
			t.Fatal(err)
		}
		passes(6 * time.Second)
		if got := s.plays(); got != "video1" {
			t.Errorf("%s plays, want video1", got)
		}
		if err := s.player.SelectQuality(s.t.Context(), "nothing"); err == nil || !strings.Contains(err.Error(), string(player.ConfigInvalid)) {
			t.Errorf("a quality that is not there: %v", err)
		}
		if err := s.player.SelectQuality(s.t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		s.expectEnd(60 * time.Second)
		if got := s.plays(); got != "video4" {
			t.Errorf("left to itself it plays %s, want video4", got)
		}
		for _, e := range eventsOf[*player.StallEvent](s) {
			t.Errorf("it stood still: %+v", e)
		}
	})
}

// A choice takes effect within a segment whenever it is made: while a segment of the quality before is asked for, comes, or is appended.
func TestDASHPlaysTheQualityThatIsChosenAtAnyMoment(t *testing.T) {
	for after := time.Duration(0); after < 2*time.Second; after += 10 * time.Millisecond {
		config := player.Config{Buffer: player.Buffer{Ahead: 4 * time.Second}}
		playDASH(t, steps(20*time.Second), playertest.Options{Trace: line(50_000_000)}, config, func(s *stage) {
			s.loadDASH()
			if err := s.player.SelectQuality(s.t.Context(), "video4"); err != nil {
				t.Fatal(err)
			}
			passes(6*time.Second + after)
			if err := s.player.SelectQuality(s.t.Context(), "video1"); err != nil {
				t.Fatal(err)
			}
			at := s.host.Video().CurrentTime()
			passes(time.Second)
			for _, m := range s.player.Buffered()["video"] {
				if m.End > at+3*time.Second && m.Quality != "video1" {
					t.Errorf("%v to %v is in %s, a second after the choice at %v", m.Start, m.End, m.Quality, at)
				}
			}
			s.expectEnd(20 * time.Second)
		})
	}
}

// A segment that the chosen quality lacks is played in another one, which is not replaced for ever.
func TestDASHPlaysAroundWhatTheChosenQualityLacks(t *testing.T) {
	playDASH(t, ladder(30*time.Second), playertest.Options{Trace: line(20_000_000)}, player.Config{}, func(s *stage) {
		s.fault("p0/video1/9.m4s", playertest.Fault{Status: 404})
		s.loadDASH()
		if err := s.player.SelectQuality(s.t.Context(), "video1"); err != nil {
			t.Fatal(err)
		}
		s.expectEnd(32 * time.Second)
		s.expectCodes()
		if n := s.asked("video1/9.m4s"); n != 1 {
			t.Errorf("%d requests for what is not there", n)
		}
	})
}

// A language that is chosen while the film plays is heard within a segment, and nothing stands still for it.
func TestDASHChangesTheLanguageWithoutAStall(t *testing.T) {
	film := &playertest.Presentation{Periods: []playertest.Period{twoLanguages()}}
	film.Periods[0].Duration = 40 * time.Second
	playDASH(t, film, playertest.Options{Trace: line(5_000_000)}, player.Config{}, func(s *stage) {
		heard := s.hears()
		s.loadDASH()
		passes(10 * time.Second)
		s.selectLanguage("audio", "de")
		at := s.host.Video().CurrentTime()
		passes(3500 * time.Millisecond)
		for _, m := range s.player.Buffered()["audio"] {
			if m.End > at+3500*time.Millisecond && m.Quality != "audiode0" {
				t.Errorf("%v to %v is in %s, 3.5 s after the change at %v", m.Start, m.End, m.Quality, at)
			}
		}
		s.expectEnd(40 * time.Second)
		s.expectCodes()
		if heard["waiting"] > 0 {
			t.Errorf("it waited %d times\n%s", heard["waiting"], s.host.Dump())
		}
	})
}

// subtitled has a picture, and subtitles of two languages: one whole file, and segments in which cues are repeated.
func subtitled() *playertest.Presentation {
	cue := func(id string, from, to int, text string) platform.Cue {
		return platform.NewCue(id, time.Duration(from)*time.Second, time.Duration(to)*time.Second, text)
	}
	return &playertest.Presentation{Periods: []playertest.Period{{Duration: 20 * time.Second,
		Ladders: []*playertest.Ladder{{Bitrates: []int64{300_000}}},
		Texts: []*playertest.Text{
			{Language: "en", Label: "English", Cues: []platform.Cue{cue("1", 1, 3, "one"), cue("2", 9, 15, "two")}},
			{Language: "de", Cues: []platform.Cue{cue("1", 1, 3, "eins"), cue("2", 9, 15, "zwei")}, SegmentDuration: 4 * time.Second},
		}}}}
}

// shown gives the words of the track that shows, and its language.
func (s *stage) shown() (language string, words []string) {
	for _, track := range s.host.Video().TextTracks() {
		if track.Mode() != "showing" {
			continue
		}
		language = track.Options.Language
		for _, cue := range track.Cues() {
			words = append(words, cue.Text)
		}
	}
	return language, words
}

func TestDASHSubtitles(t *testing.T) {
	playDASH(t, subtitled(), playertest.Options{}, player.Config{}, func(s *stage) {
		s.loadDASH()
		expect := func(when, language string, words ...string) {
			t.Helper()
			passes(time.Second)
			if l, w := s.shown(); l != language || !slices.Equal(w, words) {
				t.Errorf("%s: %q in %q, want %q in %q", when, w, l, words, language)
			}
		}
		expect("at first", "")
		if n := s.asked(".vtt"); n != 0 {
			t.Errorf("%d files of subtitles were fetched that nobody wants", n)
		}
		s.selectLanguage("text", "de")
		expect("chosen", "de", "eins", "zwei")
		s.host.Video().TextTracks()[0].Choose("showing")
		expect("chosen by the browser's controls", "en", "one", "two")
		s.host.Video().TextTracks()[0].Choose("disabled")
		expect("taken away by them", "")
		s.selectLanguage("text", "en")
		expect("chosen again", "en", "one", "two")
		if err := s.player.SelectTrack(s.t.Context(), "text", ""); err != nil {
			t.Fatal(err)
		}
		expect("none", "")
		s.expectEnd(20 * time.Second)
		s.expectCodes()
		if err := s.player.Unload(s.t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := s.host.Video().TextTracks(); len(left) > 0 {
			t.Errorf("%d text tracks are left", len(left))
		}
	})
	playDASH(t, subtitled(), playertest.Options{}, player.Config{TextLanguages: []string{"sv", "de"}}, func(s *stage) {
		s.loadDASH()
		passes(time.Second)
		if language, words := s.shown(); language != "de" || len(words) != 2 {
			t.Errorf("preferred: %q in %q", words, language)
		}
	})
}

// Subtitles that cannot be had are no reason to end playback.
func TestDASHPlaysOnWithoutSubtitles(t *testing.T) {
	playDASH(t, subtitled(), playertest.Options{}, player.Config{TextLanguages: []string{"en"}}, func(s *stage) {
		s.host.Network.Fault("p0/texten.vtt", playertest.Fault{Body: []byte("<html>"), Always: true})
		s.loadDASH()
		s.expectEnd(25 * time.Second)
		if n := len(s.errors()); n != 1 || s.errors()[0].Fatal {
			t.Errorf("errors: %v", s.errors())
		}
		if language, _ := s.shown(); language != "" {
			t.Errorf("%q is shown", language)
		}
	})
}

// The manifest need not be called one, and may leave out codecs.
func TestDASHIsKnownByWhatItIs(t *testing.T) {
	film := ladder(10 * time.Second)
	text := film.MPD()
	for _, codecs := range []string{`codecs="avc1.42c015"`, `codecs="avc1.4d401f"`, `codecs="avc1.64001f"`, `codecs="mp4a.40.2"`} {
		if !strings.Contains(text, codecs) {
			t.Fatalf("the MPD has no %s:\n%s", codecs, text)
		}
		text = strings.ReplaceAll(text, codecs, "")
	}
	for name, fault := range map[string]playertest.Fault{"in ranges": {}, "whole": {IgnoreRange: true, Always: true}} {
		t.Run(name, func(t *testing.T) {
			playDASH(t, film, playertest.Options{}, player.Config{}, func(s *stage) {
				s.host.Network.Serve("film", playertest.Resource{Body: []byte(text), Type: "application/dash+xml"})
				s.host.Network.Fault("film", fault)
				if err := s.player.Load(s.t.Context(), player.Source{Tracks: []player.File{{URL: "film"}}}); err != nil {
					t.Fatal(err)
				}
				s.expectPlayed(10 * time.Second)
			})
		})
	}
}

// Sound takes its part of a line that gets narrow: a picture that reckons with all of it stands still before its segments.
func TestDASHLeavesTheSoundItsPartOfTheLine(t *testing.T) {
	for fast := 500 * time.Millisecond; fast < 2*time.Second; fast += 100 * time.Millisecond {
		film := &playertest.Presentation{Periods: []playertest.Period{{Duration: 34 * time.Second, Ladders: []*playertest.Ladder{
			{Bitrates: []int64{81_000, 147_000, 241_000, 413_000}}, {Kind: "audio", Bitrates: []int64{54_000}},
		}}}}
		trace := []playertest.TracePeriod{{Duration: fast, BitsPerSecond: 4_000_000, Latency: 20 * time.Millisecond},
			{Duration: time.Hour, BitsPerSecond: 340_000, Latency: 20 * time.Millisecond}}
		config := player.Config{Buffer: player.Buffer{Ahead: 8 * time.Second}, ABR: player.ABR{StartBitrate: 3_000_000}}
		playDASH(t, film, playertest.Options{Trace: trace}, config, func(s *stage) {
			s.host.Video().SetPlaybackRate(2)
			s.loadDASH()
			s.expectEnd(30 * time.Second)
			s.expectCodes()
			if n := slices.DeleteFunc(eventsOf[*player.StallEvent](s), func(e *player.StallEvent) bool { return e.Cause == player.StallNone }); len(n) > 1 {
				t.Errorf("a line that is slow after %v: it stands still %d times", fast, len(n))
			}
		})
	}
}
