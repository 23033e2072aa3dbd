package drm

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/platform"
)

// LicenseServer is a licence server reached by HTTP POST, tried again as package fetch does. Its errors are *[fetch.Error], *[FilterError], or
// ctx's.
//
// Header and WithCredentials belong to the origin of URL: a request to another origin, to which URLs or a filter leads, carries neither, and one
// that carries a header of the app's or credentials refuses redirects.
type LicenseServer struct {
	Fetcher platform.Fetcher // usually the host

	URL             string            // relative to the page; "" is that of "license-request" in URLs
	URLs            map[string]string // by type of message ("license-renewal", "individualization-request", "certificate-request"), instead of URL
	Header          []platform.HeaderField
	WithCredentials bool

	// Request is called once before each exchange, and may change what is sent.
	Request func(context.Context, *HTTPRequest) error

	// Response is called with each answer of a 2xx status, and may change its body: take a licence out of JSON, or decode it from base64.
	Response func(context.Context, *HTTPResponse) error

	refuseRedirects bool // whatever the request carries: the URL is a manifest's
}

// TypeCertificateRequest is the key in [LicenseServer.URLs] of messages that ask for the server's certificate; to the W3C they are
// "license-request".
const TypeCertificateRequest = "certificate-request"

// HTTPRequest is a message on its way to a licence server.
type HTTPRequest struct {
	URL             string
	Header          []platform.HeaderField
	Body            []byte
	WithCredentials bool

	// What the message is about; changing it changes nothing.
	KeySystem   string
	MessageType string // the W3C's, or TypeCertificateRequest
	KeyIDs      [][16]byte
}

// HTTPResponse is the answer of a licence server.
type HTTPResponse struct {
	URL    string // after redirects
	Status int    // 2xx
	Body   []byte

	KeySystem   string
	MessageType string // as of its request
	KeyIDs      [][16]byte

	header func(name string) string
}

// Header gives a field of the response's header; "" where it is absent or hidden by CORS.
func (r *HTTPResponse) Header(name string) string { return r.header(name) }

// FilterError says that a filter of a [LicenseServer] failed.
type FilterError struct {
	Filter string // "request" or "response"
	Cause  error
}

func (e *FilterError) Error() string { return "the " + e.Filter + " filter failed: " + e.Cause.Error() }

// Unwrap gives the filter's error.
func (e *FilterError) Unwrap() error { return e.Cause }

// FetchLicense posts the message and returns the body, as the filters leave them.
func (s *LicenseServer) FetchLicense(ctx context.Context, req LicenseRequest) ([]byte, error) {
	out, err := s.prepare(ctx, req)
	if err != nil {
		return nil, err
	}
	client := fetch.Client{Fetcher: s.Fetcher, Observer: req.observer}
	result, err := client.Do(ctx, fetch.Request{
		Kind: fetch.License, URL: out.URL, Method: "POST", Header: out.Header, Body: out.Body, WithCredentials: out.WithCredentials,
		RefuseRedirects: s.refuseRedirects || out.WithCredentials || !isPlain(out.Header, req.Header), ErrorBody: true,
	})
	if err != nil {
		return nil, err
	}
	body, err := result.Body.Bytes()
	result.Body.Release()
	if err != nil || s.Response == nil {
		return body, err
	}
	in := &HTTPResponse{
		URL: result.URL, Status: result.Status, Body: body,
		KeySystem: out.KeySystem, MessageType: out.MessageType, KeyIDs: out.KeyIDs, header: result.Header,
	}
	if err := s.Response(ctx, in); err != nil {
		return nil, filterError(ctx, "response", err)
	}
	return in.Body, nil
}

