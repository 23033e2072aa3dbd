package platform

import (
	"context"
	"time"
)

// MediaElement is an HTMLMediaElement.
//
// https://html.spec.whatwg.org/multipage/media.html#htmlmediaelement
type MediaElement interface {
	// Listen calls f for each of the named events until stop is called. "encrypted" and "waitingforkey" are among them.
	Listen(f func(MediaEvent), types ...string) (stop func())

	// SetSrc plays a URL directly; "" takes the source away and resets the element. Both drop an attached MediaSource.
	// It asks the element to load the media at once (preload="auto").
	SetSrc(url string) error

	// Attach makes ms the source and waits until it is open.
	Attach(ctx context.Context, ms MediaSource) error

	// SetMediaKeys attaches keys, or detaches with nil.
	SetMediaKeys(ctx context.Context, keys MediaKeys) error

	CanPlayType(mimeType string) string // "", "maybe" or "probably"
	CurrentTime() time.Duration
	SetCurrentTime(t time.Duration) // seeks; before there is any media, it is where playback will begin
	Seeking() bool
	Duration() (d time.Duration, known bool)
	Buffered() []TimeRange
	ReadyState() ReadyState
	Error() *MediaError // nil while there is none
	Paused() bool
	PlaybackRate() float64

	// Resume plays on, at a rate: a new source has paused the element. Where the browser does not let a page do so, it stays paused.
	Resume(rate float64)

	// Frames counts what getVideoPlaybackQuality does; both are 0 where the element does not count.
	//
	// https://www.w3.org/TR/media-playback-quality/
	Frames() (total, dropped int)

	// Size is that of the element's box in device pixels; 0 where it is not drawn.
	Size() (width, height int)

	// AddTextTrack adds a text track that the page's controls offer; it is "hidden" at first.
	AddTextTrack(options TextTrackOptions) (TextTrack, error)

	// ListenTextTracks calls f when somebody else may have changed the mode of a text track of ours: the browser's own controls, or the page.
	ListenTextTracks(f func()) (stop func())
}

// MediaEvent is an event of a media element.
type MediaEvent struct {
	Type         string
	InitDataType string // of "encrypted": "cenc", "webm", "keyids", … or ""
	InitData     []byte // of "encrypted"; nil where the browser withholds it (media from another origin without CORS)
}

// TimeRange is a stretch of media: start included, end not.
type TimeRange struct{ Start, End time.Duration }

// ReadyState is HTMLMediaElement.readyState.
type ReadyState int

// The values of readyState.
const (
	HaveNothing ReadyState = iota
	HaveMetadata
	HaveCurrentData
	HaveFutureData
	HaveEnoughData
)

// MediaError is HTMLMediaElement.error.
type MediaError struct {
	Code    MediaErrorCode
	Message string
}

// MediaErrorCode is MediaError.code.
type MediaErrorCode int

// The values of MediaError.code.
const (
	MediaErrAborted MediaErrorCode = 1 + iota
	MediaErrNetwork
	MediaErrDecode
	MediaErrSrcNotSupported
)

// MediaSource is a MediaSource, or a ManagedMediaSource where the browser has one and no other. Close drops what the host holds for it (its object URL and buffers).
//
// https://www.w3.org/TR/media-source-2/#mediasource
type MediaSource interface {
	AddSourceBuffer(mimeType string) (SourceBuffer, error)
	SetDuration(d time.Duration) error
	EndOfStream() error
	ReadyState() string // "closed", "open", "ended"

	// Streaming says whether a ManagedMediaSource wants media now; any other always does. ListenStreaming calls f when that changes (startstreaming,
	// endstreaming), and whenever media is gone from a buffer (bufferedchange), because the browser may have evicted it of its own accord.
	//
	// https://www.w3.org/TR/media-source-2/#managedmediasource-interface
	Streaming() bool
	ListenStreaming(f func()) (stop func())

	Close()
}

// SourceBuffer is a SourceBuffer; its methods wait for updateend, so that an operation is over when it returns.
// One goroutine uses it.
type SourceBuffer interface {
	// AppendBuffer appends all of body without copying it through Go; the caller still releases it. After a QuotaExceededError the caller makes room
	// and calls it again with the same body, or Abort. A body that was appended may be gone, because decryption takes it over: what is to be appended
	// again is appended as a [Body.Clone]. A segment that cannot be parsed is a DOMError (its name is the host's), and the element then has
	// an Error.
	//
	// A browser takes encrypted media in whether or not its key is there. Where a CDM of our own decrypts ahead of the buffer, AppendBuffer appends what
	// it can, and then waits for the keys that the rest of body needs, after it has fired "encrypted"; it fires "waitingforkey" if playback comes to
	// stand still meanwhile. An append that ctx has ended while it waited goes on when it is called with the same body. It then also fails with
	// [ErrDecryptionLost], where all must be appended anew from the initialization segment on, and with a [*DecryptionError].
	AppendBuffer(ctx context.Context, body Body) error

	// Remove evicts media from start to end; the largest Duration means everything from start on.
	Remove(ctx context.Context, start, end time.Duration) error

	// Abort ends the current segment and resets the parser, so that the next append may begin anywhere a segment begins.
	Abort() error

	// SetTimestampOffset is added to the times of later appends. It must be called where a segment begins.
	//
	// https://www.w3.org/TR/media-source-2/#dom-sourcebuffer-timestampoffset
	SetTimestampOffset(d time.Duration) error

	// SetAppendWindow makes later appends drop what is outside of it; the largest Duration as its end means no end.
	//
	// https://www.w3.org/TR/media-source-2/#dom-sourcebuffer-appendwindowstart
	SetAppendWindow(start, end time.Duration) error

	// ChangeType says what is appended from now on, an initialization segment first. It is a NotSupportedError where the browser cannot do that.
	//
	// https://www.w3.org/TR/media-source-2/#dom-sourcebuffer-changetype
	ChangeType(mimeType string) error

	Buffered() []TimeRange // none once the source is closed
}
