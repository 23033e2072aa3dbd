package playertest

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Addressing is how an MPD names segments.
type Addressing string

// The ways of addressing. Those of one file have a file for each Representation, and byte ranges.
const (
	Number         Addressing = ""                // SegmentTemplate with @duration and $Number$
	Timeline       Addressing = "timeline"        // SegmentTemplate with SegmentTimeline and $Time$
	TimelineNumber Addressing = "timeline number" // SegmentTemplate with SegmentTimeline and $Number$
	List           Addressing = "list"            // SegmentList with a file for each segment
	ListOfRanges   Addressing = "list of ranges"  // SegmentList with one file
	Base           Addressing = "base"            // SegmentBase with one file: a sidx of MP4, Cues of WebM
)

// Presentation is DASH on demand that is made up: an MPD, and the media that it names, which playertest knows. It must not be changed once it was used.
type Presentation struct {
	Addressing Addressing
	Periods    []Period
	BaseURLs   []string // where the media is, relative to the MPD, the best first; nil is beside the MPD

	built bool
}

// Period is a Period of a Presentation.
type Period struct {
	ID       string // "" is made up
	Duration time.Duration
	Ladders  []*Ladder
	Texts    []*Text
}

// path is where a film's bytes are, below a BaseURL.
func (p *Period) path(l *Ladder, i int) string { return p.ID + "/" + l.representation(i) }

// representation is the id of the ith rung.
func (l *Ladder) representation(i int) string { return fmt.Sprint(l.ID, i) }

// build makes all films.
func (p *Presentation) build() {
	if p.built {
		return
	}
	p.built = true
	for i := range p.Periods {
		period := &p.Periods[i]
		if period.ID == "" {
			period.ID = fmt.Sprint("p", i)
		}
		for _, l := range period.Ladders {
			l.fill()
			for j, r := range l.Rungs {
				l.films = append(l.films, l.film(period.path(l, j), r, period.Duration, p.Addressing == Base))
			}
		}
		for _, t := range period.Texts {
			t.fill()
		}
	}
}

// Films are those of all Representations, for [Options].
func (p *Presentation) Films() (all []*Film) {
	p.build()
	for _, period := range p.Periods {
		for _, l := range period.Ladders {
			all = append(all, l.films...)
		}
	}
	return all
}

// Duration is that of all Periods.
func (p *Presentation) Duration() (d time.Duration) {
	for _, period := range p.Periods {
		d += period.Duration
	}
	return d
}

// FilmOf is the film of a rung.
func (p *Presentation) FilmOf(period, ladder, rung int) *Film {
	p.build()
	return p.Periods[period].Ladders[ladder].films[rung]
}

// Serve puts the MPD at a URL, and the media at each of BaseURLs.
func (p *Presentation) Serve(n *Network, mpd string) {
	p.build()
	n.Serve(mpd, Resource{Body: []byte(p.MPD()), Type: "application/dash+xml"})
	bases := p.BaseURLs
	if bases == nil {
		bases = []string{""}
	}
	for _, base := range bases {
		base = resolve(resolve(absolute(mpd), "."), base)
		for i := range p.Periods {
			period := &p.Periods[i]
			for _, l := range period.Ladders {
				for j := range l.Rungs {
					p.serveFilm(n, base, period, l, j)
				}
			}
			for _, t := range period.Texts {
				t.serve(n, base+period.ID+"/", period.Duration)
			}
		}
	}
}

func resolve(base, ref string) string {
	from, err := url.Parse(base)
	if err == nil {
		if to, err := from.Parse(ref); err == nil {
			return to.String()
		}
	}
	panic("playertest: not a URL: " + base + " " + ref)
}

// serveFilm puts a Representation where the MPD says that it is.
func (p *Presentation) serveFilm(n *Network, base string, period *Period, l *Ladder, rung int) {
	f := l.films[rung]
	at := base + period.path(l, rung)
	if p.oneFile() {
		n.Serve(at+l.extension(false), Resource{film: f, to: f.size(), Type: l.mimeType()})
		return
	}
	n.Serve(at+"/init"+l.extension(false), Resource{film: f, to: f.HeaderSize, Type: l.mimeType()})
	for i, s := range f.Segments {
		n.Serve(base+p.Segment(period, l, rung, i), Resource{film: f, from: s.Offset, to: f.endOf(i), Type: l.mimeType()})
	}
}

func (p *Presentation) oneFile() bool { return p.Addressing == Base || p.Addressing == ListOfRanges }

// Segment is where the nth segment of a rung is, below a BaseURL, if it is a file of its own.
func (p *Presentation) Segment(period *Period, l *Ladder, rung, n int) string {
	p.build()
	name := uint64(n + 1)
	if p.Addressing == Timeline {
		name = l.FirstTime + l.cuts(period.Duration)[n].start
	}
	return fmt.Sprint(period.path(l, rung), "/", name, l.extension(true))
}

// ServeFilm puts a film, or the bytes [from, to) of it, at a URL; a to of 0 is its end.
func (n *Network) ServeFilm(url string, f *Film, from, to int64) {
	if to == 0 {
		to = f.size()
	}
	n.Serve(url, Resource{film: f, from: from, to: to, Type: strings.SplitN(f.Type, ";", 2)[0]})
}
