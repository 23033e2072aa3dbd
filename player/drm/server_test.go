package drm

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// wire is a host whose requests are looked at.
type wire struct {
	*playertest.Host
	seen []platform.Request
}

func (w *wire) Fetch(ctx context.Context, req platform.Request) (platform.Response, error) {
	w.seen = append(w.seen, req)
	return w.Host.Fetch(ctx, req)
}

// online runs f with a page in whose network every server answers with what it was sent.
func online(t *testing.T, f func(*testing.T, *wire)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{Host: playertest.NewHost(t, playertest.Options{})}
		for _, url := range []string{"https://page.test/license", "https://page.test/renew", "https://other.test/license"} {
			w.Network.Handle(url, func(ex playertest.Exchange) playertest.Reply {
				return playertest.Reply{Body: slices.Concat([]byte("licence for "), ex.Body), Header: field("X-Served-By", "test")}
			})
		}
		f(t, w)
	})
}

func field(pairs ...string) (out []platform.HeaderField) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, platform.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

var (
	token    = field("Authorization", "Bearer secret")
	binary   = field("Content-Type", "application/octet-stream")
	question = LicenseRequest{KeySystem: "com.widevine.alpha", MessageType: "license-request", Message: []byte("challenge"), KeyIDs: [][16]byte{{0xa}}}
)

func TestAHeaderAndCredentialsAreForTheirOriginOnly(t *testing.T) {
	to := func(url string) func(context.Context, *HTTPRequest) error {
		return func(_ context.Context, r *HTTPRequest) error {
			r.URL = url
			return nil
		}
	}
	const page, other = "https://page.test/license", "https://other.test/license"
	for name, test := range map[string]struct {
		server  LicenseServer
		url     string
		carries bool
	}{
		"its own URL":                  {LicenseServer{URL: page}, page, true},
		"a relative URL":               {LicenseServer{URL: "license"}, "license", true},
		"another path":                 {LicenseServer{URL: "/other", URLs: map[string]string{"license-request": page}}, page, true},
		"another origin by URLs":       {LicenseServer{URL: page, URLs: map[string]string{"license-request": other}}, other, false},
		"no URL but that":              {LicenseServer{URLs: map[string]string{"license-request": other}}, other, true},
		"another origin by a filter":   {LicenseServer{URL: "/license", Request: to(other)}, other, false},
		"back to its own by a filter":  {LicenseServer{URL: other, URLs: map[string]string{"license-request": page}, Request: to(other)}, other, false},
		"the same origin, relative":    {LicenseServer{URL: page, Request: to("/license")}, "/license", true},
		"the same origin, absolute":    {LicenseServer{URL: "license", Request: to(page)}, page, true},
		"a URL without its scheme":     {LicenseServer{URL: "license", Request: to("//other.test/license")}, "//other.test/license", false},
		"another origin's own, by URL": {LicenseServer{URL: other}, other, true},
	} {
		t.Run(name, func(t *testing.T) {
			online(t, func(t *testing.T, w *wire) {
				server := test.server
				server.Fetcher, server.Header, server.WithCredentials = w, token, true
				body, err := server.FetchLicense(t.Context(), question)
				if err != nil || string(body) != "licence for challenge" {
					t.Fatalf("got %q, %v", body, err)
				}
				want := platform.Request{URL: test.url, Method: "POST", Header: binary, Body: question.Message}
				if test.carries {
					want.Header, want.WithCredentials, want.RefuseRedirects = slices.Concat(token, binary), true, true
				}
				if !reflect.DeepEqual(w.seen, []platform.Request{want}) {
					t.Errorf("sent %+v\nwant %+v", w.seen, want)
				}
			})
		})
	}
}

