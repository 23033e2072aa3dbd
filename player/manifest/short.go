package manifest

import "strconv"

// ShortError says that the bytes at hand end before the header does: the file's first Need bytes are wanted, which is more than was given.
// Where the header's length is not known yet, Need is at least double what was given, so that a few rounds find it. Packages mp4 and webm
// return it; whether the file really ends there is the caller's to know.
type ShortError struct{ Need int64 }

func (e *ShortError) Error() string {
	return "the header goes on: the first " + strconv.FormatInt(e.Need, 10) + " bytes of the file are needed"
}
