package mp4

import (
	"errors"
	"strconv"
)

// What a file can be instead of one whose header comes first. Compare with errors.Is.
var (
	ErrNotMP4        = errors.New("mp4: not an ISO base media file")
	ErrMoovAfterMdat = errors.New("mp4: mdat, the media, comes before moov, the header")
	ErrTooLarge      = errors.New("mp4: the header is larger than " + strconv.Itoa(maxHeader>>20) + " MiB")
)

// Error says what is wrong with a box, and where.
type Error struct {
	Path   string // "moov/trak/mdia/minf/stbl/stsd/avc1"
	Offset int64  // of the box, from the start of the file or of the init data
	Err    error  // what is wrong with it, or what reading it failed with
}

func (e *Error) Error() string {
	return "mp4: " + e.Path + " at byte " + strconv.FormatInt(e.Offset, 10) + ": " + e.Err.Error()
}

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }
