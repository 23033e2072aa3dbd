package dash

import (
	"slices"
	"strconv"
	"strings"

	"github.com/keystream-player/keystream/player/manifest"
)

// reader makes a Manifest of a document. Where it is in the document, period, set and representation say, from 1; 0 is above.
type reader struct {
	doc *document
	url string

	m                           manifest.Manifest
	period, set, representation int
	first                       *Error // of what was left out
	budget                      int    // bytes of model that may still be made
	broke                       *Error // why reading had to stop

	made      int // ids that were made up
	templates map[string]*manifest.Template
	timelines map[timelineKey]*manifest.Timeline
	lists     map[int32][]manifest.Listed
	shared    map[string]int32 // ContentProtection elements by their refId
}

// read reads everything.
func (r *reader) read() (*manifest.Manifest, error) {
	r.presentation()
	base, err := r.baseURLs(0, nil)
	if err != nil {
		return nil, r.error(BadURL, err)
	}
	periods := r.periods()
	for i, p := range periods {
		r.period, r.set, r.representation = p.number, 0, 0
		r.readPeriod(&periods[i], base)
		if r.broke != nil {
			return nil, r.broke
		}
	}
	r.period, r.set, r.representation = 0, 0, 0
	if len(r.m.Periods) == 0 {
		if r.first != nil {
			return nil, r.first
		}
		return nil, r.error(Empty, errNothing)
	}
	if last := r.m.Periods[len(r.m.Periods)-1]; last.Duration > 0 {
		r.m.Duration = last.Start + last.Duration
	}
	return &r.m, nil
}

// presentation reads the MPD's own attributes.
func (r *reader) presentation() {
	var clock manifest.Availability
	for attrs := r.doc.attributes(0); ; {
		name, raw, ok := attrs.next()
		if !ok {
			break
		}
		value := strings.TrimSpace(text(raw))
		switch string(name) {
		case "type":
			r.m.Dynamic = value == "dynamic"
		case "mediaPresentationDuration":
			r.m.Duration, _ = parseDuration(value)
		case "availabilityStartTime":
			clock.Start = parseTime(value)
		case "availabilityEndTime":
			clock.End = parseTime(value)
		case "publishTime":
			clock.PublicationTime = parseTime(value)
		case "timeShiftBufferDepth":
			clock.Window, _ = parseDuration(value)
		case "suggestedPresentationDelay":
			clock.SuggestedDelay, _ = parseDuration(value)
		case "minimumUpdatePeriod":
			clock.UpdatePeriod, clock.Updates = parseDuration(value)
		}
	}
	if !r.m.Dynamic {
		return
	}
	for c := range r.doc.children(0) {
		if r.doc.nodes[c].element == elLocation && len(clock.LocationOfNext) < maxBaseURLs {
			if location, err := r.resolve(r.url, c); err != nil {
				r.leaveOut(BadURL, err)
			} else {
				clock.LocationOfNext = append(clock.LocationOfNext, location)
			}
		}
	}
	r.m.Availability = clock
}

// error says what is wrong where the reader is.
func (r *reader) error(kind Kind, err error) *Error {
	path := "MPD"
	for _, step := range [...]struct {
		name string
		n    int
	}{{"/Period", r.period}, {"/AdaptationSet", r.set}, {"/Representation", r.representation}} {
		if step.n > 0 {
			path += step.name + "[" + strconv.Itoa(step.n) + "]"
		}
	}
	return &Error{kind, path, err}
}

// leaveOut remembers why what the reader is at is not in the Manifest.
func (r *reader) leaveOut(kind Kind, err error) {
	if len(r.m.LeftOut) >= maxLeftOut {
		return
	}
	e := r.error(kind, err)
	if r.first == nil {
		r.first = e
	}
	r.m.LeftOut = append(r.m.LeftOut, e)
}

// spend is false where the document says too much with too few bytes.
func (r *reader) spend(cost int) bool {
	r.budget -= cost
	if r.budget < 0 && r.broke == nil {
		r.broke = r.error(TooLarge, errCost)
	}
	return r.broke == nil
}

// unique gives id, or one that is made up where it is missing or taken.
func (r *reader) unique(id string, taken map[string]bool) string {
	candidate := id
	for candidate == "" || taken[candidate] {
		r.made++
		candidate = strconv.Itoa(r.made)
		if id != "" {
			candidate = id + "-" + candidate
		}
	}
	taken[candidate] = true
	return candidate
}

// baseURLs gives where an element's relative URLs lead, its own BaseURLs first resolved against each of those above it.
func (r *reader) baseURLs(n int32, above []string) ([]string, error) {
	if n == 0 {
		above = []string{r.url}
	}
	var urls []string
	var failed error
	found, tries := false, 0
	for c := range r.doc.children(n) {
		if r.doc.nodes[c].element != elBaseURL {
			continue
		}
		found = true
		for _, base := range above {
			if tries++; tries > maxBaseURLs || r.broke != nil {
				break
			}
			url, err := r.resolve(base, c)
			if err != nil {
				failed = err
				continue
			}
			if !slices.Contains(urls, url) && r.spend(3*len(url)+16) {
				urls = append(urls, url)
			}
		}
	}
	switch {
	case !found && n == 0:
		return r.documentURL()
	case !found:
		return above, nil
	case len(urls) == 0 && failed == nil:
		return nil, errCost
	case len(urls) == 0:
		return nil, failed
	case failed != nil:
		r.leaveOut(BadURL, failed)
	}
	return urls, nil
}

// documentURL is the base where the MPD names none. A document that did not come over http has none: it has to name its URLs in full.
func (r *reader) documentURL() ([]string, error) {
	if url, err := manifest.ResolveURL(r.url, ""); err == nil {
		return []string{url}, nil
	}
	return []string{r.url}, nil
}

// resolve gives the URL that an element's text is.
func (r *reader) resolve(base string, n int32) (string, error) {
	ref, err := r.doc.text(n)
	if err != nil {
		return "", err
	}
	return manifest.ResolveURL(base, ref)
}
