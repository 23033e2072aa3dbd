package drm

import (
	"context"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
)

// Probe asks for key systems without playing: what each grants for the content, or why it refuses, and every part of it by itself. Without systems it
// asks for those that Keystream knows, without content for the codecs and schemes that are common. When ctx ends, the report is of what was answered.
func Probe(ctx context.Context, host platform.Host, systems []KeySystem, content Content) *Report {
	if len(systems) == 0 {
		for _, f := range families {
			systems = append(systems, KeySystem{Name: f.name})
		}
	}
	report := newReport(host)
	for i := range systems {
		system := &systems[i]
		s := examine(ctx, report, host, host, system, content)
		if s.Refused == nil && ctx.Err() == nil {
			s.probe(ctx, host, system, content)
		}
		if own := softwareFor(host, SoftwareAuto, system); own != nil && s.Refused != nil && ctx.Err() == nil {
			s.probeSoftware(ctx, own, system, content)
		}
		report.Systems = append(report.Systems, *s)
	}
	return report
}

// probe asks for a key system as a load does.
func (s *SystemReport) probe(ctx context.Context, host platform.Host, system *KeySystem, content Content) {
	g, err := request(ctx, host, system, content)
	if err != nil {
		s.Refused = together(system.Name)
		return
	}
	if system.MinHDCPVersion != "" {
		keys, err := g.access.CreateMediaKeys(ctx)
		if err != nil {
			return
		}
		err = checkPolicy(ctx, keys, *system)
		s.Findings = append(s.Findings, Finding{Element: ElementHDCP, Value: system.MinHDCPVersion, Granted: err == nil})
		if err != nil {
			s.Refused = refusal(ElementHDCP, system.MinHDCPVersion, system.Name)
			return
		}
	}
	s.Granted, s.Configuration = g.name, &g.configuration
}

// probeSoftware asks our own CDM, where the browser's refuses.
func (s *SystemReport) probeSoftware(ctx context.Context, own platform.KeySystems, system *KeySystem, content Content) {
	if g, err := request(ctx, own, system, content); err == nil {
		s.Granted, s.Configuration, s.Software = g.name, &g.configuration, true
	}
}

// commonCodecs are what a probe asks for without content.
var commonCodecs = [...]struct{ kind, container, scheme, codec string }{
	{"video", "mp4", "cenc", "avc1.42E01E"},
	{"video", "mp4", "cbcs", "avc1.42E01E"},
	{"video", "mp4", "cenc", "hvc1.1.6.L93.B0"},
	{"video", "mp4", "cenc", "vp09.00.10.08"},
	{"video", "mp4", "cenc", "av01.0.04M.08"},
	{"video", "webm", "cenc", "vp8"},
	{"video", "webm", "cenc", "vp9"},
	{"audio", "mp4", "cenc", "mp4a.40.2"},
	{"audio", "mp4", "cbcs", "mp4a.40.2"},
	{"audio", "mp4", "cenc", "opus"},
	{"audio", "webm", "cenc", "vorbis"},
	{"audio", "webm", "cenc", "opus"},
}

// commonContent is a film of which any of the pictures, with any of the sounds, will do.
func commonContent() Content {
	sets := make([]Set, 2)
	for _, c := range commonCodecs {
		i := 0
		if c.kind == "audio" {
			i = 1
		}
		track := manifest.Track{Kind: c.kind, Codec: c.codec, Protection: &manifest.Protection{Scheme: c.scheme}}
		sets[i] = append(sets[i], &manifest.Header{Container: c.container, Tracks: []manifest.Track{track}})
	}
	return Content{Sets: sets}
}
