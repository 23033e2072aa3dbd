package fetch

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 0-99/1000", "bytes 0-99/*", "bytes */1000", "bytes 5-4/10", "bytes 0-9223372036854775807/*", "items 0-1/2", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		length, total, err := Range{Start: 5, Length: 10}.check(header)
		if err == nil && header != "" && (length < 1 || length > 10 || total >= 0 && total < 5+length) {
			t.Errorf("%q gives %d of %d bytes", header, length, total)
		}
	})
}

// FuzzRetryAfter holds our reader of dates to net/http's.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"120", "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 2027 08:49:37 GMT", "-1", "99999999999999999999", "soon"} {
		f.Add(seed)
	}
	now := time.Date(1994, 11, 6, 8, 49, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, header string) {
		got := parseRetryAfter(header, now)
		if got < 0 {
			t.Errorf("%q gives %v", header, got)
		}
		if at, err := time.Parse(http.TimeFormat, header); err == nil && len(header) == len(http.TimeFormat) {
			if want := max(at.Sub(now), 0); got != want {
				t.Errorf("%q gives %v, want %v", header, got, want)
			}
		}
	})
}

func FuzzPlaces(f *testing.F) {
	f.Add("https://a.test/film/v1/1.m4s?x=/", "https://b.test/copy/v1/1.m4s#/")
	f.Add("http://a.test/1", "https://a.test/1")
	f.Add("/1", "//a")
	f.Add("", "/")
	f.Fuzz(func(t *testing.T, first, second string) {
		urls := []string{first, second, first + second}
		for i, p := range placesOf(urls[0], urls[1:]) {
			if p.url != urls[i] || !strings.HasPrefix(p.url, p.base) || strings.ContainsAny(p.base, "?#") {
				t.Errorf("%q lies at %+v", urls[i], p)
			}
		}
	})
}

func FuzzRedactURL(f *testing.F) {
	for _, seed := range []string{"https://user:secret@host/path?secret#secret", "//user@host", `\\user@host\path`, "blob:https://a@b/c", "data:,secret", "a b\n?c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := RedactURL(raw)
		if strings.ContainsAny(got, "?#") {
			t.Errorf("%q keeps a query or a fragment: %q", raw, got)
		}
		if u, err := url.Parse(got); err == nil && u.Host != "" && u.User != nil {
			t.Errorf("%q keeps userinfo: %q", raw, got)
		}
		if again := RedactURL(got); again != got {
			t.Errorf("%q becomes %q, and that %q", raw, got, again)
		}
	})
}
