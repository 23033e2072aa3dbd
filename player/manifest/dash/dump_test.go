package dash_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

// dump writes a Manifest for people.
func dump(m *manifest.Manifest) string {
	b := &strings.Builder{}
	kind := "static"
	if m.Dynamic {
		a := m.Availability
		kind = fmt.Sprintf("dynamic from %s, window %v, updates %t every %v", a.Start.Format(time.RFC3339Nano), a.Window, a.Updates, a.UpdatePeriod)
	}
	fmt.Fprintf(b, "%v, %s\n", m.Duration, kind)
	for _, p := range m.Periods {
		fmt.Fprintf(b, "period %q from %v, %v long\n", p.ID, p.Start, p.Duration)
		for _, s := range p.AdaptationSets {
			fmt.Fprintf(b, "  %s %q", s.Kind, s.ID)
			for _, part := range []struct {
				name  string
				value any
				there bool
			}{
				{"lang", s.Language, s.Language != ""}, {"label", s.Label, s.Label != ""}, {"roles", s.Roles, s.Roles != nil},
				{"accessibility", s.Accessibility, s.Accessibility != nil}, {"essential", s.Essential, s.Essential != nil},
				{"supplemental", s.Supplemental, s.Supplemental != nil}, {"trick play", "", s.TrickPlay}, {"switches with", s.SwitchesWith, s.SwitchesWith != nil},
			} {
				if part.there {
					fmt.Fprintf(b, ", %s %v", part.name, part.value)
				}
			}
			b.WriteString("\n")
			for _, r := range s.Representations {
				dumpRepresentation(b, &r)
			}
		}
	}
	for _, err := range m.LeftOut {
		fmt.Fprintf(b, "left out: %v\n", err)
	}
	return b.String()
}

func dumpRepresentation(b *strings.Builder, r *manifest.Representation) {
	fmt.Fprintf(b, "    %q %d %s", r.ID, r.Bandwidth, r.Header.Container)
	for _, t := range r.Header.Tracks {
		fmt.Fprintf(b, " %s=%s", t.Kind, t.Codec)
		if t.Width > 0 {
			fmt.Fprintf(b, " %dx%d", t.Width, t.Height)
		}
	}
	if r.FrameRate > 0 {
		fmt.Fprintf(b, " %.3f/s", r.FrameRate)
	}
	if r.Channels > 0 {
		fmt.Fprintf(b, " %d channels", r.Channels)
	}
	fmt.Fprintf(b, ", clock %d/%d\n", r.PresentationTimeOffset, r.Timescale)
	fmt.Fprintf(b, "      at %s\n", strings.Join(r.BaseURLs, " "))
	if r.Init != nil {
		fmt.Fprintf(b, "      init %q %v\n", r.Init.URL, r.Init.Range)
	}
	if r.IndexSource != nil {
		fmt.Fprintf(b, "      index %q %v\n", r.IndexSource.URL, r.IndexSource.Range)
	}
	if r.Index != nil {
		fmt.Fprintf(b, "      %d segments\n", r.Index.Len())
		last := r.Index.Len() - 1
		for i, n := range []int{0, 1, last} {
			if n == i && n <= last || i == 2 && last > 1 {
				s := r.Index.Segment(n)
				fmt.Fprintf(b, "        %d: %q %v %v to %v\n", n, s.URL, s.Range, s.Start, s.End)
			}
		}
	}
	if p := r.Header.Tracks[0].Protection; p != nil {
		fmt.Fprintf(b, "      %s %s\n", p.Scheme, hex.EncodeToString(p.KeyID[:]))
		for _, s := range p.Systems {
			fmt.Fprintf(b, "        %s pssh %d bytes, pro %d bytes, %q\n", hex.EncodeToString(s.ID[:]), len(s.PSSH), len(s.PRO), s.LicenseURL)
		}
	}
}

// debase reads base64 with space around it; nil where it is none.
func debase(s string) []byte {
	p, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		return nil
	}
	return p
}
