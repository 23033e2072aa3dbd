//go:build js && wasm

package main

import (
	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/browser"
)

func writeTracks(json *browser.JSON, e *player.TracksChangeEvent) {
	json.Bool("auto", e.Auto)
	json.Open("tracks", '[')
	for _, track := range e.Tracks {
		json.Open("", '{')
		json.Text("id", track.ID)
		json.Text("kind", track.Kind)
		json.Text("language", track.Language)
		json.Text("label", track.Label)
		json.Texts("roles", track.Roles)
		json.Open("accessibility", '[')
		for _, d := range track.Accessibility {
			json.Open("", '{')
			json.Text("scheme", d.SchemeID)
			json.Text("value", d.Value)
			json.Close('}')
		}
		json.Close(']')
		json.Bool("active", track.Active)
		json.Open("qualities", '[')
		for _, quality := range track.Qualities {
			json.Open("", '{')
			writeQuality(json, quality)
			json.Close('}')
		}
		json.Close(']')
		json.Close('}')
	}
	json.Close(']')
}

func writeQuality(json *browser.JSON, q player.Quality) {
	json.Text("id", q.ID)
	json.Number("bitrate", float64(q.Bitrate))
	json.Number("width", float64(q.Width))
	json.Number("height", float64(q.Height))
	json.Number("frameRate", q.FrameRate)
	json.Text("codec", q.Codec)
	json.Bool("allowed", q.Allowed)
	json.Bool("active", q.Active)
}

func writeRequest(json *browser.JSON, e *player.RequestEvent) {
	at := clock()
	json.Text("kind", e.Kind.String())
	json.Text("url", e.URL)
	json.Number("rangeStart", float64(e.Range.Start))
	json.Number("rangeLength", float64(e.Range.Length))
	json.Number("start", at(e.Started))
	json.Number("opened", at(e.Opened))
	json.Number("end", at(e.Ended))
	json.Number("bytes", float64(e.Bytes))
	json.Number("status", float64(e.Status))
	json.Bool("failed", e.Failed)
	json.Bool("cancelled", e.Cancelled)
}
