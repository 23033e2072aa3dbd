// Package platform names what Keystream asks of a browser: a media element, Media Source Extensions, Encrypted Media
// Extensions and fetch, under the W3C's own names. It holds no behaviour. A host supplies it, as a driver supplies
// database/sql: package browser over a real page, package playertest in memory.
//
// Rules that every host keeps, and that the contract suite of playertest checks:
//
//   - A wait takes a context and returns its error soon after it ends.
//   - An exception is a *[DOMError], found with errors.As. Its name is compared, its message never.
//   - A listener is called one event at a time, in order, never concurrently with itself, and never after its stop
//     function has returned. It copies, queues (see [Queue]) and returns: a host may call it where nothing may wait.
//   - Times are time.Duration: float seconds stay inside the host.
//   - A byte slice that a host hands out belongs to the receiver; one that it is given, it copies before it returns.
package platform

import "context"

// Host is one media element and the page around it: all that one player needs of the world.
type Host interface {
	Fetcher
	KeySystems

	// Element is the media element that this host plays in. It is always the same one.
	Element() MediaElement

	// NewMediaSource makes a MediaSource, to be given to [MediaElement.Attach].
	// It fails with a NotSupportedError where the browser has no Media Source Extensions.
	NewMediaSource() (MediaSource, error)

	// IsTypeSupported is MediaSource.isTypeSupported: can a SourceBuffer take this MIME type, codecs included?
	// It is false where there is no MediaSource.
	IsTypeSupported(mimeType string) bool

	// DecodingInfo is navigator.mediaCapabilities.decodingInfo: a NotSupportedError where there is no such thing.
	//
	// https://www.w3.org/TR/media-capabilities/#dom-mediacapabilities-decodinginfo
	DecodingInfo(ctx context.Context, media MediaDecodingConfiguration) (MediaCapabilitiesInfo, error)

	// AllowsFeature says whether the page's permissions policy lets it use a feature ("encrypted-media"). It explains a refusal and decides
	// nothing: it is true where the browser does not tell.
	AllowsFeature(name string) bool

	// Origin is the page's origin, "https://example.org:8443".
	Origin() string

	// Online is navigator.onLine; it may be true though nothing can be reached.
	Online() bool

	// Visible says whether the page can be seen.
	Visible() bool

	// ListenPage calls f for each of these: "online", "offline", "visibilitychange", "pagehide" (the page is left for good, or frozen until "pageshow"),
	// "pageshow" (it is back from the browser's back/forward cache; a page that is shown for the first time is not told of).
	//
	// https://html.spec.whatwg.org/multipage/browsing-the-web.html#event-pagetransitionevent-persisted
	ListenPage(f func(eventType string), types ...string) (stop func())

	// IsSecureContext explains a refusal; it decides nothing (Firefox keeps Clear Key in insecure contexts).
	IsSecureContext() bool
}
