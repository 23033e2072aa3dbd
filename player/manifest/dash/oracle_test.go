package dash_test

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/dash-mpd/mpd"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/manifest/dash"
)

const oracleURL = "http://x.test/a/b.mpd"

// differences are how many Representations of dash-mpd's corpus we read otherwise than it does, and why.
var differences = map[string]struct {
	lines int
	why   string
}{
	"hbbtv_profile.mpd":               {2, twice},
	"live_profile.mpd":                {2, twice},
	"live_profile_dynamic.mpd":        {2, twice},
	"live_profile_multi_base_url.mpd": {2, twice},
	"example_G25.mpd":                 {2, twice},
	"example_G4.mpd":                  {1, twice},
	"example_G8.mpd":                  {6, twice},
	"adaptationset_switching.mpd":     {1, mimeType},
	"multiple_supplementals.mpd":      {1, mimeType},
	"Manifest_thumbs.mpd":             {1, "thumbnails are left out"},
	"example_G3.mpd":                  {6, mimeType},
	"urlparams.mpd":                   {2, essential},
	"example_G15.mpd":                 {3, essential},
	"example_G16.mpd":                 {3, essential},
	"example_G17.mpd":                 {1, essential},
	"example_G26-2.mpd":               {5, essential},
	"example_G28-1.mpd":               {2, essential},
	"example_G28-2.mpd":               {2, essential},
	"example_G28-4.mpd":               {2, essential},
	"example_H3.mpd":                  {2, essential},
	"example_G26-1.mpd":               {2, sequences},
	"example_G27.mpd":                 {1, sequences},
	"example_G11.mpd":                 {8, "what follows a remote Period is placed by the end of the presentation"},
	"example_G13-2.mpd":               {2, "its initialization is a data: URL, which we do not follow"},
	"example_G22.mpd":                 {6, "the second S runs into the third: what begins after the third does is cut off"},
	"example_G7.mpd":                  {2, "ZZZZ is no scheme of Common Encryption: cenc is taken for it"},
	"splice_schedule.mpd":             {2, "a template without durations is one segment"},
}

const (
	twice     = "the id stands twice in its Period: the second gets one that is made up"
	mimeType  = "a MIME type that Media Source Extensions do not play"
	essential = "an EssentialProperty that we do not know: the element is left out"
	sequences = "segment sequences (S@k) and patterns are of low-latency streams"
)

