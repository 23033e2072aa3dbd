package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	server := start(t, config{faults: true})
	tests := []struct {
		path, asked string
		status      int
		given, body string // Content-Range; the body, or a part of it
	}{
		{"/media/film.mp4", "bytes=2-3", 206, "bytes 2-3/10", "23"},
		{"/fault/status-404/media/film.mp4", "", 404, "", "fault"},
		{"/fault/no-range/media/film.mp4", "bytes=2-3", 200, "", "0123456789"},
		{"/fault/wrong-range/media/film.mp4", "bytes=2-3", 206, "bytes 18-19/26", "23"},
		{"/fault/truncate-5/media/film.mp4", "", 200, "", "01234"},
		{"/fault/truncate-5/media/film.mp4", "bytes=2-9", 206, "bytes 2-4/5", "234"},
		{"/fault/truncate-5/media/film.mp4", "bytes=5-", 416, "bytes */5", ""},
		{"/fault/truncate-50/media/film.mp4", "", 200, "", "0123456789"},
		{"/fault/truncate-5/media/none.mp4", "", 404, "", "not found"},
		{"/fault/without-film.mp4/media/film.mp4", "", 404, "", "not found"},
		{"/fault/without-lm.mp4/media/film.mp4", "", 200, "", "0123456789"},
		{"/fault/without-/media/film.mp4", "", 404, "", "want without-film.mp4"},
		{"/fault/html/media/film.mp4", "", 200, "", "<!doctype html>"},
		{"/fault/delay-1ms/media/film.mp4", "", 200, "", "0123456789"},
		{"/fault/delay-1ms/fault/truncate-3/fault/no-range/media/film.mp4", "bytes=1-", 206, "bytes 1-2/3", "12"},

		{"/fault/unknown/media/film.mp4", "", 404, "", "no such fault"},
		{"/fault/status-x/media/film.mp4", "", 404, "", "want status-404"},
		{"/fault/status-503xx/media/film.mp4", "", 404, "", "times"},
		{"/fault/truncate-x/media/film.mp4", "", 404, "", "want truncate"},
		{"/fault/delay-x/media/film.mp4", "", 404, "", "want delay"},
		{"/fault/bom/media/film.mp4", "", 404, "", "not a licence"},
	}
	for _, test := range tests {
		response, body := ask(t, server, "GET", test.path, "", "Range", test.asked)
		got := response.Header.Get("Content-Range")
		if response.StatusCode != test.status || got != test.given || !strings.Contains(body, test.body) || test.status < 400 && strings.HasPrefix(test.body, "0") && body != test.body {
			t.Errorf("%s %s: %d %q %q, want %d %q %q", test.path, test.asked, response.StatusCode, got, body, test.status, test.given, test.body)
		}
	}
}

func TestFaultStatusTimes(t *testing.T) {
	server := start(t, config{faults: true})
	for _, run := range []string{"a", "b"} { // each run counts for itself
		for i, want := range []int{503, 503, 200, 200} {
			response, _ := ask(t, server, "GET", "/fault/status-503x2-after-1/media/film.mp4?run="+run, "")
			if response.StatusCode != want || (response.Header.Get("Retry-After") == "1") != (want == 503) {
				t.Errorf("run %s, try %d: %d, Retry-After %q", run, i, response.StatusCode, response.Header.Get("Retry-After"))
			}
		}
	}
}

func TestFaultyLicenses(t *testing.T) {
	server := start(t, config{faults: true})
	tests := map[string]string{
		"bom":             "\ufeff" + `{"keys":[{"kty":"oct","kid":"` + filmKid64 + `","k":"` + filmKey64 + `"}],"type":"temporary"}`,
		"empty-keys":      `{"keys":[],"type":"temporary"}`,
		"standard-base64": `{"keys":[{"kty":"oct","kid":"` + filmKid64 + `==","k":"` + strings.ReplaceAll(filmKey64, "_", "/") + `=="}],"type":"temporary"}`,
		"other-key":       `{"keys":[{"kty":"oct","kid":"z87NzMvKycjHxs_OzczLyg","k":"` + filmKey64 + `"}],"type":"temporary"}`,
		"wrong-key":       `{"keys":[{"kty":"oct","kid":"` + filmKid64 + `","k":"FCKdDpfrLYSXEO3VAxtRww"}],"type":"temporary"}`,
	}
	for name, want := range tests {
		if response, body := ask(t, server, "POST", "/fault/"+name+"/license", goodRequest); response.StatusCode != 200 || body != want {
			t.Errorf("%s: %d %s, want %s", name, response.StatusCode, body, want)
		}
	}
	if response, body := ask(t, server, "POST", "/fault/bom/license", "{}"); response.StatusCode != 400 || strings.HasPrefix(body, "\ufeff") {
		t.Errorf("a refusal: %d %q", response.StatusCode, body)
	}
}

func TestFaultShortBody(t *testing.T) {
	server := start(t, config{faults: true})
	response, err := server.Client().Get(server.URL + "/fault/short-body/media/film.mp4")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if response.ContentLength != 10 || string(body) != "01234" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d bytes promised, got %q, %v", response.ContentLength, body, err)
	}
}

func TestFaultHang(t *testing.T) {
	server := start(t, config{faults: true})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answered := make(chan error, 1)
	request, err := http.NewRequestWithContext(ctx, "POST", server.URL+"/fault/hang/license?run=hang", strings.NewReader(goodRequest))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		response, err := server.Client().Do(request)
		if err == nil {
			response.Body.Close()
		}
		answered <- err
	}()
	for deadline := time.Now().Add(30 * time.Second); len(log(t, server.Client(), server.URL, "hang")) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the log never shows the request")
		}
	}
	select {
	case err := <-answered:
		t.Fatalf("answered: %v", err)
	default:
	}
	cancel()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		t.Errorf("after the client left: %v", err)
	}
}

func TestRequestLog(t *testing.T) {
	server := start(t, config{faults: true})
	ask(t, server, "GET", "/media/film.mp4?run=1", "", "Range", "bytes=0-1")
	ask(t, server, "POST", "/fault/empty-keys/license?run=1", goodRequest)
	ask(t, server, "GET", "/fault/status-500/media/film.mp4?run=1", "")
	ask(t, server, "GET", "/media/film.mp4?run=2", "")
	ask(t, server, "GET", "/media/film.mp4", "")
	want := []seen{
		{Method: "GET", Path: "/media/film.mp4", Range: "bytes=0-1", Status: 206},
		{Method: "POST", Path: "/fault/empty-keys/license", Status: 200, Body: goodRequest},
		{Method: "GET", Path: "/fault/status-500/media/film.mp4", Status: 500},
	}
	got := log(t, server.Client(), server.URL, "1")
	if len(got) != len(want) {
		t.Fatalf("%+v, want %+v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("request %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	if got := log(t, server.Client(), server.URL, "none"); got == nil || len(got) != 0 {
		t.Errorf("a run without requests: %+v, want an empty list", got)
	}
}

func log(t *testing.T, client *http.Client, base, run string) []seen {
	t.Helper()
	response, err := client.Get(base + "/fault/log?run=" + run)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var all []seen
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}
