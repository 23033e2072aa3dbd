package playertest

import (
	"fmt"
	"strings"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// Text is an AdaptationSet of WebVTT.
type Text struct {
	ID       string // unique in its Period; "" is "text" and Language
	Language string
	Label    string
	Role     string // of urn:mpeg:dash:role:2011; "" is "subtitle"
	Cues     []platform.Cue

	SegmentDuration time.Duration // 0 is one file
}

func (t *Text) fill() {
	if t.ID == "" {
		t.ID = "text" + t.Language
	}
	if t.Role == "" {
		t.Role = "subtitle"
	}
}

// VTT writes a WebVTT file of those of the cues that show between two times; their times are the cues' own.
//
// https://www.w3.org/TR/webvtt1/
func VTT(cues []platform.Cue, from, to time.Duration) []byte {
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	for _, c := range cues {
		if c.Start < to && c.End > from {
			fmt.Fprintf(&b, "\n%s\n%s --> %s\n%s\n", c.ID, vttTime(c.Start), vttTime(c.End), c.Text)
		}
	}
	return []byte(b.String())
}

func vttTime(d time.Duration) string {
	ms := d.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

// serve puts the files below a URL.
func (t *Text) serve(n *Network, base string, d time.Duration) {
	put := func(name string, from, to time.Duration) {
		n.Serve(base+t.ID+name, Resource{Body: VTT(t.Cues, from, to), Type: "text/vtt"})
	}
	if t.SegmentDuration == 0 {
		put(".vtt", 0, forever)
		return
	}
	for at, i := time.Duration(0), 1; at < d; at, i = at+t.SegmentDuration, i+1 {
		put(fmt.Sprintf("/%d.vtt", i), at, at+t.SegmentDuration)
	}
}

func (t *Text) adaptationSet(w *xmlWriter) {
	w.element("AdaptationSet", "contentType", "text", "mimeType", "text/vtt", "lang", t.Language)
	w.empty("Role", "schemeIdUri", "urn:mpeg:dash:role:2011", "value", t.Role)
	if t.Label != "" {
		w.text("Label", t.Label)
	}
	w.element("Representation", "id", t.ID, "bandwidth", 256)
	if t.SegmentDuration == 0 {
		w.text("BaseURL", t.ID+".vtt")
	} else {
		w.empty("SegmentTemplate", "timescale", 1000, "duration", t.SegmentDuration.Milliseconds(), "startNumber", 1, "media", "$RepresentationID$/$Number$.vtt")
	}
	w.end()
	w.end()
}
