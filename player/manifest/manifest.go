// Package manifest is the model that every protocol is read into and every track is played from: Manifest > Period > AdaptationSet >
// Representation > Segment, as in DASH. It knows no protocol. A plain file played in chunks is a Manifest too, of one Period whose Segments are
// byte ranges, so there is one pipeline. Times are exact: time.Duration here, integer ticks where a protocol counts in them.
package manifest

import "time"

// Manifest is a presentation.
type Manifest struct {
	Periods  []Period
	Duration time.Duration // 0 is unknown
}

// Period is a stretch of the presentation in which the choice of tracks stays the same.
type Period struct {
	AdaptationSets []AdaptationSet
}

// AdaptationSet is one track: interchangeable Representations that share a SourceBuffer.
type AdaptationSet struct {
	Representations []Representation
}

// Representation is one encoding of a track: Init, then Segments, in the order of the film.
type Representation struct {
	MIMEType string // with codecs: `video/mp4; codecs="avc1.64001e,mp4a.40.2"`
	Init     *Segment
	Segments []Segment
}

// Segment is one download: a whole resource, or a byte range of it.
type Segment struct {
	URL   string
	Range ByteRange // the zero value is the whole resource
}

// ByteRange is Length bytes from Start. The zero value means everything.
type ByteRange struct{ Start, Length int64 }
