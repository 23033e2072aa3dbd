// Package cdm is a Clear Key CDM of our own, for pages where the browser has none: EME's interfaces over a [platform.Decryption], and a host whose
// element decrypts what is appended to it. Package drm cannot tell it from a browser's.
//
// It protects nothing: keys and clear media are within reach of the page.
package cdm

import (
	"context"

	"github.com/keystream-player/keystream/player/platform"
)

// Host is a host with a software CDM beside the browser's own.
type Host struct {
	platform.DecryptionHost
}

// NewHost makes one.
func NewHost(host platform.DecryptionHost) *Host { return &Host{DecryptionHost: host} }

// SoftwareKeySystems is the software CDM.
func (h *Host) SoftwareKeySystems() platform.KeySystems { return keySystems{h} }

type keySystems struct{ host *Host }

func (k keySystems) RequestMediaKeySystemAccess(
	ctx context.Context, keySystem string, configs []platform.MediaKeySystemConfiguration,
) (platform.MediaKeySystemAccess, error) {
	panic("not written yet")
}
