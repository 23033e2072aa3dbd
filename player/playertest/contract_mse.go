package playertest

import (
	"context"
	"math"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// open makes a MediaSource and attaches it.
func (c *contract) open() platform.MediaSource {
	c.Helper()
	ms, err := c.host.NewMediaSource()
	c.must(err)
	c.Cleanup(ms.Close)
	c.must(c.host.Element().Attach(c.ctx, ms))
	return ms
}

func (c *contract) openFor(f *file) (platform.MediaSource, platform.SourceBuffer) {
	c.Helper()
	ms := c.open()
	sb, err := ms.AddSourceBuffer(f.mimeType)
	c.must(err)
	return ms, sb
}

func (c *contract) appendAll(sb platform.SourceBuffer, f *file) {
	c.Helper()
	c.must(sb.AppendBuffer(c.ctx, c.part(f, 0, int64(len(f.bytes)))))
}

func buffered(of interface{ Buffered() []platform.TimeRange }) (total time.Duration) {
	for _, r := range of.Buffered() {
		total += r.End - r.Start
	}
	return total
}

var mseContract = []contractTest{
	{"isTypeSupported knows what can be appended", func(c *contract) {
		f := c.file(clearFilm)
		for mimeType, want := range map[string]bool{
			f.mimeType: true, `audio/mp4; codecs="mp4a.40.2"`: true, `video/webm; codecs="vp8,vorbis"`: true,
			"": false, "text/html": false, `video/mp4; codecs="nonsense"`: false, `video/mp4; codecs="vp8"`: false, `audio/mp4; codecs="avc1.64001e"`: false,
		} {
			if got := c.host.IsTypeSupported(mimeType); got != want {
				c.Errorf("IsTypeSupported(%q) = %v", mimeType, got)
			}
		}
	}},
	{"a MediaSource is closed until it is attached, and then open", func(c *contract) {
		ms, err := c.host.NewMediaSource()
		c.must(err)
		defer ms.Close()
		_, err = ms.AddSourceBuffer(`video/mp4; codecs="avc1.64001e"`)
		c.fails(err, "InvalidStateError")
		c.fails(ms.EndOfStream(), "InvalidStateError")
		c.fails(ms.SetDuration(time.Second), "InvalidStateError")
		if s := ms.ReadyState(); s != "closed" {
			c.Errorf("it is %s at first", s)
		}
		c.refuses("Attach", func(ctx context.Context) error { return c.host.Element().Attach(ctx, ms) })
		c.must(c.host.Element().Attach(c.ctx, ms))
		if s := ms.ReadyState(); s != "open" {
			c.Errorf("it is %s once attached", s)
		}
	}},
	{"a type that cannot be appended is a NotSupportedError, none a TypeError", func(c *contract) {
		ms := c.open()
		_, err := ms.AddSourceBuffer(`video/mp4; codecs="nonsense"`)
		c.fails(err, "NotSupportedError")
		_, err = ms.AddSourceBuffer("")
		c.fails(err, "TypeError")
	}},
	{"what is appended is buffered when the append returns", func(c *contract) {
		f := c.file(clearFilm)
		ms, sb := c.openFor(f)
		if len(sb.Buffered()) != 0 {
			c.Errorf("%v is buffered at first", sb.Buffered())
		}
		c.appendAll(sb, f)
		all := buffered(sb)
		c.must(ms.EndOfStream())
		d, known := c.host.Element().Duration()
		if all <= 0 || !known || (d-all).Abs() > time.Second || ms.ReadyState() != "ended" || buffered(c.host.Element()) <= 0 {
			c.Errorf("%v is buffered of %v, the source is %s", all, d, ms.ReadyState())
		}
		c.fails(ms.EndOfStream(), "InvalidStateError")
	}},
	{"appends may be cut anywhere", func(c *contract) {
		f := c.file(clearFilm)
		_, sb := c.openFor(f)
		size := int64(len(f.bytes))
		var last time.Duration
		for i := range int64(7) {
			c.must(sb.AppendBuffer(c.ctx, c.part(f, size*i/7, size*(i+1)/7)))
			if now := buffered(sb); now < last {
				c.Errorf("%v is buffered, after %v", now, last)
			}
			last = buffered(sb)
		}
		_, whole := c.openFor(f)
		c.appendAll(whole, f)
		if want := buffered(whole); last != want {
			c.Errorf("%v is buffered in pieces, %v in one", last, want)
		}
	}},
	{"an append after the end opens the source again", func(c *contract) {
		f := c.file(clearFilm)
		ms, sb := c.openFor(f)
		c.appendAll(sb, f)
		c.must(ms.EndOfStream())
		c.appendAll(sb, f)
		if s := ms.ReadyState(); s != "open" {
			c.Errorf("it is %s", s)
		}
	}},
	{"what is removed is gone when Remove returns", func(c *contract) {
		f := c.file(clearFilm)
		_, sb := c.openFor(f)
		c.appendAll(sb, f)
		all := buffered(sb)
		c.must(sb.Remove(c.ctx, all/2, math.MaxInt64))
		if half := buffered(sb); half >= all || half == 0 {
			c.Errorf("%v is left of %v", half, all)
		}
		c.must(sb.Remove(c.ctx, 0, math.MaxInt64))
		if len(sb.Buffered()) != 0 {
			c.Errorf("%v is left", sb.Buffered())
		}
	}},
	{"Abort lets the next append begin with a new segment", func(c *contract) {
		f := c.file(clearFilm)
		film := f.film()
		size := int64(len(f.bytes))
		_, sb := c.openFor(f)
		c.must(sb.AppendBuffer(c.ctx, c.part(f, 0, film.HeaderSize+100)))
		c.must(sb.Abort())
		c.must(sb.AppendBuffer(c.ctx, c.part(f, film.HeaderSize, size)))
		if buffered(sb) <= 0 {
			c.Error("nothing is buffered")
		}
	}},
	{"a duration can be set", func(c *contract) {
		f := c.file(clearFilm)
		ms, sb := c.openFor(f)
		c.appendAll(sb, f)
		c.must(ms.SetDuration(time.Hour))
		if d, known := c.host.Element().Duration(); !known || d != time.Hour {
			c.Errorf("it is %v", d)
		}
	}},
	{"media without its header fails the append and the element", func(c *contract) {
		f := c.file(clearFilm)
		film := f.film()
		events := c.listen("error")
		ms, sb := c.openFor(f)
		if err := sb.AppendBuffer(c.ctx, c.part(f, film.Fragments[0], int64(len(f.bytes)))); err == nil {
			c.Error("the append succeeds")
		} else {
			c.fails(err, "EncodingError", "InvalidStateError", "OperationError")
		}
		receive(c, events)
		if e := c.host.Element().Error(); e == nil || e.Code != platform.MediaErrSrcNotSupported || ms.ReadyState() == "open" {
			c.Errorf("error %v, the source is %s", e, ms.ReadyState())
		}
		if err := sb.AppendBuffer(c.ctx, c.part(f, 0, 100)); err == nil {
			c.Error("the next append succeeds")
		}
	}},
	{"a file that is not fragmented cannot be buffered", func(c *contract) {
		f := c.file("mp4-progressive")
		_, sb := c.openFor(f)
		if err := sb.AppendBuffer(c.ctx, c.part(f, 0, int64(len(f.bytes)))); err == nil && len(sb.Buffered()) != 0 {
			c.Errorf("%v is buffered", sb.Buffered())
		}
	}},
	{"a source whose element has another is closed, and so are its buffers", func(c *contract) {
		f := c.file(clearFilm)
		ms, sb := c.openFor(f)
		c.appendAll(sb, f)
		c.must(c.host.Element().SetSrc(""))
		if s := ms.ReadyState(); s != "closed" || len(sb.Buffered()) != 0 {
			c.Errorf("it is %s, with %v buffered", s, sb.Buffered())
		}
		c.fails(sb.AppendBuffer(c.ctx, c.part(f, 0, 100)), "InvalidStateError")
		c.fails(sb.Remove(c.ctx, 0, time.Second), "InvalidStateError")
		c.fails(sb.Abort(), "InvalidStateError")
		c.fails(ms.EndOfStream(), "InvalidStateError")
		ms.Close()
		ms.Close()
	}},
	{"a body that was released is not appended", func(c *contract) {
		f := c.file(clearFilm)
		_, sb := c.openFor(f)
		body := c.part(f, 0, 100)
		body.Release()
		if err := sb.AppendBuffer(c.ctx, body); err == nil {
			c.Error("the append succeeds")
		}
	}},
	{"appending and removing end with the context", func(c *contract) {
		f := c.file(clearFilm)
		_, sb := c.openFor(f)
		c.refuses("AppendBuffer", func(ctx context.Context) error { return sb.AppendBuffer(ctx, c.part(f, 0, 100)) })
		c.refuses("Remove", func(ctx context.Context) error { return sb.Remove(ctx, 0, time.Second) })
	}},
}