func TestARequestThatCarriesAnythingRefusesRedirects(t *testing.T) {
	authorise := func(_ context.Context, r *HTTPRequest) error {
		r.Header = append(r.Header, token...)
		return nil
	}
	for name, test := range map[string]struct {
		server LicenseServer
		follow bool
	}{
		"a header":               {LicenseServer{Header: token}, false},
		"credentials":            {LicenseServer{WithCredentials: true}, false},
		"a filter's header":      {LicenseServer{Request: authorise}, false},
		"a filter's, elsewhere":  {LicenseServer{URL: "/other", URLs: map[string]string{"license-request": "moved"}, Request: authorise}, false},
		"nothing":                {LicenseServer{}, true},
		"a Content-Type":         {LicenseServer{Header: field("content-type", "text/plain")}, true},
		"what a manifest led to": {LicenseServer{refuseRedirects: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			online(t, func(t *testing.T, w *wire) {
				w.Network.Handle("moved", func(playertest.Exchange) playertest.Reply {
					return playertest.Reply{Redirect: "https://other.test/license"}
				})
				server := test.server
				server.Fetcher = w
				if server.URL == "" {
					server.URL = "moved"
				}
				_, err := server.FetchLicense(t.Context(), question)
				if followed := err == nil; followed != test.follow {
					t.Errorf("the redirect was followed: %t (%v)", followed, err)
				}
				for _, ex := range w.Network.Requests() {
					if strings.HasPrefix(ex.URL, "https://other.test") && slices.Contains(ex.Header, token[0]) {
						t.Error("another origin was shown the token")
					}
				}
			})
		})
	}
}

func TestAMessageGoesToTheURLOfItsType(t *testing.T) {
	server := LicenseServer{URL: "/license", URLs: map[string]string{"license-renewal": "/renew", TypeCertificateRequest: "https://other.test/license"}}
	for _, test := range []struct {
		kind        string
		certificate bool
		want, told  string
	}{
		{"license-request", false, "/license", "license-request"}, {"license-renewal", false, "/renew", "license-renewal"},
		{"license-request", true, "https://other.test/license", TypeCertificateRequest}, {"individualization-request", false, "/license", "individualization-request"},
	} {
		online(t, func(t *testing.T, w *wire) {
			told := ""
			server.Fetcher = w
			server.Request = func(_ context.Context, r *HTTPRequest) error {
				told = r.MessageType
				return nil
			}
			req := question
			req.MessageType, req.CertificateRequest = test.kind, test.certificate
			if _, err := server.FetchLicense(t.Context(), req); err != nil || w.seen[0].URL != test.want || told != test.told {
				t.Errorf("%s: went to %s as %s, %v; want %s as %s", test.kind, w.seen[0].URL, told, err, test.want, test.told)
			}
		})
	}
}

func TestFilters(t *testing.T) {
	online(t, func(t *testing.T, w *wire) {
		server := &LicenseServer{Fetcher: w, URL: "license", Header: token,
			Request: func(_ context.Context, r *HTTPRequest) error {
				if r.KeySystem != question.KeySystem || r.MessageType != "license-request" || !reflect.DeepEqual(r.KeyIDs, question.KeyIDs) {
					t.Errorf("the request filter was given %+v", r)
				}
				r.Body = []byte("{" + string(r.Body) + "}")
				r.Header[0].Value = "Bearer fresh"
				r.Header = slices.DeleteFunc(r.Header, func(f platform.HeaderField) bool { return f.Name == "Content-Type" })
				return nil
			},
			Response: func(_ context.Context, r *HTTPResponse) error {
				if r.Status != 200 || r.URL != "https://page.test/license" || r.Header("x-served-by") != "test" || r.KeySystem != question.KeySystem {
					t.Errorf("the response filter was given %+v", r)
				}
				r.Body = []byte(strings.ToUpper(string(r.Body)))
				return nil
			}}
		body, err := server.FetchLicense(t.Context(), question)
		if err != nil || string(body) != "LICENCE FOR {CHALLENGE}" {
			t.Errorf("got %q, %v", body, err)
		}
		if want := slices.Concat(field("Authorization", "Bearer fresh"), binary); !reflect.DeepEqual(w.seen[0].Header, want) {
			t.Errorf("sent %v, want %v", w.seen[0].Header, want)
		}
		if token[0].Value != "Bearer secret" {
			t.Error("the filter changed the configuration")
		}
	})
}

