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
	"github.com/keystream-player/keystream/player/platform"
)

const secretURL = "https://user:pw@example.test/dir/film.mp4?token=secret#frag"

var (
	network = &platform.DOMError{Name: "TypeError", Message: "Failed to fetch"}
	aborted = &platform.DOMError{Name: "AbortError"}
)

// middle keeps the jitter at ±0.
func middle() float64 { return 0.5 }

func TestRetries(t *testing.T) {
	ms := time.Millisecond
	ok := reply{status: 200, body: "film"}
	tests := []struct {
		name     string
		kind     fetch.Kind
		replies  []reply
		want     string // body, or the error's text
		attempts int
		took     time.Duration
	}{
		{"first try", fetch.Media, []reply{ok}, "film", 1, 0},
		{"network error, then right", fetch.Media, []reply{{err: network}, ok}, "film", 2, 200 * ms},
		{"503 twice, then right", fetch.Media, []reply{{status: 503}, {status: 503}, ok}, "film", 3, 600 * ms},
		{"500 for ever", fetch.Media, repeat(reply{status: 500}, 9), "media request to https://example.test/dir/film.mp4 failed 4 times: HTTP 500", 4, 1400 * ms},
		{"network errors for ever", fetch.License, repeat(reply{err: network}, 9),
			"license request to https://example.test/dir/film.mp4 failed 3 times: TypeError: Failed to fetch", 3, 600 * ms},
		{"404", fetch.Media, []reply{{status: 404}, ok}, "media request to https://example.test/dir/film.mp4 failed: HTTP 404", 1, 0},
		{"401", fetch.License, []reply{{status: 401}, ok}, "license request to https://example.test/dir/film.mp4 failed: HTTP 401", 1, 0},
		{"304 without a condition", fetch.Media, []reply{{status: 304}, ok}, "media request to https://example.test/dir/film.mp4 failed: HTTP 304", 1, 0},
		{"408", fetch.License, []reply{{status: 408}, ok}, "film", 2, 200 * ms},
		{"425", fetch.License, []reply{{status: 425}, ok}, "film", 2, 200 * ms},
		{"429", fetch.License, []reply{{status: 429}, ok}, "film", 2, 200 * ms},
		{"429 with Retry-After", fetch.License, []reply{{status: 429, header: "Retry-After: 7"}, ok}, "film", 2, 7 * time.Second},
		{"Retry-After shorter than the backoff", fetch.License, []reply{{status: 503, header: "Retry-After: 0"}, ok}, "film", 2, 200 * ms},
		{"Retry-After is bounded", fetch.License, []reply{{status: 503, header: "Retry-After: 99999999999999"}, ok}, "film", 2, 30 * time.Second},
		{"Retry-After as a date", fetch.License, []reply{{status: 503, header: "Retry-After: Sat, 01 Jan 2000 00:00:12 GMT"}, ok}, "film", 2, 12 * time.Second},
		{"Retry-After as a date gone by", fetch.License, []reply{{status: 503, header: "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"}, ok}, "film", 2, 200 * ms},
		{"Retry-After that is nonsense", fetch.License, []reply{{status: 503, header: "Retry-After: Sat, 99 Jam 2000 00:00:12 GMT"}, ok}, "film", 2, 200 * ms},
		{"no header in time, then right", fetch.License, []reply{{hang: true}, ok}, "film", 2, 10*time.Second + 200*ms},
		{"no header ever", fetch.License, repeat(reply{hang: true}, 9),
			"license request to https://example.test/dir/film.mp4 failed 3 times: timed out", 3, 30*time.Second + 600*ms},
		{"a body that stalls, then right", fetch.License, []reply{{status: 200, stall: true}, ok}, "film", 2, 10*time.Second + 200*ms},
		{"a connection lost in the body, then right", fetch.Media, []reply{{status: 200, bodyErr: aborted}, ok}, "film", 2, 200 * ms},
		{"a body past the limit", fetch.License, []reply{{status: 200, body: strings.Repeat("x", 1<<20+1)}, ok},
			"license request to https://example.test/dir/film.mp4 failed: HTTP 200: the response body is larger than its limit", 1, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				script := &script{t: t, replies: test.replies}
				client := fetch.Client{Fetcher: script, Rand: middle}
				start := time.Now()
				res, err := client.Do(t.Context(), fetch.Request{Kind: test.kind, URL: secretURL})
				if took := time.Since(start); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
				if got := outcome(t, res, err); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
				var failed *fetch.Error
				if errors.As(err, &failed) && failed.Attempts != test.attempts || err == nil && res.Attempts != test.attempts || len(script.seen) != test.attempts {
					t.Errorf("made %d requests, told %+v %+v, want %d", len(script.seen), res, failed, test.attempts)
				}
				script.checkEnds()
			})
		})
	}
}

