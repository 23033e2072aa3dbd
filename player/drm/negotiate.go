package drm

import (
	"context"
	"errors"
	"slices"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
)

// grant is a key system that the browser lets us use.
type grant struct {
	system KeySystem // as the app configured it
	vendor vendor
	access platform.MediaKeySystemAccess
}

// negotiate asks for each key system in the app's order until one is granted.
//
// https://www.w3.org/TR/encrypted-media-2/#requestmediakeysystemaccess
func negotiate(ctx context.Context, host platform.Host, systems []KeySystem, content Content) (*grant, error) {
	if len(systems) == 0 {
		return nil, &Error{Reason: NoKeySystem, KeyIDs: content.KeyIDs()}
	}
	configs := configurations(content)
	refused := &Error{Reason: Refused, Configuration: configs, Insecure: !host.IsSecureContext()}
	for _, system := range systems {
		access, err := host.RequestMediaKeySystemAccess(ctx, system.Name, configs)
		if err == nil {
			dropped := lacking(configs[0], access.Configuration())
			if len(content.Sets) == 0 || dropped == "" {
				vendor, err := newVendor(system)
				return &grant{system, vendor, access}, err
			}
			err = errors.New("it grants all but " + dropped)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.Is(err, platform.ErrNoEME) {
			return nil, &Error{Reason: NoEME, KeySystem: system.Name, Insecure: refused.Insecure, Cause: err}
		}
		refused.Refusals = append(refused.Refusals, system.Name)
		refused.Cause = err
		if refused.Detail == "" {
			refused.Detail = blameScheme(ctx, host, system.Name, configs)
		}
	}
	return nil, refused
}

// lacking names what was asked for and not granted: a configuration is granted as soon as one capability of each kind is, and the content
// needs all of them.
func lacking(asked, granted platform.MediaKeySystemConfiguration) string {
	for _, pair := range [][2][]platform.MediaKeySystemMediaCapability{
		{asked.VideoCapabilities, granted.VideoCapabilities}, {asked.AudioCapabilities, granted.AudioCapabilities},
	} {
		for _, want := range pair[0] {
			if !slices.ContainsFunc(pair[1], func(have platform.MediaKeySystemMediaCapability) bool { return have.ContentType == want.ContentType }) {
				return want.ContentType
			}
		}
	}
	return ""
}

// blameScheme asks once more without encryption schemes: if that is granted, the scheme alone was refused, which the browser does not say.
func blameScheme(ctx context.Context, host platform.Host, name string, configs []platform.MediaKeySystemConfiguration) string {
	scheme := ""
	strip := func(capabilities []platform.MediaKeySystemMediaCapability) []platform.MediaKeySystemMediaCapability {
		var out []platform.MediaKeySystemMediaCapability
		for _, c := range capabilities {
			if c.EncryptionScheme != "" {
				scheme = c.EncryptionScheme
			}
			c.EncryptionScheme = ""
			out = append(out, c)
		}
		return out
	}
	var bare []platform.MediaKeySystemConfiguration
	for _, c := range configs {
		c.AudioCapabilities, c.VideoCapabilities = strip(c.AudioCapabilities), strip(c.VideoCapabilities)
		bare = append(bare, c)
	}
	if scheme == "" {
		return ""
	}
	if _, err := host.RequestMediaKeySystemAccess(ctx, name, bare); err != nil {
		return ""
	}
	return "the encryption scheme " + scheme + " is what it refuses"
}

// configurations asks with the content's own containers, codecs and schemes, audio and video apart. For content that nobody has read yet
// it asks for the commonest codecs of each container.
func configurations(content Content) []platform.MediaKeySystemConfiguration {
	if len(content.Sets) == 0 {
		return []platform.MediaKeySystemConfiguration{
			configuration([]string{"cenc", "keyids"}, "mp4", "avc1.42E01E", "mp4a.40.2"),
			configuration([]string{"webm", "keyids"}, "webm", "vp8", "vorbis"),
			configuration([]string{"webm", "keyids"}, "webm", "vp9", "opus"),
		}
	}
	var config platform.MediaKeySystemConfiguration
	for _, header := range content.headers() {
		initDataType := "cenc"
		if header.Container == "webm" {
			initDataType = "webm"
		}
		config.InitDataTypes = appendNew(config.InitDataTypes, initDataType)
		for _, track := range header.Tracks {
			capability := platform.MediaKeySystemMediaCapability{ContentType: track.Kind + "/" + header.Container + `; codecs="` + track.Codec + `"`}
			if track.Protection != nil {
				capability.EncryptionScheme = track.Protection.Scheme
			}
			if track.Kind == "video" {
				config.VideoCapabilities = appendNew(config.VideoCapabilities, capability)
			} else {
				config.AudioCapabilities = appendNew(config.AudioCapabilities, capability)
			}
		}
	}
	config.InitDataTypes = appendNew(config.InitDataTypes, "keyids")
	return []platform.MediaKeySystemConfiguration{config}
}

func configuration(initDataTypes []string, container, video, audio string) platform.MediaKeySystemConfiguration {
	return platform.MediaKeySystemConfiguration{
		InitDataTypes:     initDataTypes,
		VideoCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: "video/" + container + `; codecs="` + video + `"`}},
		AudioCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: "audio/" + container + `; codecs="` + audio + `"`}},
	}
}

// Validate reads what can be read of the configuration before anything is played.
func Validate(systems []KeySystem) error {
	for _, system := range systems {
		if system.Name == "" {
			return &Error{Reason: BadKeys, Detail: "a key system has no name"}
		}
		if len(system.Keys) > 0 && system.Name != clearkey.Name {
			return &Error{Reason: BadKeys, KeySystem: system.Name, Detail: "only " + clearkey.Name + " takes keys; this key system needs a license"}
		}
		if _, err := parseKeys(system); err != nil {
			return err
		}
	}
	return nil
}
