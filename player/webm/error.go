package webm

import (
	"errors"
	"strconv"
)

// What a file can be instead of WebM with a header of bearable size. Compare with errors.Is.
var (
	ErrNotWebM  = errors.New("webm: not a WebM file")
	ErrMatroska = errors.New("webm: this is Matroska; of it, browsers play the WebM subset only")
	ErrTooLarge = errors.New("webm: the header is larger than " + strconv.Itoa(maxHeader>>20) + " MiB")
)

var errTooMany = errors.New("the header has more than " + strconv.Itoa(maxElements) + " elements")

// Error says what is wrong with an element, and where.
type Error struct {
	Path   string // "Segment/Tracks/TrackEntry"
	Offset int64  // of the element, from the start of the file
	Err    error  // what is wrong with it, or what reading it failed with
}

func (e *Error) Error() string {
	return "webm: " + e.Path + " at byte " + strconv.FormatInt(e.Offset, 10) + ": " + e.Err.Error()
}

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }
