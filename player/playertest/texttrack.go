package playertest

import (
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// textTrackChange cannot be a page's event.
const textTrackChange = "change of text tracks"

// TextTrack is a text track of the element.
type TextTrack struct {
	host    *Host
	Options platform.TextTrackOptions
	mode    string
	cues    []platform.Cue
	closed  bool
}

// AddTextTrack adds a hidden track.
func (e *Element) AddTextTrack(options platform.TextTrackOptions) (platform.TextTrack, error) {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	t := &TextTrack{host: e.host, Options: options, mode: "hidden"}
	e.textTracks = append(e.textTracks, t)
	return t, nil
}

// TextTracks lists those that are not closed.
func (e *Element) TextTracks() []*TextTrack {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.textTracks), func(t *TextTrack) bool { return t.closed })
}

// ListenTextTracks calls f when [TextTrack.Choose] does.
func (e *Element) ListenTextTracks(f func()) (stop func()) {
	return e.host.page.add(func(string) { f() }, func(eventType string) bool { return eventType == textTrackChange })
}

// Choose sets the mode as the browser's own controls do.
func (t *TextTrack) Choose(mode string) {
	t.host.mu.Lock()
	defer t.host.mu.Unlock()
	t.mode = mode
	t.host.firePage(textTrackChange)
}

// Mode is "disabled", "hidden" or "showing".
func (t *TextTrack) Mode() string {
	t.host.mu.Lock()
	defer t.host.mu.Unlock()
	return t.mode
}

// SetMode fires an event if it changes anything, as browsers do.
func (t *TextTrack) SetMode(mode string) {
	if mode != t.Mode() {
		t.Choose(mode)
	}
}

// AddCues adds cues in the order of their starts.
func (t *TextTrack) AddCues(cues []platform.Cue) error {
	t.host.mu.Lock()
	defer t.host.mu.Unlock()
	t.cues = append(t.cues, cues...)
	slices.SortStableFunc(t.cues, func(a, b platform.Cue) int { return int(a.Start - b.Start) })
	return nil
}

// RemoveCues takes away the cues that lie within start to end whole.
func (t *TextTrack) RemoveCues(start, end time.Duration) {
	t.host.mu.Lock()
	defer t.host.mu.Unlock()
	t.cues = slices.DeleteFunc(t.cues, func(c platform.Cue) bool { return c.Start >= start && c.End <= end })
}

// Cues lists what is there.
func (t *TextTrack) Cues() []platform.Cue {
	t.host.mu.Lock()
	defer t.host.mu.Unlock()
	return slices.Clone(t.cues)
}

// Close takes the track away.
func (t *TextTrack) Close() {
	t.host.mu.Lock()
	defer t.host.mu.Unlock()
	t.closed = true
}
