//go:build js && wasm

package main

import (
	"context"
	"errors"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/platform"
)

var errNoBytes = errors.New("a function of the page gave neither an ArrayBuffer nor a view on one")

// readLicense reads where licences come from: a server, a function of the page's, or nothing.
func readLicense(js safejs.Value, host *browser.Host) drm.LicenseFetcher {
	switch js.Type() {
	case safejs.TypeFunction:
		return &licenseFunction{pageFunction{host, js}}
	case safejs.TypeObject:
		return readServer(js, host)
	}
	return nil
}

// licenseFunction is a function of the page's that answers licence requests.
type licenseFunction struct{ pageFunction }

// FetchLicense calls the function and waits for what it promises. What it throws is a *[platform.DOMError] with its message.
func (f *licenseFunction) FetchLicense(ctx context.Context, req drm.LicenseRequest) ([]byte, error) {
	var json browser.JSON
	messageType := req.MessageType
	if req.CertificateRequest {
		messageType = drm.TypeCertificateRequest
	}
	writeMessage(&json, req.KeySystem, messageType, req.KeyIDs)
	writeHeader(&json, req.Header)
	json.Text("initDataType", req.InitDataType)
	result, err := f.call(ctx, &json, "message", req.Message, "initData", req.InitData)
	if err != nil {
		return nil, err
	}
	return f.bytes(result)
}

// writeMessage writes what every function is told of a message.
func writeMessage(json *browser.JSON, keySystem, messageType string, ids [][16]byte) {
	json.Text("keySystem", keySystem)
	json.Text("messageType", messageType)
	json.Texts("keyIds", keyIDs(ids))
}

// writeHeader writes pairs of a name and a value.
func writeHeader(json *browser.JSON, header []platform.HeaderField) {
	json.Open("headers", '[')
	for _, field := range header {
		json.Texts("", []string{field.Name, field.Value})
	}
	json.Close(']')
}

// pageFunction is a function of the page's that takes an object and may promise something.
type pageFunction struct {
	host *browser.Host
	js   safejs.Value
}

// call calls it with an object that has buffers too, each a name and bytes. The bridge adds an AbortSignal, which is aborted when ctx ends first.
func (f pageFunction) call(ctx context.Context, json *browser.JSON, buffers ...any) (safejs.Value, error) {
	argument := f.host.Parse(json)
	for i := 0; i < len(buffers); i += 2 {
		array, err := browser.BytesOf(buffers[i+1].([]byte))
		if err == nil {
			err = argument.Set(buffers[i].(string), browser.Get(array, "buffer"))
		}
		if err != nil {
			return array, err
		}
	}
	promise, err := f.host.Ask(f.js, argument)
	if err != nil {
		return promise, err
	}
	return f.host.Await(ctx, promise)
}

// bytes reads a result that must be bytes.
func (f pageFunction) bytes(result safejs.Value) ([]byte, error) {
	bytes, ok := f.host.Bytes(result)
	if !ok {
		return nil, errNoBytes
	}
	return bytes, nil
}
