package mp4

import (
	"encoding/binary"
	"io"
	"math"
	"math/bits"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

const maxTracks = 64

// IsMP4 says whether a file that begins with prefix (16 bytes are plenty) is an ISO base media file, or a segment of one.
func IsMP4(prefix []byte) bool {
	if len(prefix) < 8 {
		return false
	}
	switch size := binary.BigEndian.Uint32(prefix); string(prefix[4:8]) {
	case "ftyp", "styp":
		return size == 1 || size >= 16 && size <= 1<<16
	case "moov", "moof", "sidx", "free", "skip", "wide", "mdat":
		return size < 2 || size >= 8
	}
	return false
}

// ReadHeader reads the header of a file of which r holds the first avail bytes. It reads the headers of the boxes before moov, and what it
// needs within moov; media it leaves alone. A header may have no tracks: those that are neither video nor audio are left out.
//
// The errors are a [manifest.ShortError] where the header goes on after avail, [ErrNotMP4], [ErrMoovAfterMdat], [ErrTooLarge], and for
// anything malformed an [Error].
func ReadHeader(r io.ReaderAt, avail int64) (*manifest.Header, error) {
	file := &reader{src: r, avail: avail}
	moov, err := file.moov()
	if err != nil {
		return nil, err
	}
	file.ahead = moov.end
	header := &manifest.Header{Container: "mp4", Size: moov.end}
	if err := file.read(moov, header); err != nil {
		return nil, err
	}
	return header, nil
}

// moov finds the moov box, whole.
func (r *reader) moov() (*box, error) {
	start, err := r.peek(0, 8)
	if err != nil {
		return nil, err
	}
	if !IsMP4(start) {
		return nil, ErrNotMP4
	}
	root := &box{end: r.avail, open: true}
	for b, err := range r.children(root, 0) {
		if err != nil {
			return nil, err
		}
		switch {
		case b.is("mdat"):
			return nil, ErrMoovAfterMdat
		case b.is("moof"):
			return nil, b.fail("a media segment comes before the initialization segment")
		case b.open && !b.is("moov"):
			return nil, b.fail("lasts to the end of the file, and there was no moov")
		case b.end > maxHeader:
			return nil, ErrTooLarge
		case b.is("moov") && b.end > r.avail:
			return nil, &manifest.ShortError{Need: b.end}
		case b.is("moov"):
			return b, nil
		}
	}
	return nil, ErrNotMP4
}

func (r *reader) read(moov *box, header *manifest.Header) error {
	var length duration
	for b, err := range r.children(moov, moov.body) {
		if err != nil {
			return err
		}
		switch string(b.kind[:]) {
		case "mvhd":
			err = r.mvhd(b, &length)
		case "mvex":
			header.Fragmented = true
			err = r.mehd(b, &length)
		case "trak":
			err = r.trak(b, header)
		case "pssh":
			var raw []byte
			raw, err = r.peek(b.start, b.end-b.start)
			header.PSSH = append(header.PSSH, raw...)
		}
		if err != nil {
			return err
		}
	}
	header.Duration = length.time()
	return nil
}

// duration is the movie's, in ticks of timescale a second; fragmented is that of all fragments, and counts before that of moov alone.
type duration struct {
	timescale         uint32
	movie, fragmented uint64
}

// time rounds down to the nanosecond. It is 0 for a duration that is unknown or does not fit.
func (d duration) time() time.Duration {
	ticks := d.fragmented
	if ticks == 0 {
		ticks = d.movie
	}
	hi, lo := bits.Mul64(ticks, uint64(time.Second))
	if hi >= uint64(d.timescale) {
		return 0
	}
	ns, _ := bits.Div64(hi, lo, uint64(d.timescale))
	if ns > math.MaxInt64 {
		return 0
	}
	return time.Duration(ns)
}

func (r *reader) mvhd(b *box, length *duration) error {
	p, err := r.payload(b, 20)
	if err == nil && p[0] == 1 {
		p, err = r.payload(b, 32)
	}
	if err != nil {
		return err
	}
	if p[0] == 1 {
		length.timescale, length.movie = binary.BigEndian.Uint32(p[20:]), ticks(p[24:], 1)
	} else {
		length.timescale, length.movie = binary.BigEndian.Uint32(p[12:]), ticks(p[16:], 0)
	}
	return nil
}

func (r *reader) mehd(mvex *box, length *duration) error {
	b, err := r.find(mvex, mvex.body, "mehd")
	if err != nil || b == nil {
		return err
	}
	p, err := r.payload(b, 8)
	if err == nil && p[0] == 1 {
		p, err = r.payload(b, 12)
	}
	if err == nil {
		length.fragmented = ticks(p[4:], p[0])
	}
	return err
}

// ticks reads a duration of 32 bits, or of 64 in version 1; all ones, for unknown, become 0.
func ticks(p []byte, version byte) uint64 {
	if version == 1 {
		if n := binary.BigEndian.Uint64(p); n != math.MaxUint64 {
			return n
		}
		return 0
	}
	if n := binary.BigEndian.Uint32(p); n != math.MaxUint32 {
		return uint64(n)
	}
	return 0
}

// trak adds a track of video or audio.
func (r *reader) trak(trak *box, header *manifest.Header) error {
	mdia, err := r.descend(trak, "mdia")
	if err != nil {
		return err
	}
	hdlr, err := r.descend(mdia, "hdlr")
	if err != nil {
		return err
	}
	p, err := r.payload(hdlr, 12)
	if err != nil {
		return err
	}
	track := manifest.Track{}
	switch string(p[8:12]) {
	case "vide":
		track.Kind = "video"
	case "soun":
		track.Kind = "audio"
	default:
		return nil
	}
	if len(header.Tracks) == maxTracks {
		return trak.fail("is one track too many")
	}
	stsd, err := r.descend(mdia, "minf", "stbl", "stsd")
	if err != nil {
		return err
	}
	if err := r.stsd(stsd, &track); err != nil {
		return err
	}
	header.Tracks = append(header.Tracks, track)
	return nil
}
