package playertest

import (
	"strings"
	"sync"
	"time"
)

// Film is what the page's browser would find in a file's bytes. The bytes may be anything, as long as no two films of a host begin alike.
type Film struct {
	Bytes      []byte
	HeaderSize int64 // up to the first media byte
	Type       string
	Fragmented bool // MSE can take it
	Duration   time.Duration
	Frames     int // of video

	// Fragments are the offsets, beside HeaderSize, at which a media segment begins, so that an append may begin there too. Time is spread evenly over
	// the bytes.
	Fragments []int64

	// Segments, where they are set, are the media segments instead, with their times, in the order of both. The pictures of one can only be decoded from its
	// first on.
	Segments []FilmSegment

	InitData []InitData // told by "encrypted" events
	Keys     []FilmKey  // none for a clear film

	real    bool // its bytes are what they seem
	decrypt *sync.Once
	clear   *Film // what it is without its encryption, once decrypt is done; nil where that cannot be taken away

	quiet []byteSpan // bytes after the header that are no media, where that is told
	parts []part     // instead of Bytes
	mask  byte       // that the bytes of parts are changed with
}

// FilmSegment is a media segment, from an offset up to the next one's, or the end of the film. One without time is no media: an index.
type FilmSegment struct {
	Offset     int64
	Start, End time.Duration // on the media's own clock
}

// byteSpan is bytes [from, to) of a film.
type byteSpan struct{ from, to int64 }

// InitData is the content of one "encrypted" event.
type InitData struct {
	Type string
	Data []byte

	// End is the offset where the box that holds it ends: the event comes when the bytes up to there do. 0 is in the header. Key rotation has its
	// boxes in the media segments, each before the first sample of its key.
	End int64
}

// FilmKey is a key that a stretch of the film cannot be decoded without. Rotation is one after the other; a stretch without any, at the
// start, at the end or between two, is in the clear.
type FilmKey struct {
	ID, Key    [16]byte
	Start, End time.Duration // End 0 is the end of the film
}

func (f *Film) webm() bool { return strings.Contains(f.Type, "/webm") }

// begins says whether data and the film's beginning agree as far as both go, up to the end of the header.
func (f *Film) begins(data []byte) bool { return f.has(0, data[:min(int64(len(data)), f.HeaderSize)]) }

// filmOf finds the film that data begins; nil is garbage.
func (h *Host) filmOf(data []byte) *Film {
	for _, f := range h.films() {
		if len(data) > 0 && f.begins(data) {
			return f
		}
	}
	return nil
}
