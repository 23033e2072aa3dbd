//go:build js && wasm

package browser

import (
	"math"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

// textTrack is a <track> of the element: unlike what addTextTrack makes, it can be taken away again.
type textTrack struct {
	host    *Host
	element safejs.Value // the <track>
	js      safejs.Value // its TextTrack
}

func (e *mediaElement) AddTextTrack(options platform.TextTrackOptions) (platform.TextTrack, error) {
	js, err := Call(e.host.bridge, "addTextTrack", e.js, options.Kind, options.Label, options.Language)
	if err != nil {
		return nil, err
	}
	return &textTrack{host: e.host, element: js, js: Get(js, "track")}, nil
}

func (e *mediaElement) ListenTextTracks(f func()) (stop func()) {
	l, err := e.host.listen(Get(e.js, "textTracks"), []string{"change"}, func(string, string, []byte) { f() })
	if err != nil {
		e.host.panicked(err)
		return func() {}
	}
	return l.stop
}

func (t *textTrack) Mode() string { return Text(Get(t.js, "mode")) }

func (t *textTrack) SetMode(mode string) {
	if err := t.js.Set("mode", mode); err != nil {
		t.host.panicked(err)
	}
}

func (t *textTrack) AddCues(cues []platform.Cue) error {
	var json JSON
	json.Open("cues", '[')
	for _, cue := range cues {
		if n := cue.Line + cue.Position + cue.Size; math.IsNaN(n - n) {
			continue // no browser takes what is not finite, and nor does JSON
		}
		json.Open("", '{')
		json.Text("id", cue.ID)
		json.Number("start", cue.Start.Seconds())
		json.Number("end", cue.End.Seconds())
		json.Text("text", cue.Text)
		json.Text("vertical", cue.Vertical)
		if !cue.LineAuto {
			json.Number("line", cue.Line)
		}
		json.Bool("snapToLines", cue.SnapToLines)
		json.Text("lineAlign", cue.LineAlign)
		if !cue.PositionAuto {
			json.Number("position", cue.Position)
		}
		json.Text("positionAlign", cue.PositionAlign)
		json.Number("size", cue.Size)
		json.Text("align", cue.Align)
		json.Close('}')
	}
	json.Close(']')
	_, err := Call(t.host.bridge, "addCues", t.js, Get(t.host.Parse(&json), "cues"))
	return err
}

func (t *textTrack) RemoveCues(start, end time.Duration) {
	if _, err := Call(t.host.bridge, "removeCues", t.js, start.Seconds(), seconds(end)); err != nil {
		t.host.panicked(err)
	}
}

func (t *textTrack) Close() {
	if _, err := Call(t.element, "remove"); err != nil {
		t.host.panicked(err)
	}
}
