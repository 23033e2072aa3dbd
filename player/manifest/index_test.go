package manifest_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

func template(t *testing.T, s string) manifest.Media {
	t.Helper()
	parsed, err := manifest.ParseTemplate(s)
	if err != nil {
		t.Fatal(err)
	}
	return manifest.Media{Template: parsed, RepresentationID: "v"}
}

// checkIndex holds an Index to what the interface promises.
func checkIndex(t *testing.T, x manifest.Index) {
	t.Helper()
	var last manifest.Segment
	for n := range min(x.Len(), 2000) {
		s := x.Segment(n)
		if n > 0 && (s.Start < last.Start || last.End > s.Start+time.Microsecond) {
			t.Fatalf("segment %d from %v to %v follows %v to %v", n, s.Start, s.End, last.Start, last.End)
		}
		if s.End < s.Start {
			t.Fatalf("segment %d from %v to %v", n, s.Start, s.End)
		}
		if s.End > s.Start {
			middle := s.Start + (s.End-s.Start)/2
			if found := x.Find(middle); found != n {
				t.Fatalf("at %v is segment %d, found %d", middle, n, found)
			}
			if found := x.Find(s.End); found <= n {
				t.Fatalf("at the end of %d, %v, is segment %d", n, s.End, found)
			}
		}
		last = s
	}
	if x.Len() <= 2000 && last.End < math.MaxInt64 && last.End > 0 {
		if found := x.Find(last.End); found != x.Len() {
			t.Fatalf("after the end, %v, is segment %d of %d", last.End, found, x.Len())
		}
	}
}

func TestNumberIndex(t *testing.T) {
	timing := func(timescale, offset uint64, period time.Duration) manifest.Timing {
		return manifest.Timing{Timescale: timescale, PresentationTimeOffset: offset, Period: period}
	}
	for name, test := range map[string]struct {
		numbered manifest.Numbered
		count    int
		last     manifest.Segment
	}{
		"whole":        {manifest.Numbered{Timing: timing(1, 0, 10*time.Second), Duration: 2, StartNumber: 1}, 5, manifest.Segment{URL: "5-8", Start: 8 * time.Second, End: 10 * time.Second}},
		"short":        {manifest.Numbered{Timing: timing(1, 0, 11*time.Second), Duration: 2}, 6, manifest.Segment{URL: "5-10", Start: 10 * time.Second, End: 11 * time.Second}},
		"rounding":     {manifest.Numbered{Timing: timing(30000, 0, 10010*time.Millisecond+time.Millisecond), Duration: 60060}, 5, manifest.Segment{URL: "4-240240", Start: 8008 * time.Millisecond, End: 10010 * time.Millisecond}},
		"offset":       {manifest.Numbered{Timing: timing(1, 1<<53+1, 4*time.Second), Duration: 2}, 2, manifest.Segment{URL: "1-9007199254740995", Start: 2 * time.Second, End: 4 * time.Second}},
		"endNumber":    {manifest.Numbered{Timing: timing(1, 0, 10*time.Second), Duration: 2, StartNumber: 7, EndNumber: 8}, 2, manifest.Segment{URL: "8-2", Start: 2 * time.Second, End: 4 * time.Second}},
		"only a count": {manifest.Numbered{Timing: timing(1, 0, 0), Duration: 2, StartNumber: 1, EndNumber: 3}, 3, manifest.Segment{URL: "3-4", Start: 4 * time.Second, End: 6 * time.Second}},
		"one":          {manifest.Numbered{Timing: timing(1, 0, 7*time.Second)}, 1, manifest.Segment{URL: "0-0", End: 7 * time.Second}},
		"million":      {manifest.Numbered{Timing: timing(1000, 0, 1e6*time.Second), Duration: 1000}, 1e6, manifest.Segment{URL: "999999-999999000", Start: 999999 * time.Second, End: 1e6 * time.Second}},
		"huge":         {manifest.Numbered{Timing: timing(1, 0, 7*time.Second), Duration: math.MaxUint64}, 1, manifest.Segment{URL: "0-0", End: 7 * time.Second}},
		"tiny":         {manifest.Numbered{Timing: timing(1, 0, time.Millisecond), Duration: 1}, 1, manifest.Segment{URL: "0-0", End: time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			test.numbered.Media = template(t, "$Number$-$Time$")
			x, err := manifest.NewNumberIndex(test.numbered)
			if err != nil {
				t.Fatal(err)
			}
			if x.Len() != test.count || x.Segment(x.Len()-1) != test.last {
				t.Errorf("%d segments, the last %v; want %d, %v", x.Len(), x.Segment(x.Len()-1), test.count, test.last)
			}
			checkIndex(t, x)
		})
	}
	for name, n := range map[string]manifest.Numbered{
		"no end":   {Timing: timing(1, 0, 0), Duration: 2},
		"backward": {Timing: timing(1, 0, time.Second), Duration: 2, StartNumber: 5, EndNumber: 4},
	} {
		if x, err := manifest.NewNumberIndex(n); err == nil {
			t.Errorf("%s has %d segments", name, x.Len())
		}
	}
	endless, err := manifest.NewNumberIndex(manifest.Numbered{Media: template(t, "$Number$"), Timing: timing(1, 0, 0), Duration: 2, Endless: true})
	if err != nil || endless.Find(time.Hour) != 1800 {
		t.Errorf("without an end, an hour is in segment %d, %v", endless.Find(time.Hour), err)
	}
	checkIndex(t, endless)
}

