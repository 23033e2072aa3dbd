package playertest

import (
	"context"
	"strings"

	"github.com/keystream-player/keystream/player/platform"
)

var pageContract = []contractTest{
	{"the page's origin is that of its files", func(c *contract) {
		origin := c.host.Origin()
		resp := c.fetch(platform.Request{URL: c.env.Missing})
		defer resp.Cancel()
		if !strings.Contains(origin, "://") || resp.URL() != origin+c.env.Missing {
			c.Errorf("origin %q, file %q", origin, resp.URL())
		}
	}},
	{"a page that can be seen says so, and is online", func(c *contract) {
		if !c.host.Online() || !c.host.Visible() {
			c.Errorf("online %v, visible %v", c.host.Online(), c.host.Visible())
		}
		stop := c.host.ListenPage(func(string) {}, "online", "offline", "visibilitychange", "pagehide", "pageshow")
		stop()
		stop()
	}},
	{"encrypted media is allowed where nothing forbids it", func(c *contract) {
		if !c.host.AllowsFeature("encrypted-media") {
			c.Error("it is not")
		}
	}},
	{"DecodingInfo knows what can be decoded", func(c *contract) {
		video := platform.MediaDecodingConfiguration{Type: "media-source", ContentType: avc, Width: 640, Height: 360, Bitrate: 1_000_000, FrameRate: 25}
		audio := platform.MediaDecodingConfiguration{Type: "file", ContentType: `audio/mp4; codecs="mp4a.40.2"`}
		unknown, never := video, video
		unknown.ContentType = `video/mp4; codecs="nonsense"`
		never.FrameRate = 0
		for _, test := range []struct {
			media platform.MediaDecodingConfiguration
			want  bool
		}{{video, true}, {audio, true}, {unknown, false}} {
			if info, err := c.host.DecodingInfo(c.ctx, test.media); err != nil || info.Supported != test.want {
				c.Errorf("%s: %+v, %v", test.media.ContentType, info, err)
			}
		}
		_, err := c.host.DecodingInfo(c.ctx, never)
		c.fails(err, "TypeError")
		c.refuses("DecodingInfo", func(ctx context.Context) error {
			_, err := c.host.DecodingInfo(ctx, video)
			return err
		})
	}},
}
