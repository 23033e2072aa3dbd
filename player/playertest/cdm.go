package playertest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

const (
	emeLane  = "eme"
	clearKey = "org.w3.clearkey"
)

// CDMOptions are the knobs of the key system. The zero value is the browsers' own Clear Key, right in everything.
type CDMOptions struct {
	NoEME      bool     // requestMediaKeySystemAccess does not exist
	KeySystems []string // that exist; nil is Clear Key

	AccessDelay, CreateDelay, SetMediaKeysDelay, GenerateDelay, UpdateDelay, CloseDelay time.Duration // on top of 1 ms

	CreateError, SetMediaKeysError, GenerateError, UpdateError error // instead of success

	MessageFirst     bool                // the message event comes before generateRequest resolves
	RepeatedMessages int                 // how many times more the message comes
	Statuses         map[[16]byte]string // of a key, instead of "usable"
}

type access struct {
	host   *Host
	system string
	config platform.MediaKeySystemConfiguration
}

// RequestMediaKeySystemAccess grants the first configuration that the engine's Clear Key would.
func (h *Host) RequestMediaKeySystemAccess(ctx context.Context, keySystem string, configs []platform.MediaKeySystemConfiguration,
) (platform.MediaKeySystemAccess, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if h.options.CDM.NoEME {
		return nil, platform.ErrNoEME
	}
	if keySystem == "" || len(configs) == 0 {
		h.mu.Lock()
		defer h.mu.Unlock()
		return nil, h.violation("TypeError", "requestMediaKeySystemAccess: %q with %d configurations", keySystem, len(configs))
	}
	asked := make([]platform.MediaKeySystemConfiguration, len(configs))
	for i, c := range configs {
		asked[i] = cloneConfig(c)
	}
	var granted *access
	err := h.async(ctx, latency+h.options.CDM.AccessDelay, func() error {
		for _, c := range asked {
			if config, ok := h.grant(keySystem, c); ok {
				granted = &access{h, keySystem, config}
				h.logf(emeLane, "access to %s granted", keySystem)
				return nil
			}
		}
		h.logf(emeLane, "access to %s refused", keySystem)
		return dom("NotSupportedError", "Unsupported keySystem or supportedConfigurations.")
	})
	if err != nil {
		return nil, err
	}
	return granted, nil
}

func cloneConfig(c platform.MediaKeySystemConfiguration) platform.MediaKeySystemConfiguration {
	c.InitDataTypes, c.SessionTypes = slices.Clone(c.InitDataTypes), slices.Clone(c.SessionTypes)
	c.AudioCapabilities, c.VideoCapabilities = slices.Clone(c.AudioCapabilities), slices.Clone(c.VideoCapabilities)
	return c
}

// grant is "get supported configuration" as both browsers answer it for Clear Key.
//
// https://www.w3.org/TR/encrypted-media-2/#get-supported-configuration
func (h *Host) grant(keySystem string, asked platform.MediaKeySystemConfiguration) (platform.MediaKeySystemConfiguration, bool) {
	systems := h.options.CDM.KeySystems
	if systems == nil {
		systems = []string{clearKey}
	}
	granted := platform.MediaKeySystemConfiguration{
		Label: asked.Label, DistinctiveIdentifier: "not-allowed", PersistentState: "not-allowed", SessionTypes: []string{"temporary"},
	}
	if !slices.Contains(systems, keySystem) || asked.DistinctiveIdentifier == "required" ||
		slices.ContainsFunc(asked.SessionTypes, func(t string) bool { return t != "temporary" }) {
		return granted, false
	}
	if asked.PersistentState == "required" {
		granted.PersistentState = "required"
		if h.options.Engine == Chromium {
			return granted, false
		}
	}
	for _, t := range asked.InitDataTypes {
		if slices.Contains([]string{"cenc", "keyids", "webm"}, t) {
			granted.InitDataTypes = append(granted.InitDataTypes, t)
		}
	}
	granted.AudioCapabilities = h.grantCapabilities("audio", asked.AudioCapabilities)
	granted.VideoCapabilities = h.grantCapabilities("video", asked.VideoCapabilities)
	switch {
	case len(asked.InitDataTypes) > 0 && len(granted.InitDataTypes) == 0,
		len(asked.AudioCapabilities) > 0 && len(granted.AudioCapabilities) == 0,
		len(asked.VideoCapabilities) > 0 && len(granted.VideoCapabilities) == 0,
		len(asked.AudioCapabilities)+len(asked.VideoCapabilities) == 0 && h.options.Engine == Chromium:
		return granted, false
	}
	return granted, true
}

