package player

import (
	"strings"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

func rung(id, kind, container, codec string, bandwidth int64) manifest.Representation {
	return manifest.Representation{ID: id, Bandwidth: bandwidth, Timescale: 1,
		Header: &manifest.Header{Container: container, Tracks: []manifest.Track{{Kind: kind, Codec: codec}}}}
}

func set(id, kind, language string, roles []string, rungs ...manifest.Representation) manifest.AdaptationSet {
	return manifest.AdaptationSet{ID: id, Kind: kind, Language: language, Roles: roles, Representations: rungs}
}

func everything(string) bool { return true }

// Packagers put sizes with keys of their own into sets of their own, and say that they belong together.
func TestSetsThatSwitchAreOneTrack(t *testing.T) {
	sd := set("sd", "video", "", nil, rung("1", "video", "mp4", "avc1.4d400c", 100), rung("3", "video", "mp4", "avc1.4d400c", 300))
	hd := set("hd", "video", "", nil, rung("2", "video", "mp4", "avc1.64001f", 200))
	webm := set("webm", "video", "", nil, rung("4", "video", "webm", "vp9", 200))
	sd.SwitchesWith, webm.SwitchesWith = []string{"hd"}, []string{"sd"}
	f := newFilm(&manifest.Manifest{Periods: []manifest.Period{{AdaptationSets: []manifest.AdaptationSet{hd, sd, webm}}}}, everything)
	var got []string
	for _, s := range f.periods[0].sets {
		ids := s.ID + ":"
		for _, r := range s.renditions {
			ids += " " + r.ID
		}
		got = append(got, ids)
	}
	if want := "hd: 1 2 3, webm: 4"; strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestChoosingTracks(t *testing.T) {
	sound := func(id, language string, roles ...string) manifest.AdaptationSet {
		return set(id, "audio", language, roles, rung("r"+id, "audio", "mp4", "mp4a.40.2", 64))
	}
	described := sound("described", "en", "main")
	described.Accessibility = []manifest.Descriptor{{SchemeID: "urn:tva:metadata:cs:AudioPurposeCS:2007", Value: "1"}}
	german := sound("german", "de-AT")
	for name, test := range map[string]struct {
		sets []manifest.AdaptationSet
		wish wish
		want string
	}{
		"the first of equals":            {[]manifest.AdaptationSet{sound("a", "en"), sound("b", "de")}, wish{}, "a"},
		"the main one":                   {[]manifest.AdaptationSet{sound("a", "en"), sound("b", "de", "main")}, wish{}, "b"},
		"no description":                 {[]manifest.AdaptationSet{described, sound("b", "en")}, wish{}, "b"},
		"no dub":                         {[]manifest.AdaptationSet{sound("a", "de", "dub"), sound("b", "en")}, wish{}, "b"},
		"the language that is preferred": {[]manifest.AdaptationSet{sound("a", "en", "main"), german}, wish{languages: []string{"sv", "de"}}, "german"},
		"the dearest language":           {[]manifest.AdaptationSet{sound("a", "en"), german}, wish{languages: []string{"de", "en"}}, "german"},
		"what is like what was chosen":   {[]manifest.AdaptationSet{sound("a", "en", "main"), sound("b", "de")}, wish{languages: []string{"en"}, like: &german}, "b"},
		"nothing like it":                {[]manifest.AdaptationSet{sound("a", "fr"), sound("b", "en")}, wish{languages: []string{"en"}, like: &german}, "b"},
		"just what was chosen":           {[]manifest.AdaptationSet{sound("a", "en", "main"), sound("c", "de-AT")}, wish{languages: []string{"en"}, like: &german}, "c"},
	} {
		f := newFilm(&manifest.Manifest{Periods: []manifest.Period{{AdaptationSets: test.sets}}}, everything)
		p := f.periods[0]
		p.choose(map[string]wish{"audio": test.wish})
		if got := p.chosen["audio"].ID; got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

func TestPeriodsThatShareAMediaSource(t *testing.T) {
	period := func(start time.Duration, sets ...manifest.AdaptationSet) manifest.Period {
		return manifest.Period{Start: start, Duration: 10 * time.Second, AdaptationSets: sets}
	}
	video := func(codec string) manifest.AdaptationSet {
		return set("v", "video", "", nil, rung("v", "video", "mp4", codec, 100))
	}
	audio := set("a", "audio", "", nil, rung("a", "audio", "mp4", "mp4a.40.2", 64))
	const s = time.Second
	f := newFilm(&manifest.Manifest{Periods: []manifest.Period{
		period(0, video("avc1.4d400c"), audio), period(10*s, video("avc1.64001f"), audio), period(20*s, video("hvc1.1.6.L93.B0"), audio),
		period(30*s, video("hvc1.1.6.L93.B0")), period(50*s, video("hvc1.1.6.L93.B0")),
	}}, everything)
	for _, p := range f.periods {
		p.choose(nil)
	}
	for n, want := range []struct{ with, without [2]int }{
		{[2]int{0, 2}, [2]int{0, 1}}, {[2]int{0, 2}, [2]int{0, 1}}, {[2]int{0, 2}, [2]int{2, 2}}, {[2]int{3, 3}, [2]int{3, 3}}, {[2]int{4, 4}, [2]int{4, 4}},
	} {
		for i, changes := range []bool{true, false} {
			got := f.spanOf(n, changes)
			if want := [][2]int{want.with, want.without}[i]; [2]int{got.first, got.last} != want {
				t.Errorf("period %d, changeType %v: %d to %d, want %v", n, changes, got.first, got.last, want)
			}
		}
	}
}

func TestLanguages(t *testing.T) {
	for _, test := range []struct {
		language, wanted string
		want             bool
	}{{"de", "de", true}, {"de-AT", "de", true}, {"DE", "de", true}, {"den", "de", false}, {"de", "de-AT", false}, {"", "de", false}} {
		if got := speaks(test.language, test.wanted); got != test.want {
			t.Errorf("%q for %q: %v", test.language, test.wanted, got)
		}
	}
}
