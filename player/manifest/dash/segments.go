package dash

import (
	"math"
	"strings"

	"github.com/keystream-player/keystream/player/manifest"
)

// segments is what SegmentBase, SegmentTemplate or SegmentList say, with what is inherited. The nodes are 0 where there is none.
//
// ISO/IEC 23009-1, 5.3.9.2
type segments struct {
	form                                  element // 0 where there is none of the three: the BaseURL is the whole Representation
	timescale, offset, start, end         uint64
	duration                              uint64
	hasDuration                           bool
	media, initialization, indexRange     string
	initNode, indexNode, timeline, listed int32
	bad                                   error // an attribute makes no sense
}

// inherit takes what an element says over what those above it say. Only the same of the three elements inherits.
func (s *segments) inherit(doc *document, n int32) {
	for c := range doc.children(n) {
		form := doc.nodes[c].element
		if form != elSegmentBase && form != elSegmentTemplate && form != elSegmentList {
			continue
		}
		if s.form != form {
			*s = segments{form: form, timescale: 1, start: 1}
		}
		s.read(doc.attributes(c))
		own := false
		for child := range doc.children(c) {
			switch doc.nodes[child].element {
			case elInitialization:
				s.initNode = child
			case elRepresentationIndex:
				s.indexNode = child
			case elSegmentTimeline:
				s.timeline = child
			case elSegmentURL:
				if !own {
					s.listed, own = c, true
				}
			}
		}
	}
}

func (s *segments) read(attrs attributes) {
	for {
		name, raw, more := attrs.next()
		if !more {
			return
		}
		ok := true
		switch string(name) {
		case "timescale":
			s.timescale, ok = parseTicks(raw)
		case "presentationTimeOffset":
			s.offset, ok = parseTicks(raw)
		case "duration":
			s.duration, ok = parseTicks(raw)
			s.hasDuration = true
		case "startNumber":
			s.start, ok = parseTicks(raw)
		case "endNumber":
			s.end, ok = parseTicks(raw)
		case "media":
			s.media = strings.TrimSpace(text(raw))
		case "initialization":
			s.initialization = strings.TrimSpace(text(raw))
		case "indexRange":
			s.indexRange = text(raw)
		}
		if !ok {
			s.bad = errNumber
		}
	}
}

// locate says where a Representation's segments are. id is the one that the MPD gives.
func (r *reader) locate(to *manifest.Representation, in *scope, id string) *Error {
	s := &in.segments
	switch {
	case s.bad != nil:
		return r.error(BadValue, s.bad)
	case s.form != 0 && s.timescale == 0:
		return r.error(BadValue, errTimescale)
	case s.hasDuration && s.duration == 0 && s.timeline == 0:
		return r.error(BadValue, errDuration)
	}
	to.Timescale, to.PresentationTimeOffset = max(s.timescale, 1), s.offset
	timing := manifest.Timing{Timescale: to.Timescale, PresentationTimeOffset: s.offset, Period: in.period}
	var err error
	if s.initNode != 0 {
		if to.Init, err = r.segment(s.initNode, ""); err != nil {
			return r.wrap(err)
		}
	}
	switch s.form {
	case elSegmentTemplate:
		err = r.template(to, s, timing, id)
	case elSegmentList:
		err = r.list(to, s, timing)
	case elSegmentBase:
		err = r.indexed(to, s, in)
	default:
		to.Index = manifest.NewSingleIndex("", manifest.ByteRange{}, in.period)
	}
	if err == nil {
		err = r.checkURLs(to)
	}
	if err != nil {
		return r.wrap(err)
	}
	return nil
}

// wrap gives an error of this package or of manifest its kind.
func (r *reader) wrap(err error) *Error {
	switch err {
	case errEntries, errText:
		return r.error(TooLarge, err)
	case manifest.ErrURLScheme, manifest.ErrURLUserinfo, manifest.ErrURLDowngrade, manifest.ErrURLHost, manifest.ErrURLLength:
		return r.error(BadURL, err)
	case errSequence:
		return r.error(Unsupported, err)
	case manifest.ErrEmptyTimeline:
		return r.error(Empty, err)
	}
	return r.error(BadValue, err)
}

// checkURLs refuses URLs that nobody may follow; of segments it looks at the first, for the rest is alike, and is resolved again when it is wanted.
func (r *reader) checkURLs(to *manifest.Representation) error {
	urls := []*manifest.Segment{to.Init, to.IndexSource}
	if to.Index != nil && to.Index.Len() > 0 {
		first := to.Index.Segment(0)
		urls = append(urls, &first)
	}
	for _, s := range urls {
		if s == nil {
			continue
		}
		if !r.spend(len(to.BaseURLs[0]) + len(s.URL)) {
			return errCost
		}
		if _, err := manifest.ResolveURL(to.BaseURLs[0], s.URL); err != nil {
			return err
		}
	}
	return nil
}

// template reads a SegmentTemplate.
func (r *reader) template(to *manifest.Representation, s *segments, timing manifest.Timing, id string) error {
	if s.media == "" {
		return errNoMedia
	}
	media := manifest.Media{RepresentationID: id, Bandwidth: to.Bandwidth}
	var err error
	if media.Template, err = r.parseTemplate(s.media, id); err != nil {
		return err
	}
	if s.initialization != "" {
		init, err := r.parseTemplate(s.initialization, id)
		if err != nil {
			return err
		}
		to.Init = &manifest.Segment{URL: init.Expand(manifest.TemplateValues{RepresentationID: id, Bandwidth: to.Bandwidth, Number: s.start, Time: s.offset})}
		r.spend(len(to.Init.URL))
	}
	if s.timeline != 0 {
		timeline, err := r.timeline(s.timeline, timing)
		switch {
		case err == manifest.ErrEmptyTimeline && r.m.Dynamic:
			to.Index = manifest.NewFragmentIndex("", 1, 0, nil)
		case err != nil:
			return err
		default:
			to.Index = manifest.NewTimelineIndex(timeline, media, s.start)
		}
		return nil
	}
	index, err := manifest.NewNumberIndex(manifest.Numbered{
		Media: media, Timing: timing, Duration: s.duration, StartNumber: s.start, EndNumber: s.end, Endless: r.m.Dynamic,
	})
	if err != nil {
		return err
	}
	to.Index = index
	return nil
}

