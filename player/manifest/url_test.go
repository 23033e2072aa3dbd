package manifest_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/manifest"
)

func TestResolveURL(t *testing.T) {
	const base = "https://a.test/b/c/d.mpd?q=1#f"
	for _, test := range []struct{ base, ref, want string }{
		{base, "", "https://a.test/b/c/d.mpd?q=1"},
		{base, "  ", "https://a.test/b/c/d.mpd?q=1"},
		{base, "#x", "https://a.test/b/c/d.mpd?q=1"},
		{base, "?y", "https://a.test/b/c/d.mpd?y"},
		{base, "g", "https://a.test/b/c/g"},
		{base, "./g", "https://a.test/b/c/g"},
		{base, "g/", "https://a.test/b/c/g/"},
		{base, ".", "https://a.test/b/c/"},
		{base, "..", "https://a.test/b/"},
		{base, "../../../../g", "https://a.test/g"},
		{base, "/./g/../h/.", "https://a.test/h/"},
		{base, "%2e%2E/g", "https://a.test/b/g"},
		{base, "g.", "https://a.test/b/c/g."},
		{base, "...", "https://a.test/b/c/..."},
		{base, "//h.test", "https://h.test/"},
		{base, `\\h.test\x\..\y`, "https://h.test/y"},
		{base, "///h.test/y", "https://h.test/y"},
		{base, "HTTPS://H.Test:8443/Y?Z", "https://h.test:8443/Y?Z"},
		{base, "https:y", "https://a.test/b/c/y"},
		{base, "https:/y", "https://a.test/y"},
		{base, "a b/ä\"<>`{}?c d'", "https://a.test/b/c/a%20b/%C3%A4%22%3C%3E%60%7B%7D?c%20d%27"},
		{base, "a%20b%zz", "https://a.test/b/c/a%20b%zz"},
		{base, " g\n/h\t ", "https://a.test/b/c/g/h"},
		{base, "g?y/../x", "https://a.test/b/c/g?y/../x"},
		{base, "a/b:c", "https://a.test/b/c/a/b:c"},
		{base, "//[::1]:80/x", "https://[::1]:80/x"},
		{"https://a.test", "g", "https://a.test/g"},
		{"http://a.test/", "https:g.test/x", "https://g.test/x"},
		{"http://a.test/", "http://b.test/x", "http://b.test/x"},
		{"blob:https://page.test/1", "http://b.test/x", "http://b.test/x"},
	} {
		got, err := manifest.ResolveURL(test.base, test.ref)
		if err != nil || got != test.want {
			t.Errorf("%q in %q is %q, %v; want %q", test.ref, test.base, got, err, test.want)
		}
	}
}

func TestResolveURLRefuses(t *testing.T) {
	for _, test := range []struct {
		base, ref string
		want      error
	}{
		{"https://a.test/", "javascript:alert(1)", manifest.ErrURLScheme},
		{"https://a.test/", "java\nscript:alert(1)", manifest.ErrURLScheme},
		{"https://a.test/", "data:,x", manifest.ErrURLScheme},
		{"https://a.test/", " FILE:///etc/passwd", manifest.ErrURLScheme},
		{"https://a.test/", "blob:https://a.test/1", manifest.ErrURLScheme},
		{"blob:https://a.test/1", "x.mp4", manifest.ErrURLScheme},
		{"", "x.mp4", manifest.ErrURLScheme},
		{"https://a.test/", "http://a.test/x", manifest.ErrURLDowngrade},
		{"https://a.test/", "https://u@b.test/", manifest.ErrURLUserinfo},
		{"https://a.test/", `//u:p\@b.test/`, manifest.ErrURLHost},
		{"https://a.test/", "//u:p@b.test/", manifest.ErrURLUserinfo},
		{"https://u:p@a.test/", "x", manifest.ErrURLUserinfo},
		{"https://a.test/", "https://", manifest.ErrURLHost},
		{"https://a.test/", "https://b test/", manifest.ErrURLHost},
		{"https://a.test/", "https://b:x/", manifest.ErrURLHost},
		{"https://a.test/", "https://[::1/", manifest.ErrURLHost},
		{"https://a.test/", strings.Repeat("a", 20000), manifest.ErrURLLength},
		{"https://a.test/", strings.Repeat("ä", 5000), manifest.ErrURLLength},
	} {
		if got, err := manifest.ResolveURL(test.base, test.ref); !errors.Is(err, test.want) || got != "" {
			t.Errorf("%.60q in %q is %.60q, %v; want %v", test.ref, test.base, got, err, test.want)
		}
	}
}

// FuzzResolveURL compares with net/url where both know what is meant: references of plain characters.
func FuzzResolveURL(f *testing.F) {
	for _, s := range []string{"", "g", "../g/./h", "//h.test/x?y=1", "?q", "https://h.test/a/../b", "/x//y/..", "a:b", "x/%2e%2e/y", "//u@h/", `\\h`, "http:x"} {
		f.Add("https://a.test/b/c/d.mpd?q", s)
	}
	f.Fuzz(func(t *testing.T, base, ref string) {
		got, err := manifest.ResolveURL(base, ref)
		if err != nil {
			return
		}
		parsed, broken := url.Parse(got)
		if !strings.HasPrefix(got, "https://") && !strings.HasPrefix(got, "http://") || strings.ContainsAny(got, " \t\r\n\"<>#\\") {
			t.Fatalf("%q in %q is %q", ref, base, got)
		}
		if broken == nil && (parsed.User != nil || parsed.Host == "") {
			t.Fatalf("%q in %q is %q, of host %q", ref, base, got, parsed.Host)
		}
		if again, err := manifest.ResolveURL(base, got); err != nil || again != got {
			t.Fatalf("%q in %q is %q, and that is %q, %v", ref, base, got, again, err)
		}
		if want, ok := reference(base, ref); ok && got != want {
			t.Fatalf("%q in %q is %q, want %q", ref, base, got, want)
		}
	})
}

// reference is what net/url says, of URLs that RFC 3986 and browsers read alike.
func reference(base, ref string) (string, bool) {
	b, err := url.Parse(base)
	if err != nil || b.Host == "" || b.Path == "" || strings.ContainsAny(base+ref, "%\\#'^| \t\r\n\"<>`{}") || strings.Contains(ref, "//") && !strings.Contains(ref, "://") {
		return "", false
	}
	r, err := url.Parse(ref)
	if err != nil || r.Opaque != "" || r.Scheme != "" && r.Host == "" || strings.Contains(r.Path, "//") || strings.Contains(b.Path, "//") || r.ForceQuery || b.ForceQuery {
		return "", false
	}
	for _, u := range []*url.URL{b, r} {
		if u.Host != strings.ToLower(u.Host) || strings.HasSuffix(u.Host, ":") {
			return "", false
		}
		for _, c := range u.Host + u.Path + u.RawQuery {
			if c >= 0x7f || c < ' ' || strings.ContainsRune("[];!$&()*,", c) {
				return "", false
			}
		}
	}
	to := b.ResolveReference(r)
	if to.Path == "" {
		to.Path = "/"
	}
	return to.String(), true
}
