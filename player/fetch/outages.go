package fetch

import (
	"strings"
	"sync"
	"time"
)

const (
	outage     = time.Minute     // how long a place is avoided where something has failed
	maxOutage  = 5 * time.Minute // and where its server asked for longer than that
	maxOutages = 64              // places remembered
	maxPlace   = 1 << 10         // the longest base remembered, in bytes
	maxPlaces  = 8               // URLs looked at for one request
)

// place is one URL of a resource, and the base that it shares with all that lies there; "" is of no interest.
type place struct{ url, base string }

// placesOf finds the bases of the URLs of one resource: what is left of them without the path that they have in common. Where they have none in
// common, it is their folder.
func placesOf(url string, alternatives []string) []place {
	if len(alternatives) == 0 {
		return []place{{url: url}}
	}
	urls := append([]string{url}, alternatives[:min(len(alternatives), maxPlaces-1)]...)
	paths := make([]string, len(urls))
	for i, u := range urls {
		paths[i] = u
		if end := strings.IndexAny(u, "?#"); end >= 0 {
			paths[i] = u[:end]
		}
	}
	shared := len(paths[0])
	for _, path := range paths {
		shared = min(shared, commonSuffix(path, paths[0]))
	}
	tail := paths[0][len(paths[0])-shared:]
	if begin := strings.IndexByte(tail, '/'); begin >= 0 {
		shared -= begin
	} else {
		shared = 0
	}
	places := make([]place, len(urls))
	for i, path := range paths {
		end := len(path) - shared
		if shared == 0 {
			end = max(strings.LastIndexByte(path, '/'), 0)
		}
		places[i] = place{urls[i], path[:max(end, authorityEnd(path))]}
	}
	return places
}

func commonSuffix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// authorityEnd is where the path of a URL begins.
func authorityEnd(url string) int {
	_, rest, ok := strings.Cut(url, "//")
	if !ok {
		return 0
	}
	if end := strings.IndexByte(rest, '/'); end >= 0 {
		return len(url) - len(rest) + end
	}
	return len(url)
}

// outages remembers for a while at which bases something failed.
type outages struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// order moves the places that are to be avoided behind the others.
func (o *outages) order(places []place) []place {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	var good, bad []place
	for _, p := range places {
		if now.Before(o.until[p.base]) {
			bad = append(bad, p)
		} else {
			good = append(good, p)
		}
	}
	return append(good, bad...)
}

// begin takes down that something failed. The server may have asked to be left alone for a time.
func (o *outages) begin(base string, asked time.Duration) {
	if base == "" || len(base) > maxPlace {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	for old, until := range o.until {
		if len(o.until) >= maxOutages || !now.Before(until) {
			delete(o.until, old)
		}
	}
	if o.until == nil {
		o.until = map[string]time.Time{}
	}
	if until := now.Add(min(max(outage, asked), maxOutage)); until.After(o.until[base]) {
		o.until[strings.Clone(base)] = until // of a URL that may be long, only this
	}
}

// end forgets a base where something has worked.
func (o *outages) end(base string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.until, base)
}
