package playertest

import (
	"slices"
	"strings"

	"github.com/keystream-player/keystream/player/platform"
)

// Grant is what a key system can keep of what it is asked. To have one element of a configuration refused, leave it out. A nil list, and an
// empty string, is what the key system's real CDMs can.
type Grant struct {
	Codecs           []string // that it can decrypt, by prefix; nil is all that the browser can play
	Schemes          []string // "cenc", "cbcs", "cbcs-1-9"
	InitDataTypes    []string
	SessionTypes     []string
	VideoRobustness  []string // besides "", which asks for none
	AudioRobustness  []string
	RobustnessNeeded bool // "" is refused

	// PersistentState and DistinctiveIdentifier are "not-allowed" where the CDM has none, "optional" where it can, "required" where it must.
	PersistentState, DistinctiveIdentifier string
}

// grantOf completes what the options say of a key system.
func (h *Host) grantOf(keySystem string) Grant {
	g, own := h.options.CDM.Grants[keySystem], cdmOf(keySystem).grant()
	for _, list := range []struct{ has, like *[]string }{
		{&g.Schemes, &own.Schemes}, {&g.InitDataTypes, &own.InitDataTypes}, {&g.SessionTypes, &own.SessionTypes},
		{&g.VideoRobustness, &own.VideoRobustness}, {&g.AudioRobustness, &own.AudioRobustness},
	} {
		if *list.has == nil {
			*list.has = *list.like
		}
	}
	if g.PersistentState == "" {
		g.PersistentState = own.PersistentState
		if keySystem == clearKey && h.options.Engine == Firefox {
			g.PersistentState = "optional"
		}
	}
	if g.DistinctiveIdentifier == "" {
		g.DistinctiveIdentifier = own.DistinctiveIdentifier
	}
	return g
}

// grant is "get supported configuration".
//
// https://www.w3.org/TR/encrypted-media-2/#get-supported-configuration
func (h *Host) grant(keySystem string, asked platform.MediaKeySystemConfiguration) (granted platform.MediaKeySystemConfiguration, ok bool) {
	systems := h.options.CDM.KeySystems
	if systems == nil {
		systems = []string{clearKey}
	}
	if !slices.Contains(systems, keySystem) {
		return granted, false
	}
	g := h.grantOf(keySystem)
	granted.Label, granted.SessionTypes = asked.Label, asked.SessionTypes
	if len(granted.SessionTypes) == 0 {
		granted.SessionTypes = []string{"temporary"}
	}
	var allowed [2]bool
	granted.DistinctiveIdentifier, allowed[0] = requirement(asked.DistinctiveIdentifier, g.DistinctiveIdentifier)
	granted.PersistentState, allowed[1] = requirement(asked.PersistentState, g.PersistentState)
	if allowed != [2]bool{true, true} || slices.ContainsFunc(granted.SessionTypes, func(t string) bool { return !slices.Contains(g.SessionTypes, t) }) {
		return granted, false
	}
	for _, t := range asked.InitDataTypes {
		if slices.Contains(g.InitDataTypes, t) {
			granted.InitDataTypes = append(granted.InitDataTypes, t)
		}
	}
	granted.AudioCapabilities = h.grantCapabilities("audio", asked.AudioCapabilities, g, g.AudioRobustness)
	granted.VideoCapabilities = h.grantCapabilities("video", asked.VideoCapabilities, g, g.VideoRobustness)
	switch {
	case len(asked.InitDataTypes) > 0 && len(granted.InitDataTypes) == 0,
		len(asked.AudioCapabilities) > 0 && len(granted.AudioCapabilities) == 0,
		len(asked.VideoCapabilities) > 0 && len(granted.VideoCapabilities) == 0,
		len(asked.AudioCapabilities)+len(asked.VideoCapabilities) == 0 && h.options.Engine == Chromium:
		return granted, false
	}
	return granted, true
}

// requirement is what becomes of a MediaKeysRequirement: what is asked ("" is "optional") against what the CDM has.
//
// https://www.w3.org/TR/encrypted-media-2/#mediakeysrequirement-enum
func requirement(asked, has string) (granted string, ok bool) {
	switch {
	case asked == "required" || has == "required":
		return "required", asked != "not-allowed" && has != "not-allowed"
	}
	return "not-allowed", true
}

// grantCapabilities keeps what can be played; an empty content type refuses them all.
func (h *Host) grantCapabilities(kind string, asked []platform.MediaKeySystemMediaCapability, g Grant, robustness []string,
) []platform.MediaKeySystemMediaCapability {
	var granted []platform.MediaKeySystemMediaCapability
	for _, c := range asked {
		if c.ContentType == "" {
			return nil
		}
		if h.keySystemPlays(kind, c.ContentType) && g.decrypts(c.ContentType) &&
			(c.EncryptionScheme == "" || slices.Contains(g.Schemes, c.EncryptionScheme)) &&
			(c.Robustness == "" && !g.RobustnessNeeded || c.Robustness != "" && slices.Contains(robustness, c.Robustness)) {
			granted = append(granted, c)
		}
	}
	return granted
}

func (g Grant) decrypts(contentType string) bool {
	return g.Codecs == nil || !slices.ContainsFunc(parseMIMEType(contentType).codecs, func(codec string) bool {
		return !slices.ContainsFunc(g.Codecs, func(prefix string) bool { return strings.HasPrefix(codec, prefix) })
	})
}
