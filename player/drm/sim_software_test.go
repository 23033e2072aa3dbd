package drm_test

import (
	"context"
	"maps"
	"slices"

	"github.com/keystream-player/keystream/player/cdm"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// simSoftware is a page that decrypts by itself, whether or not its browser could. Its CDM takes no time and never fails, so that all that goes wrong
// is the licences' and the app's; but the place where it decrypts dies now and then, and nobody may notice.
type simSoftware struct {
	simHost
	own *cdm.Host
}

func (h simSoftware) Element() platform.MediaElement { return simElement{h.own.Element(), h.sim} }

func (h simSoftware) SoftwareKeySystems() platform.KeySystems { return simKeySystems(h) }

type simKeySystems simSoftware

func (k simKeySystems) RequestMediaKeySystemAccess(ctx context.Context, name string, configs []platform.MediaKeySystemConfiguration,
) (platform.MediaKeySystemAccess, error) {
	access, err := k.own.SoftwareKeySystems().RequestMediaKeySystemAccess(ctx, name, configs)
	if err != nil {
		return nil, err
	}
	return simAccess{access, k.sim}, nil
}

// page is what the engine sees.
func (s *sim) page(config *drm.Config) platform.Host {
	host := simHost{s.host, s}
	if !s.software {
		return host
	}
	config.Software = []drm.Software{drm.SoftwareAlways, drm.SoftwareAuto}[s.rand.IntN(2)]
	s.host.Turn(func(o *playertest.CDMOptions) { o.NoEME = config.Software == drm.SoftwareAuto })
	return simSoftware{host, cdm.NewHost(s.host)}
}

// checkSoftware compares the keys that decrypt with those that sessions have.
func (s *sim) checkSoftware() {
	if !s.software || s.host.Decryptions() == 0 {
		return
	}
	want := map[[16]byte]bool{}
	for id := range s.judge.allUsable() {
		want[id] = true
	}
	got := map[[16]byte]bool{}
	for _, id := range s.host.DecryptionKeys() {
		got[id] = true
	}
	if !maps.Equal(got, want) || s.host.Decryptions() > 1 {
		s.judge.note("%d decryptions have the keys %x, and the sessions %x", s.host.Decryptions(), shorts(slices.Collect(maps.Keys(got))),
			shorts(slices.Collect(maps.Keys(want))))
	}
}