// parseTemplate reads a template once, however many inherit it.
func (r *reader) parseTemplate(s, id string) (*manifest.Template, error) {
	t := r.templates[s]
	if t == nil {
		parsed, err := manifest.ParseTemplate(s)
		if err != nil {
			return nil, err
		}
		if r.templates == nil {
			r.templates = map[string]*manifest.Template{}
		}
		t, r.templates[s] = parsed, parsed
	}
	if t.ExpandedLength(id) > maxTag/16 {
		return nil, manifest.ErrTemplateLength
	}
	return t, nil
}

// timelineKey names a SegmentTimeline as it is laid out in a Period: Representations that inherit it share what comes of it.
type timelineKey struct {
	node   int32
	timing manifest.Timing
}

func (r *reader) timeline(n int32, timing manifest.Timing) (*manifest.Timeline, error) {
	if err := r.doc.broken[n]; err != nil {
		return nil, err
	}
	key := timelineKey{n, timing}
	if t := r.timelines[key]; t != nil {
		return t, nil
	}
	entries := r.doc.entries[r.doc.nodes[n].text:r.doc.nodes[n].textEnd]
	if !r.spend(40 * len(entries)) {
		return nil, errCost
	}
	t, err := manifest.NewTimeline(entries, timing)
	if err != nil {
		return nil, err
	}
	if r.timelines == nil {
		r.timelines = map[timelineKey]*manifest.Timeline{}
	}
	r.timelines[key] = t
	return t, nil
}

// list reads a SegmentList.
func (r *reader) list(to *manifest.Representation, s *segments, timing manifest.Timing) error {
	urls, err := r.urls(s.listed)
	if err != nil {
		return err
	}
	if s.timeline == 0 {
		index, err := manifest.NewListIndex(urls, timing, s.duration)
		if err != nil {
			return err
		}
		to.Index = index
		return nil
	}
	timeline, err := r.timeline(s.timeline, timing)
	if err != nil {
		return err
	}
	to.Index = manifest.NewTimedListIndex(urls, timeline)
	return nil
}

// urls reads the SegmentURLs of a SegmentList, once, however many inherit it.
func (r *reader) urls(n int32) ([]manifest.Listed, error) {
	if n == 0 {
		return nil, errNoURLs
	}
	if urls := r.lists[n]; urls != nil {
		return urls, nil
	}
	var urls []manifest.Listed
	for c := range r.doc.children(n) {
		if r.doc.nodes[c].element != elSegmentURL {
			continue
		}
		in, err := parseRange(r.doc.attribute(c, "mediaRange"))
		if err != nil {
			return nil, err
		}
		urls = append(urls, manifest.Listed{URL: r.doc.attribute(c, "media"), Range: in})
		if !r.spend(64 + len(urls[len(urls)-1].URL)) {
			return nil, errCost
		}
	}
	if r.lists == nil {
		r.lists = map[int32][]manifest.Listed{}
	}
	r.lists[n] = urls
	return urls, nil
}

// indexed reads a SegmentBase: a file whose own index says where its segments are, or else one piece.
func (r *reader) indexed(to *manifest.Representation, s *segments, in *scope) error {
	index := &manifest.Segment{}
	var err error
	switch {
	case s.indexNode != 0:
		index, err = r.segment(s.indexNode, s.indexRange)
	case s.indexRange != "":
		index.Range, err = parseRange(s.indexRange)
	default:
		index = nil
	}
	if err != nil {
		return err
	}
	if index == nil {
		media := manifest.ByteRange{}
		if to.Init != nil && to.Init.URL == "" {
			media.Start = to.Init.Range.Start + to.Init.Range.Length
		}
		to.Index = manifest.NewSingleIndex("", media, in.period)
		return nil
	}
	if to.Init == nil && index.URL == "" && to.Header.Container == "mp4" && index.Range.Start > 0 {
		// What comes before a sidx is what it does not index.
		to.Init = &manifest.Segment{Range: manifest.ByteRange{Length: index.Range.Start}}
	}
	to.IndexSource = index
	return nil
}

// segment reads an Initialization or a RepresentationIndex. Where it gives no range of its own, that is another.
func (r *reader) segment(n int32, other string) (*manifest.Segment, error) {
	own := r.doc.attribute(n, "range")
	if own == "" {
		own = other
	}
	in, err := parseRange(own)
	url := r.doc.attribute(n, "sourceURL")
	r.spend(len(url))
	return &manifest.Segment{URL: url, Range: in}, err
}

// parseRange reads "0-834", both ends included; "" is everything.
func parseRange(s string) (manifest.ByteRange, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return manifest.ByteRange{}, nil
	}
	from, to, ok := strings.Cut(s, "-")
	start, good := parseTicks([]byte(from))
	if !ok || !good || start > math.MaxInt64 {
		return manifest.ByteRange{}, errRange
	}
	if to == "" {
		return manifest.ByteRange{Start: int64(start)}, nil
	}
	end, good := parseTicks([]byte(to))
	if !good || end < start || end >= math.MaxInt64 {
		return manifest.ByteRange{}, errRange
	}
	return manifest.ByteRange{Start: int64(start), Length: int64(end - start + 1)}, nil
}
