package text_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/text"
)

func at(start, end int, words string) platform.Cue {
	return platform.NewCue("", time.Duration(start)*time.Second, time.Duration(end)*time.Second, words)
}

// TestSeen adds segments of which each repeats what reaches into it.
func TestSeen(t *testing.T) {
	var seen text.Seen
	a, b, c := at(0, 3, "a"), at(3, 5, "b"), at(5, 9, "c")
	for i, segment := range []struct{ cues, want []platform.Cue }{
		{[]platform.Cue{a, b}, []platform.Cue{a, b}},
		{[]platform.Cue{b, c}, []platform.Cue{c}},
		{[]platform.Cue{c}, nil},
		{nil, nil},
		{[]platform.Cue{at(9, 10, "d"), at(9, 10, "d")}, []platform.Cue{at(9, 10, "d")}},
	} {
		if got := seen.New(segment.cues); !slices.Equal(got, segment.want) {
			t.Errorf("segment %d: %v", i, got)
		}
	}
}

// TestSeenDiffers changes a cue in one thing at a time: all but its id make it another.
func TestSeenDiffers(t *testing.T) {
	var seen text.Seen
	base := at(1, 2, "ab")
	seen.New([]platform.Cue{base})
	for name, change := range map[string]func(*platform.Cue){
		"Start": func(c *platform.Cue) { c.Start++ }, "End": func(c *platform.Cue) { c.End++ }, "Text": func(c *platform.Cue) { c.Text = "ac" },
		"shifted text": func(c *platform.Cue) { c.Text, c.Vertical = "a", "b" }, "Vertical": func(c *platform.Cue) { c.Vertical = "rl" },
		"Line": func(c *platform.Cue) { c.Line = 1 }, "LineAuto": func(c *platform.Cue) { c.LineAuto = false },
		"SnapToLines": func(c *platform.Cue) { c.SnapToLines = false }, "LineAlign": func(c *platform.Cue) { c.LineAlign = "end" },
		"Position": func(c *platform.Cue) { c.Position = 1 }, "PositionAuto": func(c *platform.Cue) { c.PositionAuto = false },
		"PositionAlign": func(c *platform.Cue) { c.PositionAlign = "center" }, "Size": func(c *platform.Cue) { c.Size = 1 },
		"Align": func(c *platform.Cue) { c.Align = "end" },
	} {
		cue := base
		change(&cue)
		if got := seen.New([]platform.Cue{cue}); len(got) != 1 {
			t.Errorf("another %s is not another cue", name)
		}
		if got := seen.New([]platform.Cue{cue}); len(got) != 0 {
			t.Errorf("another %s is new twice", name)
		}
	}
	base.ID = "7"
	if got := seen.New([]platform.Cue{base}); len(got) != 0 {
		t.Error("another ID is another cue")
	}
}

func TestSeenForgets(t *testing.T) {
	var seen text.Seen
	seen.Forget(0, time.Hour)
	cues := []platform.Cue{at(0, 3, "a"), at(3, 5, "b"), at(4, 6, "c"), at(2, 9, "d")}
	seen.New(slices.Clone(cues))
	seen.Forget(3*time.Second, 6*time.Second)
	if got := seen.New(slices.Clone(cues)); !slices.Equal(got, cues[1:3]) {
		t.Errorf("new again: %v", got)
	}
}

// TestSeenIsBounded fills the memory many times over: the last cues are remembered, the first are not.
func TestSeenIsBounded(t *testing.T) {
	var seen text.Seen
	cue := func(n int) []platform.Cue { return []platform.Cue{at(n, n+1, strconv.Itoa(n))} }
	const many, sure, bound = 40_000, 8192, 16384
	for n := range many {
		seen.New(cue(n))
	}
	for n := many - sure; n < many; n++ {
		if len(seen.New(cue(n))) > 0 {
			t.Fatalf("cue %d of %d is forgotten", n, many)
		}
	}
	if len(seen.New(cue(many-bound-1))) == 0 {
		t.Errorf("more than %d cues are remembered", bound)
	}
	seen.Forget(0, 1<<62)
	if len(seen.New(cue(many-1))) == 0 {
		t.Error("what was to be forgotten is not")
	}
}
