package playertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/keystream-player/keystream/player/platform"
)

const clearFilm = "mp4-fragmented"

func rangeOf(from, to int64) []platform.HeaderField {
	return []platform.HeaderField{{Name: "Range", Value: fmt.Sprintf("bytes=%d-%d", from, to-1)}}
}

var fetchContract = []contractTest{
	{"a response has the final URL, its status, its headers by any case, and its body", func(c *contract) {
		f := c.file(clearFilm)
		resp := c.fetch(platform.Request{URL: f.url})
		if !strings.Contains(resp.URL(), "://") || !strings.HasSuffix(resp.URL(), f.url) {
			c.Errorf("URL is %q", resp.URL())
		}
		if resp.Status() != 200 || resp.Header("cOnTeNt-TyPe") != "video/mp4" || resp.Header("X-None") != "" {
			c.Errorf("status %d, type %q, absent header %q", resp.Status(), resp.Header("cOnTeNt-TyPe"), resp.Header("X-None"))
		}
		body := c.read(resp)
		if n := strconv.FormatInt(body.Len(), 10); n != resp.Header("Content-Length") {
			c.Errorf("%s bytes, promised %s", n, resp.Header("Content-Length"))
		}
	}},
	{"a range is answered with 206 and those bytes", func(c *contract) {
		f := c.file(clearFilm)
		resp := c.fetch(platform.Request{URL: f.url, Header: rangeOf(100, 300)})
		if want := fmt.Sprintf("bytes 100-299/%d", len(f.bytes)); resp.Status() != 206 || resp.Header("Content-Range") != want {
			c.Errorf("status %d, Content-Range %q, want %q", resp.Status(), resp.Header("Content-Range"), want)
		}
		if got, err := c.read(resp).Bytes(); err != nil || !bytes.Equal(got, f.bytes[100:300]) {
			c.Errorf("%d other bytes, %v", len(got), err)
		}
	}},
	{"a range past the end gives what there is", func(c *contract) {
		f := c.file(clearFilm)
		size := int64(len(f.bytes))
		if got := c.part(f, size-10, size+1000).Len(); got != 10 {
			c.Errorf("%d bytes, want 10", got)
		}
	}},
	{"a range outside the file is status 416", func(c *contract) {
		f := c.file(clearFilm)
		size := int64(len(f.bytes))
		resp := c.fetch(platform.Request{URL: f.url, Header: rangeOf(size, size+10)})
		defer resp.Cancel()
		if resp.Status() != 416 {
			c.Errorf("status %d", resp.Status())
		}
	}},
	{"a file that is not there is a status, not an error", func(c *contract) {
		resp := c.fetch(platform.Request{URL: c.env.Missing})
		defer resp.Cancel()
		if resp.Status() != 404 {
			c.Errorf("status %d", resp.Status())
		}
	}},
	{"a server that is not there is a TypeError", func(c *contract) {
		_, err := c.host.Fetch(c.ctx, platform.Request{URL: c.env.Unreachable})
		c.fails(err, "TypeError")
	}},
	{"a redirect is followed, or a TypeError where it is refused", func(c *contract) {
		resp := c.fetch(platform.Request{URL: c.env.Redirecting})
		defer resp.Cancel()
		if resp.Status() != 200 || strings.HasSuffix(resp.URL(), c.env.Redirecting) {
			c.Errorf("status %d of %s", resp.Status(), resp.URL())
		}
		_, err := c.host.Fetch(c.ctx, platform.Request{URL: c.env.Redirecting, RefuseRedirects: true})
		c.fails(err, "TypeError")
		c.fetch(platform.Request{URL: c.env.Missing, RefuseRedirects: true}).Cancel()
	}},
	{"a URL that cannot be parsed is a TypeError", func(c *contract) {
		_, err := c.host.Fetch(c.ctx, platform.Request{URL: "http://[/"})
		c.fails(err, "TypeError")
	}},
	{"waiting for a header ends with the context", func(c *contract) {
		fetch := func(ctx context.Context) error {
			_, err := c.host.Fetch(ctx, platform.Request{URL: c.env.Hanging})
			return err
		}
		c.ends(fetch)
		c.refuses("Fetch", fetch)
	}},
	{"waiting for a body ends with the context", func(c *contract) {
		c.ends(func(ctx context.Context) error {
			_, err := c.fetch(platform.Request{URL: c.env.Stalling}).ReadBody(ctx, 1<<20)
			return err
		})
		c.refuses("ReadBody", func(ctx context.Context) error {
			_, err := c.fetch(platform.Request{URL: c.env.Stalling}).ReadBody(ctx, 1<<20)
			return err
		})
	}},
	{"a body longer than its limit is ErrTooLarge, one as long is not", func(c *contract) {
		f := c.file(clearFilm)
		if _, err := c.fetch(platform.Request{URL: f.url, Header: rangeOf(0, 1000)}).ReadBody(c.ctx, 999); !errors.Is(err, platform.ErrTooLarge) {
			c.Errorf("got %v, want ErrTooLarge", err)
		}
		body, err := c.fetch(platform.Request{URL: f.url, Header: rangeOf(0, 1000)}).ReadBody(c.ctx, 1000)
		c.must(err)
		body.Release()
	}},
	{"what was received grows to the length of the body", func(c *contract) {
		resp := c.fetch(platform.Request{URL: c.file(clearFilm).url})
		if n := resp.Received(); n != 0 {
			c.Errorf("%d bytes came before anybody read", n)
		}
		if body := c.read(resp); resp.Received() != body.Len() || body.Len() == 0 {
			c.Errorf("%d bytes came of %d", resp.Received(), body.Len())
		}
	}},
	{"a clone of a body lives by itself", func(c *contract) {
		body := c.part(c.file(clearFilm), 0, 1000)
		want, err := body.Bytes()
		c.must(err)
		clone, err := body.Clone()
		c.must(err)
		body.Release()
		if got, err := clone.Bytes(); err != nil || !bytes.Equal(got, want) {
			c.Errorf("it has %d bytes, %v", len(got), err)
		}
		clone.Release()
		if _, err := clone.Clone(); err == nil {
			c.Error("a body that was released can be cloned")
		}
	}},
	{"a response can be cancelled, before its body is read and after", func(c *contract) {
		f := c.file(clearFilm)
		c.fetch(platform.Request{URL: f.url}).Cancel()
		resp := c.fetch(platform.Request{URL: f.url})
		body := c.read(resp)
		resp.Cancel()
		if body.Len() != int64(len(f.bytes)) {
			c.Errorf("%d bytes are left of %d", body.Len(), len(f.bytes))
		}
	}},
	{"a body is read at any place, as io.ReaderAt says", func(c *contract) {
		f := c.file(clearFilm)
		body := c.part(f, 0, 1000)
		for _, read := range []struct{ off, size, want int64 }{{0, 10, 10}, {500, 500, 500}, {990, 100, 10}, {1000, 1, 0}, {5000, 1, 0}, {3, 0, 0}} {
			p := make([]byte, read.size)
			n, err := body.ReadAt(p, read.off)
			if int64(n) != read.want || (read.want < read.size) != (err == io.EOF) || n > 0 && !bytes.Equal(p[:n], f.bytes[read.off:][:n]) {
				c.Errorf("ReadAt %d of %d gives %d, %v", read.off, read.size, n, err)
			}
		}
		if _, err := body.ReadAt(make([]byte, 1), -1); err == nil || err == io.EOF {
			c.Errorf("ReadAt -1 gives %v", err)
		}
	}},
	{"the bytes of a body belong to who asked", func(c *contract) {
		body := c.part(c.file(clearFilm), 0, 100)
		first, err := body.Bytes()
		c.must(err)
		clear(first)
		second, err := body.Bytes()
		c.must(err)
		if bytes.Equal(first, second) {
			c.Error("the second copy is the first")
		}
	}},
	{"a body that was released cannot be read, and may be released again", func(c *contract) {
		body := c.part(c.file(clearFilm), 0, 100)
		body.Release()
		body.Release()
		if _, err := body.Bytes(); err == nil {
			c.Error("Bytes still works")
		}
		if _, err := body.ReadAt(make([]byte, 1), 0); err == nil || err == io.EOF {
			c.Errorf("ReadAt gives %v", err)
		}
	}},
}
