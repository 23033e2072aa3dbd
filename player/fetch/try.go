package fetch

import (
	"context"
	"errors"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// maxErrorBody bounds what is read of a failure's body: what is longer is not read at all.
const maxErrorBody = 16 << 10

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
	case f.cause == nil && !f.timeout:
		return f.status >= 500 || f.status == 408 || f.status == 425 || f.status == 429
	case f.cause == ErrShortBody:
		return true
	}
	return f.ofNetwork()
}

// ofNetwork says that no answer came, or not all of it.
func (f *failure) ofNetwork() bool {
	var dom *platform.DOMError
	return f.timeout || errors.As(f.cause, &dom)
}

// try makes one request, reads its body, and tells the Observer.
func (c *Client) try(ctx context.Context, req *Request, policy *Policy) (*Result, *failure) {
	x := Exchange{Kind: req.Kind, Range: req.Range, Started: time.Now()}
	res, f := c.exchange(ctx, req, policy, &x)
	x.Ended = time.Now()
	if c.Observer != nil {
		x.URL = RedactURL(req.URL)
		x.Cancelled = f != nil && ctx.Err() != nil
		x.Failed = f != nil && !x.Cancelled
		c.Observer(x)
	}
	if f != nil {
		return nil, f
	}
	res.Started, res.Opened, res.Ended = x.Started, x.Opened, x.Ended
	return res, nil
}

// exchange is try, which writes down in x how far it comes.
func (c *Client) exchange(ctx context.Context, req *Request, policy *Policy, x *Exchange) (*Result, *failure) {
	header := req.Header
	ranged := req.Range != (Range{})
	if ranged {
		header = append(header[:len(header):len(header)], platform.HeaderField{Name: "Range", Value: req.Range.header()})
	}
	tryCtx, cancel := context.WithTimeout(ctx, policy.headerTimeout())
	defer cancel()
	resp, err := c.Fetcher.Fetch(tryCtx, platform.Request{
		URL: req.URL, Method: req.Method, Header: header, Body: req.Body, WithCredentials: req.WithCredentials,
		RefuseRedirects: req.RefuseRedirects,
	})
	if err != nil {
		return nil, failed(tryCtx, 0, err)
	}
	x.Opened, x.Status = time.Now(), resp.Status()
	length := int64(-1)
	res := &Result{URL: resp.URL(), Status: x.Status, Total: -1, Early: resp.Early(), response: resp}
	f := refused(resp, ranged)
	if f == nil && ranged {
		length, res.Total, err = req.Range.check(resp.Header("Content-Range"))
		if err != nil {
			f = &failure{status: x.Status, cause: err}
		}
	}
	if f != nil {
		if req.ErrorBody && f.cause == nil {
			f.body = errorBody(tryCtx, resp)
			x.Bytes = int64(len(f.body))
		}
		resp.Cancel()
		return nil, f
	}
	res.Body, f = readBody(ctx, resp, req, length, policy, x)
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
func readBody(ctx context.Context, resp platform.Response, req *Request, length int64, policy *Policy, x *Exchange) (platform.Body, *failure) {
	limit := policy.MaxBytes
	for _, bound := range []int64{req.Range.Length, length} {
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
	d := download{response: resp, stallTimeout: policy.StallTimeout, observe: req.Observe,
		progress: Progress{Size: sizeOf(resp, length), Started: x.Started, Opened: x.Opened}}
	body, err := d.read(ctx, limit)
	x.Bytes = d.progress.Received
	switch {
	case err == nil && length >= 0 && body.Len() < length:
		body.Release()
		err = ErrShortBody
	case err == nil:
		return body, nil
	case d.stalled:
		return nil, &failure{status: x.Status, timeout: true}
	case errors.Is(err, platform.ErrTooLarge) && limit < policy.MaxBytes:
		err = ErrWrongRange
	}
	return nil, failed(ctx, x.Status, err)
}

// failed tells a try's own timeout from other failures; whether the caller's context has ended is for Do to see.
func failed(ctx context.Context, status int, err error) *failure {
	if ctx.Err() != nil {
		return &failure{status: status, timeout: true}
	}
	return &failure{status: status, cause: err}
}