func TestAFilterThatFailsIsTheCause(t *testing.T) {
	broken := errors.New("no token")
	fails := func(context.Context) error { return broken }
	waits := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	for name, test := range map[string]struct {
		filter   func(context.Context) error
		request  bool
		requests int
		reason   Reason
		want     string
	}{
		"request":         {fails, true, 0, FetchFailed, "the request filter failed: no token"},
		"response":        {fails, false, 1, FetchFailed, "the response filter failed: no token"},
		"request, waits":  {waits, true, 0, FetchTimeout, "deadline"},
		"response, waits": {waits, false, 1, FetchTimeout, "deadline"},
	} {
		t.Run(name, func(t *testing.T) {
			online(t, func(t *testing.T, w *wire) {
				server := &LicenseServer{Fetcher: w, URL: "license"}
				if test.request {
					server.Request = func(ctx context.Context, _ *HTTPRequest) error { return test.filter(ctx) }
				} else {
					server.Response = func(ctx context.Context, _ *HTTPResponse) error { return test.filter(ctx) }
				}
				_, err := fetchLicense(t.Context(), KeySystem{Name: "com.widevine.alpha", License: server}, question)
				var failure *Error
				if !errors.As(err, &failure) || failure.Reason != test.reason || !strings.Contains(err.Error(), test.want) || len(w.seen) != test.requests {
					t.Errorf("got %v after %d requests", err, len(w.seen))
				}
				if test.reason == FetchFailed && !errors.Is(err, broken) {
					t.Errorf("%v does not wrap the filter's error", err)
				}
			})
		})
	}
}

func TestOnlySuccessReachesTheResponseFilter(t *testing.T) {
	online(t, func(t *testing.T, w *wire) {
		w.Network.Handle("refused", func(playertest.Exchange) playertest.Reply { return playertest.Reply{Status: 403, Body: []byte("no")} })
		server := &LicenseServer{Fetcher: w, URL: "refused", Response: func(context.Context, *HTTPResponse) error {
			t.Error("the filter was called")
			return nil
		}}
		_, err := server.FetchLicense(t.Context(), question)
		var failed *fetch.Error
		if !errors.As(err, &failed) || failed.Status != 403 || string(failed.Body) != "no" {
			t.Errorf("got %v", err)
		}
	})
}

func TestALicenceURLOfAManifestIsNotTrusted(t *testing.T) {
	for url, allowed := range map[string]bool{
		"license": true, "/license?a": true, "https://page.test/license": true, "//page.test/license": true, "https://license.test:8443/a": true,
		"https://LICENSE.test:8443": true, "//license.test:8443/a": true,

		"": false, "https://license.test/a": false, "http://license.test:8443/a": false, "https://evil.test/": false, "//evil.test/": false,
		`/\evil.test/`: false, "https://license.test:8443@evil.test/": false, "https://user:secret@page.test/": false, "http://page.test/": false,
		"http://plain.test/": false, "data:,secret": false, "javascript:alert(1)": false, "blob:https://page.test/1": false, "https://p%61ge.test/": false,
		"//user:secret@page.test/": false,
	} {
		online(t, func(t *testing.T, w *wire) {
			server, err := manifestServer(w, url, []string{"https://license.test:8443/", "http://plain.test", "nonsense", ""})
			if allowed {
				if err != nil || server.URL != url || server.Header != nil || server.WithCredentials || !server.refuseRedirects {
					t.Errorf("%q: got %+v, %v", url, server, err)
				}
				return
			}
			var failure *Error
			if !errors.As(err, &failure) || failure.Reason != OriginRefused || failure.Detail == "" || strings.Contains(err.Error(), "secret") {
				t.Errorf("%q: got %+v, %v", url, server, err)
			}
		})
	}
}