// prepare makes the request, has the filter change it, and takes away what is not for the origin that it then leads to.
func (s *LicenseServer) prepare(ctx context.Context, req LicenseRequest) (*HTTPRequest, error) {
	out := &HTTPRequest{URL: s.URL, Body: req.Message, KeySystem: req.KeySystem, MessageType: req.MessageType, KeyIDs: req.KeyIDs}
	if req.CertificateRequest {
		out.MessageType = TypeCertificateRequest
	}
	if url, ok := s.URLs[out.MessageType]; ok {
		out.URL = url
	} else if url, ok := s.URLs[req.MessageType]; ok {
		out.URL = url
	}
	if s.isOwn(out.URL) {
		out.Header, out.WithCredentials = slices.Clone(s.Header), s.WithCredentials
	}
	for _, field := range req.Header {
		if !hasField(out.Header, field.Name) {
			out.Header = append(out.Header, field)
		}
	}
	if s.Request != nil {
		if err := s.Request(ctx, out); err != nil {
			return nil, filterError(ctx, "request", err)
		}
	}
	if !s.isOwn(out.URL) {
		var rest []platform.HeaderField
		for _, f := range out.Header {
			if !slices.Contains(s.Header, f) || slices.Contains(req.Header, f) {
				rest = append(rest, f)
			}
		}
		out.Header = rest
		out.WithCredentials = out.WithCredentials && !s.WithCredentials
	}
	if !hasField(out.Header, "Content-Type") {
		contentType := "application/octet-stream"
		for _, field := range req.Header {
			if strings.EqualFold(field.Name, "Content-Type") {
				contentType = field.Value
			}
		}
		out.Header = append(out.Header, platform.HeaderField{Name: "Content-Type", Value: contentType})
	}
	return out, nil
}

// isOwn says whether a URL leads to the origin that Header and WithCredentials are for.
func (s *LicenseServer) isOwn(url string) bool {
	home := cmp.Or(s.URL, s.URLs["license-request"])
	if url == home {
		return true
	}
	page := ""
	if host, ok := s.Fetcher.(interface{ Origin() string }); ok {
		page = host.Origin()
	}
	own, ok := fetch.OriginFrom(home, page)
	other, is := fetch.OriginFrom(url, page)
	return ok && is && own == other
}

// isPlain says whether a header holds nothing but what the key system wants and a Content-Type: nothing that is for one origin only.
func isPlain(header, wanted []platform.HeaderField) bool {
	for _, f := range header {
		if !slices.Contains(wanted, f) && !strings.EqualFold(f.Name, "Content-Type") {
			return false
		}
	}
	return true
}

func hasField(header []platform.HeaderField, name string) bool {
	for i := range header {
		if strings.EqualFold(header[i].Name, name) {
			return true
		}
	}
	return false
}

// filterError lets our own cancellation through as what it is.
func filterError(ctx context.Context, filter string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &FilterError{filter, err}
}

// manifestServer follows the licence URL of a manifest, which nobody vouches for: http or https, no userinfo, the page's origin or one of those that the
// app allows, and never from an https page to http. Its errors are *[Error].
func manifestServer(host platform.Host, url string, allowed []string) (*LicenseServer, error) {
	page := host.Origin()
	refuse := func(why string) (*LicenseServer, error) {
		return nil, &Error{Reason: OriginRefused, Detail: why, Cause: errors.New(fetch.RedactURL(url))}
	}
	origin, ok := fetch.OriginFrom(url, page)
	switch {
	case !ok:
		return refuse("the manifest's licence URL is not one of http or https that can be compared with an origin")
	case fetch.HasUserinfo(url):
		return refuse("the manifest's licence URL carries a user name or a password")
	case strings.HasPrefix(page, "https:") && strings.HasPrefix(origin, "http:"):
		return refuse("the manifest's licence URL leads from https to http")
	}
	if pageOrigin, ok := fetch.Origin(page); ok && pageOrigin == origin {
		return &LicenseServer{Fetcher: host, URL: url, refuseRedirects: true}, nil
	}
	for _, candidate := range allowed {
		if allowedOrigin, ok := fetch.Origin(candidate); ok && allowedOrigin == origin {
			return &LicenseServer{Fetcher: host, URL: url, refuseRedirects: true}, nil
		}
	}
	return refuse("the manifest's licence URL leads to " + origin + ", which is neither the page's origin nor one of licenseOrigins")
}