func TestRanges(t *testing.T) {
	tests := []struct {
		name    string
		url     string
		ask     fetch.Range
		header  string // the Range header that must be sent
		replies []reply
		body    string
		total   int64
		err     error
		tries   int
	}{
		{"whole", "f.mp4", fetch.Range{}, "", []reply{{status: 200, body: "0123456789"}}, "0123456789", 10, nil, 1},
		{"inside", "f.mp4", fetch.Range{2, 3}, "bytes=2-4", []reply{part("bytes 2-4/10", "234")}, "234", 10, nil, 1},
		{"past the end", "f.mp4", fetch.Range{8, 100}, "bytes=8-107", []reply{part("bytes 8-9/10", "89")}, "89", 10, nil, 1},
		{"to the end", "f.mp4", fetch.Range{8, 0}, "bytes=8-", []reply{part("bytes 8-9/10", "89")}, "89", 10, nil, 1},
		{"of unknown total", "f.mp4", fetch.Range{2, 3}, "bytes=2-4", []reply{part("bytes 2-4/*", "234")}, "234", -1, nil, 1},
		{"without Content-Range (CORS hides it)", "f.mp4", fetch.Range{2, 3}, "bytes=2-4", []reply{{status: 206, body: "234"}}, "234", -1, nil, 1},
		{"of a blob", "blob:https://x/1", fetch.Range{2, 3}, "bytes=2-4", []reply{{status: 206, body: "234"}}, "234", -1, nil, 1},
		{"of a blob that is gone", "blob:https://x/1", fetch.Range{2, 3}, "bytes=2-4", []reply{{err: network}}, "", 0, network, 1},
		{"ignored", "f.mp4", fetch.Range{2, 3}, "bytes=2-4", []reply{{status: 200, body: "0123456789"}}, "", 0, fetch.ErrRangeIgnored, 1},
		{"outside", "f.mp4", fetch.Range{20, 3}, "bytes=20-22", []reply{{status: 416}}, "", 0, fetch.ErrRangeNotSatisfiable, 1},
		{"another start", "f.mp4", fetch.Range{2, 3}, "bytes=2-4", []reply{part("bytes 0-2/10", "012")}, "", 0, fetch.ErrWrongRange, 1},
		{"more than asked", "f.mp4", fetch.Range{2, 3}, "bytes=2-4", []reply{part("bytes 2-9/10", "23456789")}, "", 0, fetch.ErrWrongRange, 1},
		{"a longer body than promised", "f.mp4", fetch.Range{2, 3}, "bytes=2-4", []reply{part("bytes 2-4/10", "2345")}, "", 0, fetch.ErrWrongRange, 1},
		{"a longer body, nothing promised", "f.mp4", fetch.Range{2, 3}, "bytes=2-4", []reply{{status: 206, body: "2345"}}, "", 0, fetch.ErrWrongRange, 1},
		{"nonsense", "f.mp4", fetch.Range{2, 3}, "bytes=2-4", []reply{part("bytes 2-4", "234")}, "", 0, fetch.ErrWrongRange, 1},
		{"beyond the total", "f.mp4", fetch.Range{2, 3}, "bytes=2-4", []reply{part("bytes 2-4/3", "234")}, "", 0, fetch.ErrWrongRange, 1},
		{"a short body, then right", "f.mp4", fetch.Range{2, 3}, "bytes=2-4", []reply{part("bytes 2-4/10", "23"), part("bytes 2-4/10", "234")}, "234", 10, nil, 2},
		{"a short body for ever", "f.mp4", fetch.Range{2, 3}, "bytes=2-4", repeat(part("bytes 2-4/10", "23"), 9), "", 0, fetch.ErrShortBody, 4},
		{"less than there is, for ever", "f.mp4", fetch.Range{2, 3}, "bytes=2-4", repeat(part("bytes 2-3/10", "23"), 9), "", 0, fetch.ErrShortBody, 4},
		{"negative", "f.mp4", fetch.Range{-1, 3}, "", nil, "", 0, fetch.ErrInvalidRange, 0},
		{"overflowing", "f.mp4", fetch.Range{1, 1<<63 - 1}, "", nil, "", 0, fetch.ErrInvalidRange, 0},
		{"past the limit", "f.mp4", fetch.Range{0, 1 << 40}, "", nil, "", 0, platform.ErrTooLarge, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				script := &script{t: t, replies: test.replies}
				client := fetch.Client{Fetcher: script}
				res, err := client.Do(t.Context(), fetch.Request{URL: test.url, Range: test.ask})
				if !errors.Is(err, test.err) || len(script.seen) != test.tries {
					t.Fatalf("got %v after %d tries, want %v after %d", err, len(script.seen), test.err, test.tries)
				}
				if test.err == nil {
					if got := outcome(t, res, err); got != test.body || res.Total != test.total {
						t.Errorf("got %q of %d, want %q of %d", got, res.Total, test.body, test.total)
					}
				}
				for _, req := range script.seen {
					if got := headerOf(req, "Range"); got != test.header {
						t.Errorf("sent Range: %q, want %q", got, test.header)
					}
				}
				script.checkEnds()
			})
		})
	}
}