// grantCapabilities keeps what can be played; an empty content type refuses them all.
func (h *Host) grantCapabilities(kind string, asked []platform.MediaKeySystemMediaCapability) []platform.MediaKeySystemMediaCapability {
	var granted []platform.MediaKeySystemMediaCapability
	for _, c := range asked {
		if c.ContentType == "" {
			return nil
		}
		if h.keySystemPlays(kind, c.ContentType) && c.Robustness == "" &&
			slices.Contains([]string{"", "cenc", "cbcs", "cbcs-1-9"}, c.EncryptionScheme) {
			granted = append(granted, c)
		}
	}
	return granted
}

func (a *access) KeySystem() string                                   { return a.system }
func (a *access) Configuration() platform.MediaKeySystemConfiguration { return cloneConfig(a.config) }

func (a *access) CreateMediaKeys(ctx context.Context) (platform.MediaKeys, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	keys := &mediaKeys{host: a.host, initDataTypes: a.config.InitDataTypes}
	err := a.host.async(ctx, latency+a.host.options.CDM.CreateDelay, func() error {
		if err := a.host.options.CDM.CreateError; err != nil {
			a.host.logf(emeLane, "createMediaKeys failed")
			return err
		}
		a.host.logf(emeLane, "createMediaKeys")
		return nil
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

type mediaKeys struct {
	host          *Host
	initDataTypes []string
	element       *Element // that it is attached to
	sessions      []*session
}

func (k *mediaKeys) CreateSession(sessionType string) (platform.MediaKeySession, error) {
	k.host.mu.Lock()
	defer k.host.mu.Unlock()
	switch sessionType {
	case "", "temporary":
	case "persistent-license":
		return nil, dom("NotSupportedError", "createSession: unsupported session type")
	default:
		return nil, k.host.violation("TypeError", "createSession: no session type %q", sessionType)
	}
	k.host.sessions++
	s := &session{keys: k, number: k.host.sessions, lane: fmt.Sprintf("session %d", k.host.sessions)}
	s.listeners.host = k.host
	k.sessions = append(k.sessions, s)
	k.host.logf(s.lane, "created")
	return s, nil
}

// SetServerCertificate is refused as Clear Key refuses it: without an error.
func (k *mediaKeys) SetServerCertificate(ctx context.Context, certificate []byte) (used bool, err error) {
	if len(certificate) == 0 {
		return false, dom("TypeError", "setServerCertificate: the certificate is empty")
	}
	err = k.host.async(ctx, latency, func() error { return nil })
	return false, err
}

// StatusForPolicy knows no HDCP: everything is usable.
func (k *mediaKeys) StatusForPolicy(ctx context.Context, _ string) (status string, err error) {
	err = k.host.async(ctx, latency, func() error { return nil })
	return "usable", err
}

// find gives the content key of that id, if a session has it usable. The host's mutex is held; k may be nil.
func (k *mediaKeys) find(id [16]byte) (key [16]byte, usable bool) {
	if k == nil {
		return key, false
	}
	for _, s := range k.sessions {
		for _, own := range s.held {
			if string(own.id) == string(id[:]) && own.status == "usable" {
				return own.key, true
			}
		}
	}
	return key, false
}

// changed lets the element see that a key came or went. The host's mutex is held.
func (k *mediaKeys) changed() {
	if k.element != nil {
		k.element.update()
	}
}

// OpenSessions counts the sessions of this page that made a request and are not closed.
func (h *Host) OpenSessions() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open
}
