package dash_test

import (
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/manifest/dash"
)

// TestReadIsBounded reads MPDs that say much with few bytes, or with many. What reading allocates is a small multiple of the document, and it ends.
func TestReadIsBounded(t *testing.T) {
	set := func(inside string) string { return withSet(inside) }
	many := func(n int, s string) string { return strings.Repeat(s, n) }
	timeline := func(inside string) string {
		return set(`<SegmentTemplate media="$Time$"><SegmentTimeline>` + inside + `</SegmentTimeline></SegmentTemplate>`)
	}
	alternating := many(300_000, `<S d="1"/><S d="2"/>`)
	for name, test := range map[string]struct {
		mpd string
		err dash.Kind // 0 is none
	}{
		"100,000 S":             {timeline(many(100_000, `<S t="1" d="1" r="1"/>`)), 0},
		"a million equal S":     {timeline(many(1_000_000, `<S d="1"/>`)), 0},
		"600,000 S":             {timeline(alternating), dash.TooLarge},
		"huge repeats":          {timeline(many(100_000, `<S d="1" r="2147483647"/>`)), 0},
		"a 20 MB attribute":     {`<MPD a="` + many(19<<20, "x") + `"></MPD>`, dash.TooLarge},
		"an open quote":         {`<MPD><Period a="` + many(200<<10, "x"), dash.Malformed},
		"many attributes":       {`<MPD ` + many(2<<20, `a="" `) + `></MPD>`, dash.TooLarge},
		"a long text":           {set("<Label>" + many(18<<20, "x") + "</Label>"), 0},
		"many comments":         {set(many(200_000, "<!---->")), 0},
		"many unknown elements": {set(many(4_000_000, "<a/>")), 0},
		"many Periods":          {`<MPD mediaPresentationDuration="PT9S">` + many(100_000, `<Period/>`) + `</MPD>`, dash.BadValue},
		"many placed Periods":   {`<MPD>` + many(50_000, `<Period duration="PT1S"/>`) + `</MPD>`, dash.Empty},
		"many sets":             {`<MPD><Period>` + many(40_000, `<AdaptationSet/>`) + `</Period></MPD>`, dash.TooLarge},
		"many Representations":  {set(many(30_000, `<Representation/>`)), dash.TooLarge},
		"many equal ids":        {set(many(10_000, `<Representation id="a" comment="sixty bytes that make room in the model"/>`) + ids(10_000)), 0},
		"an inherited BaseURL":  {set(`<BaseURL>` + many(8000, "u") + `/</BaseURL>` + many(3_000, `<Representation id="a"><BaseURL>b</BaseURL></Representation>`)), dash.TooLarge},
		"many BaseURLs":         {set(many(70_000, `<BaseURL>b</BaseURL>`)), 0},
		"an inherited template": {set(`<SegmentTemplate initialization="` + many(8000, "u") + `" media="a" duration="1"/>` + many(100_000, `<Representation id="a"/>`)), dash.TooLarge},
		"a repeated id":         {strings.Replace(set(`<SegmentTemplate duration="1" media="`+many(300, "$RepresentationID$")+`"/>`), `id="v"`, `id="`+many(100_000, "v")+`"`, 1), dash.BadValue},
		"a timeline laid out anew": {set(`<SegmentTemplate media="$Time$"><SegmentTimeline>` + many(10_000, `<S d="1"/><S d="2"/>`) + `</SegmentTimeline></SegmentTemplate>` +
			offsets(1_000)), dash.TooLarge},
		"many systems": {set(many(5_000, `<ContentProtection schemeIdUri="urn:uuid:edef8ba979d64acea3c827dcd51d21ed"><pssh>AAAA</pssh></ContentProtection>`+
			`<ContentProtection schemeIdUri="urn:uuid:edef8ba979d64acea3c827dcd51d21ed"><pssh>BBBB</pssh></ContentProtection>`)), dash.TooLarge},
		"many references":      {set(many(20_000, `<ContentProtection ref="x"/>`) + many(20_000, `<ContentProtection refId="x"/>`)), 0},
		"many SegmentURLs":     {set(`<SegmentList duration="1">` + many(70_000, `<SegmentURL media="a"/>`) + `</SegmentList>`), 0},
		"many codecs":          {strings.Replace(set(many(20_000, `<Representation/>`)), "avc1.64001f", many(60_000, "a,"), 1), dash.TooLarge},
		"open elements":        {"<MPD>" + many(5_000_000, "<a>"), dash.Forbidden},
		"references in a text": {set(`<Label>` + many(100_000, "&#x26;&#99999999;&#x;&") + `</Label>`), 0},
		"angle brackets":       {"<MPD>" + many(10_000_000, "<"), dash.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			watchdog := time.AfterFunc(30*time.Second, func() { panic(name + " takes for ever") })
			defer watchdog.Stop()
			var before, after runtime.MemStats
			mpd := []byte(test.mpd)
			runtime.ReadMemStats(&before)
			m, err := dash.Read(mpd, "https://page.test/a.mpd")
			runtime.ReadMemStats(&after)
			// All that was ever allocated, also what slices left behind as they grew.
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 40*uint64(len(mpd))+64<<20 {
				t.Errorf("reading %d bytes allocates %d", len(mpd), allocated)
			}
			var typed *dash.Error
			switch {
			case test.err == 0 && err != nil:
				t.Error(err)
			case test.err == 0 && len(m.Periods) == 0:
				t.Error("nothing to play")
			case test.err != 0 && (!errors.As(err, &typed) || typed.Kind != test.err):
				t.Errorf("%v, want an error of kind %d", err, test.err)
			}
		})
	}
}

