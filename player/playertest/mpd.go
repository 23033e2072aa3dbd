package playertest

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// xmlWriter writes elements, one a line.
type xmlWriter struct {
	strings.Builder
	open []string
}

// element writes a start tag, which end closes. Attributes are a name and a value by turns; those whose value is "" are left out.
func (w *xmlWriter) element(name string, attributes ...any) {
	w.tag(name, attributes)
	w.WriteString(">\n")
	w.open = append(w.open, name)
}

// empty writes an element without content.
func (w *xmlWriter) empty(name string, attributes ...any) {
	w.tag(name, attributes)
	w.WriteString("/>\n")
}

// text writes an element that holds text alone.
func (w *xmlWriter) text(name, text string, attributes ...any) {
	w.tag(name, attributes)
	w.WriteString(">" + escaped(text) + "</" + name + ">\n")
}

func (w *xmlWriter) tag(name string, attributes []any) {
	w.WriteString(strings.Repeat(" ", len(w.open)) + "<" + name)
	for i := 0; i < len(attributes); i += 2 {
		if value := fmt.Sprint(attributes[i+1]); value != "" {
			fmt.Fprintf(w, ` %s="%s"`, attributes[i], escaped(value))
		}
	}
}

func (w *xmlWriter) end() {
	name := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	w.WriteString(strings.Repeat(" ", len(w.open)) + "</" + name + ">\n")
}

func escaped(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic(err)
	}
	return b.String()
}

// xsDuration writes an xs:duration.
func xsDuration(d time.Duration) string {
	return "PT" + strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "S"
}

// MPD is the manifest.
func (p *Presentation) MPD() string {
	p.build()
	w := &xmlWriter{}
	profile := "urn:mpeg:dash:profile:isoff-live:2011"
	if p.Addressing == Base {
		profile = "urn:mpeg:dash:profile:isoff-on-demand:2011"
	}
	w.WriteString(xml.Header)
	w.element("MPD", "xmlns", "urn:mpeg:dash:schema:mpd:2011", "xmlns:cenc", "urn:mpeg:cenc:2013", "xmlns:mspr", "urn:microsoft:playready",
		"xmlns:dashif", "https://dashif.org/CPS", "type", "static", "mediaPresentationDuration", xsDuration(p.Duration()), "minBufferTime", "PT2S",
		"profiles", profile)
	for _, base := range p.BaseURLs {
		w.text("BaseURL", base)
	}
	var start time.Duration
	for i := range p.Periods {
		period := &p.Periods[i]
		w.element("Period", "id", period.ID, "start", xsDuration(start), "duration", xsDuration(period.Duration))
		w.text("BaseURL", period.ID+"/")
		for _, l := range period.Ladders {
			p.adaptationSet(w, period, l)
		}
		for _, t := range period.Texts {
			t.adaptationSet(w)
		}
		w.end()
		start += period.Duration
	}
	w.end()
	return w.String()
}

func (p *Presentation) adaptationSet(w *xmlWriter, period *Period, l *Ladder) {
	w.element("AdaptationSet", "contentType", l.Kind, "mimeType", l.mimeType(), "lang", l.Language, "segmentAlignment", "true", "startWithSAP", "1")
	shared := !slices.ContainsFunc(l.Rungs, func(r Rung) bool { return !sameIDs(r.Keys, l.Rungs[0].Keys) })
	if shared {
		l.protection(w, l.Rungs[0])
	}
	for _, role := range l.Roles {
		w.empty("Role", "schemeIdUri", "urn:mpeg:dash:role:2011", "value", role)
	}
	if l.Label != "" {
		w.text("Label", l.Label)
	}
	if !p.oneFile() && p.Addressing != List {
		p.template(w, period, l)
	}
	for i, r := range l.Rungs {
		var width, height, rate, sampling any = r.Width, r.Height, l.FrameRate, ""
		if l.Kind == "audio" {
			width, height, rate, sampling = "", "", "", 48000
		}
		w.element("Representation", "id", l.representation(i), "bandwidth", r.Bitrate, "codecs", l.codecs(r), "width", width, "height", height,
			"frameRate", rate, "audioSamplingRate", sampling)
		if !shared {
			l.protection(w, r)
		}
		switch p.Addressing {
		case List, ListOfRanges:
			p.list(w, period, l, i)
		case Base:
			w.text("BaseURL", l.representation(i)+l.extension(false))
			f := l.films[i]
			w.element("SegmentBase", "timescale", l.Timescale, "presentationTimeOffset", l.FirstTime, "indexRange", byteRange(f.HeaderSize, f.Segments[1].Offset))
			w.empty("Initialization", "range", byteRange(0, f.HeaderSize))
			w.end()
		}
		w.end()
	}
	w.end()
}

