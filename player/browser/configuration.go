//go:build js && wasm

package browser

import (
	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

// Configuration writes a MediaKeySystemConfiguration dictionary. What is not asked is not in it: its default is not the empty string.
func (j *JSON) Configuration(name string, c *platform.MediaKeySystemConfiguration) {
	j.Open(name, '{')
	j.Optional("label", c.Label)
	j.optionalTexts("initDataTypes", c.InitDataTypes)
	j.capabilities("audioCapabilities", c.AudioCapabilities)
	j.capabilities("videoCapabilities", c.VideoCapabilities)
	j.Optional("distinctiveIdentifier", c.DistinctiveIdentifier)
	j.Optional("persistentState", c.PersistentState)
	j.optionalTexts("sessionTypes", c.SessionTypes)
	j.Close('}')
}

func (j *JSON) capabilities(name string, list []platform.MediaKeySystemMediaCapability) {
	if len(list) == 0 {
		return
	}
	j.Open(name, '[')
	for _, c := range list {
		j.Open("", '{')
		j.Text("contentType", c.ContentType)
		j.Optional("robustness", c.Robustness)
		j.Optional("encryptionScheme", c.EncryptionScheme)
		j.Close('}')
	}
	j.Close(']')
}

func (j *JSON) optionalTexts(name string, list []string) {
	if len(list) > 0 {
		j.Texts(name, list)
	}
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