func TestTimelineIndex(t *testing.T) {
	at := func(tick, d uint64, r int32) manifest.Entry {
		return manifest.Entry{Time: tick, Duration: d, Repeat: r, HasTime: true}
	}
	next := func(d uint64, r int32) manifest.Entry { return manifest.Entry{Duration: d, Repeat: r} }
	const s = time.Second
	for name, test := range map[string]struct {
		entries []manifest.Entry
		offset  uint64
		period  time.Duration
		urls    []string // of all
		last    manifest.Segment
	}{
		"runs":             {[]manifest.Entry{at(0, 2, 1), next(3, 0)}, 0, 7 * s, []string{"1-0", "2-2", "3-4"}, manifest.Segment{Start: 4 * s, End: 7 * s}},
		"up to the next":   {[]manifest.Entry{at(0, 2, -1), at(5, 3, 0)}, 0, 8 * s, []string{"1-0", "2-2", "3-4", "4-5"}, manifest.Segment{Start: 5 * s, End: 8 * s}},
		"up to the end":    {[]manifest.Entry{at(10, 2, -1)}, 10, 5 * s, []string{"1-10", "2-12", "3-14"}, manifest.Segment{Start: 4 * s, End: 6 * s}},
		"clamped":          {[]manifest.Entry{at(0, 4, math.MaxInt32)}, 0, 8 * s, []string{"1-0", "2-4"}, manifest.Segment{Start: 4 * s, End: 8 * s}},
		"past the end":     {[]manifest.Entry{at(0, 4, 0), at(100, 4, 0)}, 0, 8 * s, []string{"1-0"}, manifest.Segment{End: 4 * s}},
		"a gap":            {[]manifest.Entry{at(0, 2, 0), at(5, 2, 0)}, 0, 7 * s, []string{"1-0", "2-5"}, manifest.Segment{Start: 5 * s, End: 7 * s}},
		"an overlap":       {[]manifest.Entry{at(0, 4, 2), at(6, 4, 0)}, 0, 10 * s, []string{"1-0", "2-4", "4-6"}, manifest.Segment{Start: 6 * s, End: 10 * s}},
		"backwards":        {[]manifest.Entry{at(4, 4, 0), at(0, 4, 0), at(8, 2, 0)}, 0, 10 * s, []string{"1-4", "3-8"}, manifest.Segment{Start: 8 * s, End: 10 * s}},
		"before the start": {[]manifest.Entry{at(8, 4, 1)}, 10, 10 * s, []string{"1-8", "2-12"}, manifest.Segment{Start: 2 * s, End: 6 * s}},
		"no length":        {[]manifest.Entry{at(0, 0, 5), at(0, 4, 0)}, 0, 10 * s, []string{"1-0"}, manifest.Segment{End: 4 * s}},
		"2^53":             {[]manifest.Entry{at(1<<53+1, 2, 0), next(2, 0)}, 1<<53 + 1, 4 * s, []string{"1-9007199254740993", "2-9007199254740995"}, manifest.Segment{Start: 2 * s, End: 4 * s}},
		"no period":        {[]manifest.Entry{at(0, 2, 1)}, 0, 0, []string{"1-0", "2-2"}, manifest.Segment{Start: 2 * s, End: 4 * s}},
	} {
		t.Run(name, func(t *testing.T) {
			timeline, err := manifest.NewTimeline(test.entries, manifest.Timing{Timescale: 1, PresentationTimeOffset: test.offset, Period: test.period})
			if err != nil {
				t.Fatal(err)
			}
			x := manifest.NewTimelineIndex(timeline, template(t, "$Number$-$Time$"), 1)
			var urls []string
			for n := range x.Len() {
				urls = append(urls, x.Segment(n).URL)
			}
			last := x.Segment(x.Len() - 1)
			test.last.URL = test.urls[len(test.urls)-1]
			if len(urls) != len(test.urls) || last != test.last {
				t.Fatalf("%v, the last %v; want %v, %v", urls, last, test.urls, test.last)
			}
			for i := range urls {
				if urls[i] != test.urls[i] {
					t.Fatalf("%v, want %v", urls, test.urls)
				}
			}
			checkIndex(t, x)
		})
	}
	if _, err := manifest.NewTimeline(nil, manifest.Timing{Timescale: 1}); err != manifest.ErrEmptyTimeline {
		t.Errorf("no entries: %v", err)
	}
}

