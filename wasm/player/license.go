//go:build js && wasm

package main

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/drm"
)

var errNoBytes = errors.New("the license function returned neither an ArrayBuffer nor a view on one")

// licenseFunction is a function of the page's that answers licence requests.
type licenseFunction struct {
	host *browser.Host
	js   safejs.Value
}

// FetchLicense calls the function and waits for what it promises. What it throws is a *[platform.DOMError] with its message.
func (f *licenseFunction) FetchLicense(ctx context.Context, req drm.LicenseRequest) ([]byte, error) {
	message, err := browser.BytesOf(req.Message)
	if err != nil {
		return nil, err
	}
	initData, err := browser.BytesOf(req.InitData)
	if err != nil {
		return nil, err
	}
	controller, err := browser.Construct("AbortController")
	if err != nil {
		return nil, err
	}
	promise, err := browser.Call(f.js, "call", nil, f.host.Object(
		"keySystem", req.KeySystem, "messageType", req.MessageType, "message", browser.Get(message, "buffer"), "keyIds", keyIDs(req.KeyIDs),
		"initDataType", req.InitDataType, "initData", browser.Get(initData, "buffer"), "signal", browser.Get(controller, "signal"),
	))
	if err != nil {
		return nil, err
	}
	result, err := f.host.Await(ctx, promise)
	if ctx.Err() != nil {
		if _, err := browser.Call(controller, "abort"); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	license, ok := f.host.Bytes(result)
	if !ok {
		return nil, errNoBytes
	}
	return license, nil
}

func keyIDs(ids [][16]byte) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = hex.EncodeToString(id[:])
	}
	return out
}