func sameIDs(a, b []FilmKey) bool {
	return slices.EqualFunc(a, b, func(x, y FilmKey) bool { return x.ID == y.ID })
}

func byteRange(from, to int64) string { return fmt.Sprintf("%d-%d", from, to-1) }

// protection is the ContentProtection of a rung, by its first key.
func (l *Ladder) protection(w *xmlWriter, r Rung) {
	if len(r.Keys) == 0 {
		return
	}
	w.empty("ContentProtection", "schemeIdUri", "urn:mpeg:dash:mp4protection:2011", "value", l.Scheme, "cenc:default_KID", uuid(r.Keys[0].ID))
	for _, told := range l.Told {
		w.element("ContentProtection", "schemeIdUri", "urn:uuid:"+uuid(told.System))
		if told.PSSH != nil {
			w.text("cenc:pssh", base64.StdEncoding.EncodeToString(told.PSSH))
		}
		if told.PRO != nil {
			w.text("mspr:pro", base64.StdEncoding.EncodeToString(told.PRO))
		}
		if told.LicenseURL != "" {
			w.text("dashif:Laurl", told.LicenseURL)
		}
		w.end()
	}
}

func (p *Presentation) template(w *xmlWriter, period *Period, l *Ladder) {
	name, length := "$Number$", any(l.segmentTicks())
	if p.Addressing == Timeline {
		name = "$Time$"
	}
	timeline := p.Addressing != Number
	if timeline {
		length = ""
	}
	attributes := []any{"timescale", l.Timescale, "presentationTimeOffset", l.FirstTime, "duration", length, "startNumber", 1,
		"initialization", "$RepresentationID$/init" + l.extension(false), "media", "$RepresentationID$/" + name + l.extension(true)}
	if !timeline {
		w.empty("SegmentTemplate", attributes...)
		return
	}
	w.element("SegmentTemplate", attributes...)
	w.element("SegmentTimeline")
	for cuts, at := l.cuts(period.Duration), any(l.FirstTime); len(cuts) > 0; at = "" {
		same := slices.IndexFunc(cuts, func(c cut) bool { return c.length != cuts[0].length })
		if same < 0 {
			same = len(cuts)
		}
		w.empty("S", "t", at, "d", cuts[0].length, "r", same-1)
		cuts = cuts[same:]
	}
	w.end()
	w.end()
}

func (p *Presentation) list(w *xmlWriter, period *Period, l *Ladder, rung int) {
	f := l.films[rung]
	ranges := p.Addressing == ListOfRanges
	if ranges {
		w.text("BaseURL", l.representation(rung)+l.extension(false))
	}
	w.element("SegmentList", "timescale", l.Timescale, "presentationTimeOffset", l.FirstTime, "duration", l.segmentTicks())
	if ranges {
		w.empty("Initialization", "range", byteRange(0, f.HeaderSize))
	} else {
		w.empty("Initialization", "sourceURL", l.representation(rung)+"/init"+l.extension(false))
	}
	for i, s := range f.Segments {
		if ranges {
			w.empty("SegmentURL", "mediaRange", byteRange(s.Offset, f.endOf(i)))
		} else {
			w.empty("SegmentURL", "media", strings.TrimPrefix(p.Segment(period, l, rung, i), period.ID+"/"))
		}
	}
	w.end()
}
