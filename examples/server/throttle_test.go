package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// body is a handler that answers with so many bytes.
func body(bytes int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/media/film.mp4" {
			http.NotFound(w, r)
			return
		}
		w.Write(make([]byte, bytes))
	})
}

// get asks in a bubble's virtual time, and says how long the answer took.
func get(t *testing.T, handler http.Handler, path string, bytes int) time.Duration {
	began := time.Now()
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
	if answer.Code != 200 || answer.Body.Len() != bytes {
		t.Errorf("%s: %d with %d bytes, want %d", path, answer.Code, answer.Body.Len(), bytes)
	}
	return time.Since(began)
}

func about(t *testing.T, name string, got, want time.Duration) {
	t.Helper()
	if got < want-time.Millisecond || got > want+time.Millisecond {
		t.Errorf("%s took %v, want %v", name, got, want)
	}
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := newThrottle(body(100_000))
		about(t, "800 kbit/s", get(t, handler, "/throttle/800-40/media/film.mp4", 100_000), time.Second+40*time.Millisecond)
		about(t, "80 Mbit/s", get(t, handler, "/throttle/80000-0/media/film.mp4", 100_000), 10*time.Millisecond)
	})
}

func TestThrottleIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := newThrottle(body(50_000))
		took := make([]time.Duration, 2)
		var wait sync.WaitGroup
		for i := range took {
			wait.Go(func() { took[i] = get(t, handler, "/throttle/800-0/media/film.mp4", 50_000) })
		}
		alone := get(t, handler, "/throttle/801-0/media/film.mp4", 50_000)
		wait.Wait()
		about(t, "the later of two", max(took[0], took[1]), time.Second)
		if first := min(took[0], took[1]); first < 950*time.Millisecond {
			t.Errorf("one of two waits for the other: %v", took)
		}
		if alone > 550*time.Millisecond {
			t.Errorf("another line took %v", alone)
		}
	})
}

func TestThrottleChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := newThrottle(body(100_000))
		set := func(query string) {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest("POST", "/throttle/mine?"+query, nil))
			if answer.Code != 204 {
				t.Errorf("%s: %d %s", query, answer.Code, answer.Body)
			}
		}
		set("kbits=800&latency=0")
		go func() { // after half of it: nothing for three seconds, then the rest twice as fast
			time.Sleep(500*time.Millisecond - time.Microsecond)
			set("kbits=0&latency=0")
			time.Sleep(3 * time.Second)
			set("kbits=1600&latency=0")
		}()
		about(t, "a line that changes", get(t, handler, "/throttle/mine/media/film.mp4", 100_000), 3750*time.Millisecond)
	})
}

func TestThrottleIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := newThrottle(body(100_000))
		for _, line := range []string{"0-0", "8-0", "800-60000"} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, "GET", "/throttle/"+line+"/media/film.mp4", nil))
			if ctx.Err() == nil || answer.Body.Len() > 1024 {
				t.Errorf("%s: %v, %d bytes", line, ctx.Err(), answer.Body.Len())
			}
			cancel()
		}
	})
}

func TestThrottleRefusals(t *testing.T) {
	server := start(t, config{})
	for _, test := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"GET", "/throttle/100000-0/media/film.mp4", 200, "0123456789"},
		{"GET", "/throttle/100000-0/throttle/100000-1/media/film.mp4", 200, "0123456789"},
		{"GET", "/throttle/100000-0/media/none.mp4", 404, "not found"},
		{"GET", "/throttle/none/media/film.mp4", 404, "POST"},
		{"GET", "/throttle/-1-0/media/film.mp4", 404, "POST"},
		{"GET", "/throttle/1-60001/media/film.mp4", 404, "POST"},
		{"GET", "/throttle/mine", 405, "POST"},
		{"POST", "/throttle/mine?kbits=x&latency=1", 400, "kbits"},
		{"POST", "/throttle/mine?kbits=1", 400, "latency"},
		{"POST", "/throttle/?kbits=1&latency=1", 400, "name"},
		{"POST", "/throttle/mine?kbits=100000&latency=1", 204, ""},
		{"GET", "/throttle/mine/media/film.mp4", 200, "0123456789"},
	} {
		if response, body := ask(t, server, test.method, test.path, ""); response.StatusCode != test.status || !strings.Contains(body, test.says) {
			t.Errorf("%s %s: %d %q, want %d %q", test.method, test.path, response.StatusCode, body, test.status, test.says)
		}
	}
	response, part := ask(t, server, "GET", "/throttle/mine/media/film.mp4", "", "Range", "bytes=2-4")
	if response.StatusCode != 206 || part != "234" {
		t.Errorf("a range: %d %q", response.StatusCode, part)
	}
	if response, body := ask(t, server, "POST", "/throttle/mine/license", goodRequest); response.StatusCode != 200 || !strings.Contains(body, filmKey64) {
		t.Errorf("a licence: %d %q", response.StatusCode, body)
	}
	for i := range maxLines {
		ask(t, server, "POST", "/throttle/line"+string(rune('a'+i%26))+string(rune('a'+i/26))+"?kbits=1&latency=1", "")
	}
	if response, _ := ask(t, server, "POST", "/throttle/last?kbits=1&latency=1", ""); response.StatusCode != 429 {
		t.Errorf("too many lines: %d", response.StatusCode)
	}
}
