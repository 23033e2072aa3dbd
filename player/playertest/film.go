package playertest

import (
	"bytes"
	"slices"
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

	// Fragments are the offsets, beside HeaderSize, at which a media segment begins, so that an append may begin there too.
	Fragments []int64

	InitData []InitData // told by "encrypted" events
	Keys     []FilmKey  // none for a clear film

	real    bool // its bytes are what they seem
	decrypt *sync.Once
	clear   *Film // what it is without its encryption, once decrypt is done; nil where that cannot be taken away

	quiet []span // bytes after the header that are no media, where that is told
}

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

// media is how many media bytes there are before offset.
func (f *Film) media(offset int64) int64 {
	n := max(offset-f.HeaderSize, 0)
	for _, q := range f.quiet {
		n -= max(min(q.to, offset)-q.from, 0)
	}
	return n
}

// timeAt is the presentation time that the bytes up to offset reach, were they spread evenly.
func (f *Film) timeAt(offset int64) time.Duration {
	switch {
	case offset <= f.HeaderSize:
		return 0
	case offset >= int64(len(f.Bytes)):
		return f.Duration
	}
	return time.Duration(float64(f.Duration) * float64(f.media(offset)) / float64(f.media(int64(len(f.Bytes))))).Round(time.Microsecond)
}

// offsetAt is the inverse of timeAt, to the byte.
func (f *Film) offsetAt(t time.Duration) int64 {
	size := int64(len(f.Bytes))
	if f.Duration <= 0 || t >= f.Duration {
		return size
	}
	offset := f.HeaderSize + int64(float64(f.media(size))*float64(max(t, 0))/float64(f.Duration))
	for _, q := range f.quiet {
		if q.from <= offset {
			offset += q.to - q.from
		}
	}
	return offset
}

// segmentAt gives the media segment that begins at offset; nil where none does.
func (f *Film) segmentAt(offset int64) []byte {
	starts := f.starts()
	i, ok := slices.BinarySearch(starts, offset)
	if !ok {
		return nil
	}
	if i+1 < len(starts) {
		return f.Bytes[offset:starts[i+1]]
	}
	return f.Bytes[offset:]
}

func (f *Film) starts() []int64 {
	starts := append([]int64{f.HeaderSize}, f.Fragments...)
	slices.Sort(starts)
	return slices.Compact(starts)
}

// begins says whether data and the film's beginning agree as far as both go, up to the end of the header.
func (f *Film) begins(data []byte) bool {
	n := min(int64(len(data)), f.HeaderSize)
	return bytes.Equal(f.Bytes[:n], data[:n])
}

// filmOf finds the film that data begins; nil is garbage.
func (h *Host) filmOf(data []byte) *Film {
	for _, f := range h.films() {
		if len(data) > 0 && f.begins(data) {
			return f
		}
	}
	return nil
}
