package platform

import "context"

// Fetcher does one HTTP exchange (or reads a blob: URL): no retries, no policy. Redirects are followed,
// unless the request says otherwise.
type Fetcher interface {
	// Fetch resolves when the response's header is there; Firefox waits for the first bytes of the body, too. A failure without a response (DNS,
	// refused, CORS) is a DOMError named TypeError, as fetch() rejects with. A relative URL is resolved against the page.
	//
	// https://fetch.spec.whatwg.org/#fetch-method
	Fetch(ctx context.Context, req Request) (Response, error)
}

// Request is what to fetch.
type Request struct {
	URL             string
	Method          string // "" is GET
	Header          []HeaderField
	Body            []byte // nil sends none
	WithCredentials bool   // cookies and HTTP authentication also across origins; same-origin requests always carry them
	RefuseRedirects bool   // a redirect is a TypeError, as without a response: what the request carries is for its own address only
}

// HeaderField is one header line.
type HeaderField struct{ Name, Value string }

// Response is a response whose body has not been read yet. Either ReadBody or Cancel must be called once; Cancel after ReadBody does nothing.
type Response interface {
	Status() int
	URL() string               // the final URL, after redirects
	Header(name string) string // "" where it is absent or hidden by CORS

	// Early says that the page had begun the request before it was asked for: how long it took then says nothing of the network.
	Early() bool

	// Received is how many bytes of the body have come so far. It may be called while ReadBody runs.
	Received() int64

	// ReadBody downloads the body, with ErrTooLarge as soon as it passes limit bytes. A connection lost on the way is a DOMError.
	ReadBody(ctx context.Context, limit int64) (Body, error)

	// Cancel abandons a body that nobody wants.
	Cancel()
}

// Body is downloaded bytes, kept on the host's side: in a browser they stay in JavaScript until Go reads them.
// It is an io.ReaderAt, so that a header can be read without the media behind it. It is used by one goroutine at a time.
type Body interface {
	Len() int64
	ReadAt(p []byte, off int64) (int, error)
	Bytes() ([]byte, error) // a copy of all of it: for manifests, licences and text, not for media
	Clone() (Body, error)   // a copy on the host's side, to be released by itself: of an initialization segment, which is appended again and again
	Release()               // frees it; later reads and appends fail; calling it again does nothing
}
