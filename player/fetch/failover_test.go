package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/platform"
)

// segment is a request for a segment that lies on the servers a, b and so on.
func segment(name string, servers ...string) fetch.Request {
	var urls []string
	for _, s := range servers {
		urls = append(urls, "https://"+s+".test/film/"+name+"?token=secret")
	}
	return fetch.Request{URL: urls[0], Alternatives: urls[1:], Range: fetch.Range{Start: 2, Length: 3}}
}

var (
	good  = part("bytes 2-4/10", "234")
	gone  = reply{status: 404}
	down  = reply{err: network}
	wrong = part("bytes 0-2/10", "012")
	short = part("bytes 2-4/10", "23")
	late  = reply{status: 206, header: good.header, body: good.body, latency: 19 * time.Second}
)

func TestFailover(t *testing.T) {
	tests := []struct {
		name string
		a, b []reply
		want string // who was asked, after how many seconds
		err  string // "" is the body
	}{
		{"not needed", []reply{good}, nil, "a 0", ""},
		{"once is no reason to leave", []reply{down, good}, nil, "a 0, a 0.2", ""},
		{"no connection", []reply{down, down}, []reply{good}, "a 0, a 0.2, b 0.2", ""},
		{"404", []reply{gone}, []reply{good}, "a 0, b 0", ""},
		{"403", []reply{{status: 403}}, []reply{good}, "a 0, b 0", ""},
		{"a wrong range", []reply{wrong}, []reply{good}, "a 0, b 0", ""},
		{"no ranges", []reply{{status: 200, body: "0123456789"}}, []reply{good}, "a 0, b 0", ""},
		{"a range outside", []reply{{status: 416}}, []reply{good}, "a 0, b 0", ""},
		{"a short body", []reply{short, short}, []reply{good}, "a 0, a 0.2, b 0.2", ""},
		{"no header in time", []reply{{hang: true}}, []reply{good}, "a 0, b 8", ""},
		{"the last has longer for its header", []reply{gone}, []reply{late}, "a 0, b 0", ""},
		{"a silent body", []reply{{status: 206, stall: true}}, []reply{good}, "a 0, b 8", ""},
		{"Retry-After", []reply{{status: 503, header: "Retry-After: 5"}}, []reply{good}, "a 0, b 0", ""},
		{"the last has all its tries", []reply{gone}, []reply{down, down, down, good}, "a 0, b 0, b 0.2, b 0.6, b 1.4", ""},
		{"Retry-After of the last is waited for", []reply{gone}, []reply{{status: 503, header: "Retry-After: 5"}, good}, "a 0, b 0, b 5", ""},
		{"nobody has it", []reply{{status: 500}, {status: 500}}, []reply{gone}, "a 0, a 0.2, b 0.2",
			"media request to https://b.test/film/v1/1.m4s failed 3 times: HTTP 404"},
		{"nobody is there", []reply{down, down}, repeat(down, 4), "a 0, a 0.2, b 0.2, b 0.4, b 0.8, b 1.6",
			"media request to https://b.test/film/v1/1.m4s failed 6 times: TypeError: Failed to fetch"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				servers := newMirrors(t, map[string][]reply{"a": test.a, "b": test.b})
				client := fetch.Client{Fetcher: servers, Rand: middle}
				res, err := client.Do(t.Context(), segment("v1/1.m4s", "a", "b"))
				asked, tries := servers.asked(), len(test.a)+len(test.b)
				if asked != test.want {
					t.Errorf("asked %s, want %s", asked, test.want)
				}
				var failed *fetch.Error
				switch {
				case test.err != "":
					if !errors.As(err, &failed) || err.Error() != test.err || failed.Attempts != tries {
						t.Errorf("got %v (%+v), want %s", err, failed, test.err)
					}
					servers.checkEnds(0)
				case outcome(t, res, err) != "234" || res.Attempts != tries:
					t.Errorf("got %+v, %v", res, err)
				default:
					servers.checkEnds(1)
				}
			})
		})
	}
}