// TestTimelineKeepsOrder lays out entries that make no sense together.
func TestTimelineKeepsOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		entries := make([]manifest.Entry, 1+random.IntN(8))
		for i := range entries {
			entries[i] = manifest.Entry{
				Time: random.Uint64() >> random.IntN(64), Duration: random.Uint64() >> (20 + random.IntN(44)), Repeat: random.Int32N(20) - 4, HasTime: random.IntN(2) == 0,
			}
		}
		timing := manifest.Timing{Timescale: 1 + random.Uint64N(1e6), PresentationTimeOffset: random.Uint64() >> random.IntN(64), Period: time.Duration(random.Int64N(1e12))}
		timeline, err := manifest.NewTimeline(entries, timing)
		if err != nil {
			continue
		}
		x := manifest.NewTimelineIndex(timeline, template(t, "$Number$-$Time$"), 1)
		for n := range min(x.Len(), 100) {
			if s := x.Segment(n); s.End < s.Start || n > 0 && (x.Segment(n-1).End > s.Start || x.Segment(n-1).Start > s.Start) {
				t.Fatalf("%v in %v: segment %d is %v", entries, timing, n, s)
			}
		}
	}
}

func TestTimelineCostsItsEntries(t *testing.T) {
	entries := []manifest.Entry{{Duration: 1, Repeat: math.MaxInt32, HasTime: true}}
	if allocated := testing.AllocsPerRun(10, func() {
		timeline, err := manifest.NewTimeline(entries, manifest.Timing{Timescale: 1000, Period: 1e6 * time.Second})
		if err != nil || timeline.Len() != 1e9-5 && timeline.Len() != 1e9-4 {
			t.Fatalf("%d segments, %v", timeline.Len(), err)
		}
	}); allocated > 4 {
		t.Errorf("a milliard of segments takes %v allocations", allocated)
	}
}

func TestListIndex(t *testing.T) {
	urls := []manifest.Listed{{URL: "a"}, {URL: "b", Range: manifest.ByteRange{Start: 5, Length: 6}}, {URL: "c"}, {URL: "d"}}
	x, err := manifest.NewListIndex(urls, manifest.Timing{Timescale: 10, Period: 5 * time.Second}, 20)
	if err != nil {
		t.Fatal(err)
	}
	checkIndex(t, x)
	if got, want := x.Segment(1), (manifest.Segment{URL: "b", Range: urls[1].Range, Start: 2 * time.Second, End: 4 * time.Second}); x.Len() != 3 || got != want {
		t.Errorf("%d segments, the second %v", x.Len(), got)
	}
	if got := x.Segment(2); got.End != 5*time.Second {
		t.Errorf("the last is %v", got)
	}
	if _, err := manifest.NewListIndex(urls, manifest.Timing{Timescale: 10, Period: time.Second}, 0); err == nil {
		t.Error("four segments without a duration")
	}
	timeline, err := manifest.NewTimeline([]manifest.Entry{{Duration: 10, Repeat: 2, HasTime: true}, {Time: 15, Duration: 10, Repeat: 9, HasTime: true}},
		manifest.Timing{Timescale: 10, Period: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	timed := manifest.NewTimedListIndex(urls, timeline)
	checkIndex(t, timed)
	if got := timed.Segment(timed.Len() - 1); timed.Len() != 3 || got.URL != "d" || got.Start != 1500*time.Millisecond {
		t.Errorf("%d segments, the last %v", timed.Len(), got)
	}
}

func TestFragmentAndSingleIndex(t *testing.T) {
	x := manifest.NewFragmentIndex("f.mp4", 10, 5, []manifest.Fragment{
		{Time: 0, Duration: 20, Range: manifest.ByteRange{Start: 100, Length: 10}}, {Time: 20, Duration: 20, Range: manifest.ByteRange{Start: 110, Length: 10}}})
	checkIndex(t, x)
	if got, want := x.Segment(0), (manifest.Segment{URL: "f.mp4", Range: manifest.ByteRange{Start: 100, Length: 10}, Start: -500 * time.Millisecond, End: 1500 * time.Millisecond}); got != want {
		t.Errorf("the first is %v, want %v", got, want)
	}
	single := manifest.NewSingleIndex("a.vtt", manifest.ByteRange{}, time.Minute)
	checkIndex(t, single)
	if unknown := manifest.NewSingleIndex("", manifest.ByteRange{}, 0); unknown.Len() != 1 || unknown.Find(time.Hour) != 0 {
		t.Error("a file of unknown length ends")
	}
}
