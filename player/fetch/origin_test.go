package fetch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/keystream-player/keystream/player/fetch"
)

func TestOrigin(t *testing.T) {
	for _, test := range []struct{ url, want string }{
		{"https://cdn.test/a?b#c", "https://cdn.test"},
		{"HTTPS://CDN.Test", "https://cdn.test"},
		{"https://cdn.test:443/", "https://cdn.test"},
		{"http://cdn.test:0080", "http://cdn.test"},
		{"http://cdn.test:443", "http://cdn.test:443"},
		{"https://cdn.test:/", "https://cdn.test"},
		{"https://cdn.test:8443?x", "https://cdn.test:8443"},
		{"https://good.test@evil.test/", "https://evil.test"},
		{"https://good.test:443@evil.test:8/", "https://evil.test:8"},
		{`https:\\evil.test\@good.test`, "https://evil.test"},
		{"https:///evil.test/", "https://evil.test"},
		{" \tht\ntps://cdn.test ", "https://cdn.test"},
		{"https://[::1]:8080/", "https://[::1]:8080"},
		{"https://cdn.test#@evil.test", "https://cdn.test"},
		{"http://127.0.0.1:65535", "http://127.0.0.1:65535"},

		{"", ""}, {"/a", ""}, {"//cdn.test/a", ""}, {"cdn.test", ""}, {"https:cdn.test", ""}, {"https:/cdn.test", ""}, {"https://", ""},
		{"ftp://cdn.test", ""}, {"blob:https://cdn.test/1", ""}, {"data:,a", ""}, {"javascript://cdn.test/%0aalert(1)", ""}, {"null", ""},
		{"https://cdn%2etest", ""}, {"https://bücher.test", ""}, {"https://cdn.test:65536", ""}, {"https://cdn.test:8x", ""}, {"https://cdn.test:+8", ""},
		{"https://[::1", ""}, {"https://[::1]x", ""}, {"https://[cdn]", ""}, {"https://a[b]", ""}, {"https://a b", ""}, {"https://[]", ""}, {"https://a]", ""},
	} {
		if got, ok := fetch.Origin(test.url); got != test.want || ok != (test.want != "") {
			t.Errorf("Origin(%q) = %q, %t; want %q", test.url, got, ok, test.want)
		}
	}
}

func TestOriginFrom(t *testing.T) {
	const page = "https://page.test"
	for _, test := range []struct{ url, page, want string }{
		{"license", page, page}, {"/license?a=//b", page, page}, {"../a:b", page, page}, {"?a", page, page}, {"//page.test/a", page, page},
		{"https://PAGE.test:443/a", page, page}, {"http://page.test/", page, "http://page.test"}, {"https://page.test:8/", page, "https://page.test:8"},
		{"//evil.test/a", page, "https://evil.test"}, {`/\evil.test/a`, page, "https://evil.test"}, {`\\evil.test`, page, "https://evil.test"},
		{"/\t/evil.test", page, "https://evil.test"}, {"///evil.test", page, "https://evil.test"}, {"//evil.test", "http://page.test:8", "http://evil.test"},
		{"//user@page.test/", page, page},
		{"data:,a", page, ""}, {"https:license", page, ""}, {"", page, ""}, {"license", "null", ""}, {"//a.test", "null", ""}, {"license", "", ""},
	} {
		if got, ok := fetch.OriginFrom(test.url, test.page); got != test.want || ok != (test.want != "") {
			t.Errorf("OriginFrom(%q, %q) = %q, %t; want %q", test.url, test.page, got, ok, test.want)
		}
	}
}

func TestHasUserinfo(t *testing.T) {
	for url, want := range map[string]bool{
		"https://user:pw@a.test": true, "//user@a.test/": true, `\\user@a.test`: true, "ht\ntps://@a.test": true,
		"https://a.test/@": false, "https://a.test?b@c": false, "/a@b": false, "a@b": false, "": false,
	} {
		if got := fetch.HasUserinfo(url); got != want {
			t.Errorf("HasUserinfo(%q) = %t", url, got)
		}
	}
}

func TestAFailureCarriesWhatTheServerSaysWhereItIsWanted(t *testing.T) {
	for name, test := range map[string]struct {
		reply  reply
		wanted bool
		want   string
	}{
		"wanted":          {reply{status: 500, body: "a fault"}, true, "a fault"},
		"not wanted":      {reply{status: 500, body: "a fault"}, false, ""},
		"too long":        {reply{status: 403, body: strings.Repeat("a", 16<<10+1)}, true, ""},
		"a stalled body":  {reply{status: 403, stall: true}, true, ""},
		"a lost body":     {reply{status: 403, body: "a", bodyErr: network}, true, ""},
		"no answer":       {reply{err: network}, true, ""},
		"a 2xx that fits": {reply{status: 200, body: "film"}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{t: t, replies: repeat(test.reply, 3)}
				client := fetch.Client{Fetcher: s, Rand: middle}
				_, err := client.Do(context.Background(), fetch.Request{Kind: fetch.License, URL: secretURL, ErrorBody: test.wanted})
				var failed *fetch.Error
				if errors.As(err, &failed) && string(failed.Body) != test.want || failed == nil && test.want != "" {
					t.Errorf("got %v with the body %.20q, want %q", err, failed.Body, test.want)
				}
				if err != nil && strings.Contains(err.Error(), "fault") {
					t.Errorf("the error repeats the body: %v", err)
				}
				s.checkEnds()
			})
		})
	}
}

func TestAResultKnowsItsResponse(t *testing.T) {
	s := &script{t: t, replies: []reply{{status: 206, header: "X-License: yes", body: "film"}}}
	client := fetch.Client{Fetcher: s}
	result, err := client.Do(t.Context(), fetch.Request{URL: secretURL, RefuseRedirects: true})
	if err != nil || result.Status != 206 || result.Header("x-license") != "yes" || !s.seen[0].RefuseRedirects {
		t.Errorf("got %+v, %v after %+v", result, err, s.seen)
	}
}