// A failure of one server moves what comes next to the other, and after a minute back.
func TestABadPlaceIsAvoidedForAMinute(t *testing.T) {
	tests := []struct {
		name string
		bad  []reply
		long time.Duration // how long the server is avoided
	}{
		{"404", []reply{gone}, time.Minute},
		{"no connection", []reply{down, down}, time.Minute},
		{"Retry-After shorter than that", []reply{{status: 503, header: "Retry-After: 5"}}, time.Minute},
		{"Retry-After longer than that", []reply{{status: 503, header: "Retry-After: 90"}}, 90 * time.Second},
		{"Retry-After beyond reason", []reply{{status: 429, header: "Retry-After: 86400"}}, 5 * time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				servers := newMirrors(t, map[string][]reply{"a": append(test.bad, good), "b": repeat(good, 3)})
				client := fetch.Client{Fetcher: servers, Rand: middle}
				get := func(name string) string {
					t.Helper()
					servers.asked()
					servers.start = time.Now()
					res, err := client.Do(t.Context(), segment(name, "a", "b"))
					if err != nil {
						t.Fatal(err)
					}
					res.Body.Release()
					return servers.asked()
				}
				get("v1/1.m4s")
				if got := get("v1/2.m4s"); got != "b 0" {
					t.Errorf("the next segment asked %s", got)
				}
				time.Sleep(test.long - time.Second)
				if got := get("v2/40.m4s"); got != "b 0" {
					t.Errorf("another Representation asked %s shortly before the end", got)
				}
				time.Sleep(time.Second)
				if got := get("v2/41.m4s"); got != "a 0" {
					t.Errorf("asked %s after the time was up", got)
				}
			})
		})
	}
}

func TestABadPlaceIsTheLastResort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		servers := newMirrors(t, map[string][]reply{"a": {gone, good, good}, "b": {good, gone}, "c": {gone}})
		client := fetch.Client{Fetcher: servers, Rand: middle}
		for _, step := range []struct {
			at   []string
			want string
		}{
			{[]string{"a", "b", "c"}, "a 0, b 0"},
			{[]string{"a", "b", "c"}, "b 0, c 0, a 0"},
			{[]string{"a", "d"}, "a 0"}, // it works again, so it is not avoided any more
		} {
			res, err := client.Do(t.Context(), segment("v1/1.m4s", step.at...))
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Release()
			if got := servers.asked(); got != step.want {
				t.Errorf("asked %s, want %s", got, step.want)
			}
		}
	})
}

// What is remembered is the common base of what lies there, not the host: two mirrors may be two folders of one server.
func TestABadPlaceMayBeAFolder(t *testing.T) {
	for name, bases := range map[string][2]string{
		"two folders":                  {"https://x.test/one/film", "https://x.test/two/film"},
		"a folder and its root":        {"https://x.test", "https://x.test/copy"},
		"a root and its folder":        {"https://x.test/copy", "https://x.test"},
		"two schemes":                  {"http://x.test", "https://x.test"},
		"folders of similar names":     {"https://x.test/a1", "https://x.test/b1"},
		"without a scheme":             {"//x.test/one", "//x.test/two"},
		"relative to the page":         {"one", "two"},
		"with a query that has a path": {"https://x.test/one?of=a", "https://x.test/two?of=a"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &script{t: t, replies: []reply{{status: 404}, {status: 200}, {status: 200}}}
				client := fetch.Client{Fetcher: server}
				for _, file := range []string{"/v1/1.m4s", "/a1/7.m4s"} {
					res, err := client.Do(t.Context(), fetch.Request{URL: join(bases[0], file), Alternatives: []string{join(bases[1], file)}})
					if err != nil {
						t.Fatal(err)
					}
					res.Body.Release()
				}
				if got, want := server.seen[2].URL, join(bases[1], "/a1/7.m4s"); got != want {
					t.Errorf("asked %s, want %s", got, want)
				}
			})
		})
	}
}

func TestABadPlaceIsOfOneHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &script{t: t, replies: []reply{{status: 404}, {status: 200}, {status: 200}}}
		client := fetch.Client{Fetcher: server}
		for _, host := range []string{"x", "y"} {
			path := "://" + host + ".test/1.m4s"
			if _, err := client.Do(t.Context(), fetch.Request{URL: "http" + path, Alternatives: []string{"https" + path}}); err != nil {
				t.Fatal(err)
			}
		}
		if got := server.seen[2].URL; got != "http://y.test/1.m4s" {
			t.Errorf("asked %s", got)
		}
	})
}

// join puts a path between a base and its query.
func join(base, path string) string {
	base, query, _ := strings.Cut(base, "?")
	if query != "" {
		query = "?" + query + path
	}
	return base + path + query
}

func TestAlternativesOfNoCommonNameAreRememberedByTheirFolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &script{t: t, replies: []reply{{status: 404}, {status: 200}, {status: 200}, {status: 200}}}
		client := fetch.Client{Fetcher: server}
		for _, urls := range [][2]string{
			{"https://x.test/one/low.mp4", "https://y.test/film.mp4"},
			{"https://x.test/one/high.mp4", "https://y.test/film2.mp4"},
			{"https://x.test/two/high.mp4", "https://y.test/film2.mp4"},
		} {
			if _, err := client.Do(t.Context(), fetch.Request{URL: urls[0], Alternatives: urls[1:]}); err != nil {
				t.Fatal(err)
			}
		}
		var hosts []string
		for _, req := range server.seen {
			hosts = append(hosts, req.URL[8:9])
		}
		if !slices.Equal(hosts, []string{"x", "y", "y", "x"}) {
			t.Errorf("asked %v", hosts)
		}
	})
}

func TestAlternativesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &script{t: t, replies: repeat(gone, 8)}
		client := fetch.Client{Fetcher: server}
		req := fetch.Request{URL: "https://a.test/1.m4s"}
		for i := range 10_000 {
			req.Alternatives = append(req.Alternatives, fmt.Sprintf("https://a.test/%d/1.m4s", i))
		}
		if _, err := client.Do(t.Context(), req); err == nil || len(server.seen) != 8 {
			t.Errorf("%d addresses were tried: %v", len(server.seen), err)
		}
	})
}

func TestCancelEndsFailover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		servers := newMirrors(t, map[string][]reply{"a": {{hang: true}, good}})
		client := fetch.Client{Fetcher: servers, Rand: middle}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := client.Do(ctx, segment("v1/1.m4s", "a", "b")); err != context.DeadlineExceeded {
			t.Error(err)
		}
		res, err := client.Do(t.Context(), segment("v1/2.m4s", "a", "b")) // a is no worse for it
		if outcome(t, res, err) != "234" || servers.asked() != "a 0, a 1" {
			t.Errorf("%v", err)
		}
	})
}

// TestConcurrentRequests is for the race detector: some 200 requests at once, over two servers of which one fails now and then.
func TestConcurrentRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requests = 200
		fetcher := fetcherFunc(func(ctx context.Context, req platform.Request) (platform.Response, error) {
			s := &script{t: t, replies: []reply{{status: 206, header: good.header, body: good.body, every: time.Second}}}
			if strings.HasPrefix(req.URL, "https://a.test/film/v") {
				s.replies[0] = gone
			}
			return s.Fetch(ctx, req)
		})
		var mu sync.Mutex
		seen := map[bool]int{}
		client := fetch.Client{Fetcher: fetcher, Observer: func(x fetch.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			seen[x.Failed]++
		}}
		var all sync.WaitGroup
		for i := range requests {
			all.Go(func() {
				time.Sleep(time.Duration(i/20) * time.Second)
				req := segment(fmt.Sprintf("%c%d/1.m4s", "va"[i%2], i), "a", "b")
				req.Observe = func(fetch.Progress) {}
				res, err := client.Do(t.Context(), req)
				if outcome(t, res, err) != "234" {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if seen[false] != requests || seen[true] == 0 || seen[true] >= requests/2 {
			t.Errorf("%d tries succeeded and %d failed", seen[false], seen[true])
		}
	})
}

type fetcherFunc func(context.Context, platform.Request) (platform.Response, error)

func (f fetcherFunc) Fetch(ctx context.Context, req platform.Request) (platform.Response, error) {
	return f(ctx, req)
}
