package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	got := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8081}
	for asked, want := range map[string]string{
		"localhost:0":    "http://localhost:8081/",
		":0":             "http://localhost:8081/",
		"0.0.0.0:8081":   "http://localhost:8081/",
		"127.0.0.1:8081": "http://localhost:8081/",
		"192.168.1.5:0":  "http://192.168.1.5:8081/",
	} {
		if address := address(asked, got); address != want {
			t.Errorf("%s: %s, want %s", asked, address, want)
		}
	}
}

func TestPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = run([]string{"-root", repository(t), "-addr", taken.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) || !strings.Contains(err.Error(), "-addr") {
		t.Errorf("%v, want what to do", err)
	}
}

func TestStartRefusals(t *testing.T) {
	root := repository(t)
	for name, c := range map[string]config{
		"-root":      {root: t.TempDir()},
		"-master":    {root: root, master: "0b0b"},
		"in hex":     {root: root, master: "not hex"},
		"none.json":  {root: root, keys: "none.json"},
		"films.json": {root: withBadFilms(t)},
	} {
		if _, err := newHandler(c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func withBadFilms(t *testing.T) string {
	t.Helper()
	root := repository(t)
	if err := os.WriteFile(filepath.Join(root, "examples", "media", "films.json"), []byte(`[{"keys":{"x":"y"}}]`), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestRootFromBelow(t *testing.T) {
	t.Chdir(filepath.Join(repository(t), "examples", "media"))
	if _, err := newHandler(config{}); err != nil {
		t.Error(err)
	}
	t.Chdir(t.TempDir())
	if _, err := newHandler(config{}); err == nil || !strings.Contains(err.Error(), "-root") {
		t.Errorf("outside: %v, want what to do", err)
	}
}

func TestServeStops(t *testing.T) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	handler, err := newHandler(config{root: repository(t), faults: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, listener, handler) }()

	base := "http://" + listener.Addr().String()
	hung := make(chan error, 1)
	go func() {
		response, err := http.Get(base + "/fault/hang/media/film.mp4?run=stop")
		if err == nil {
			response.Body.Close()
		}
		hung <- err
	}()
	for len(log(t, http.DefaultClient, base, "stop")) == 0 {
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("stopped: %v", err)
	}
	if err := <-hung; err == nil {
		t.Error("a request that hung was answered")
	}
}