func TestCancelIsTheContextsError(t *testing.T) {
	tests := []struct {
		name  string
		reply reply
	}{
		{"waiting for the header", reply{hang: true}},
		{"reading the body", reply{status: 200, stall: true}},
		{"between tries", reply{status: 503, header: "Retry-After: 20"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				script := &script{t: t, replies: repeat(test.reply, 9)}
				client := fetch.Client{Fetcher: script}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				_, err := client.Do(ctx, fetch.Request{URL: "f.mp4"})
				if err != context.DeadlineExceeded || time.Since(start) != time.Second {
					t.Errorf("got %v after %v, want the context's own error at once", err, time.Since(start))
				}
				if len(script.seen) != 1 {
					t.Errorf("made %d requests, want 1", len(script.seen))
				}
				script.checkEnds()
			})
		})
	}
}

func TestJitterStaysWithinHalf(t *testing.T) {
	policy := fetch.DefaultPolicy(fetch.Media)
	policy.Tries = 8
	tests := []struct {
		name   string
		random func() float64
		want   time.Duration // of the seven pauses together
	}{
		{"least", func() float64 { return 0 }, (100 + 200 + 400 + 800 + 1500 + 1500 + 1500) * time.Millisecond},
		{"none", middle, (200 + 400 + 800 + 1600 + 3000 + 3000 + 3000) * time.Millisecond},
		{"most, up to the maximum", func() float64 { return 1 }, (300 + 600 + 1200 + 2400 + 3000 + 3000 + 3000) * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := fetch.Client{Fetcher: &script{t: t, replies: repeat(reply{status: 500}, 8)}, Policy: always(policy), Rand: test.random}
				start := time.Now()
				client.Do(t.Context(), fetch.Request{URL: "f.mp4"})
				if took := time.Since(start); took != test.want {
					t.Errorf("paused %v, want %v", took, test.want)
				}
			})
		})
	}
}

func TestASlowBodyHasTheTimeItsLengthNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := fetch.Policy{Tries: 1, Timeout: time.Second, MinRate: 10, MaxBytes: 1000}
		slow := reply{status: 206, header: "Content-Range: bytes 0-99/100", body: strings.Repeat("x", 100), delay: 10 * time.Second}
		client := fetch.Client{Fetcher: &script{t: t, replies: []reply{slow}}, Policy: always(policy)}
		if _, err := client.Do(t.Context(), fetch.Request{URL: "f.mp4", Range: fetch.Range{Length: 100}}); err != nil {
			t.Error(err)
		}
		slow.delay = 12 * time.Second
		client.Fetcher = &script{t: t, replies: []reply{slow}}
		_, err := client.Do(t.Context(), fetch.Request{URL: "f.mp4", Range: fetch.Range{Length: 100}})
		var failed *fetch.Error
		if !errors.As(err, &failed) || !failed.Timeout {
			t.Errorf("got %v, want a timeout", err)
		}
	})
}

func TestTheRequestIsSentAsGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := &script{t: t, replies: []reply{{status: 503}, {status: 200}}}
		client := fetch.Client{Fetcher: script}
		own := []platform.HeaderField{{Name: "Authorization", Value: "Bearer x"}}
		req := fetch.Request{Kind: fetch.License, URL: secretURL, Method: "POST", Header: own, Body: []byte("challenge"), WithCredentials: true}
		if _, err := client.Do(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		for _, got := range script.seen {
			if got.URL != secretURL || got.Method != "POST" || !slices.Equal(got.Header, own) || string(got.Body) != "challenge" || !got.WithCredentials {
				t.Errorf("sent %+v", got)
			}
		}
	})
}

func TestErrorTellsWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fetch.Client{Fetcher: &script{t: t, replies: repeat(reply{err: network}, 9)}}
		_, err := client.Do(t.Context(), fetch.Request{Kind: fetch.License, URL: secretURL})
		var failed *fetch.Error
		if !errors.As(err, &failed) || failed.Kind != fetch.License || failed.Status != 0 || failed.URL != "https://example.test/dir/film.mp4" {
			t.Errorf("got %+v", err)
		}
		if !platform.IsDOMError(err, "TypeError") {
			t.Errorf("%v does not wrap its cause", err)
		}
	})
}

// always is a Client.Policy that makes no difference.
func always(p fetch.Policy) func(fetch.Kind) fetch.Policy {
	return func(fetch.Kind) fetch.Policy { return p }
}

func repeat(r reply, n int) []reply { return slices.Repeat([]reply{r}, n) }

func part(contentRange, body string) reply {
	return reply{status: 206, header: "Content-Range: " + contentRange, body: body}
}

func outcome(t *testing.T, res fetch.Result, err error) string {
	if err != nil {
		return err.Error()
	}
	b, err := res.Body.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
