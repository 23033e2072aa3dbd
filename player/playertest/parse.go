package playertest

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/keystream-player/keystream/player/platform"
)

var errNotFilm = errors.New("the bytes do not go on with the film")

// enough bytes tell one media segment of a film from the others.
const enough = 16

// parse takes bytes as a byte stream: headers and media segments.
func (b *sourceBuffer) parse(data []byte) error {
	if b.cut != nil {
		data, b.cut = append(b.cut, data...), nil
	}
	for len(data) > 0 && !b.skipping {
		var err error
		if b.film == nil || b.pending != nil {
			data, err = b.parseHeader(data)
		} else {
			data, err = b.parseMedia(data)
		}
		if err != nil {
			return b.reject(data)
		}
	}
	return nil
}

func (b *sourceBuffer) parseHeader(data []byte) ([]byte, error) {
	data = append(b.pending, data...)
	film := b.source.host.filmOf(data)
	switch {
	case film == nil:
		return data, errNotFilm
	case int64(len(data)) < film.HeaderSize:
		b.pending = data
		return nil, nil
	case !parseMIMEType(film.Type).fits(b.kind), !film.Fragmented && b.source.host.options.Engine == Chromium:
		return nil, errNotFilm
	}
	b.skipping = !film.Fragmented // Firefox takes the header, and nothing after it
	b.film, b.ready, b.pending, b.next = film, true, nil, film.HeaderSize
	b.source.initial(film)
	b.source.element.encrypted(film)
	return data[film.HeaderSize:], nil
}

// parseMedia takes what is left of one media segment. Where one is over, any may begin, and so may a header.
func (b *sourceBuffer) parseMedia(data []byte) ([]byte, error) {
	starts := b.film.starts()
	end := b.film.size()
	i, atStart := slices.BinarySearch(starts, b.next)
	if atStart || b.next == end || b.next == b.film.HeaderSize {
		if b.film.parts != nil && len(data) < enough {
			b.cut = data
			return nil, nil
		}
		at, ok := b.film.segmentLike(b.next, data)
		if !ok {
			if b.source.host.filmOf(data) == nil {
				return data, errNotFilm
			}
			b.pending = []byte{}
			return data, nil
		}
		b.next = at
		i, _ = slices.BinarySearch(starts, at+1)
	}
	if i < len(starts) {
		end = starts[i]
	}
	n := min(int64(len(data)), end-b.next)
	if !b.film.has(b.next, data[:n]) {
		return data, errNotFilm
	}
	b.source.element.encryptedBetween(b.film, b.next, b.next+n)
	b.add(b.next, b.next+n)
	b.next += n
	return data[n:], nil
}

// reject is the append error algorithm. Chromium finds fault with less: bytes that could be a large box of unknown type pass in silence (and
// nothing plays), and a segment that breaks off is only noticed by the decoder.
//
// https://www.w3.org/TR/media-source-2/#sourcebuffer-append-error
func (b *sourceBuffer) reject(data []byte) error {
	m := b.source
	b.pending = nil
	if m.host.options.Engine == Chromium && b.kind.container == "mp4" && len(data) > 4 {
		if b.film != nil && !b.between() {
			b.skipping = true
			m.element.fail(platform.MediaErrDecode, "PIPELINE_ERROR_DECODE")
			return nil
		}
		if size := binary.BigEndian.Uint32(data); int64(size) > int64(len(data)) && !m.host.segmentAnywhere(data) {
			b.skipping = true
			return nil
		}
	}
	m.host.logf(b.lane, "append error")
	if m.element.readyState == platform.HaveNothing {
		m.element.fail(platform.MediaErrSrcNotSupported, "CHUNK_DEMUXER_ERROR_APPEND_FAILED")
		m.detach()
	} else {
		m.element.fail(platform.MediaErrDecode, "CHUNK_DEMUXER_ERROR_APPEND_FAILED")
		m.state = "ended"
	}
	return dom("EncodingError", "the segment cannot be parsed")
}

// segmentAnywhere says whether data is a media segment of any film, without its header.
func (h *Host) segmentAnywhere(data []byte) bool {
	return slices.ContainsFunc(h.films(), func(f *Film) bool {
		_, is := f.segmentLike(f.size(), data)
		return is
	})
}
