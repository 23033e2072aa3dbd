package playertest

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

const networkLane = "network"

// PageURL is the address of the page; relative URLs are resolved against it.
const PageURL = "https://page.test/"

// Network is what the page can reach. A URL that was never served is a 404 on the page's own origin, and no host at all elsewhere.
type Network struct {
	host      *Host
	resources map[string]Resource
	handlers  map[string]Handler
	faults    map[string][]Fault
	requests  []Exchange
}

// Resource is a file on a server that knows Range, or behind a blob: URL.
type Resource struct {
	Body []byte
	Type string // Content-Type

	film     *Film // whose bytes [from, to) it is, instead of Body
	from, to int64
}

func (r Resource) size() int64 {
	if r.film != nil {
		return r.to - r.from
	}
	return int64(len(r.Body))
}

// slice gives the bytes [from, to), which are not to be changed.
func (r Resource) slice(from, to int64) []byte {
	if r.film != nil {
		return r.film.slice(r.from+from, r.from+to)
	}
	return r.Body[from:to]
}

// Exchange is a request as the server saw it.
type Exchange struct {
	Time   time.Duration // since the host began
	Method string
	URL    string // absolute
	Range  string
	Header []platform.HeaderField
	Body   []byte

	WithCredentials bool
}

// Reply is what a Handler answers. A zero Status is 200, or 307 with a Redirect.
type Reply struct {
	Status   int
	Header   []platform.HeaderField
	Body     []byte
	Redirect string // the URL to go on with: with the same method and body, but for status 301, 302 and 303, which turn a POST into a GET
}

// Handler answers requests, as a licence server does. It must not wait.
type Handler func(Exchange) Reply

// Fault is a request that goes wrong. The zero value goes right.
type Fault struct {
	Always bool // this and every later request; else this one only

	Delay        time.Duration          // more than the usual, before the header
	Hang         bool                   // no header until the request is cancelled
	NetworkError bool                   // no response at all
	Status       int                    // this status, with Header and Body
	Header       []platform.HeaderField // set on the response, over what is there
	Body         []byte                 // instead of the body (status 200 unless Status says otherwise)
	IgnoreRange  bool                   // 200 and everything
	Cut          int64                  // the file ends after Cut bytes, and says so
	Short        int64                  // the body lacks its last Short bytes, in spite of its header
	Drop         bool                   // the connection is lost in the body
	Stall        bool                   // the body stops after StallAfter bytes, and no more ever comes
	StallAfter   int64
}

// Serve puts a resource at a URL.
func (n *Network) Serve(url string, r Resource) {
	n.host.mu.Lock()
	defer n.host.mu.Unlock()
	n.resources[absolute(url)] = r
}

// Handle gives a URL to a handler.
func (n *Network) Handle(url string, h Handler) {
	n.host.mu.Lock()
	defer n.host.mu.Unlock()
	n.handlers[absolute(url)] = h
}

// Fault lines up what happens to the next requests for a URL, one after the other.
func (n *Network) Fault(url string, faults ...Fault) {
	n.host.mu.Lock()
	defer n.host.mu.Unlock()
	n.faults[absolute(url)] = append(n.faults[absolute(url)], faults...)
}

// Requests lists what the servers have seen.
func (n *Network) Requests() []Exchange {
	n.host.mu.Lock()
	defer n.host.mu.Unlock()
	return slices.Clone(n.requests)
}

// absolute resolves a URL against the page; "" cannot be parsed.
func absolute(ref string) string {
	page, err := url.Parse(PageURL)
	if err != nil {
		return ""
	}
	u, err := page.Parse(ref)
	if err != nil {
		return ""
	}
	u.Fragment = ""
	return u.String()
}

// maxRedirects is fetch's own limit.
const maxRedirects = 20

// Fetch answers as the script says.
func (h *Host) Fetch(ctx context.Context, req platform.Request) (platform.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ex := Exchange{Method: req.Method, URL: absolute(req.URL), Header: slices.Clone(req.Header), Body: slices.Clone(req.Body),
		Range: headerValue(req.Header, "Range"), WithCredentials: req.WithCredentials}
	if ex.URL == "" {
		return nil, dom("TypeError", "Failed to parse URL")
	}
	if ex.Method == "" {
		ex.Method = "GET"
	}
	for range 1 + maxRedirects {
		resp, err := h.exchange(ctx, ex)
		if err != nil || resp.redirect == "" {
			return resp, err
		}
		resp.Cancel()
		if req.RefuseRedirects || !ex.redirect(resp) {
			return nil, dom("TypeError", "Failed to fetch")
		}
	}
	return nil, dom("TypeError", "Failed to fetch")
}

