package webm

import (
	"io"
	"math"
	"strings"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

// IsWebM says whether a file that begins with prefix is EBML: WebM or Matroska, which [ReadHeader] tells apart.
func IsWebM(prefix []byte) bool {
	return len(prefix) >= 4 && string(prefix[:4]) == "\x1a\x45\xdf\xa3"
}

// ReadHeader reads the header of a file of which r holds the first avail bytes. Of the elements before the first Cluster it reads Info and
// Tracks; the Clusters it leaves alone. Sizes that a live muxer left unknown are legal. Where the bytes end after Info and Tracks, between two
// elements, the header ends there too: an initialization segment has no Cluster.
//
// The errors are a [manifest.ShortError] where the header goes on after avail, [ErrNotWebM], [ErrMatroska], [ErrTooLarge], and for anything
// malformed an [Error].
func ReadHeader(r io.ReaderAt, avail int64) (*manifest.Header, error) {
	file := &reader{src: r, avail: avail}
	if avail < 4 {
		return nil, file.short(4)
	}
	if err := file.readAt(file.head[:4], 0); err != nil {
		return nil, err
	}
	if !IsWebM(file.head[:4]) {
		return nil, ErrNotWebM
	}
	for at := int64(0); ; {
		e, err := file.next(nil, at)
		switch {
		case err != nil:
		case e.id == idSegment:
			return file.segment(e)
		case e.id == idEBML:
			err = file.ebml(e)
		default:
			err = e.skippable()
		}
		if err != nil {
			return nil, err
		}
		at = e.end
	}
}

// ebml reads the EBML header.
func (r *reader) ebml(e *element) error {
	if err := r.load(e); err != nil {
		return err
	}
	docType := ""
	for c, err := range r.children(e) {
		if err != nil {
			return err
		}
		switch c.id {
		case idDocType:
			docType, _, _ = strings.Cut(string(c.data), "\x00")
		case idEBMLMaxIDLength:
			if c.uint() > 4 {
				return c.fail("allows ids of more than 4 bytes")
			}
		case idEBMLMaxSizeLength:
			if c.uint() > 8 {
				return c.fail("allows sizes of more than 8 bytes")
			}
		}
	}
	switch docType {
	case "webm":
		return nil
	case "matroska":
		return ErrMatroska
	}
	return ErrNotWebM
}

// segment reads Info and Tracks, and looks for the first Cluster.
func (r *reader) segment(segment *element) (*manifest.Header, error) {
	header := &manifest.Header{Container: "webm", Fragmented: true}
	if segment.end < math.MaxInt64 {
		header.FileSize = segment.end
	}
	var info, tracks bool
	for at := segment.body; ; {
		header.Size = at
		if done := info && tracks; done && (at == r.avail || at == segment.end) {
			return header, nil
		}
		if at == segment.end {
			return nil, segment.fail("has no Info or no Tracks")
		}
		e, err := r.next(segment, at)
		switch {
		case err != nil:
		case e.id == idCluster && info && tracks:
			return header, nil
		case e.id == idCluster:
			err = e.fail("comes before Info and Tracks")
		case e.id == idInfo && !info:
			header.Duration, err = r.info(e)
			info = true
		case e.id == idTracks && !tracks:
			header.Tracks, err = r.tracks(e)
			tracks = true
		default:
			err = e.skippable()
		}
		if err != nil {
			return nil, err
		}
		at = e.end
	}
}

// info gives the duration: a float, in units of TimestampScale nanoseconds; 0 where it is unknown or makes no sense.
func (r *reader) info(e *element) (time.Duration, error) {
	if err := r.load(e); err != nil {
		return 0, err
	}
	scale, length := uint64(time.Millisecond), 0.0
	for c, err := range r.children(e) {
		if err != nil {
			return 0, err
		}
		switch c.id {
		case idTimestampScale:
			scale = c.uint()
		case idDuration:
			length = c.float()
		}
	}
	if ns := math.Round(length * float64(scale)); ns > 0 && ns < math.MaxInt64 {
		return time.Duration(ns), nil
	}
	return 0, nil
}
