package dash_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/keystream-player/keystream/player/manifest/dash"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestReadGolden holds what is read of MPDs as packagers write them beside them.
func TestReadGolden(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.mpd")
	if len(files) < 5 {
		t.Fatalf("there are %d MPDs", len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := dash.Read(text, "https://page.test/films/a.mpd?token=1")
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		golden := strings.TrimSuffix(file, ".mpd") + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(dump(m)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got := dump(m); got != string(want) {
			t.Errorf("%s is read as\n%s\nwant\n%s", file, got, want)
		}
	}
}

func TestReadTakesEveryEncoding(t *testing.T) {
	text, err := os.ReadFile("testdata/ads.mpd")
	if err != nil {
		t.Fatal(err)
	}
	const url = "https://page.test/a.mpd"
	m, err := dash.Read(text, url)
	if err != nil {
		t.Fatal(err)
	}
	want := dump(m)
	little, big := []byte{0xff, 0xfe}, []byte{0xfe, 0xff}
	for _, unit := range utf16.Encode([]rune(strings.Replace(string(text), "Main", "Main 🎬", 1))) {
		little = append(little, byte(unit), byte(unit>>8))
		big = append(big, byte(unit>>8), byte(unit))
	}
	for name, encoded := range map[string][]byte{
		"UTF-8 with a mark": append([]byte("\xef\xbb\xbf"), strings.Replace(string(text), "Main", "Main 🎬", 1)...),
		"UTF-16LE":          little, "UTF-16BE": big, "UTF-16LE without a mark": little[2:], "UTF-16BE without a mark": big[2:],
	} {
		m, err := dash.Read(encoded, url)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Replace(dump(m), "Main 🎬", "Main", 1); got != want || !strings.Contains(dump(m), "🎬") {
			t.Errorf("%s is read as\n%s", name, got)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		mpd  string
		kind dash.Kind
		path string
	}{
		"nothing":        {"", dash.NotMPD, "MPD"},
		"a text":         {"Not found", dash.NotMPD, "MPD"},
		"an HTML page":   {"<html><body>no</body></html>", dash.NotMPD, "MPD"},
		"a DOCTYPE":      {"<!DOCTYPE html><html>", dash.Forbidden, "MPD"},
		"entities":       {`<?xml version="1.0"?><!DOCTYPE MPD [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><MPD>&b;</MPD>`, dash.Forbidden, "MPD"},
		"a cut":          {`<MPD><Period><AdaptationSet mimeType="vid`, dash.Malformed, "MPD/Period"},
		"a late cut":     {`<MPD><Period></Period>`, dash.Malformed, "MPD"},
		"crossed tags":   {`<MPD><Period></MPD></Period>`, dash.Malformed, "MPD/Period"},
		"depth":          {"<MPD>" + strings.Repeat("<a>", 600) + strings.Repeat("</a>", 600) + "</MPD>", dash.Forbidden, "MPD/a/a/a/a/a/a/a"},
		"no Period":      {`<MPD></MPD>`, dash.Empty, "MPD"},
		"no media":       {withSet(`<SegmentTemplate duration="1"/>`), dash.BadValue, "MPD/Period[1]/AdaptationSet[1]/Representation[1]"},
		"a timescale":    {withSet(`<SegmentTemplate media="$Number$" duration="1" timescale="0"/>`), dash.BadValue, "MPD/Period[1]/AdaptationSet[1]/Representation[1]"},
		"a duration":     {withSet(`<SegmentTemplate media="$Number$" duration="0"/>`), dash.BadValue, "MPD/Period[1]/AdaptationSet[1]/Representation[1]"},
		"no number":      {withSet(`<SegmentTemplate media="$Number$" duration="x"/>`), dash.BadValue, "MPD/Period[1]/AdaptationSet[1]/Representation[1]"},
		"a huge number":  {withSet(`<SegmentTemplate media="$Number$" duration="18446744073709551616"/>`), dash.BadValue, "MPD/Period[1]/AdaptationSet[1]/Representation[1]"},
		"a width":        {withSet(`<SegmentTemplate media="$Number%0999999999d$" duration="1"/>`), dash.BadValue, "MPD/Period[1]/AdaptationSet[1]/Representation[1]"},
		"an identifier":  {withSet(`<SegmentTemplate media="$Numbr$" duration="1"/>`), dash.BadValue, "MPD/Period[1]/AdaptationSet[1]/Representation[1]"},
		"a script":       {withSet(`<BaseURL>javascript:alert(1)</BaseURL>`), dash.BadURL, "MPD/Period[1]/AdaptationSet[1]"},
		"data":           {withSet(`<SegmentTemplate media="data:$Number$" duration="1"/>`), dash.BadURL, "MPD/Period[1]/AdaptationSet[1]/Representation[1]"},
		"a file":         {withSet(`<SegmentTemplate media="$Number$" initialization="file:///etc/passwd" duration="1"/>`), dash.BadURL, "MPD/Period[1]/AdaptationSet[1]/Representation[1]"},
		"userinfo":       {withSet(`<BaseURL>https://a:b@c.test/</BaseURL>`), dash.BadURL, "MPD/Period[1]/AdaptationSet[1]"},
		"a downgrade":    {withSet(`<BaseURL>http://c.test/</BaseURL>`), dash.BadURL, "MPD/Period[1]/AdaptationSet[1]"},
		"a range":        {withSet(`<SegmentBase indexRange="9-3"/>`), dash.BadValue, "MPD/Period[1]/AdaptationSet[1]/Representation[1]"},
		"no S":           {withSet(`<SegmentTemplate media="$Time$"><SegmentTimeline/></SegmentTemplate>`), dash.Empty, "MPD/Period[1]/AdaptationSet[1]/Representation[1]"},
		"sequences":      {withSet(`<SegmentTemplate media="$Time$"><SegmentTimeline><S d="1" k="2"/></SegmentTimeline></SegmentTemplate>`), dash.Unsupported, "MPD/Period[1]/AdaptationSet[1]/Representation[1]"},
		"all essential":  {withSet(`<EssentialProperty schemeIdUri="urn:x"/>`), dash.Unsupported, "MPD/Period[1]/AdaptationSet[1]"},
		"a 20 MB number": {withSet(`<SegmentTemplate media="$Number$" duration="` + strings.Repeat("1", 19<<20) + `"/>`), dash.TooLarge, "MPD/Period/AdaptationSet"},
		"a long URL":     {withSet(`<BaseURL>` + strings.Repeat("a", 2<<20) + `</BaseURL>`), dash.BadURL, "MPD/Period[1]/AdaptationSet[1]"},
		"21 MB":          {"<MPD>" + strings.Repeat(" ", 21<<20) + "</MPD>", dash.TooLarge, "MPD"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := dash.Read([]byte(test.mpd), "https://page.test/a.mpd")
			var typed *dash.Error
			if !errors.As(err, &typed) || m != nil {
				t.Fatalf("is read, with %v", err)
			}
			if typed.Kind != test.kind || typed.Path != test.path {
				t.Errorf("kind %d at %s (%v), want %d at %s", typed.Kind, typed.Path, typed, test.kind, test.path)
			}
			if len(err.Error()) > 300 {
				t.Errorf("the message is %d bytes long", len(err.Error()))
			}
		})
	}
}

// withSet is an MPD of one video, of ten seconds, whose AdaptationSet has something in it.
func withSet(inside string) string {
	return `<MPD mediaPresentationDuration="PT10S"><Period><AdaptationSet mimeType="video/mp4" codecs="avc1.64001f">` + inside +
		`<Representation id="v" bandwidth="1000"/></AdaptationSet></Period></MPD>`
}

func TestReadTolerates(t *testing.T) {
	for name, test := range map[string]struct{ mpd, want string }{
		"a literal >":         {withSet(`<Label>News > Sports</Label>`), "label News > Sports"},
		"> in an attribute":   {strings.Replace(withSet(""), `id="v"`, `id='a>b"'`, 1), `"a>b\""`},
		"stray attributes":    {strings.Replace(withSet(""), `id="v"`, `a b=c d = 'x' foo:id="9" id = "v"`, 1), `"v" 1000`},
		"prefixes":            {strings.NewReplacer("</", "</mpd:", "<", "<mpd:").Replace(withSet("")), `"v" 1000`},
		"comments":            {withSet(`<!-- <Label>no</Label> --><?x <Label>?><Label>yes</Label>`), "label yes"},
		"a raw ampersand":     {withSet(`<BaseURL>?a=1&b=2&amp;c=3</BaseURL>`), "a.mpd?a=1&b=2&c=3"},
		"r without end":       {withSet(`<SegmentTemplate media="$Time$"><SegmentTimeline><S t="0" d="2" r="2147483647"/></SegmentTimeline></SegmentTemplate>`), "5 segments"},
		"r past 64 bits":      {withSet(`<SegmentTemplate media="$Time$"><SegmentTimeline><S t="0" d="18446744073709551615" r="99999999999"/></SegmentTimeline></SegmentTemplate>`), "1 segments"},
		"a negative offset":   {withSet(`<SegmentTemplate media="$Number$" duration="2" presentationTimeOffset="-5"/>`), "5 segments"},
		"decimals":            {withSet(`<SegmentTemplate media="$Number$" duration="2.0" timescale="1.0"/>`), "5 segments"},
		"a rounded duration":  {strings.Replace(withSet(`<SegmentTemplate media="$Number$" duration="2"/>`), "PT10S", "PT10.004S", 1), "5 segments"},
		"a short last one":    {strings.Replace(withSet(`<SegmentTemplate media="$Number$" duration="2"/>`), "PT10S", "PT10.02S", 1), `5: "6" {0 0} 10s to 10.02s`},
		"no MIME type":        {strings.Replace(withSet(``), `mimeType="video/mp4"`, ``, 1), "mp4 video=avc1.64001f"},
		"codecs in the type":  {strings.Replace(withSet(``), `"video/mp4" codecs="avc1.64001f"`, `'video/mp4; codecs="avc1.64001F"'`, 1), "mp4 video=avc1.64001F"},
		"no codecs":           {strings.Replace(withSet(``), `codecs="avc1.64001f"`, ``, 1), "mp4 video="},
		"DRM without a KID":   {withSet(`<ContentProtection schemeIdUri="urn:uuid:edef8ba979d64acea3c827dcd51d21ed"/>`), "cenc 00000000000000000000000000000000\n        edef8ba9"},
		"an unsafe licence":   {withSet(`<ContentProtection schemeIdUri="urn:uuid:edef8ba979d64acea3c827dcd51d21ed"><Laurl>javascript:1</Laurl></ContentProtection>`), "licence URL may not"},
		"one bad BaseURL":     {withSet(`<BaseURL>file:///a</BaseURL><BaseURL>b/</BaseURL>`), "at https://page.test/b/"},
		"what follows":        {withSet("") + "<html>", "video"},
		"a loop of links":     {strings.Replace(withSet(""), "<Period>", `<Period xlink:href="a.mpd" xmlns:xlink="http://www.w3.org/1999/xlink">`, 1), "video"},
		"years":               {strings.Replace(withSet(`<SegmentTemplate media="$Number$" duration="1"/>`), "PT10S", "P99999999999999Y", 1), "segments"},
		"TTML":                {strings.Replace(withSet(""), `mimeType="video/mp4" codecs="avc1.64001f"`, `mimeType="application/ttml+xml"`, 1), "ttml text="},
		"text in MP4":         {strings.Replace(withSet(""), `mimeType="video/mp4" codecs="avc1.64001f"`, `mimeType="application/mp4" codecs="stpp.ttml.im1t"`, 1), "mp4 text=stpp.ttml.im1t"},
		"a broken pssh":       {withSet(`<ContentProtection schemeIdUri="urn:uuid:edef8ba979d64acea3c827dcd51d21ed"><pssh>!</pssh></ContentProtection>`), "not base64"},
		"a pssh in two lines": {withSet("<ContentProtection schemeIdUri=\"urn:uuid:edef8ba979d64acea3c827dcd51d21ed\"><pssh>AAAA\n AAAA</pssh></ContentProtection>"), "pssh 6 bytes"},
	} {
		m, err := dash.Read([]byte(test.mpd), "https://page.test/a.mpd")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := dump(m); !strings.Contains(got, test.want) {
			t.Errorf("%s is read as\n%s\nwhich does not have %q", name, got, test.want)
		}
	}
}
