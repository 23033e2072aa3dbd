package stream

import (
	"slices"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// shown is an inventory of chunks of which the SourceBuffer showed all.
func shown(pairs ...time.Duration) (list inventory) {
	for _, c := range chunks(pairs...) {
		list = list.add(held{Chunk: c, seen: Range{c.Start, c.End}})
	}
	return list
}

func buffered(pairs ...time.Duration) (out []platform.TimeRange) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, platform.TimeRange{Start: pairs[i], End: pairs[i+1]})
	}
	return out
}

func (list inventory) ranges() (out []Range) {
	for _, h := range list {
		out = append(out, Range{h.Start, h.End})
	}
	return out
}

func TestInventory(t *testing.T) {
	late := shown(0, 2*s)
	late[0].seen.Start = 300 * ms // its media begins late
	short := shown(0, 2*s)
	short[0].seen.End = 2*s - 500*ms
	hidden := shown(0, 2*s)
	hidden[0].seen = Range{} // nothing was seen of it: a hole, or what the browser shows only when it decodes
	for name, test := range map[string]struct {
		list inventory
		want []Range
	}{
		"in order":                    {shown(4*s, 6*s, 0, 2*s, 2*s, 4*s), []Range{{0, 2 * s}, {2 * s, 4 * s}, {4 * s, 6 * s}}},
		"in the place of another":     {shown(0, 2*s, 0, 2*s), []Range{{0, 2 * s}}},
		"over the border of two":      {shown(0, 2*s, 2*s, 4*s, 1*s, 3*s), []Range{{0, 1 * s}, {1 * s, 3 * s}, {3 * s, 4 * s}}},
		"in the middle of one":        {shown(0, 6*s, 2*s, 4*s), []Range{{0, 2 * s}, {2 * s, 4 * s}, {4 * s, 6 * s}}},
		"over several":                {shown(0, 2*s, 2*s, 4*s, 0, 6*s), []Range{{0, 6 * s}}},
		"cut at the start":            {shown(0, 2*s, 2*s, 4*s).cut(Range{0, 1 * s}), []Range{{1 * s, 2 * s}, {2 * s, 4 * s}}},
		"cut in the middle":           {shown(0, 6*s).cut(Range{2 * s, 4 * s}), []Range{{0, 2 * s}, {4 * s, 6 * s}}},
		"cut to the end":              {shown(0, 2*s, 2*s, 4*s).cut(Range{1 * s, forever}), []Range{{0, 1 * s}}},
		"cut where nothing is":        {shown(0, 2*s).cut(Range{2 * s, 4 * s}), []Range{{0, 2 * s}}},
		"all is there":                {shown(0, 2*s, 2*s, 4*s).trim(buffered(0, 4*s)), []Range{{0, 2 * s}, {2 * s, 4 * s}}},
		"… but for rounding":          {shown(0, 2*s, 2*s, 4*s).trim(buffered(20*ms, 4*s-50*ms)), []Range{{0, 2 * s}, {2 * s, 4 * s}}},
		"nothing is there any more":   {shown(0, 2*s, 2*s, 4*s).trim(nil), nil},
		"the first is gone":           {shown(0, 2*s, 2*s, 4*s).trim(buffered(2*s, 4*s)), []Range{{2 * s, 4 * s}}},
		"the start of it is gone":     {shown(0, 2*s).trim(buffered(1*s, 2*s)), []Range{{1 * s, 2 * s}}},
		"the end of it is gone":       {shown(0, 2*s).trim(buffered(0, 1*s)), []Range{{0, 1 * s}}},
		"the middle of it is gone":    {shown(0, 6*s).trim(buffered(0, 1*s, 2*s, 6*s)), []Range{{2 * s, 6 * s}}},
		"media that begins late":      {late.trim(buffered(300*ms, 2*s)), []Range{{0, 2 * s}}},
		"media that is short":         {slices.Clone(short).trim(buffered(0, 1500*ms)), []Range{{0, 2 * s}}},
		"… and has become shorter":    {slices.Clone(short).trim(buffered(0, 1*s)), []Range{{0, 1 * s}}},
		"what was never seen remains": {hidden.trim(nil), []Range{{0, 2 * s}}},
	} {
		if got := test.list.ranges(); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

// An inventory that was trimmed to what is there stays as it is.
func TestInventoryIsStable(t *testing.T) {
	there := buffered(500*ms, 3*s, 5*s, 6*s)
	list := shown(0, 2*s, 2*s, 4*s, 4*s, 6*s).trim(there)
	want := list.ranges()
	for range 3 {
		if list = list.trim(there); !slices.Equal(list.ranges(), want) {
			t.Fatalf("got %v, after %v", list.ranges(), want)
		}
	}
}

func TestInventoryKnowsWhatPlays(t *testing.T) {
	list := shown(0, 2*s, 4*s, 6*s)
	for at, want := range map[time.Duration]int{0: 0, 2*s - 1: 0, 2 * s: -1, 4 * s: 1, 6 * s: -1} {
		got := -1
		if h := list.at(at); h != nil {
			got = int(h.Start / (4 * s))
		}
		if got != want {
			t.Errorf("at %v: got %d, want %d", at, got, want)
		}
	}
}

func TestAlike(t *testing.T) {
	const avc, aac = `video/mp4; codecs="avc1.64001f"`, `audio/mp4; codecs="mp4a.40.2"`
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{avc, avc, true},
		{avc, `video/mp4; codecs="avc1.42c015"`, true},
		{avc, `video/mp4; codecs="avc3.42c015"`, true},
		{`video/mp4; codecs="hvc1.1.6.L93.B0"`, `video/mp4; codecs="hev1.1.6.L120.B0"`, true},
		{avc, `video/mp4; codecs="hvc1.1.6.L93.B0"`, false},
		{avc, `video/mp4; codecs="av01.0.04M.08"`, false},
		{avc, `video/mp4; codecs="avc1.64001f,mp4a.40.2"`, false},
		{`video/mp4; codecs="avc1.64001f,mp4a.40.2"`, `video/mp4; codecs="avc1.42c015, mp4a.40.5"`, true},
		{aac, `audio/mp4; codecs="mp4a.40.5"`, true},
		{aac, `audio/mp4; codecs="ec-3"`, false},
		{avc, `video/webm; codecs="vp9"`, false},
		{`video/webm; codecs="vp9"`, `video/webm; codecs="vp8"`, false},
	} {
		if got := Alike(test.a, test.b); got != test.want || Alike(test.b, test.a) != got {
			t.Errorf("%s and %s: %v", test.a, test.b, got)
		}
	}
}

func TestRescale(t *testing.T) {
	for _, test := range []struct{ ticks, from, to, want uint64 }{
		{0, 90_000, 48_000, 0}, {90_000, 90_000, 48_000, 48_000}, {1, 90_000, 48_000, 0}, {1 << 54, 10_000_000, 1000, 1 << 54 / 10_000},
		{1<<64 - 1, 1000, 1000, 1<<64 - 1}, {1<<64 - 1, 1, 2, 0}, {5, 0, 1, 0}, {1 << 62, 1 << 63, 1 << 63, 1 << 62},
	} {
		if got := rescale(test.ticks, test.from, test.to); got != test.want {
			t.Errorf("%d of %d are %d of %d, want %d", test.ticks, test.from, got, test.to, test.want)
		}
	}
}
