package drm

import (
	"context"
	"slices"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
)

// candidate is a CDM that may decrypt for a key system of the app's: the browser's, or our own.
type candidate struct {
	at         int // among the app's key systems
	keySystems platform.KeySystems
	software   bool
}

// candidates lists whom to ask, in order: for each key system the browser, then our own CDM. What plays through the element's src, unread, does not
// come by our own.
func candidates(host platform.Host, mode Software, systems []KeySystem, content Content) (list []candidate) {
	for i := range systems {
		own := softwareFor(host, mode, &systems[i])
		if content.Direct && len(content.Sets) == 0 {
			own = nil
		}
		if own == nil || mode != SoftwareAlways && !content.directMP4() {
			list = append(list, candidate{at: i, keySystems: host})
		}
		if own != nil {
			list = append(list, candidate{at: i, keySystems: own, software: true})
		}
	}
	return list
}

// softwareFor is the CDM of our own that may decrypt for a key system; nil is none. It knows nothing of displays, so it is no answer to HDCP.
func softwareFor(host platform.Host, mode Software, system *KeySystem) platform.KeySystems {
	own, ok := host.(platform.SoftwareHost)
	if !ok || mode == SoftwareNever || system.Name != clearkey.Name || system.MinHDCPVersion != "" {
		return nil
	}
	return own.SoftwareKeySystems()
}

// MayDecrypt says whether encrypted media may be decrypted by a CDM of our own, so that it need not be in a form that browsers decrypt.
func (c Config) MayDecrypt(host platform.Host) bool {
	return slices.ContainsFunc(c.KeySystems, func(s KeySystem) bool { return softwareFor(host, c.Software, &s) != nil })
}

// directMP4 says that an encrypted MP4 is to be played through the element's src. Key systems are granted for it, and yet no browser decrypts it there.
func (c Content) directMP4() bool {
	return c.Direct && slices.ContainsFunc(c.headers(), func(h *manifest.Header) bool { return h.Container == "mp4" && h.Encrypted() })
}

// reportOn says why a grant is the browser's or our own CDM's. known is what has been found out about its key system before; nil is nothing.
func (g *grant) reportOn(ctx context.Context, host platform.Host, mode Software, content Content, known *SystemReport) *Report {
	report := newReport(host)
	s := known
	switch {
	case s != nil:
	case !g.software || mode == SoftwareAlways:
		s = &SystemReport{KeySystem: g.system.Name}
	case content.directMP4():
		s = &SystemReport{KeySystem: g.system.Name, Refused: refusal(ElementSource, "mp4", g.system.Name)}
	default:
		bounded, cancel := context.WithTimeout(ctx, explainTimeout)
		defer cancel()
		s = examine(bounded, report, host, host, &g.system, content)
		if s.Refused == nil {
			s.Refused = together(g.system.Name)
		}
	}
	s.Granted, s.Configuration, s.Software = g.name, &g.configuration, g.software
	report.Systems = append(report.Systems, *s)
	return report
}
