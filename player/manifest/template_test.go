package manifest_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/manifest"
)

func TestTemplateExpands(t *testing.T) {
	values := manifest.TemplateValues{RepresentationID: "v/1 ä?#:%20%x", Bandwidth: 800000, Number: 42, Time: 1<<53 + 1, SubNumber: 7}
	for _, test := range []struct{ template, want string }{
		{"", ""},
		{"a.m4s", "a.m4s"},
		{"$Number$", "42"},
		{"$Number%05d$.m4s", "00042.m4s"},
		{"$Number%01d$$Number%1d$$Number%d$", "424242"},
		{"$Time$", "9007199254740993"},
		{"$Time%032d$", strings.Repeat("0", 16) + "9007199254740993"},
		{"$Bandwidth%08d$/$SubNumber$", "00800000/7"},
		{"$$$Number$$$", "$42$"},
		{"$$", "$"},
		{"a$RepresentationID$b", "av/1%20%C3%A4%3F%23%3A%20%25xb"},
	} {
		parsed, err := manifest.ParseTemplate(test.template)
		if err != nil {
			t.Errorf("%q: %v", test.template, err)
			continue
		}
		if got := parsed.Expand(values); got != test.want {
			t.Errorf("%q is %q, want %q", test.template, got, test.want)
		}
	}
	for template, want := range map[string]error{
		"$Number": manifest.ErrTemplateDollar, "a$b$$": manifest.ErrTemplateIdentifier, "$number$": manifest.ErrTemplateIdentifier,
		"$Number%5x$": manifest.ErrTemplateIdentifier, "$Number%-5d$": manifest.ErrTemplateIdentifier, "$Number%0999999999d$": manifest.ErrTemplateWidth,
		"$Number%033d$": manifest.ErrTemplateWidth, "$%05d$": manifest.ErrTemplateIdentifier, strings.Repeat("a", 9000): manifest.ErrTemplateLength,
	} {
		if _, err := manifest.ParseTemplate(template); !errors.Is(err, want) {
			t.Errorf("%.40q: %v, want %v", template, err, want)
		}
	}
}

func FuzzExpand(f *testing.F) {
	for _, s := range []string{"$RepresentationID$/$Number%05d$.m4s", "$Time$$Bandwidth%032d$", "$$", "a$", "$SubNumber$", "$Number%$"} {
		f.Add(s, "v 1/ä%", uint64(math.MaxUint64))
	}
	f.Fuzz(func(t *testing.T, template, id string, n uint64) {
		parsed, err := manifest.ParseTemplate(template)
		if err != nil {
			return
		}
		url := parsed.Expand(manifest.TemplateValues{RepresentationID: id, Bandwidth: math.MaxInt64, Number: n, Time: n, SubNumber: n})
		if len(url) > parsed.ExpandedLength(id) || len(url) > 33*len(template)+3*len(id)*strings.Count(template, "R") {
			t.Fatalf("%q of %q is %d bytes long, at most %d by its own count", template, id, len(url), parsed.ExpandedLength(id))
		}
		if !strings.Contains(template, "$") && url != template {
			t.Fatalf("%q is %q", template, url)
		}
	})
}
