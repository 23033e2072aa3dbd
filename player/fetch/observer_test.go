package fetch_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/fetch"
)

const ms = time.Millisecond

// told collects what a Client's Observer is told, with times since the bubble began.
type told struct {
	start time.Time
	list  []fetch.Exchange
}

func (o *told) add(x fetch.Exchange) { o.list = append(o.list, x) }

func TestTheObserverIsToldOfEveryTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		replies := []reply{
			{status: 503, latency: 100 * ms},
			{err: network, latency: 100 * ms},
			{status: 206, header: "Content-Range: bytes 2-5/10", body: "abc", every: 100 * ms},
			{status: 206, header: "Content-Range: bytes 2-5/10", body: "abcd", every: 100 * ms, latency: 100 * ms},
		}
		o := told{start: time.Now()}
		client := fetch.Client{Fetcher: &script{t: t, replies: replies}, Rand: middle, Observer: o.add}
		asked := fetch.Range{Start: 2, Length: 4}
		if _, err := client.Do(t.Context(), fetch.Request{Kind: fetch.Init, URL: secretURL, Range: asked}); err != nil {
			t.Fatal(err)
		}
		const url = "https://example.test/dir/film.mp4"
		at := func(d time.Duration) time.Time { return o.start.Add(d) }
		want := []fetch.Exchange{
			{fetch.Init, url, asked, at(0), at(100 * ms), at(100 * ms), 0, 503, true, false},
			{fetch.Init, url, asked, at(300 * ms), time.Time{}, at(400 * ms), 0, 0, true, false},
			{fetch.Init, url, asked, at(800 * ms), at(800 * ms), at(1100 * ms), 3, 206, true, false},
			{fetch.Init, url, asked, at(1900 * ms), at(2000 * ms), at(2400 * ms), 4, 206, false, false},
		}
		if !slices.Equal(o.list, want) {
			t.Errorf("told %+v, want %+v", o.list, want)
		}
	})
}

func TestTheObserverIsToldOfWhatIsCancelled(t *testing.T) {
	tests := []struct {
		name   string
		reply  reply
		status int
		opened bool
		bytes  int64
	}{
		{"waiting for the header", reply{hang: true}, 0, false, 0},
		{"in the body", reply{status: 200, body: "body", every: 350 * ms}, 200, true, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var o told
				client := fetch.Client{Fetcher: &script{t: t, replies: []reply{test.reply}}, Observer: o.add}
				ctx, cancel := context.WithTimeout(t.Context(), 1100*ms)
				defer cancel()
				client.Do(ctx, fetch.Request{URL: "f.mp4"})
				if len(o.list) != 1 {
					t.Fatalf("told %+v", o.list)
				}
				x := o.list[0]
				if !x.Cancelled || x.Failed || x.Status != test.status || x.Opened.IsZero() == test.opened {
					t.Errorf("told %+v", x)
				}
				if x.Bytes != test.bytes || x.Ended.Sub(x.Started) != 1100*ms {
					t.Errorf("told %+v", x)
				}
			})
		})
	}
}

// A try that is cut off tells how far it came, though the player learns it from the next poll only.
func TestTheObserverIsToldHowFarAFailedTryCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o told
		stalled := reply{status: 200, body: "body", every: 300 * ms, silentAfter: 2}
		client := fetch.Client{Fetcher: &script{t: t, replies: []reply{stalled, {status: 200, body: "body"}}}, Observer: o.add}
		if _, err := client.Do(t.Context(), fetch.Request{URL: "f.mp4"}); err != nil {
			t.Fatal(err)
		}
		if len(o.list) != 2 || !o.list[0].Failed || o.list[0].Bytes != 2 || o.list[1].Failed || o.list[1].Bytes != 4 {
			t.Errorf("told %+v", o.list)
		}
	})
}
