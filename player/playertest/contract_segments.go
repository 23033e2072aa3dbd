package playertest

import (
	"math"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// tracksFilm has a file of video alone, in fragments.
const tracksFilm = "mp4-tracks"

// fragments appends some of a file's media segments, and before them its header where begin is set.
func (c *contract) fragments(sb platform.SourceBuffer, f *file, begin bool, numbers ...int) {
	c.Helper()
	film := f.film()
	if begin {
		c.must(sb.AppendBuffer(c.ctx, c.part(f, 0, film.HeaderSize)))
	}
	for _, n := range numbers {
		end := int64(len(f.bytes))
		if n+1 < len(film.Fragments) {
			end = film.Fragments[n+1]
		}
		c.must(sb.AppendBuffer(c.ctx, c.part(f, film.Fragments[n], end)))
	}
}

// ranges wants so many, and no error of the element.
func (c *contract) ranges(sb platform.SourceBuffer, n int) []platform.TimeRange {
	c.Helper()
	ranges := sb.Buffered()
	if err := c.host.Element().Error(); err != nil || len(ranges) != n {
		c.Fatalf("%v is buffered, want %d ranges; the element has error %v", ranges, n, err)
	}
	return ranges
}

// close is what times may differ by, for a few frames' sake.
func closeTo(got, want time.Duration) bool { return (got - want).Abs() < 200*time.Millisecond }

var segmentContract = []contractTest{
	{"media segments come in any order, and the header again", func(c *contract) {
		f := c.file(tracksFilm)
		_, sb := c.openFor(f)
		c.fragments(sb, f, true, 0)
		one := c.ranges(sb, 1)[0]
		c.fragments(sb, f, true, 2)
		two := c.ranges(sb, 2)
		c.fragments(sb, f, true, 1, 0)
		all := c.ranges(sb, 1)[0]
		if two[0] != one || !closeTo(all.Start, one.Start) || !closeTo(all.End, two[1].End) {
			c.Errorf("%v, then %v, then %v is buffered", one, two, all)
		}
	}},
	{"a timestampOffset moves what is appended after it", func(c *contract) {
		f := c.file(tracksFilm)
		_, sb := c.openFor(f)
		c.fragments(sb, f, true, 0)
		c.must(sb.SetTimestampOffset(time.Minute))
		c.fragments(sb, f, false, 0)
		both := c.ranges(sb, 2)
		if moved := both[1].Start - both[0].Start; !closeTo(moved, time.Minute) || !closeTo(both[1].End-both[0].End, time.Minute) {
			c.Errorf("%v is buffered", both)
		}
		c.must(sb.SetTimestampOffset(-both[0].End))
		c.fragments(sb, f, false, 1)
		if again := c.ranges(sb, 2); !closeTo(again[0].Start, both[0].Start) || again[1] != both[1] {
			c.Errorf("%v is buffered, and before %v", again, both)
		}
	}},
	{"a timestampOffset within a media segment is an InvalidStateError", func(c *contract) {
		f := c.file(tracksFilm)
		_, sb := c.openFor(f)
		film := f.film()
		c.must(sb.AppendBuffer(c.ctx, c.part(f, 0, film.Fragments[1]-100)))
		c.fails(sb.SetTimestampOffset(time.Second), "InvalidStateError")
		c.must(sb.Abort())
		c.must(sb.SetTimestampOffset(time.Second))
	}},
	{"an append window drops what is outside of it", func(c *contract) {
		f := c.file(tracksFilm)
		_, sb := c.openFor(f)
		c.must(sb.SetAppendWindow(0, 3*time.Second))
		c.appendAll(sb, f)
		if r := c.ranges(sb, 1)[0]; r.End > 3*time.Second+50*time.Millisecond || r.End < 2*time.Second {
			c.Errorf("%v is buffered", r)
		}
		c.must(sb.Remove(c.ctx, 0, math.MaxInt64))
		c.must(sb.SetAppendWindow(3*time.Second, math.MaxInt64))
		c.appendAll(sb, f)
		if r := c.ranges(sb, 1)[0]; r.Start < 3*time.Second-50*time.Millisecond || r.End < 9*time.Second {
			c.Errorf("%v is buffered", r)
		}
		c.fails(sb.SetAppendWindow(time.Second, time.Second), "TypeError")
		c.fails(sb.SetAppendWindow(-time.Second, time.Second), "TypeError")
	}},
	{"what is appended replaces what it overlaps", func(c *contract) {
		f := c.file(tracksFilm)
		_, sb := c.openFor(f)
		c.appendAll(sb, f)
		before := c.ranges(sb, 1)[0]
		c.fragments(sb, f, true, 0, 1)
		if after := c.ranges(sb, 1)[0]; !closeTo(after.Start, before.Start) || !closeTo(after.End, before.End) {
			c.Errorf("%v is buffered, and before %v", after, before)
		}
	}},
	{"a removal goes on to the next key frame", func(c *contract) {
		f := c.file(tracksFilm)
		_, sb := c.openFor(f)
		c.fragments(sb, f, true, 0)
		first := c.ranges(sb, 1)[0].End // each fragment begins with a key frame, and has no other
		c.fragments(sb, f, false, 1)
		second := c.ranges(sb, 1)[0].End
		c.fragments(sb, f, false, 2)
		end := c.ranges(sb, 1)[0].End
		for _, step := range []struct{ to, begins time.Duration }{
			{first - 50*time.Millisecond, first}, {first + 50*time.Millisecond, second}, {second - 50*time.Millisecond, second},
		} {
			c.must(sb.Remove(c.ctx, 0, step.to))
			if r := c.ranges(sb, 1)[0]; !closeTo(r.Start, step.begins) || !closeTo(r.End, end) {
				c.Errorf("%v is buffered once what lies before %v was removed, want from %v on", r, step.to, step.begins)
			}
		}
	}},
	{"the type can be changed, with another container", func(c *contract) {
		f, next := c.file(clearFilm), c.file("webm-vp8-vorbis")
		_, sb := c.openFor(f)
		c.fragments(sb, f, true, 0)
		c.fails(sb.ChangeType(`video/mp4; codecs="nonsense"`), "NotSupportedError")
		c.must(sb.ChangeType(next.mimeType))
		c.must(sb.SetTimestampOffset(time.Minute))
		c.appendAll(sb, next)
		both := c.ranges(sb, 2)
		if !closeTo(both[1].Start, time.Minute) || !closeTo(both[1].End, time.Minute+10*time.Second) {
			c.Errorf("%v is buffered", both)
		}
		c.must(sb.ChangeType(f.mimeType))
		c.must(sb.SetTimestampOffset(0))
		c.fragments(sb, f, true, 1)
		c.ranges(sb, 2)
	}},
	{"a change of type that the browser cannot make is a NotSupportedError", func(c *contract) {
		f := c.file(clearFilm)
		_, sb := c.openFor(f)
		c.fails(sb.ChangeType("text/html"), "NotSupportedError")
		c.fragments(sb, f, true, 0)
		c.ranges(sb, 1)
	}},
	{"a source that is open comes to want media", func(c *contract) {
		f := c.file(tracksFilm)
		ms, err := c.host.NewMediaSource()
		c.must(err)
		defer ms.Close()
		told := make(chan struct{}, 100)
		defer ms.ListenStreaming(func() { told <- struct{}{} })()
		c.must(c.host.Element().Attach(c.ctx, ms))
		for !ms.Streaming() {
			receive(c, told)
		}
		sb, err := ms.AddSourceBuffer(f.mimeType)
		c.must(err)
		c.appendAll(sb, f)
		c.ranges(sb, 1)
	}},
	{"a seek waits for its media", func(c *contract) {
		f := c.file(tracksFilm)
		ms, sb := c.openFor(f)
		begun, events := c.listen("canplay"), c.listen("seeking", "seeked")
		c.fragments(sb, f, true, 0)
		c.must(ms.SetDuration(10 * time.Second))
		receive(c, begun)
		e := c.host.Element()
		for _, to := range []time.Duration{9 * time.Second, 6 * time.Second} {
			e.SetCurrentTime(to)
			if !e.Seeking() || e.CurrentTime() != to {
				c.Errorf("seeking %v, at %v", e.Seeking(), e.CurrentTime())
			}
			if ev := receive(c, events); ev.Type != "seeking" {
				c.Errorf("%s came", ev.Type)
			}
		}
		c.appendAll(sb, f)
		if ev := receive(c, events); ev.Type != "seeked" || e.Seeking() || !closeTo(e.CurrentTime(), 6*time.Second) {
			c.Errorf("%s came, seeking %v, at %v", ev.Type, e.Seeking(), e.CurrentTime())
		}
	}},
}
