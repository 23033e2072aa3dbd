package playertest_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// exchange makes one request and tells its outcome in a line.
func exchange(ctx context.Context, host *playertest.Host, url, rang string) string {
	req := platform.Request{URL: url}
	if rang != "" {
		req.Header = []platform.HeaderField{{Name: "Range", Value: rang}}
	}
	resp, err := host.Fetch(ctx, req)
	if err != nil {
		return err.Error()
	}
	head := fmt.Sprintf("%d %q", resp.Status(), resp.Header("content-range"))
	body, err := resp.ReadBody(ctx, 100)
	if err != nil {
		return head + " " + err.Error()
	}
	defer body.Release()
	b, err := body.Bytes()
	if err != nil {
		return head + " " + err.Error()
	}
	return head + " " + string(b)
}

func TestFaultsComeInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := playertest.NewHost(t, playertest.Options{})
		host.Network.Serve("f", playertest.Resource{Body: []byte("0123456789")})
		for _, test := range []struct {
			fault playertest.Fault
			want  string
		}{
			{playertest.Fault{}, `206 "bytes 2-4/10" 234`},
			{playertest.Fault{Status: 503}, `503 "" `},
			{playertest.Fault{NetworkError: true}, "TypeError: Failed to fetch"},
			{playertest.Fault{Hang: true}, "context deadline exceeded"},
			{playertest.Fault{Stall: true}, `206 "bytes 2-4/10" context deadline exceeded`},
			{playertest.Fault{IgnoreRange: true}, `200 "" 0123456789`},
			{playertest.Fault{Header: []platform.HeaderField{{Name: "Content-Range", Value: "bytes 0-2/10"}}}, `206 "bytes 0-2/10" 234`},
			{playertest.Fault{Cut: 4}, `206 "bytes 2-3/4" 23`},
			{playertest.Fault{Cut: 2}, `416 "bytes */2" `},
			{playertest.Fault{Short: 1}, `206 "bytes 2-4/10" 23`},
			{playertest.Fault{Drop: true}, `206 "bytes 2-4/10" TypeError: network error`},
			{playertest.Fault{Body: []byte("<html>")}, `200 "" <html>`},
			{playertest.Fault{Delay: time.Hour}, "context deadline exceeded"},
			{playertest.Fault{Status: 500, Always: true}, `500 "" `},
		} {
			host.Network.Fault("f", test.fault)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if got := exchange(ctx, host, "f", "bytes=2-4"); got != test.want {
				t.Errorf("%+v gives %s, want %s", test.fault, got, test.want)
			}
			cancel()
		}
		if got := exchange(t.Context(), host, "f", ""); got != `500 "" ` {
			t.Errorf("a fault that lasts gives %s", got)
		}
		if n := host.Live(); n != 0 {
			t.Errorf("%d responses and bodies are left", n)
		}
	})
}

func TestARequestReachesItsHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := playertest.NewHost(t, playertest.Options{Bandwidth: 4})
		host.Network.Handle("/license", func(ex playertest.Exchange) playertest.Reply {
			return playertest.Reply{Status: 201, Body: slices.Concat([]byte(ex.Method), ex.Body)}
		})
		resp, err := host.Fetch(t.Context(), platform.Request{URL: "/license", Method: "POST", Body: []byte("?!")})
		if err != nil || resp.Status() != 201 || resp.URL() != playertest.PageURL+"license" {
			t.Fatalf("%v %v", resp, err)
		}
		start := time.Now()
		body, err := resp.ReadBody(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		defer body.Release()
		if got, _ := body.Bytes(); string(got) != "POST?!" || time.Since(start) != 1500*time.Millisecond {
			t.Errorf("got %q in %v", got, time.Since(start))
		}
		if seen := host.Network.Requests(); len(seen) != 1 || string(seen[0].Body) != "?!" || seen[0].Method != "POST" {
			t.Errorf("the server has seen %+v", seen)
		}
	})
}

func TestWhatIsNotServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := playertest.NewHost(t, playertest.Options{})
		host.Network.Serve("blob:https://page.test/1", playertest.Resource{Body: []byte("0123")})
		for url, want := range map[string]string{
			"/none": `404 "" `, "https://other.test/x": "TypeError: Failed to fetch", "blob:https://page.test/1": "TypeError: Failed to fetch",
		} {
			if got := exchange(t.Context(), host, url, "bytes=9-"); got != want {
				t.Errorf("%s gives %s, want %s", url, got, want)
			}
		}
	})
}

func TestARedirectIsFollowedUnlessRefused(t *testing.T) {
	for name, test := range map[string]struct {
		reply  playertest.Reply
		refuse bool
		want   string // what the server at the end sees, or the error
	}{
		"307":                {playertest.Reply{Redirect: "/end"}, false, "POST body secret"},
		"302":                {playertest.Reply{Redirect: "/end", Status: 302}, false, "GET  secret"},
		"to another origin":  {playertest.Reply{Redirect: "https://other.test/end"}, false, "POST body "},
		"refused":            {playertest.Reply{Redirect: "/end"}, true, "TypeError: Failed to fetch"},
		"for ever":           {playertest.Reply{Redirect: "/begin"}, false, "TypeError: Failed to fetch"},
		"to something else":  {playertest.Reply{Redirect: "data:,x"}, false, "TypeError: Failed to fetch"},
		"to what is nowhere": {playertest.Reply{Redirect: "https://nowhere.test/"}, false, "TypeError: Failed to fetch"},
	} {
		synctest.Test(t, func(t *testing.T) {
			host := playertest.NewHost(t, playertest.Options{})
			got := ""
			end := func(ex playertest.Exchange) playertest.Reply {
				got = ex.Method + " " + string(ex.Body) + " "
				for _, f := range ex.Header {
					got += f.Value
				}
				return playertest.Reply{}
			}
			host.Network.Handle("/begin", func(playertest.Exchange) playertest.Reply { return test.reply })
			host.Network.Handle("/end", end)
			host.Network.Handle("https://other.test/end", end)
			resp, err := host.Fetch(t.Context(), platform.Request{URL: "/begin", Method: "POST", Body: []byte("body"), RefuseRedirects: test.refuse,
				Header: []platform.HeaderField{{Name: "Authorization", Value: "secret"}}})
			if err != nil {
				got = err.Error()
			} else {
				resp.Cancel()
			}
			if got != test.want || host.Live() != 0 {
				t.Errorf("%s gives %q, want %q; %d responses are left", name, got, test.want, host.Live())
			}
		})
	}
}
