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
	object := i.host.Object
	switch e := event.(type) {
	case *player.EncryptedEvent:
		initData, err := browser.BytesOf(e.InitData)
		if err != nil {
			i.panicked(err)
		}
		return object("initDataType", e.InitDataType, "initData", initData)
	case *player.LicenseRequestEvent:
		return object("keySystem", e.KeySystem, "sessionId", e.SessionID, "messageType", e.MessageType, "keyIds", keyIDs(e.KeyIDs))
	case *player.KeyStatusChangeEvent:
		return object("keySystem", e.KeySystem, "sessionId", e.SessionID, "keys", i.keyStatuses(e.Keys))
	case *player.StateChangeEvent:
		return i.stateDetail(e)
	case *player.Error:
		return i.errorDetail(e)
	}
	return object()
}

func (i *instance) stateDetail(e *player.StateChangeEvent) safejs.Value {
	types := make([]any, len(e.MIMETypes))
	for n, t := range e.MIMETypes {
		types[n] = t
	}
	configuration := safejs.Null()
	if e.Configuration != nil {
		configuration = i.host.ConfigurationOf(e.Configuration)
	}
	return i.host.Object("state", string(e.State), "stage", string(e.Stage), "mode", string(e.Mode), "types", types,
		"keySystem", e.KeySystem, "configuration", configuration)
}

// errorDetail is the detail of an "error" event, and what load and close reject with.
func (i *instance) errorDetail(err error) safejs.Value {
	var e *player.Error
	if !errors.As(err, &e) {
		e = &player.Error{Code: player.Internal, Fatal: true, Message: err.Error(), Remedy: "Load again, and please report it."}
	}
	var status, keys, configuration any = safejs.Undefined(), safejs.Undefined(), safejs.Undefined()
	if e.HTTPStatus != 0 {
		status = e.HTTPStatus
	}
	if e.KeyStatuses != nil {
		keys = i.keyStatuses(e.KeyStatuses)
	}
	if e.Configuration != nil {
		list := make([]any, len(e.Configuration))
		for n := range list {
			list[n] = i.host.ConfigurationOf(&e.Configuration[n])
		}
		configuration = list
	}
	return i.host.Object("code", string(e.Code), "fatal", e.Fatal, "stage", string(e.Stage), "message", e.Message, "remedy", e.Remedy,
		"keySystem", browser.Optional(e.KeySystem), "httpStatus", status, "url", browser.Optional(e.URL),
		"keyStatuses", keys, "configuration", configuration)
}

func (i *instance) keyStatuses(list []drm.KeyStatus) []any {
	out := make([]any, len(list))
	for n, key := range list {
		out[n] = i.host.Object("keyId", hex.EncodeToString(key.KeyID[:]), "status", key.Status)
	}
	return out
}
