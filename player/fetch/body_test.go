package fetch_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/fetch"
)

func TestAStalledBodyIsTriedAgain(t *testing.T) {
	whole := strings.Repeat("x", 20)
	tests := []struct {
		name    string
		kind    fetch.Kind
		replies []reply
		took    time.Duration
	}{
		{"nothing at all", fetch.Media, []reply{{status: 200, stall: true}, {status: 200, body: whole}}, 8*time.Second + 200*ms},
		{"silence after a beginning", fetch.Media, []reply{{status: 200, body: whole, every: time.Second, silentAfter: 3}, {status: 200, body: whole}},
			11*time.Second + 200*ms},
		{"a late header is no silence", fetch.Media, []reply{{status: 200, latency: 15 * time.Second, body: whole, every: 100 * ms}},
			17 * time.Second},
		{"slow but alive", fetch.Media, []reply{{status: 200, body: "xxxxx", every: 7 * time.Second}}, 35 * time.Second},
		{"alive, but past all bounds", fetch.Manifest, []reply{
			{status: 200, header: "Content-Length: 20", body: whole, every: 3 * time.Second}, {status: 200, body: whole}}, 20*time.Second + 200*ms},
		{"a licence has its ten seconds", fetch.License, []reply{{status: 200, body: "x", every: 9 * time.Second}}, 9 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &script{t: t, replies: test.replies}
				client := fetch.Client{Fetcher: server, Rand: middle}
				start := time.Now()
				res, err := client.Do(t.Context(), fetch.Request{Kind: test.kind, URL: "f.mp4"})
				if err != nil || res.Attempts != len(test.replies) {
					t.Errorf("got %+v, %v", res, err)
				}
				if took := time.Since(start); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
				server.checkEnds()
				server.checkReleased(1)
			})
		})
	}
}

func TestAStallForEverIsATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &script{t: t, replies: repeat(reply{status: 200, stall: true}, 4)}
		client := fetch.Client{Fetcher: server, Rand: middle}
		_, err := client.Do(t.Context(), fetch.Request{URL: "f.mp4"})
		var failed *fetch.Error
		if !errors.As(err, &failed) || !failed.Timeout || failed.Attempts != 4 || failed.Cause != nil {
			t.Errorf("got %v", err)
		}
	})
}

func TestObserveIsTold(t *testing.T) {
	tests := []struct {
		name  string
		ask   fetch.Range
		reply reply
		size  int64
	}{
		{"of what the server promises", fetch.Range{}, reply{status: 200, header: "Content-Length: 4"}, 4},
		{"of a range", fetch.Range{Start: 2, Length: 100}, reply{status: 206, header: "Content-Range: bytes 2-5/6"}, 4},
		{"of a range whose header CORS hides", fetch.Range{Start: 2, Length: 4}, reply{status: 206, header: "Content-Length: 4"}, 4},
		{"of a size that nobody tells", fetch.Range{}, reply{status: 200}, -1},
		{"of a size that is told of the compressed body", fetch.Range{}, reply{status: 200, header: "Content-Length: 5\nContent-Encoding: gzip"}, -1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.reply.body, test.reply.every, test.reply.latency = "body", 240*time.Millisecond, time.Second
				client := fetch.Client{Fetcher: &script{t: t, replies: []reply{test.reply}}}
				start := time.Now()
				opened := start.Add(time.Second)
				var got []fetch.Progress
				var at []time.Duration
				res, err := client.Do(t.Context(), fetch.Request{URL: "f.mp4", Range: test.ask, Observe: func(p fetch.Progress) {
					got, at = append(got, p), append(at, time.Since(opened))
				}})
				if outcome(t, res, err) != "body" {
					t.Fatal(err)
				}
				want := []fetch.Progress{{1, test.size, start, opened}, {2, test.size, start, opened}, {3, test.size, start, opened}}
				if !slices.Equal(got, want) || !slices.Equal(at, []time.Duration{250 * ms, 500 * ms, 750 * ms}) {
					t.Errorf("told %v at %v, want %v", got, at, want)
				}
				if res.Started != start || res.Opened != opened || res.Ended != opened.Add(960*ms) {
					t.Errorf("the result was sent at %v, opened at %v, ended at %v", res.Started, res.Opened, res.Ended)
				}
			})
		})
	}
}

func TestASizeThatIsTooSmallIsNoSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hidden := reply{status: 200, header: "Content-Length: 1", body: "body", every: 1100 * ms}
		client := fetch.Client{Fetcher: &script{t: t, replies: []reply{hidden}}}
		var last fetch.Progress
		res, err := client.Do(t.Context(), fetch.Request{URL: "f.mp4", Observe: func(p fetch.Progress) { last = p }})
		if outcome(t, res, err) != "body" || last.Received != 3 || last.Size != -1 {
			t.Errorf("told %+v last, %v", last, err)
		}
	})
}

// What watches a download may end it, as a choice of another bitrate does.
func TestObserveMayCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &script{t: t, replies: []reply{{status: 200, body: strings.Repeat("x", 100), every: time.Second}}}
		var told []fetch.Exchange
		client := fetch.Client{Fetcher: server, Observer: func(x fetch.Exchange) { told = append(told, x) }}
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		_, err := client.Do(ctx, fetch.Request{URL: "f.mp4", Observe: func(p fetch.Progress) {
			if p.Received == 5 {
				cancel()
			}
		}})
		if err != context.Canceled || time.Since(start) != 5*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		if len(told) != 1 || !told[0].Cancelled || told[0].Bytes != 5 {
			t.Errorf("told %+v", told)
		}
		server.checkEnds()
		server.checkReleased(0)
	})
}

// A player makes panics typed errors on the goroutine that called Do.
func TestAPanicOfTheHostIsOneOfDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fetch.Client{Fetcher: &script{t: t, replies: []reply{{status: 200, panics: true}}}}
		defer func() {
			if recover() != "the host is broken" {
				t.Error("the panic is another, or none")
			}
		}()
		client.Do(t.Context(), fetch.Request{URL: "f.mp4"})
	})
}
