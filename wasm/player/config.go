//go:build js && wasm

package main

import (
	"time"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/platform"
)

// readConfig reads what web/src/crossing.ts has checked and built.
func readConfig(js safejs.Value, host *browser.Host) player.Config {
	config := drm.Config{
		KeySystems:     readKeySystems(browser.Get(js, "keySystems"), host),
		Software:       drm.Software(text(js, "software")),
		LicensePer:     drm.LicensePer(text(js, "licensePer")),
		Policies:       map[string]drm.Policy{},
		KeyTimeout:     time.Duration(number(js, "keyTimeout") * float64(time.Second)),
		MaxSessions:    int(number(js, "maxSessions")),
		MaxKeys:        int(number(js, "maxKeys")),
		LicenseOrigins: texts(js, "licenseOrigins"),
	}
	for _, line := range pairs(js, "policies") {
		config.Policies[line.Name] = drm.Policy(line.Value)
	}
	abr, buffer := browser.Get(js, "abr"), browser.Get(js, "buffer")
	return player.Config{
		DRM: config, Mode: player.Mode(text(js, "mode")),
		ABR: player.ABR{
			Algorithm: text(abr, "algorithm"), StartBitrate: int64(number(abr, "startBitrate")), MaxBitrate: int64(number(abr, "maxBitrate")),
			MaxHeight: int(number(abr, "maxHeight")), AnySize: browser.Truthy(browser.Get(abr, "anySize")),
		},
		Buffer: player.Buffer{
			Ahead:  time.Duration(number(buffer, "ahead") * float64(time.Second)),
			Behind: time.Duration(number(buffer, "behind") * float64(time.Second)),
			Bytes:  int64(number(buffer, "bytes")),
		},
		AudioLanguages: texts(js, "audioLanguages"), TextLanguages: texts(js, "textLanguages"),
	}
}

func readKeySystems(js safejs.Value, host *browser.Host) []drm.KeySystem {
	var systems []drm.KeySystem
	for _, system := range list(js) {
		certificate, _ := host.Bytes(browser.Get(system, "certificate"))
		systems = append(systems, drm.KeySystem{
			Name:                  text(system, "name"),
			Keys:                  readKeys(browser.Get(system, "keys"), host),
			License:               readLicense(browser.Get(system, "license"), host),
			VideoRobustness:       texts(system, "videoRobustness"),
			AudioRobustness:       texts(system, "audioRobustness"),
			PersistentState:       text(system, "persistentState"),
			DistinctiveIdentifier: text(system, "distinctiveIdentifier"),
			SessionTypes:          texts(system, "sessionTypes"),
			MinHDCPVersion:        text(system, "minHdcpVersion"),
			Certificate:           certificate,
			CertificateURL:        text(system, "certificateURL"),
		})
	}
	return systems
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

func readSource(js safejs.Value) player.Source {
	var source player.Source
	for _, track := range list(browser.Get(js, "tracks")) {
		source.Tracks = append(source.Tracks, player.File{
			URL: text(track, "url"), Type: text(track, "type"), Chunks: int(number(track, "chunks")),
		})
	}
	return source
}

func text(of safejs.Value, name string) string { return browser.Text(browser.Get(of, name)) }

func number(of safejs.Value, name string) float64 { return browser.Number(browser.Get(of, name)) }

// list reads an array; what is none is empty.
func list(js safejs.Value) []safejs.Value {
	out := make([]safejs.Value, browser.Length(js))
	for i := range out {
		out[i] = browser.Index(js, i)
	}
	return out
}

// texts reads an array of strings; an empty one is nil.
func texts(of safejs.Value, name string) []string {
	var out []string
	for _, item := range list(browser.Get(of, name)) {
		out = append(out, browser.Text(item))
	}
	return out
}

// pairs reads an array of [name, value].
func pairs(of safejs.Value, name string) []platform.HeaderField {
	var out []platform.HeaderField
	for _, line := range list(browser.Get(of, name)) {
		out = append(out, platform.HeaderField{Name: browser.Text(browser.Index(line, 0)), Value: browser.Text(browser.Index(line, 1))})
	}
	return out
}
