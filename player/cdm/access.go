package cdm

import (
	"context"
	"slices"
	"strings"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
)

const temporary = "temporary"

var (
	initDataTypes = []string{"cenc", "keyids", "webm"}
	schemes       = []string{"", "cenc", "cens", "cbc1", "cbcs", "cbcs-1-9"}
)

type keySystems struct{ host *Host }

// RequestMediaKeySystemAccess grants the first configuration that can be kept, of Clear Key.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-navigator-requestmediakeysystemaccess
func (k keySystems) RequestMediaKeySystemAccess(
	ctx context.Context, keySystem string, configs []platform.MediaKeySystemConfiguration,
) (platform.MediaKeySystemAccess, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch {
	case keySystem == "" || len(configs) == 0:
		return nil, dom("TypeError", "a key system and a configuration are needed")
	case keySystem != clearkey.Name:
		return nil, dom("NotSupportedError", "the software CDM is one for "+clearkey.Name)
	}
	for _, asked := range configs {
		if granted, ok := k.host.grant(asked); ok {
			return &access{k.host, granted}, nil
		}
	}
	return nil, dom("NotSupportedError", "the software CDM can keep none of the configurations")
}

// grant is "get supported configuration". It keeps no state and identifies nobody.
//
// https://www.w3.org/TR/encrypted-media-2/#get-supported-configuration
func (h *Host) grant(asked platform.MediaKeySystemConfiguration) (granted platform.MediaKeySystemConfiguration, ok bool) {
	const required, notAllowed = "required", "not-allowed"
	if asked.DistinctiveIdentifier == required || asked.PersistentState == required ||
		slices.ContainsFunc(asked.SessionTypes, func(t string) bool { return t != temporary }) {
		return granted, false
	}
	granted = platform.MediaKeySystemConfiguration{
		Label: asked.Label, DistinctiveIdentifier: notAllowed, PersistentState: notAllowed, SessionTypes: []string{temporary},
		AudioCapabilities: h.grantCapabilities("audio", asked.AudioCapabilities),
		VideoCapabilities: h.grantCapabilities("video", asked.VideoCapabilities),
	}
	for _, t := range asked.InitDataTypes {
		if slices.Contains(initDataTypes, t) {
			granted.InitDataTypes = append(granted.InitDataTypes, t)
		}
	}
	types, audio, video := len(granted.InitDataTypes), len(granted.AudioCapabilities), len(granted.VideoCapabilities)
	return granted, (types > 0 || len(asked.InitDataTypes) == 0) && (audio > 0 || len(asked.AudioCapabilities) == 0) &&
		(video > 0 || len(asked.VideoCapabilities) == 0) && audio+video > 0
}

// grantCapabilities keeps what MediaSource takes once it is clear. An empty content type refuses them all.
func (h *Host) grantCapabilities(kind string, asked []platform.MediaKeySystemMediaCapability) (granted []platform.MediaKeySystemMediaCapability) {
	for _, c := range asked {
		if c.ContentType == "" {
			return nil
		}
		if c.Robustness == "" && slices.Contains(schemes, c.EncryptionScheme) && h.plays(kind, c.ContentType) {
			granted = append(granted, c)
		}
	}
	return granted
}

// audioCodecs are what the names of audio codecs begin with. Asking MediaSource what it takes under an audio type does not tell them: WebKitGTK takes
// any codec under any type.
var audioCodecs = []string{"mp4a", "opus", "vorbis", "flac", "ac-3", "ec-3", "ac-4", "alac", "dts", "mhm", "iamf", "mp3"}

// plays says whether a content type is of this kind, names its codecs, and all of them are of this kind: no audio among video, as with browsers.
func (h *Host) plays(kind, contentType string) bool {
	lower := strings.ToLower(contentType)
	at := strings.Index(lower, "codecs=")
	if !strings.HasPrefix(strings.TrimSpace(lower), kind+"/") || at < 0 || !h.IsTypeSupported(contentType) {
		return false
	}
	codecs := lower[at+len("codecs="):]
	if rest, quoted := strings.CutPrefix(codecs, `"`); quoted {
		codecs, _, _ = strings.Cut(rest, `"`)
	} else {
		codecs, _, _ = strings.Cut(codecs, ";")
	}
	for more := true; more; {
		var codec string
		codec, codecs, more = strings.Cut(codecs, ",")
		codec = strings.TrimSpace(codec)
		isAudio := slices.ContainsFunc(audioCodecs, func(name string) bool { return strings.HasPrefix(codec, name) })
		if codec == "" || isAudio != (kind == "audio") {
			return false
		}
	}
	return true
}

type access struct {
	host   *Host
	config platform.MediaKeySystemConfiguration
}

func (a *access) KeySystem() string { return clearkey.Name }

func (a *access) Configuration() platform.MediaKeySystemConfiguration {
	c := a.config
	c.InitDataTypes, c.SessionTypes = slices.Clone(c.InitDataTypes), slices.Clone(c.SessionTypes)
	c.AudioCapabilities, c.VideoCapabilities = slices.Clone(c.AudioCapabilities), slices.Clone(c.VideoCapabilities)
	return c
}

func (a *access) CreateMediaKeys(ctx context.Context) (platform.MediaKeys, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &mediaKeys{host: a.host, changed: make(chan struct{})}, nil
}