// ids are Representations whose ids are those that would be made up for others.
func ids(n int) string {
	b := &strings.Builder{}
	for i := range n {
		b.WriteString(`<Representation id="a-` + strconv.Itoa(i) + `" comment="sixty bytes that make room in the model"/>`)
	}
	return b.String()
}

// offsets are Representations that each shift the timeline they inherit.
func offsets(n int) string {
	b := &strings.Builder{}
	for i := range n {
		b.WriteString(`<Representation><SegmentTemplate presentationTimeOffset="` + strconv.Itoa(i) + `"/></Representation>`)
	}
	return b.String()
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(withSet(`<SegmentTemplate media="$Number%05d$" duration="2" startNumber="3" endNumber="5"/>`)))
	f.Add([]byte(withSet(`<SegmentTemplate media="$Time$"><SegmentTimeline><S t="9" d="2" r="-1"/><S d="1" r="3"/></SegmentTimeline></SegmentTemplate>`)))
	f.Add([]byte(withSet(`<SegmentList duration="1"><Initialization range="0-9"/><SegmentURL media="a" mediaRange="1-2"/></SegmentList>`)))
	f.Add([]byte(withSet(`<SegmentBase indexRange="5-9" timescale="3"/><ContentProtection schemeIdUri="urn:uuid:edef8ba979d64acea3c827dcd51d21ed"/>`)))
	f.Add([]byte(`<MPD type="dynamic" availabilityStartTime="2026-01-01T00:00:00+01:00"><Period start="PT1S"/><Period duration="P1Y2M3DT4H5M6.7S"/></MPD>`))
	f.Add([]byte("\xff\xfe<\x00M\x00P\x00D\x00/\x00>\x00"))
	f.Add([]byte(`<MPD><!-- --><?x?><![CDATA[]]>&amp;<a b='>'/></MPD>`))
	f.Fuzz(func(t *testing.T, mpd []byte) {
		m, err := dash.Read(mpd, "https://page.test/a/b.mpd")
		if (m == nil) == (err == nil) {
			t.Fatalf("%v and %v", m, err)
		}
		if err != nil {
			var typed *dash.Error
			if !errors.As(err, &typed) || typed.Kind == 0 || typed.Err == nil {
				t.Fatalf("an untyped error: %v", err)
			}
			return
		}
		if len(m.Periods) == 0 {
			t.Fatal("no Periods")
		}
		for _, p := range m.Periods {
			if p.Start < 0 || p.Duration < 0 || len(p.AdaptationSets) == 0 {
				t.Fatalf("a Period from %v, %v long, of %d sets", p.Start, p.Duration, len(p.AdaptationSets))
			}
		}
		_ = dump(m)
	})
}
