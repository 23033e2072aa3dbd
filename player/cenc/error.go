package cenc

import "strconv"

// Error says what of the media cannot be decrypted.
type Error struct {
	Path        string // "moof/traf/senc", "Segment/Cluster/SimpleBlock"
	Offset      int64  // in the byte stream since it began, or was Reset
	Message     string
	Unsupported bool // the media may be right, and is of a kind that nothing here decrypts
}

func (e *Error) Error() string {
	return e.Path + " at " + strconv.FormatInt(e.Offset, 10) + ": " + e.Message
}
