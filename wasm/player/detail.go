//go:build js && wasm

package main

import (
	"encoding/hex"
	"errors"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/drm"
)

// detail makes the page's detail of an event; web/src/types.ts has the shapes.
func (i *instance) detail(event player.Event) safejs.Value {
	var json browser.JSON
	switch e := event.(type) {
	case *player.EncryptedEvent:
		json.Text("initDataType", e.InitDataType)
		return i.with(&json, "initData", e.InitData)
	case *player.LicenseRequestEvent:
		json.Text("keySystem", e.KeySystem)
		json.Text("sessionId", e.SessionID)
		json.Text("messageType", e.MessageType)
		json.Texts("keyIds", keyIDs(e.KeyIDs))
	case *player.KeyStatusChangeEvent:
		json.Text("keySystem", e.KeySystem)
		json.Text("sessionId", e.SessionID)
		writeStatuses(&json, "keys", e.Keys)
	case *player.StateChangeEvent:
		writeState(&json, e)
	case *player.StallEvent:
		json.Text("cause", string(e.Cause))
		json.Number("position", e.Position.Seconds())
		json.Texts("keyIds", keyIDs(e.KeyIDs))
	case *player.TracksChangeEvent:
		writeTracks(&json, e)
	case *player.QualityChangeEvent:
		json.Text("kind", e.Kind)
		json.Open("quality", '{')
		writeQuality(&json, e.Quality)
		json.Close('}')
		json.Number("position", e.Position.Seconds())
	case *player.RequestEvent:
		writeRequest(&json, e)
	case *player.Error:
		writeError(&json, e)
	}
	return i.host.Parse(&json)
}

// with parses an object and adds bytes to it, which text cannot carry.
func (i *instance) with(json *browser.JSON, name string, bytes []byte) safejs.Value {
	object := i.host.Parse(json)
	js, err := browser.BytesOf(bytes)
	if err == nil {
		err = object.Set(name, js)
	}
	if err != nil {
		i.panicked(err)
	}
	return object
}

func writeState(json *browser.JSON, e *player.StateChangeEvent) {
	json.Text("state", string(e.State))
	json.Text("stage", string(e.Stage))
	json.Text("mode", string(e.Mode))
	json.Texts("types", e.MIMETypes)
	json.Text("keySystem", e.KeySystem)
	if e.Configuration != nil {
		json.Configuration("configuration", e.Configuration)
	}
	json.Bool("software", e.Software)
	if e.Report != nil {
		json.Open("report", '{')
		writeReport(json, e.Report)
		json.Close('}')
	}
}

// errorDetail is the detail of an "error" event, and what the page's promises reject with.
func (i *instance) errorDetail(err error) safejs.Value {
	var e *player.Error
	if !errors.As(err, &e) {
		e = &player.Error{Code: player.Internal, Fatal: true, Message: err.Error(), Remedy: "Load again, and please report it."}
	}
	var json browser.JSON
	writeError(&json, e)
	return i.host.Parse(&json)
}

func writeError(json *browser.JSON, e *player.Error) {
	json.Text("code", string(e.Code))
	json.Bool("fatal", e.Fatal)
	json.Text("stage", string(e.Stage))
	json.Text("message", e.Message)
	json.Text("remedy", e.Remedy)
	json.Optional("keySystem", e.KeySystem)
	if e.HTTPStatus != 0 {
		json.Number("httpStatus", float64(e.HTTPStatus))
	}
	json.Optional("url", e.URL)
	if e.KeyStatuses != nil {
		writeStatuses(json, "keyStatuses", e.KeyStatuses)
	}
	if e.KeyIDs != nil {
		json.Texts("keyIds", keyIDs(e.KeyIDs))
	}
	if e.Configuration != nil {
		json.Open("configuration", '[')
		for n := range e.Configuration {
			json.Configuration("", &e.Configuration[n])
		}
		json.Close(']')
	}
	if e.Report != nil {
		json.Open("report", '{')
		writeReport(json, e.Report)
		json.Close('}')
	}
}

func writeStatuses(json *browser.JSON, name string, list []drm.KeyStatus) {
	json.Open(name, '[')
	for _, key := range list {
		json.Open("", '{')
		json.Text("keyId", hex.EncodeToString(key.KeyID[:]))
		json.Text("status", key.Status)
		json.Close('}')
	}
	json.Close(']')
}

func keyIDs(ids [][16]byte) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = hex.EncodeToString(id[:])
	}
	return out
}
