//go:build js && wasm

package main

import (
	"context"
	"strings"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/drm"
)

// readServer reads a licence server, and the page's filters of what goes to it and comes from it.
func readServer(js safejs.Value, host *browser.Host) *drm.LicenseServer {
	server := &drm.LicenseServer{
		Fetcher:         host,
		URL:             text(js, "url"),
		URLs:            map[string]string{},
		Header:          pairs(js, "headers"),
		WithCredentials: browser.Truthy(browser.Get(js, "withCredentials")),
	}
	for _, line := range pairs(js, "urls") {
		server.URLs[line.Name] = line.Value
	}
	if f := browser.Get(js, "request"); f.Type() == safejs.TypeFunction {
		server.Request = requestFilter{pageFunction{host, f}}.filter
	}
	if f := browser.Get(js, "response"); f.Type() == safejs.TypeFunction {
		server.Response = responseFilter{pageFunction{host, f}}.filter
	}
	return server
}

// requestFilter is a function of the page's that may change a request; web/src/exchange.ts gives the whole of it back.
type requestFilter struct{ pageFunction }

func (f requestFilter) filter(ctx context.Context, req *drm.HTTPRequest) error {
	var json browser.JSON
	writeMessage(&json, req.KeySystem, req.MessageType, req.KeyIDs)
	json.Text("url", req.URL)
	writeHeader(&json, req.Header)
	json.Bool("withCredentials", req.WithCredentials)
	changed, err := f.call(ctx, &json, "body", req.Body)
	if err != nil {
		return err
	}
	if req.Body, err = f.bytes(browser.Get(changed, "body")); err != nil {
		return err
	}
	header := pairs(changed, "headers")
	for n := range header {
		// The page's Headers made its name lower-case: by its own it is known again as what the key system wants.
		for _, field := range req.Header {
			if strings.EqualFold(field.Name, header[n].Name) {
				header[n].Name = field.Name
			}
		}
	}
	req.URL, req.Header = text(changed, "url"), header
	req.WithCredentials = browser.Truthy(browser.Get(changed, "withCredentials"))
	return nil
}

// responseFilter is a function of the page's that makes a licence of a response.
type responseFilter struct{ pageFunction }

func (f responseFilter) filter(ctx context.Context, res *drm.HTTPResponse) error {
	var json browser.JSON
	writeMessage(&json, res.KeySystem, res.MessageType, res.KeyIDs)
	json.Text("url", res.URL)
	json.Number("status", float64(res.Status))
	json.Text("contentType", res.Header("Content-Type"))
	license, err := f.call(ctx, &json, "body", res.Body)
	if err != nil {
		return err
	}
	res.Body, err = f.bytes(license)
	return err
}
