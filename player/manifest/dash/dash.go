// Package dash reads an MPD into a Manifest.
//
// It is as tolerant of what is odd as it is strict about what is dangerous: a Representation that cannot be played is left out, and
// manifest.Manifest.LeftOut says why, while a document that is no MPD, or whose reading would cost more than a small multiple of its bytes, is an
// [Error].
//
// https://www.iso.org/standard/83314.html (ISO/IEC 23009-1), https://dashif.org/guidelines/iop-v5/
package dash

import "github.com/keystream-player/keystream/player/manifest"

// The bounds of an MPD.
const (
	maxSize      = 20 << 20  // bytes
	maxDepth     = 512       // of elements
	maxTag       = 256 << 10 // bytes, of one tag with its attributes
	maxInherited = 1 << 10   // bytes, of an attribute that every Representation of a set reads anew
	maxText      = 1 << 20   // bytes, of one text that we read
	maxEntries   = 500_000   // S elements of one SegmentTimeline; those that only repeat the one before do not count
	maxBaseURLs  = 10        // that a Representation can fail over to
	maxSystems   = 16        // protection systems of one Representation
	maxTracks    = 4         // codecs of one Representation
	maxLeftOut   = 50        // reasons that are kept
	costPerByte  = 16        // bytes of model that a byte of MPD may make: one string of a few bytes can be inherited by thousands
	costForFree  = 4 << 20   // bytes of model that any MPD may make
	costOfPeriod = 256       // bytes of model, roughly
	costOfSet    = 512
	costOfRepr   = 768
)

// Read reads an MPD that came, after redirects, from the absolute url. Its errors are *[Error]. What it returns holds no part of mpd.
func Read(mpd []byte, url string) (*manifest.Manifest, error) {
	if len(mpd) > maxSize {
		return nil, &Error{TooLarge, "MPD", errSize}
	}
	doc, err := parse(utf8Text(mpd))
	if err != nil {
		return nil, err
	}
	r := &reader{doc: doc, url: url, budget: costForFree + costPerByte*len(mpd)}
	return r.read()
}
