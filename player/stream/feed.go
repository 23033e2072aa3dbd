// Package stream plays one track: it plans, chooses, fetches and appends the segments of Representations to a SourceBuffer. [Plan] decides and is pure;
// [Track] does. A plain file, of which nobody knows which bytes hold which time, is played by a [Sequence].
package stream

import (
	"context"
	"errors"
	"time"
)

// Feed feeds one SourceBuffer.
type Feed interface {
	// Run feeds it until ctx ends or something fails: a *[fetch.Error], an *[AppendError], an or ctx's error.
	Run(ctx context.Context) error

	// Wake says that the playhead moved, or that the element stalled. It may be called from anywhere and never blocks.
	Wake()
}

// Observer is told how a feed gets on, from the feed's goroutine.
type Observer interface {
	Fetching(Feed)  // a download begins
	Appending(Feed) // bytes go to the SourceBuffer
	Finished(Feed)  // everything is appended, until the feed says Fetching again
}

// AppendError says that the SourceBuffer refused media, or could use none of it.
type AppendError struct {
	URL   string // by fetch.RedactURL
	Cause error
}

func (e *AppendError) Error() string { return "append of " + e.URL + ": " + e.Cause.Error() }

// Unwrap gives the cause, a *platform.DOMError where the browser said so.
func (e *AppendError) Unwrap() error { return e.Cause }

var errNoMedia = errors.New("nothing of it could be buffered")

// forever is past the end of any film; hosts write it as infinity.
const forever = time.Duration(1<<63 - 1)

// Range is a stretch of buffered media.
type Range struct{ Start, End time.Duration }
