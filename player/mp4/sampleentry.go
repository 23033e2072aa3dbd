package mp4

import (
	"encoding/binary"

	"github.com/keystream-player/keystream/player/manifest"
)

// sampleEntry is one box in stsd: how some samples of a track are coded.
type sampleEntry struct {
	*box
	boxes int64 // where the boxes in it begin, after the fields of video or audio
}

// stsd reads a track's sample entries: codec and picture size of the first, and the protection of the first that is protected, since a film
// may begin in the clear.
func (r *reader) stsd(stsd *box, track *manifest.Track) error {
	p, err := r.payload(stsd, 8)
	if err != nil {
		return err
	}
	version, count := p[0], binary.BigEndian.Uint32(p[4:])
	for b, err := range r.children(stsd, stsd.body+8) {
		if err != nil {
			return err
		}
		if count == 0 {
			break
		}
		count--
		entry := sampleEntry{b, 0}
		if entry.boxes, err = r.fields(b, track.Kind, version); err != nil {
			return err
		}
		format, protection, err := r.protection(entry)
		if err != nil {
			return err
		}
		if track.Protection == nil {
			track.Protection = protection
		}
		if track.Codec != "" {
			continue
		}
		if track.Codec, err = r.codec(entry, format); err != nil {
			return err
		}
		if track.Kind == "video" {
			if p, err = r.payload(b, 28); err != nil {
				return err
			}
			track.Width, track.Height = int(binary.BigEndian.Uint16(p[24:])), int(binary.BigEndian.Uint16(p[26:]))
		}
	}
	if track.Codec == "" {
		return stsd.fail("has no sample entry")
	}
	return nil
}

// fields gives the end of a sample entry's fields. Those of QuickTime's sound are longer: an entry of version 1 or 2 in an stsd of version 0.
func (r *reader) fields(entry *box, kind string, stsdVersion byte) (int64, error) {
	size := int64(78)
	if kind == "audio" {
		size = 28
	}
	room := entry.end - entry.body
	if kind == "audio" && stsdVersion == 0 && room >= 10 {
		p, err := r.peek(entry.body, 10)
		if err != nil {
			return 0, err
		}
		switch binary.BigEndian.Uint16(p[8:]) {
		case 1:
			size += 16
		case 2:
			size += 36
		}
	}
	if room < size {
		return 0, entry.fail("is too short for a sample entry of " + kind)
	}
	return entry.body + size, nil
}
