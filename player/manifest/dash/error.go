package dash

import "errors"

// Kind says in what way an MPD cannot be read.
type Kind byte

// The kinds.
const (
	NotMPD      Kind = iota + 1 // something else: an HTML page, a text, nothing
	Malformed                   // XML that does not hold together, or is cut off
	Forbidden                   // a DOCTYPE, or elements nested too deep
	TooLarge                    // more than we are ready to hold
	BadValue                    // an attribute that makes no sense
	BadURL                      // a URL that may not be followed
	Unsupported                 // what we cannot play
	Empty                       // nothing to play
)

// Error says what is wrong with an MPD, and where.
type Error struct {
	Kind Kind
	Path string // of the element: "MPD/Period[2]/AdaptationSet[1]/Representation[3]"
	Err  error  // why: says nothing of URLs, which may be secret
}

func (e *Error) Error() string { return "dash: " + e.Path + ": " + e.Err.Error() }

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }

var (
	errSize      = errors.New("is larger than 20 MiB")
	errTag       = errors.New("a tag with its attributes is longer than 256 kB")
	errCost      = errors.New("says so little of so much that it would fill the memory")
	errEntries   = errors.New("has more than 500,000 entries")
	errText      = errors.New("a text is longer than 1 MiB")
	errDoctype   = errors.New("has a DOCTYPE, as HTML pages have: an MPD needs none")
	errDepth     = errors.New("elements are nested more than 512 deep")
	errCutOff    = errors.New("the document is cut off")
	errCrossed   = errors.New("an element is closed that is not open")
	errTagName   = errors.New("a < begins no tag")
	errNoRoot    = errors.New("there is no MPD element")
	errNumber    = errors.New("an attribute is not the number that it must be")
	errTimescale = errors.New("its timescale is 0")
	errDuration  = errors.New("its segments have no duration")
	errNoMedia   = errors.New("its SegmentTemplate has no media")
	errNoURLs    = errors.New("its SegmentList has no SegmentURL")
	errRange     = errors.New("a byte range makes no sense")
	errContainer = errors.New("its MIME type is not one that we can play")
	errEssential = errors.New("an EssentialProperty asks for what we do not know")
	errSequence  = errors.New("its segments come in sequences or patterns")
	errNoStart   = errors.New("nothing says when it starts")
	errNothing   = errors.New("there is nothing in it to play")
	errLicense   = errors.New("a licence URL may not be followed")
	errBase64    = errors.New("a pssh or pro is not base64")
)
