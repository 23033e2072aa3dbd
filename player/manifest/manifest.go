// Package manifest is the model that every protocol is read into and every track is played from: Manifest > Period > AdaptationSet >
// Representation > Segment, as in DASH. It knows no protocol. A plain file played in chunks is a Manifest too, of one Period whose Segments are
// byte ranges, so there is one pipeline. Times are exact: time.Duration here, integer ticks where a protocol counts in them.
package manifest

import "time"

// Manifest is a presentation.
type Manifest struct {
	Periods  []Period      // in order; at least one
	Duration time.Duration // 0 is unknown

	// Dynamic is a presentation that grows while it plays, and Availability what its clock is. Where it is false, Availability is zero.
	Dynamic      bool
	Availability Availability

	// LeftOut says what the reader left out because it could not be read or may not be played, and why: at most 50 errors of the protocol's package.
	LeftOut []error
}

// Availability is when the segments of a dynamic presentation can be fetched.
//
// https://dashif.org/docs/IOP-Guidelines/DASH-IF-IOP-Part4-v5.0.0.pdf
type Availability struct {
	Start, End      time.Time     // of the whole presentation, on the server's clock; a zero End is open
	Window          time.Duration // timeShiftBufferDepth; 0 is everything since Start
	UpdatePeriod    time.Duration // minimumUpdatePeriod; 0 with Updates is "at every segment"
	Updates         bool          // there is a minimumUpdatePeriod
	SuggestedDelay  time.Duration // suggestedPresentationDelay; 0 is not told
	LocationOfNext  []string      // Location: absolute URLs; nil is where the manifest came from
	PublicationTime time.Time
}

// Period is a stretch of the presentation in which the choice of tracks stays the same.
type Period struct {
	ID             string
	Start          time.Duration // on the presentation's clock
	Duration       time.Duration // 0 is unknown: up to the end of its media
	AdaptationSets []AdaptationSet
}

// AdaptationSet is one track: interchangeable Representations that share a SourceBuffer.
type AdaptationSet struct {
	ID            string // unique in its Period: the manifest's own where that is, else made up
	Kind          string // "video" (also muxed with sound), "audio", "text"; others, and what EssentialProperty asks that we do not know, are left out
	Language      string // BCP 47, or ""
	Label         string
	Roles         []string     // of urn:mpeg:dash:role:2011: "main", "alternate", "caption", "subtitle", "dub", …
	Accessibility []Descriptor // "urn:mpeg:dash:role:2011"/"description", "urn:tva:metadata:cs:AudioPurposeCS:2007"/"1", …
	Essential     []Descriptor
	Supplemental  []Descriptor
	TrickPlay     bool     // made for fast forward (http://dashif.org/guidelines/trickmode): kept out of normal choice
	SwitchesWith  []string // ids of other sets of the Period whose Representations can stand in for its own (urn:mpeg:dash:adaptation-set-switching:2016)

	Representations []Representation // at least one; by Bandwidth, the lowest first
}

// Descriptor is a DASH descriptor: what Value means, SchemeID says.
type Descriptor struct{ SchemeID, Value string }

// Representation is one encoding of a track: Init, then the segments of Index, or of Segments.
type Representation struct {
	ID        string
	Bandwidth int64   // bits a second
	FrameRate float64 // 0 is not told
	Channels  int     // of sound; 0 is not told

	// Header is what the manifest says of the media: one Track of video or audio (two where they are muxed), or one of kind "text". A Codec of ""
	// is not told: the initialization segment has it.
	Header *Header

	// BaseURLs are where the relative URLs of segments lead, in order of preference; each is absolute and http or https. Nil where all URLs are whole.
	BaseURLs []string

	Init *Segment // nil where segments initialize themselves (WebVTT) or Segments begins with the header

	// Timescale is how many ticks a second the media's clock has, and PresentationTimeOffset its time at the Period's start. Timescale is never 0.
	Timescale, PresentationTimeOffset uint64

	// One of these says where the segments are. IndexSource is a sidx of MP4 or Cues of WebM, which make an Index once read.
	Index       Index
	IndexSource *Segment
	Segments    []Segment // of a file without an index: pieces in its order, whose times nobody knows
}

// Segment is one download: a whole resource, or a byte range of it.
type Segment struct {
	URL   string // absolute, or relative to any of the Representation's BaseURLs; "" is the BaseURL itself
	Range ByteRange

	// Start and End are on the clock of the Period, whose start is 0; Start is negative where the media begins before it. Both are 0 where nobody knows.
	Start, End time.Duration
}

// ByteRange is Length bytes from Start. The zero value means everything; a Length of 0 after a Start, up to the end of the file.
type ByteRange struct{ Start, Length int64 }

// Index finds the segments of a Representation. It is immutable, and holds no more than what the manifest says: a million segments of a template cost
// nothing.
type Index interface {
	// Len is how many segments there are.
	Len() int

	// Segment is the nth, from 0. They are in the order of time and do not overlap by more than rounding; there may be gaps.
	Segment(n int) Segment

	// Find gives the first segment that ends after t, on the Period's clock; Len where none does.
	Find(t time.Duration) int
}

// Fragment is a stretch of a file as its own index tells of it: a reference of a sidx, or what lies from one Cue to the next. Times are in ticks of the
// media's clock.
type Fragment struct {
	Time, Duration uint64
	Range          ByteRange
}
