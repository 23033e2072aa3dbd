//go:build js && wasm

package main

import (
	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/platform"
)

// readConfig reads what web/src/crossing.ts has checked and built.
func readConfig(js safejs.Value, host *browser.Host) player.Config {
	config := player.Config{Mode: player.Mode(browser.Text(browser.Get(js, "mode")))}
	for _, system := range list(browser.Get(js, "keySystems")) {
		config.KeySystems = append(config.KeySystems, drm.KeySystem{
			Name:    browser.Text(browser.Get(system, "name")),
			Keys:    readKeys(browser.Get(system, "keys"), host),
			License: readLicense(browser.Get(system, "license"), host),
		})
	}
	return config
}

// readKeys reads [key id, key] pairs. A key in raw bytes becomes the string of those bytes.
func readKeys(js safejs.Value, host *browser.Host) map[string]string {
	keys := map[string]string{}
	for _, line := range list(js) {
		keyID, key := browser.Text(browser.Index(line, 0)), browser.Index(line, 1)
		if raw, ok := host.Bytes(key); ok {
			keys[keyID] = string(raw)
		} else {
			keys[keyID] = browser.Text(key)
		}
	}
	return keys
}

func readLicense(js safejs.Value, host *browser.Host) drm.LicenseFetcher {
	switch js.Type() {
	case safejs.TypeFunction:
		return &licenseFunction{host: host, js: js}
	case safejs.TypeObject:
		server := &drm.LicenseServer{
			Fetcher:         host,
			URL:             browser.Text(browser.Get(js, "url")),
			WithCredentials: browser.Truthy(browser.Get(js, "withCredentials")),
		}
		for _, line := range list(browser.Get(js, "headers")) {
			name, value := browser.Text(browser.Index(line, 0)), browser.Text(browser.Index(line, 1))
			server.Header = append(server.Header, platform.HeaderField{Name: name, Value: value})
		}
		return server
	}
	return nil
}

func readSource(js safejs.Value) player.Source {
	var source player.Source
	for _, track := range list(browser.Get(js, "tracks")) {
		chunks := int(browser.Number(browser.Get(track, "chunks")))
		source.Tracks = append(source.Tracks, player.File{
			URL: browser.Text(browser.Get(track, "url")), Type: browser.Text(browser.Get(track, "type")), Chunks: chunks,
		})
	}
	return source
}

// list reads an array; what is none is empty.
func list(js safejs.Value) []safejs.Value {
	out := make([]safejs.Value, browser.Length(js))
	for i := range out {
		out[i] = browser.Index(js, i)
	}
	return out
}
