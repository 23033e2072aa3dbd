package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSite(t *testing.T) {
	server := start(t, config{})
	tests := []struct {
		path   string
		status int
		want   string // the content type, or the address redirected to
	}{
		{"/", 200, "text/html; charset=utf-8"},
		{"/index.html", 200, "text/html; charset=utf-8"},
		{"/clearkey", 301, "/clearkey/"},
		{"/clearkey?film=x", 301, "/clearkey/?film=x"},
		{"/clearkey/", 200, "text/html; charset=utf-8"},
		{"/clearkey/main.js", 200, "text/javascript; charset=utf-8"},
		{"/media/film.mp4", 200, "video/mp4"},
		{"/media/films.json", 200, "application/json"},
		{"/media/dash/film.mpd", 200, "application/dash+xml"},
		{"/media/dash/1.m4s", 200, "video/iso.segment"},
		{"/media/dash/en.vtt", 200, "text/vtt; charset=utf-8"},
		{"/dist/player.wasm", 200, "application/wasm"},
		{"/dist/keystream.js", 200, "text/javascript; charset=utf-8"},

		{"/media", 307, "/media/"},
		{"/media/", 404, ""},
		{"/media/make.sh", 404, ""},
		{"/server/main.go", 404, ""},
		{"/server/", 404, ""},
		{"/nothing.html", 404, ""},
		{"/.hidden.json", 404, ""},
		{"/.git/config", 404, ""},
		{"/package.json", 404, ""},
		{"/dist/%2e%2e/package.json", 404, ""},
		{"/dist/..%2fpackage.json", 404, ""},
		{"/fault/status-404/", 404, ""}, // without -faults
	}
	for _, test := range tests {
		response, _ := ask(t, server, "GET", test.path, "")
		got := response.Header.Get("Content-Type")
		if location, err := response.Location(); err == nil {
			got = location.RequestURI()
		}
		if response.StatusCode != test.status || test.want != "" && got != test.want {
			t.Errorf("%s: %d %q, want %d %q", test.path, response.StatusCode, got, test.status, test.want)
		}
	}
}

func TestSitePolicy(t *testing.T) {
	response, _ := ask(t, start(t, config{}), "GET", "/clearkey/", "")
	for _, want := range []string{"default-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", "media-src 'self' blob:", "require-trusted-types-for 'script'"} {
		if got := response.Header.Get("Content-Security-Policy"); !strings.Contains(got, want) {
			t.Errorf("policy %q lacks %q", got, want)
		}
	}
	if got := response.Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control: %q", got)
	}
}

func TestSiteMethods(t *testing.T) {
	server := start(t, config{})
	if response, body := ask(t, server, "HEAD", "/media/film.mp4", ""); response.StatusCode != 200 || response.ContentLength != 10 || body != "" {
		t.Errorf("HEAD: %d, %d bytes, body %q", response.StatusCode, response.ContentLength, body)
	}
	if response, _ := ask(t, server, "POST", "/media/film.mp4", ""); response.StatusCode != 405 || response.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", response.StatusCode, response.Header.Get("Allow"))
	}
}

func TestSiteRanges(t *testing.T) {
	server := start(t, config{})
	tests := []struct {
		ask    string
		status int
		given  string
		body   string
	}{
		{"", 200, "", "0123456789"},
		{"bytes=0-3", 206, "bytes 0-3/10", "0123"},
		{"bytes=4-", 206, "bytes 4-9/10", "456789"},
		{"bytes=-2", 206, "bytes 8-9/10", "89"},
		{"bytes=8-99", 206, "bytes 8-9/10", "89"},
		{"bytes=10-", 416, "bytes */10", ""},
	}
	for _, test := range tests {
		response, body := ask(t, server, "GET", "/media/film.mp4", "", "Range", test.ask)
		if test.status == 416 {
			body = ""
		}
		if got := response.Header.Get("Content-Range"); response.StatusCode != test.status || got != test.given || body != test.body {
			t.Errorf("%s: %d %q %q, want %d %q %q", test.ask, response.StatusCode, got, body, test.status, test.given, test.body)
		}
		if test.status != 416 && response.Header.Get("Content-Type") != "video/mp4" {
			t.Errorf("%s: %s", test.ask, response.Header.Get("Content-Type"))
		}
	}
}

func TestSiteLinksStayInside(t *testing.T) {
	root := repository(t)
	if err := os.Symlink(filepath.Join(root, "web", "package.json"), filepath.Join(root, "examples", "out.json")); err != nil {
		t.Fatal(err)
	}
	if response, body := ask(t, start(t, config{root: root}), "GET", "/out.json", ""); response.StatusCode != http.StatusNotFound {
		t.Errorf("a link out of the site: %d %q", response.StatusCode, body)
	}
}

func TestSiteWithoutBuild(t *testing.T) {
	root := repository(t)
	if err := os.RemoveAll(filepath.Join(root, "web", "dist")); err != nil {
		t.Fatal(err)
	}
	if response, body := ask(t, start(t, config{root: root}), "GET", "/dist/player.wasm", ""); response.StatusCode != 404 || !strings.Contains(body, "make build") {
		t.Errorf("%d %q, want what to do", response.StatusCode, body)
	}
}

// What examples/packager made is served, without its keys, which the licence server has.
func TestPackaged(t *testing.T) {
	folder := t.TempDir()
	const kid, kid64 = "ffffffffffffffffffffffffffffffff", "_____________________w"
	for name, text := range map[string]string{
		"keys.json":         `{"` + kid + `":"` + filmKey + `"}`,
		"www/index.html":    "<h1>film</h1>",
		"www/dist/index.js": "export {}",
	} {
		name = filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := start(t, config{packaged: folder})
	for path, want := range map[string]int{"/packaged/": 200, "/packaged/dist/index.js": 200, "/packaged/keys.json": 404, "/packaged/..%2fkeys.json": 404} {
		if response, _ := ask(t, server, "GET", path, ""); response.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, response.StatusCode, want)
		}
	}
	response, body := ask(t, server, "POST", "/license", `{"kids":["`+kid64+`"]}`)
	if response.StatusCode != 200 || !strings.Contains(body, filmKey64) {
		t.Errorf("the licence: %d %s", response.StatusCode, body)
	}
	if _, err := newHandler(config{root: repository(t), packaged: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "keys.json") {
		t.Errorf("a folder without keys: %v", err)
	}
}