// TestReadAgreesWithDashMPD compares what we read with what dash-mpd does, over its own corpus: for each Representation where its initialization, its first
// and its last segment are and when, and how it is encrypted. dash-mpd gives elements only: what is inherited is worked out here, in big numbers and net/url.
func TestReadAgreesWithDashMPD(t *testing.T) {
	if runtime.GOOS == "js" {
		t.Skip("there is no go command to ask where the corpus is")
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/Eyevinn/dash-mpd").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "mpd/testdata/*/*.mpd"))
	if len(files) < 60 {
		t.Fatalf("the corpus has %d MPDs", len(files))
	}
	compared := 0
	for _, file := range files {
		name := filepath.Base(file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		theirs := oracle(t, name, string(text))
		m, err := dash.Read(text, oracleURL)
		if err != nil && len(theirs) > 0 && differences[name].lines == 0 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		ours := summary(m)
		compared += len(ours)
		if got, want := len(disagreements(ours, theirs)), differences[name].lines; got != want {
			t.Errorf("%s: %d lines differ, want %d (%s):\n%s", name, got, want, differences[name].why, strings.Join(disagreements(ours, theirs), "\n"))
		}
	}
	if compared < 150 {
		t.Errorf("only %d Representations were compared", compared)
	}
}

func disagreements(ours, theirs []string) (lines []string) {
	for _, line := range ours {
		if !slices.Contains(theirs, line) {
			lines = append(lines, "ours   "+line)
		}
	}
	for _, line := range theirs {
		if !slices.Contains(ours, line) {
			lines = append(lines, "theirs "+line)
		}
	}
	return lines
}

// summary is a line for each Representation.
func summary(m *manifest.Manifest) (lines []string) {
	if m == nil {
		return nil
	}
	for _, p := range m.Periods {
		for _, set := range p.AdaptationSets {
			for _, r := range set.Representations {
				line := fmt.Sprintf("%s+%v %s lang=%s %d %s %s", p.ID, p.Start, r.ID, set.Language, r.Bandwidth, r.Header.Container, r.BaseURLs[0])
				if r.Init != nil {
					line += " init=" + located(r.BaseURLs[0], *r.Init)
				}
				if r.IndexSource != nil {
					line += " index=" + located(r.BaseURLs[0], *r.IndexSource)
				}
				if r.Index != nil && !endless(m, &p, r.Index) {
					last := r.Index.Len() - 1
					for _, n := range []int{0, last} {
						s := r.Index.Segment(n)
						line += fmt.Sprintf(" %d=%s@%v", n, located(r.BaseURLs[0], s), s.Start)
					}
				}
				if protection := r.Header.Tracks[0].Protection; protection != nil {
					line += fmt.Sprintf(" %s %x", protection.Scheme, protection.KeyID)
					for _, s := range protection.Systems {
						line += fmt.Sprintf(" %x:%s:%s:%s", s.ID, fingerprint(s.PSSH), fingerprint(s.PRO), strings.TrimSuffix(s.LicenseURL, "/"))
					}
				}
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// endless says whether a template's numbers go on for ever.
func endless(m *manifest.Manifest, p *manifest.Period, x manifest.Index) bool {
	_, numbered := x.(*manifest.NumberIndex)
	return m.Dynamic && p.Duration == 0 && numbered
}

func located(base string, s manifest.Segment) string {
	resolved, err := manifest.ResolveURL(base, s.URL)
	if err != nil {
		return err.Error()
	}
	if s.Range == (manifest.ByteRange{}) {
		return resolved
	}
	return fmt.Sprintf("%s[%d+%d]", resolved, s.Range.Start, s.Range.Length)
}

func fingerprint(p []byte) string {
	if len(p) == 0 {
		return "-"
	}
	sum := sha256.Sum256(p)
	return fmt.Sprintf("%x", sum[:4])
}

// oracle is the summary of what dash-mpd reads; it is guarded, for dash-mpd v0.17.0 hangs on some texts.
func oracle(t *testing.T, name, text string) (lines []string) {
	type answer struct {
		m   *mpd.MPD
		err error
	}
	done := make(chan answer, 1)
	go func() {
		m, err := mpd.ReadFromString(text)
		done <- answer{m, err}
	}()
	select {
	case a := <-done:
		if a.err != nil {
			t.Logf("%s: dash-mpd says %v", name, a.err)
			return nil
		}
		return oracleLines(a.m)
	case <-time.After(30 * time.Second):
		t.Fatalf("%s: dash-mpd hangs", name)
	}
	return nil
}

func oracleLines(m *mpd.MPD) (lines []string) {
	base := oracleBase(oracleURL, m.BaseURL)
	for i, p := range m.Periods {
		start, duration := oraclePeriod(m, i)
		for _, set := range p.AdaptationSets {
			for _, r := range set.Representations {
				mime, _, _ := strings.Cut(first(r.MimeType, set.MimeType), " ")
				container := map[string]string{"text/vtt": "vtt", "application/ttml+xml": "ttml"}[mime]
				if container == "" {
					_, container, _ = strings.Cut(mime, "/")
				}
				where := oracleBase(oracleBase(oracleBase(base, p.BaseURLs), set.BaseURLs), r.BaseURLs)
				line := fmt.Sprintf("%s+%v %s lang=%s %d %s %s", p.Id, start, r.Id, set.Lang, r.Bandwidth, container, where)
				line += oracleSegments(where, p, set, r, duration, m.GetType() == "dynamic")
				line += oracleProtection(set, r)
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func oracleBase(base string, own []*mpd.BaseURLType) string {
	if len(own) == 0 {
		return base
	}
	return oracleResolve(base, strings.TrimSpace(string(own[0].Value)))
}

func oracleResolve(base, ref string) string {
	b, err := url.Parse(base)
	if err != nil {
		return err.Error()
	}
	r, err := b.Parse(ref)
	if err != nil {
		return err.Error()
	}
	return r.String()
}

// oraclePeriod is ISO/IEC 23009-1, 5.3.2.1, of MPDs that follow it.
func oraclePeriod(m *mpd.MPD, i int) (start, duration time.Duration) {
	for n := 0; n <= i; n++ {
		p, before := m.Periods[n], duration
		duration = 0
		switch {
		case p.Start != nil:
			start = time.Duration(*p.Start)
		case n > 0:
			start += before
		}
		switch {
		case p.Duration != nil:
			duration = time.Duration(*p.Duration)
		case n+1 < len(m.Periods) && m.Periods[n+1].Start != nil:
			duration = time.Duration(*m.Periods[n+1].Start) - start
		case m.MediaPresentationDuration != nil:
			duration = time.Duration(*m.MediaPresentationDuration) - start
		}
	}
	return start, duration
}
