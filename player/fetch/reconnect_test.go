package fetch_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/fetch"
)

// connection is a page that may be offline until a time.
type connection struct {
	back  time.Time
	asked int
}

func (c *connection) reconnect(ctx context.Context) (waited bool) {
	c.asked++
	if !time.Now().Before(c.back) {
		return false
	}
	select {
	case <-time.After(time.Until(c.back)):
	case <-ctx.Done():
	}
	return true
}

func TestReconnect(t *testing.T) {
	tests := []struct {
		name    string
		url     string
		offline time.Duration
		replies []reply
		err     bool
		asked   int
		took    time.Duration
	}{
		{"a try without a connection does not count", "f.mp4", time.Hour, append(repeat(down, 4), reply{status: 200}), false, 4,
			time.Hour + 1600*ms},
		{"a body that is cut off neither", "f.mp4", time.Hour, []reply{{status: 200, bodyErr: network}, down, down, down, {status: 200}}, false, 4,
			time.Hour + 1600*ms},
		{"nor one that stalls", "f.mp4", time.Hour, []reply{{status: 200, stall: true}, down, down, down, {status: 200}}, false, 4,
			time.Hour + 1600*ms},
		{"online, it counts", "f.mp4", 0, repeat(down, 4), true, 4, 1400 * ms},
		{"an answer needs no connection", "f.mp4", time.Hour, []reply{{status: 500}, {status: 200}}, false, 0, 200 * ms},
		{"nor does a blob", "blob:https://x/1", time.Hour, []reply{down}, true, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				page := connection{back: start.Add(test.offline)}
				client := fetch.Client{Fetcher: &script{t: t, replies: test.replies}, Rand: middle, Reconnect: page.reconnect}
				res, err := client.Do(t.Context(), fetch.Request{URL: test.url})
				if test.err != (err != nil) || err == nil && res.Attempts != len(test.replies) {
					t.Errorf("got %+v, %v", res, err)
				}
				if took := time.Since(start); took != test.took || page.asked != test.asked {
					t.Errorf("took %v and asked %d times, want %v and %d", took, page.asked, test.took, test.asked)
				}
			})
		})
	}
}

func TestReconnectEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		page := connection{back: time.Now().Add(time.Hour)}
		policy := fetch.DefaultPolicy(fetch.Media)
		policy.Tries = 1
		client := fetch.Client{Fetcher: &script{t: t, replies: []reply{down}}, Policy: always(policy)}
		client.Reconnect = func(ctx context.Context) bool {
			page.reconnect(ctx)
			return false // it was cut off
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if _, err := client.Do(ctx, fetch.Request{URL: "f.mp4"}); err != context.DeadlineExceeded || time.Since(start) != time.Minute {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

// A page that is offline says nothing about a server.
func TestReconnectKeepsToTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		servers := newMirrors(t, map[string][]reply{"a": {{status: 206, stall: true}, good, good}})
		page := connection{back: time.Now().Add(time.Minute)}
		client := fetch.Client{Fetcher: servers, Rand: middle, Reconnect: page.reconnect}
		for _, want := range []string{"a 0, a 60.2", "a 60.2"} {
			res, err := client.Do(t.Context(), segment("v1/1.m4s", "a", "b"))
			if got := servers.asked(); outcome(t, res, err) != "234" || got != want {
				t.Errorf("asked %s, want %s: %v", got, want, err)
			}
		}
	})
}
