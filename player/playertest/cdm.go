package playertest

import (
	"context"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

const (
	emeLane  = "eme"
	clearKey = "org.w3.clearkey"
)

// CDMOptions are the knobs of the page's key systems. The zero value is the browsers' own Clear Key, right in everything. A knob may be turned
// while the page lives: see [Host.Turn].
type CDMOptions struct {
	NoEME bool // requestMediaKeySystemAccess does not exist

	// KeySystems exist, by their full names; nil is Clear Key. Those that begin with com.widevine.alpha and com.microsoft.playready speak their own
	// formats, all others Clear Key's. Grants is what one of them can keep; one that is not in it is as its real CDMs are.
	KeySystems []string
	Grants     map[string]Grant

	AccessDelay, CreateDelay, SetMediaKeysDelay, GenerateDelay, UpdateDelay, CloseDelay time.Duration // on top of 1 ms

	// An error is thrown instead of success. Those of a list are of the next calls, one after the other, where nil is a success; they come before the
	// error that stays.
	AccessError, CreateError, SetMediaKeysError, GenerateError, UpdateError error
	CreateErrors, SetMediaKeysErrors, GenerateErrors, UpdateErrors          []error

	MessageFirst     bool          // the message event comes before generateRequest resolves
	MessageDelay     time.Duration // from generateRequest, or from the update before it, to the message
	RepeatedMessages int           // how many times more each licence request comes

	Individualization bool // an individualization-request comes before the first licence request of each session
	CertificateFirst  bool // Widevine: so does a certificate request, where no certificate was set
	PlainMessages     bool // PlayReady: the message is the bare challenge in UTF-8, as of newer CDMs

	NoCertificate    bool  // setServerCertificate is of no use to the CDM
	CertificateError error // setServerCertificate fails

	Statuses     map[[16]byte]string // of a key, instead of "usable"
	PendingFor   time.Duration       // a key is "status-pending" for so long after its first licence came
	SwappedIDs   bool                // key ids are reported as little-endian GUIDs, as PlayReady does
	ExpireAfter  time.Duration       // a licence ends so long after its update; 0 is never
	RenewAfter   time.Duration       // a license-renewal message comes so long after an update; 0 is never
	RenewRetry   time.Duration       // and again after each such time without an update; 0 is never
	HDCPStatuses map[string]string   // what getStatusForPolicy says of a version; what is not in it is "usable"

	MaxSessions    int  // that are open at a time, on the whole page; 0 is no limit
	MaxKeys        int  // that are held at a time, on the whole page; 0 is no limit. One more is a QuotaExceededError of update
	QuotaAtRequest bool // the QuotaExceededError of MaxSessions is generateRequest's, else createSession's
	Evict          bool // instead of an error, the oldest session is closed with "resource-evicted"
}

// Turn changes the knobs between two calls.
func (h *Host) Turn(turn func(*CDMOptions)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	turn(&h.options.CDM)
}

// next takes the error that the next call ends with. The host's mutex is held.
func next(list *[]error, always error) error {
	if len(*list) == 0 {
		return always
	}
	err := (*list)[0]
	*list = (*list)[1:]
	return err
}

type access struct {
	host   *Host
	system string
	config platform.MediaKeySystemConfiguration
}

// RequestMediaKeySystemAccess grants the first configuration that the key system can keep.
func (h *Host) RequestMediaKeySystemAccess(ctx context.Context, keySystem string, configs []platform.MediaKeySystemConfiguration,
) (platform.MediaKeySystemAccess, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	asked := make([]platform.MediaKeySystemConfiguration, len(configs))
	for i, c := range configs {
		asked[i] = cloneConfig(c)
	}
	h.mu.Lock()
	err := h.refuseAccess(keySystem, configs)
	delay := h.options.CDM.AccessDelay
	h.mu.Unlock()
	if err != nil {
		return nil, err
	}
	var granted *access
	err = h.async(ctx, latency+delay, func() error {
		if err := h.options.CDM.AccessError; err != nil {
			h.logf(emeLane, "access to %s failed", keySystem)
			return err
		}
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

// refuseAccess is for the refusals that come at once. Firefox knows no permissions policy for encrypted media.
func (h *Host) refuseAccess(keySystem string, configs []platform.MediaKeySystemConfiguration) error {
	switch {
	case h.options.CDM.NoEME:
		return platform.ErrNoEME
	case keySystem == "" || len(configs) == 0:
		return h.violation("TypeError", "requestMediaKeySystemAccess: %q with %d configurations", keySystem, len(configs))
	case !h.AllowsFeature("encrypted-media"):
		return dom("SecurityError", "requestMediaKeySystemAccess is disabled by permissions policy.")
	}
	return nil
}

func cloneConfig(c platform.MediaKeySystemConfiguration) platform.MediaKeySystemConfiguration {
	c.InitDataTypes, c.SessionTypes = slices.Clone(c.InitDataTypes), slices.Clone(c.SessionTypes)
	c.AudioCapabilities, c.VideoCapabilities = slices.Clone(c.AudioCapabilities), slices.Clone(c.VideoCapabilities)
	return c
}

func (a *access) KeySystem() string                                   { return a.system }
func (a *access) Configuration() platform.MediaKeySystemConfiguration { return cloneConfig(a.config) }

func (a *access) CreateMediaKeys(ctx context.Context) (platform.MediaKeys, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	h := a.host
	keys := &mediaKeys{host: h, cdm: cdmOf(a.system), config: a.config}
	h.mu.Lock()
	delay := h.options.CDM.CreateDelay
	h.mu.Unlock()
	err := h.async(ctx, latency+delay, func() error {
		if err := next(&h.options.CDM.CreateErrors, h.options.CDM.CreateError); err != nil {
			h.logf(emeLane, "createMediaKeys failed")
			return err
		}
		h.logf(emeLane, "createMediaKeys")
		h.keys = append(h.keys, keys)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}