// redirect makes of an exchange the next one; ok is false where there is none. A browser takes the Authorization off on the way to another origin.
func (ex *Exchange) redirect(resp *response) (ok bool) {
	to, err := url.Parse(resp.redirect)
	if err != nil || to.Scheme != "https" && to.Scheme != "http" {
		return false
	}
	if resp.status <= 303 && ex.Method != "GET" {
		ex.Method, ex.Body = "GET", nil
	}
	if from, err := url.Parse(ex.URL); err == nil && (from.Host != to.Host || from.Scheme != to.Scheme) {
		ex.Header = slices.DeleteFunc(ex.Header, func(f platform.HeaderField) bool { return strings.EqualFold(f.Name, "Authorization") })
	}
	ex.URL = resp.redirect
	return true
}

// exchange is one request and its response's header.
func (h *Host) exchange(ctx context.Context, ex Exchange) (*response, error) {
	h.mu.Lock()
	fault := h.Network.admit(&ex)
	wait := h.latency() + fault.Delay
	h.mu.Unlock()
	if fault.Hang {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-h.done:
			return nil, errClosed
		}
	}
	var resp *response
	err := h.async(ctx, wait, func() (err error) {
		if err := ctx.Err(); err != nil {
			return err
		}
		resp, err = h.Network.answer(ex, fault)
		return err
	})
	if err == nil {
		return resp, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if resp != nil { // it came in the instant that the caller gave up
		resp.end()
	}
	return nil, err
}

// admit logs a request and takes its fault off the list. The host's mutex is held.
func (n *Network) admit(ex *Exchange) (fault Fault) {
	ex.Time = time.Since(n.host.start)
	n.requests = append(n.requests, *ex)
	line := ex.Method + " " + ex.URL
	if ex.Range != "" {
		line += " " + ex.Range
	}
	if len(ex.Body) > 0 {
		line += fmt.Sprintf(" (%d bytes)", len(ex.Body))
	}
	n.host.logf(networkLane, "%s", line)
	if faults := n.faults[ex.URL]; len(faults) > 0 {
		fault = faults[0]
		if !fault.Always {
			n.faults[ex.URL] = faults[1:]
		}
	}
	return fault
}

// answer makes the response. The host's mutex is held.
func (n *Network) answer(ex Exchange, fault Fault) (*response, error) {
	if fault.NetworkError {
		n.host.logf(networkLane, "network error: %s", ex.URL)
		return nil, dom("TypeError", "Failed to fetch")
	}
	resp := &response{host: n.host, url: ex.URL, fault: fault}
	resource, found := n.resources[ex.URL]
	handler := n.handlers[ex.URL]
	switch {
	case fault.Status != 0 || fault.Body != nil:
		resp.status, resp.body = fault.Status, fault.Body
		if resp.status == 0 {
			resp.status = 200
		}
	case handler != nil:
		reply := handler(ex)
		resp.status, resp.header, resp.body = reply.Status, reply.Header, reply.Body
		if reply.Redirect != "" {
			resp.redirect = absolute(reply.Redirect)
		}
		switch {
		case resp.status == 0 && reply.Redirect != "":
			resp.status = 307
		case resp.status == 0:
			resp.status = 200
		}
	case found && ex.Method == "GET":
		if err := resp.serve(resource, ex, fault); err != nil {
			return nil, err
		}
	case found:
		resp.status = 405
	case strings.HasPrefix(ex.URL, PageURL):
		resp.status = 404
	default:
		return nil, dom("TypeError", "Failed to fetch")
	}
	resp.header = slices.Concat(fault.Header, resp.header)
	n.host.live++
	n.host.logf(networkLane, "%d %s", resp.status, strings.TrimSpace(ex.URL+" "+resp.Header("Content-Range")))
	return resp, nil
}

// serve answers from a resource, as a server does that knows ranges.
func (r *response) serve(resource Resource, ex Exchange, fault Fault) error {
	size := resource.size()
	if fault.Cut > 0 {
		size = min(size, fault.Cut)
	}
	r.status = 200
	first, last, ranged := parseRange(ex.Range, size)
	if ranged = ranged && !fault.IgnoreRange; ranged {
		if first >= size {
			if strings.HasPrefix(ex.URL, "blob:") {
				return dom("TypeError", "Failed to fetch")
			}
			r.status = 416
			r.set("Content-Range", fmt.Sprintf("bytes */%d", size))
			return nil
		}
		r.status, r.body = 206, resource.slice(first, last+1)
		r.set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, size))
	}
	if !ranged {
		r.body = resource.slice(0, size)
	}
	r.set("Content-Length", strconv.Itoa(len(r.body)))
	r.set("Content-Type", resource.Type)
	r.body = r.body[:max(0, int64(len(r.body))-fault.Short)]
	return nil
}

// parseRange reads one range; what it cannot read is no range, as for every server.
func parseRange(s string, size int64) (first, last int64, ok bool) {
	span, ok := strings.CutPrefix(s, "bytes=")
	from, to, found := strings.Cut(span, "-")
	if !ok || !found {
		return 0, 0, false
	}
	first, err := strconv.ParseInt(from, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	last = size - 1
	if to != "" {
		end, err := strconv.ParseInt(to, 10, 64)
		if err != nil || end < first {
			return 0, 0, false
		}
		last = min(end, last)
	}
	return first, last, true
}

func headerValue(fields []platform.HeaderField, name string) string {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}
