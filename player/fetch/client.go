// Package fetch makes requests by resource kind: a Policy for each kind says how often and how long to try. It sits on platform.Fetcher, which
// does one exchange and knows no policy. It verifies that a range request got the range it asked for, watches a body while it comes, and goes on
// with other addresses of the same resource where one fails.
package fetch

import (
	"context"
	"strings"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// Client makes requests. The zero value with a Fetcher is ready to use, by any number of goroutines.
type Client struct {
	Fetcher platform.Fetcher // usually the host

	// Policy says how hard to try for a kind; nil is DefaultPolicy.
	Policy func(Kind) Policy

	// Observer, where it is not nil, is told of every try that is over, from any goroutine.
	Observer func(Exchange)

	// Reconnect, where it is not nil, is asked after a try that the network failed: no response, a body cut off, or nothing in time. It waits until the
	// page is online again and says whether it had to; then the try does not count. It returns at once where the page is online, and when ctx ends.
	Reconnect func(ctx context.Context) (waited bool)

	// Rand gives numbers from 0 up to 1 for the jitter, to any goroutine; nil uses math/rand/v2.
	Rand func() float64

	outages outages
}

// Request is what to fetch.
type Request struct {
	Kind            Kind
	URL             string // relative to the page; blob: URLs too, which are tried once
	Method          string // "" is GET
	Header          []platform.HeaderField
	Body            []byte
	WithCredentials bool
	RefuseRedirects bool // as in platform.Request
	Range           Range

	// Alternatives are other URLs of the same resource, which get the same Header and credentials. They are tried in order once URL has failed for good,
	// but those that lie where something failed in the last minute come last. No more than seven are looked at.
	Alternatives []string

	// Observe, where it is not nil, is called about four times a second while the body comes, from the goroutine of Do.
	Observe func(Progress)

	// ErrorBody wants what the server says with a failure, up to 16 kB, in [Error.Body].
	ErrorBody bool
}

// Result is a body that arrived whole.
type Result struct {
	Body     platform.Body // the caller releases it
	URL      string        // after redirects, unredacted
	Total    int64         // the size of the whole resource; -1 where a range was asked for and the server did not say
	Status   int           // 2xx
	Attempts int

	Started, Opened, Ended time.Time // of the last try: when it was sent, when its header was there, when its body was
	Early                  bool      // it had been sent before: the times say nothing of the network

	response platform.Response
}

// Progress is how far a download has come.
type Progress struct {
	Received        int64     // bytes
	Size            int64     // bytes in all; -1 where nobody knows
	Started, Opened time.Time // as in [Result]
}

// Exchange is one try of a request that is over, for whoever watches the network.
type Exchange struct {
	Kind                   Kind
	URL                    string // by RedactURL
	Range                  Range
	Started, Opened, Ended time.Time // Opened is zero where no header came
	Bytes                  int64     // of the body
	Status                 int       // 0 where there was no response
	Failed, Cancelled      bool
}

// Header gives a field of the response's header; "" where it is absent or hidden by CORS.
func (r *Result) Header(name string) string { return r.response.Header(name) }

// Do fetches until it has the whole body or a failure that another try would not mend: 4xx other than 408, 425 and 429, a wrong or ignored
// range, a body past its limit. Then it goes on with the next of the Alternatives at once. While there are any left, it also goes on after two tries,
// and rather than wait for what has timed out or asks for time (Retry-After). A range that runs past the end of the file gives what there is.
// Errors are *[Error], of the last URL tried, or ctx's own.
func (c *Client) Do(ctx context.Context, req Request) (Result, error) {
	policy := c.policy(req.Kind)
	fail := &Error{Kind: req.Kind, URL: RedactURL(req.URL)}
	switch {
	case !req.Range.valid():
		fail.Cause = ErrInvalidRange
		return Result{}, fail
	case req.Range.Length > policy.MaxBytes:
		fail.Cause = platform.ErrTooLarge
		return Result{}, fail
	}
	places := c.outages.order(placesOf(req.URL, req.Alternatives))
	for i, place := range places {
		req.URL = place.url
		here := policy
		if i < len(places)-1 {
			here = policy.whileElsewhere()
		}
		res, failure, err := c.persist(ctx, &req, &here, fail)
		switch {
		case err != nil:
			return Result{}, err
		case failure == nil:
			c.outages.end(place.base)
			return *res, nil
		}
		c.outages.begin(place.base, failure.retryAfter)
	}
	return Result{}, fail
}

// persist tries one URL until another try would not help, and keeps the account of it in told. The error is ctx's.
func (c *Client) persist(ctx context.Context, req *Request, policy *Policy, told *Error) (*Result, *failure, error) {
	told.URL = RedactURL(req.URL)
	local, tries := isLocal(req.URL), policy.Tries
	if local {
		tries = 1
	}
	for counted := 0; ; {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		told.Attempts++
		res, failure := c.try(ctx, req, policy)
		if failure == nil {
			res.Attempts = told.Attempts
			return res, nil, nil
		}
		told.Status, told.ContentType, told.Timeout, told.Cause = failure.status, failure.contentType, failure.timeout, failure.cause
		told.Body = failure.body
		waited := c.Reconnect != nil && !local && failure.ofNetwork() && c.Reconnect(ctx)
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if !waited {
			counted++
			if !failure.retriable() || counted >= tries || policy.elsewhere && (failure.timeout || failure.retryAfter > 0) {
				return nil, failure, nil
			}
		}
		if err := wait(ctx, policy.pause(counted, failure.retryAfter, c.Rand)); err != nil {
			return nil, nil, err
		}
	}
}

func (c *Client) policy(kind Kind) Policy {
	if c.Policy == nil {
		return DefaultPolicy(kind)
	}
	return c.Policy(kind)
}

// isLocal says whether a URL leads to no network, so that trying again cannot help.
func isLocal(url string) bool {
	scheme, _, _ := cutScheme(url)
	return strings.EqualFold(scheme, "blob") || strings.EqualFold(scheme, "data")
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
