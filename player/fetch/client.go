// Package fetch makes requests by resource kind: a Policy for each kind says how often and how long to try. It sits on platform.Fetcher, which
// does one exchange and knows no policy, and it verifies that a range request got the range it asked for.
package fetch

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// Client makes requests. The zero value with a Fetcher is ready to use, by any number of goroutines.
type Client struct {
	Fetcher platform.Fetcher // usually the host

	// Media and License replace DefaultPolicy where they are not zero.
	Media, License Policy

	// Observer, where it is not nil, is told of every try that is over, from any goroutine.
	Observer func(Exchange)

	// Reconnect, where it is not nil, is asked after a failure without a response. It waits until the page is online again and says whether it had to; then
	// the try does not count. It returns at once where the page is online, and when ctx ends.
	Reconnect func(ctx context.Context) (waited bool)

	// Rand gives numbers from 0 up to 1 for the jitter; nil uses math/rand/v2.
	Rand func() float64
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

	// Alternatives are other URLs of the same resource, which are tried in order once URL has failed for good.
	Alternatives []string

	// Observe, where it is not nil, is called about four times a second while the body comes, from the goroutine of Do.
	Observe func(Progress)

	// ErrorBody wants what the server says with a failure, up to 16 kB, in [Error.Body].
	ErrorBody bool
}

// maxErrorBody bounds what is read of a failure's body: what is longer is not read at all.
const maxErrorBody = 16 << 10

// Result is a body that arrived whole.
type Result struct {
	Body     platform.Body // the caller releases it
	URL      string        // after redirects, unredacted
	Total    int64         // the size of the whole resource; -1 where a range was asked for and the server did not say
	Status   int           // 2xx
	Attempts int

	Started, Opened, Ended time.Time // of the last try: when it was sent, when its header was there, when its body was

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
// range, a body past its limit. A range that runs past the end of the file gives what there is. Errors are *[Error], or ctx's own.
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
	case isLocal(req.URL):
		policy.Tries = 1
	}
	for {
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		fail.Attempts++
		res, failure := c.try(ctx, req, policy)
		if failure == nil {
			res.Attempts = fail.Attempts
			return res, nil
		}
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		fail.Status, fail.ContentType, fail.Timeout, fail.Cause = failure.status, failure.contentType, failure.timeout, failure.cause
		fail.Body = failure.body
		if !failure.retriable() || fail.Attempts >= policy.Tries {
			return Result{}, fail
		}
		if err := wait(ctx, policy.pause(fail.Attempts, failure.retryAfter, c.Rand)); err != nil {
			return Result{}, err
		}
	}
}

func (c *Client) policy(kind Kind) Policy {
	policy := c.Media
	if kind == License {
		policy = c.License
	}
	if policy == (Policy{}) {
		policy = DefaultPolicy(kind)
	}
	return policy
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

// failure is one failed try.
type failure struct {
	status      int
	contentType string
	timeout     bool
	retryAfter  time.Duration
	body        []byte
	cause       error
}

func (f *failure) retriable() bool {
	switch {
	case f.timeout:
		return true
	case f.cause == nil:
		return f.status >= 500 || f.status == 408 || f.status == 425 || f.status == 429
	case f.cause == ErrShortBody:
		return true
	}
	var dom *platform.DOMError
	return errors.As(f.cause, &dom)
}

// try makes one request and reads its body.
func (c *Client) try(ctx context.Context, req Request, policy Policy) (Result, *failure) {
	header := req.Header
	ranged := req.Range != (Range{})
	if ranged {
		header = append(header[:len(header):len(header)], platform.HeaderField{Name: "Range", Value: req.Range.header()})
	}
	tryCtx, cancel := context.WithTimeout(ctx, policy.Timeout)
	defer cancel()
	resp, err := c.Fetcher.Fetch(tryCtx, platform.Request{
		URL: req.URL, Method: req.Method, Header: header, Body: req.Body, WithCredentials: req.WithCredentials,
		RefuseRedirects: req.RefuseRedirects,
	})
	if err != nil {
		return Result{}, failed(tryCtx, 0, err)
	}
	length, status := int64(-1), resp.Status()
	res := Result{URL: resp.URL(), Status: status, Total: -1, response: resp}
	f := refused(resp, ranged)
	if f == nil && ranged {
		length, res.Total, err = req.Range.check(resp.Header("Content-Range"))
		if err != nil {
			f = &failure{status: status, cause: err}
		}
	}
	if f != nil {
		if req.ErrorBody && f.cause == nil {
			f.body = errorBody(tryCtx, resp)
		}
		resp.Cancel()
		return Result{}, f
	}
	res.Body, f = readBody(ctx, resp, req.Range, length, policy)
	if f == nil && !ranged {
		res.Total = res.Body.Len()
	}
	return res, f
}

// errorBody reads what a server says with a failure, in what is left of the try's time; nil where that does not work.
func errorBody(ctx context.Context, resp platform.Response) []byte {
	body, err := resp.ReadBody(ctx, maxErrorBody)
	if err != nil {
		return nil
	}
	defer body.Release()
	words, err := body.Bytes()
	if err != nil {
		return nil
	}
	return words
}

// refused gives the failure that the header alone tells; nil lets the body be read.
func refused(resp platform.Response, ranged bool) *failure {
	status := resp.Status()
	switch {
	case ranged && status == 416:
		return &failure{status: status, cause: ErrRangeNotSatisfiable}
	case status < 200 || status > 299:
		return &failure{status: status, retryAfter: parseRetryAfter(resp.Header("Retry-After"), time.Now())}
	case ranged && status != 206 && resp.Header("Content-Length") == "0":
		return &failure{status: status, cause: ErrRangeNotSatisfiable}
	case ranged && status != 206:
		return &failure{status: status, contentType: resp.Header("Content-Type"), cause: ErrRangeIgnored}
	}
	return nil
}

// readBody reads no more than was promised (length) or, where nothing was, than was asked for. A body of another length is no body.
func readBody(ctx context.Context, resp platform.Response, asked Range, length int64, policy Policy) (platform.Body, *failure) {
	limit := policy.MaxBytes
	for _, bound := range []int64{asked.Length, length} {
		if bound > 0 && bound < limit {
			limit = bound
		}
	}
	expected := limit
	if told := parseSize(resp.Header("Content-Length")); told >= 0 && told < expected {
		expected = told
	}
	ctx, cancel := context.WithTimeout(ctx, policy.bodyTimeout(expected))
	defer cancel()
	body, err := resp.ReadBody(ctx, limit)
	switch {
	case err == nil && length >= 0 && body.Len() < length:
		body.Release()
		err = ErrShortBody
	case err == nil:
		return body, nil
	case errors.Is(err, platform.ErrTooLarge) && limit < policy.MaxBytes:
		err = ErrWrongRange
	}
	return nil, failed(ctx, resp.Status(), err)
}

// failed tells a try's own timeout from other failures; whether the caller's context has ended is for Do to see.
func failed(ctx context.Context, status int, err error) *failure {
	if ctx.Err() != nil {
		return &failure{status: status, timeout: true}
	}
	return &failure{status: status, cause: err}
}
