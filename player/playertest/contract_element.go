package playertest

import (
	"context"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

var elementContract = []contractTest{
	{"an element without a source has nothing", func(c *contract) {
		e := c.host.Element()
		_, known := e.Duration()
		if e.ReadyState() != platform.HaveNothing || e.Error() != nil || known || len(e.Buffered()) != 0 || e.CurrentTime() != 0 || e.Seeking() {
			c.Errorf("ready state %d, error %v, duration known %v", e.ReadyState(), e.Error(), known)
		}
		if c.host.Element() != e {
			c.Error("Element is another one each time")
		}
	}},
	{"canPlayType knows what cannot be played", func(c *contract) {
		for mimeType, want := range map[string]string{`video/mp4; codecs="avc1.64001e"`: "probably", "video/mp4": "maybe", "text/html": "", "": ""} {
			if got := c.host.Element().CanPlayType(mimeType); got != want {
				c.Errorf("CanPlayType(%q) = %q, want %q", mimeType, got, want)
			}
		}
	}},
	{"a file as src is loaded until it can play", func(c *contract) {
		f := c.file("mp4-progressive")
		events := c.listen("loadedmetadata", "canplay")
		c.must(c.host.Element().SetSrc(f.url))
		for _, want := range []string{"loadedmetadata", "canplay"} {
			if e := receive(c, events); e.Type != want {
				c.Errorf("%s came, want %s", e.Type, want)
			}
		}
		e := c.host.Element()
		if d, known := e.Duration(); !known || d <= 0 || e.ReadyState() < platform.HaveFutureData || len(e.Buffered()) == 0 {
			c.Errorf("duration %v, ready state %d, buffered %v", d, e.ReadyState(), e.Buffered())
		}
	}},
	{"a src that cannot be played is MEDIA_ERR_SRC_NOT_SUPPORTED", func(c *contract) {
		for _, url := range []string{c.env.Missing, c.env.Media + "films.json"} {
			events := c.listen("error")
			c.must(c.host.Element().SetSrc(url))
			receive(c, events)
			if e := c.host.Element().Error(); e == nil || e.Code != platform.MediaErrSrcNotSupported {
				c.Errorf("%s gives error %v", url, e)
			}
		}
	}},
	{"an empty src takes the source away", func(c *contract) {
		f := c.file("mp4-progressive")
		events := c.listen("canplay")
		c.must(c.host.Element().SetSrc(f.url))
		receive(c, events)
		e := c.host.Element()
		c.must(e.SetSrc(""))
		if _, known := e.Duration(); e.ReadyState() != platform.HaveNothing || e.Error() != nil || known || len(e.Buffered()) != 0 {
			c.Errorf("ready state %d, error %v, duration known %v", e.ReadyState(), e.Error(), known)
		}
	}},
	{"a listener hears only what it asked for, in order, and nothing once stopped", func(c *contract) {
		f := c.file("mp4-progressive")
		heard := make(chan string, 100)
		stop := c.host.Element().Listen(func(e platform.MediaEvent) { heard <- e.Type }, "loadeddata", "loadedmetadata")
		events := c.listen("canplaythrough")
		c.must(c.host.Element().SetSrc(f.url))
		receive(c, events)
		if first, second := receive(c, heard), receive(c, heard); first != "loadedmetadata" || second != "loadeddata" {
			c.Errorf("heard %s, then %s", first, second)
		}
		stop()
		c.must(c.host.Element().SetSrc(f.url))
		receive(c, events)
		if len(heard) != 0 {
			c.Errorf("heard %s after it was stopped", <-heard)
		}
		stop()
	}},
	{"the picture goes where it is told, also before there is any", func(c *contract) {
		f := c.file("mp4-progressive")
		e := c.host.Element()
		events := c.listen("seeked", "error")
		e.SetCurrentTime(2 * time.Second)
		c.must(e.SetSrc(f.url))
		for i, want := range []time.Duration{2 * time.Second, 4 * time.Second} {
			if i > 0 {
				e.SetCurrentTime(want)
			}
			receive(c, events)
			if got := e.CurrentTime(); (got - want).Abs() > 100*time.Millisecond {
				c.Errorf("it is at %v, want %v", got, want)
			}
		}
	}},
	{"frames, size and rate are sane", func(c *contract) {
		f := c.file("mp4-progressive")
		events := c.listen("canplay")
		e := c.host.Element()
		c.must(e.SetSrc(f.url))
		receive(c, events)
		total, dropped := e.Frames()
		width, height := e.Size()
		if total < dropped || dropped < 0 || width < 0 || height < 0 || e.PlaybackRate() != 1 || !e.Paused() {
			c.Errorf("%d frames, %d dropped, %d by %d, rate %v, paused %v", total, dropped, width, height, e.PlaybackRate(), e.Paused())
		}
		rates := c.listen("ratechange")
		e.Resume(2)
		receive(c, rates)
		if got := e.PlaybackRate(); got != 2 {
			c.Errorf("rate %v", got)
		}
	}},
	{"clear keys can be detached where there are none", func(c *contract) {
		c.must(c.host.Element().SetMediaKeys(c.ctx, nil))
		c.refuses("SetMediaKeys", func(ctx context.Context) error { return c.host.Element().SetMediaKeys(ctx, nil) })
	}},
}
