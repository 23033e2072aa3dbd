package fetch_test

import (
	"testing"

	"github.com/keystream-player/keystream/player/fetch"
)

func TestRedactURL(t *testing.T) {
	for _, test := range []struct{ url, want string }{
		{"https://cdn.test/a/b.mp4", "https://cdn.test/a/b.mp4"},
		{"https://cdn.test:8443/a/b.mp4?token=secret#part", "https://cdn.test:8443/a/b.mp4"},
		{"https://user:secret@cdn.test/a", "https://cdn.test/a"},
		{"https://user:se@cret@cdn.test/a", "https://cdn.test/a"},
		{"https:user:secret@cdn.test/a", "https:cdn.test/a"},
		{`http:\\user:secret@cdn.test\a`, `http:\\cdn.test\a`},
		{" ht\ntps://user:sec\tret@cdn.test/a", "https://cdn.test/a"},
		{"//user:secret@cdn.test/a", "//cdn.test/a"},
		{`/\user:secret@cdn.test/a`, `/\cdn.test/a`},
		{"film@home.mp4?secret", "film@home.mp4"},
		{"/dir/film@home.mp4", "/dir/film@home.mp4"},
		{"https://cdn.test/film@home.mp4", "https://cdn.test/film@home.mp4"},
		{"https://cdn.test?user@secret", "https://cdn.test"},
		{"blob:https://page.test/1b9d", "blob:https://page.test/1b9d"},
		{"data:text/plain,secret", "data:"},
		{"blob:data:secret", "blob:data:"},
		{"", ""},
	} {
		if got := fetch.RedactURL(test.url); got != test.want {
			t.Errorf("RedactURL(%q) = %q, want %q", test.url, got, test.want)
		}
	}
}
