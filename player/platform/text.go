package platform

import "time"

// TextTrackOptions say what a text track is.
type TextTrackOptions struct {
	Kind     string // "subtitles", "captions", "descriptions", "chapters", "metadata"
	Label    string
	Language string // BCP 47
}

// TextTrack is a TextTrack of the element. One goroutine uses it.
//
// https://html.spec.whatwg.org/multipage/media.html#texttrack
type TextTrack interface {
	// Mode is "disabled", "hidden" or "showing"; the page and the browser's own controls change it too.
	Mode() string
	SetMode(mode string)

	// AddCues adds cues; those that the browser refuses are left out. It and RemoveCues may take effect a little later, in the order of their calls.
	AddCues(cues []Cue) error

	// RemoveCues takes away the cues that lie within start to end whole.
	RemoveCues(start, end time.Duration)

	// Close takes the track away from the element.
	Close()
}

// Cue is a VTTCue. Settings that WebVTT leaves out have the values of NewCue.
//
// https://www.w3.org/TR/webvtt1/#the-vttcue-interface
type Cue struct {
	ID         string
	Start, End time.Duration
	Text       string // of a WebVTT cue, with its tags; the browser parses it, and makes no HTML of it

	Vertical      string  // "", "rl", "lr"
	Line          float64 // a number of lines, or where SnapToLines is false a percentage; see LineAuto
	LineAuto      bool
	SnapToLines   bool
	LineAlign     string  // "start", "center", "end"
	Position      float64 // a percentage; see PositionAuto
	PositionAuto  bool
	PositionAlign string  // "auto", "line-left", "center", "line-right"
	Size          float64 // a percentage
	Align         string  // "start", "center", "end", "left", "right"
}

// NewCue is a cue without settings.
func NewCue(id string, start, end time.Duration, text string) Cue {
	return Cue{ID: id, Start: start, End: end, Text: text, LineAuto: true, SnapToLines: true, LineAlign: "start",
		PositionAuto: true, PositionAlign: "auto", Size: 100, Align: "center"}
}
