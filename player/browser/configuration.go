//go:build js && wasm

package browser

import (
	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

// ConfigurationOf makes a MediaKeySystemConfiguration dictionary. What is not asked is not in it: its default is not the empty string.
func (h *Host) ConfigurationOf(c *platform.MediaKeySystemConfiguration) safejs.Value {
	return h.Object("label", Optional(c.Label), "initDataTypes", optionalList(stringsOf(c.InitDataTypes)),
		"audioCapabilities", h.capabilitiesOf(c.AudioCapabilities), "videoCapabilities", h.capabilitiesOf(c.VideoCapabilities),
		"distinctiveIdentifier", Optional(c.DistinctiveIdentifier), "persistentState", Optional(c.PersistentState),
		"sessionTypes", optionalList(stringsOf(c.SessionTypes)))
}

func (h *Host) capabilitiesOf(list []platform.MediaKeySystemMediaCapability) any {
	out := make([]any, len(list))
	for i, c := range list {
		out[i] = h.Object("contentType", c.ContentType, "robustness", Optional(c.Robustness), "encryptionScheme", Optional(c.EncryptionScheme))
	}
	return optionalList(out)
}

func optionalList(list []any) any {
	if len(list) == 0 {
		return safejs.Undefined()
	}
	return list
}

func configuration(js safejs.Value) platform.MediaKeySystemConfiguration {
	return platform.MediaKeySystemConfiguration{
		Label:                 Text(Get(js, "label")),
		InitDataTypes:         goStrings(Get(js, "initDataTypes")),
		AudioCapabilities:     capabilities(Get(js, "audioCapabilities")),
		VideoCapabilities:     capabilities(Get(js, "videoCapabilities")),
		DistinctiveIdentifier: Text(Get(js, "distinctiveIdentifier")),
		PersistentState:       Text(Get(js, "persistentState")),
		SessionTypes:          goStrings(Get(js, "sessionTypes")),
	}
}

func capabilities(list safejs.Value) []platform.MediaKeySystemMediaCapability {
	var out []platform.MediaKeySystemMediaCapability
	for i := range Length(list) {
		c := Index(list, i)
		out = append(out, platform.MediaKeySystemMediaCapability{
			ContentType: Text(Get(c, "contentType")), Robustness: Text(Get(c, "robustness")), EncryptionScheme: Text(Get(c, "encryptionScheme")),
		})
	}
	return out
}
