package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	filmKid = "30313233343536373839303132333435"
	filmKey = "ebdd62f16814d27b68ef122afce4ae3c"

	dashKid   = "ffeeddccbbaa99887766554433221100"
	dashKid64 = "_-7dzLuqmYh3ZlVEMyIRAA"

	filmKid64 = "MDEyMzQ1Njc4OTAxMjM0NQ"
	filmKey64 = "691i8WgU0nto7xIq_OSuPA"
)

// repository is a small copy of the repository's shape, with one film and its key.
func repository(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                       "module x",
		".git/config":                  "secret",
		"examples/index.html":          "<h1>index</h1>",
		"examples/.hidden.json":        "{}",
		"examples/clearkey/index.html": "<h1>clear key</h1>",
		"examples/clearkey/main.js":    "export {}",
		"examples/server/main.go":      "package main",
		"examples/media/film.mp4":      "0123456789",
		"examples/media/films.json":    `[{"name":"film","keys":{"` + filmKid + `":"` + filmKey + `"}}]`,
		"examples/media/dash.json":     `[{"name":"dash","keys":{"` + dashKid + `":"` + filmKey + `"}}]`,
		"examples/media/dash/film.mpd": "<MPD/>",
		"examples/media/dash/1.m4s":    "segment",
		"examples/media/dash/en.vtt":   "WEBVTT",
		"examples/media/make.sh":       "#!/bin/sh",
		"web/dist/player.wasm":         "\x00asm",
		"web/dist/keystream.js":        "export {}",
		"web/package.json":             "{}",
	} {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// start serves a repository as main does.
func start(t *testing.T, c config) *httptest.Server {
	t.Helper()
	if c.root == "" {
		c.root = repository(t)
	}
	handler, err := newHandler(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return server
}

// ask sends a request and reads the answer. headers are name, value pairs.
func ask(t *testing.T, server *httptest.Server, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}
