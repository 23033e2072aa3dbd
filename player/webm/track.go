package webm

import (
	"math"

	"github.com/keystream-player/keystream/player/manifest"
)

const maxTracks = 64

// tracks reads those of video and audio.
func (r *reader) tracks(e *element) ([]manifest.Track, error) {
	if err := r.load(e); err != nil {
		return nil, err
	}
	var tracks []manifest.Track
	for c, err := range r.children(e) {
		if err != nil {
			return nil, err
		}
		if c.id != idTrackEntry {
			continue
		}
		track, err := r.track(c)
		if err != nil {
			return nil, err
		}
		if track.Kind == "" {
			continue
		}
		if len(tracks) == maxTracks {
			return nil, c.fail("is one track too many")
		}
		tracks = append(tracks, track)
	}
	return tracks, nil
}

// track reads a TrackEntry. Kind stays "" for tracks that are neither video nor audio.
func (r *reader) track(entry *element) (track manifest.Track, err error) {
	var id string
	var private []byte
	for c, err := range r.children(entry) {
		if err != nil {
			return track, err
		}
		switch c.id {
		case idTrackType:
			switch c.uint() {
			case 1:
				track.Kind = "video"
			case 2:
				track.Kind = "audio"
			}
		case idCodecID:
			if id = codecID(c.data); id == "" {
				return track, c.fail("is no CodecID")
			}
		case idVideo:
			if err = r.video(c, &track); err != nil {
				return track, err
			}
		case idCodecPrivate:
			private = c.data
		case idContentEncodings:
			if track.Protection, err = r.encodings(c); err != nil {
				return track, err
			}
		}
	}
	if track.Kind != "" && id == "" {
		return track, entry.fail("has no CodecID")
	}
	track.Codec = codec(id, private)
	return track, nil
}

// video reads the size of the picture. One that no screen has is not known.
func (r *reader) video(e *element, track *manifest.Track) error {
	for c, err := range r.children(e) {
		if err != nil {
			return err
		}
		pixels := 0
		if n := c.uint(); n <= math.MaxUint16 {
			pixels = int(n)
		}
		switch c.id {
		case idPixelWidth:
			track.Width = pixels
		case idPixelHeight:
			track.Height = pixels
		}
	}
	return nil
}
