package playertest

import (
	"slices"
	"strings"
)

// mimeType is a parsed media type: kind "video" or "audio", container "mp4" or "webm", and codecs, sorted.
type mimeType struct {
	kind, container string
	codecs          []string
}

func parseMIMEType(s string) mimeType {
	essence, params, _ := strings.Cut(s, ";")
	var m mimeType
	m.kind, m.container, _ = strings.Cut(strings.ToLower(strings.TrimSpace(essence)), "/")
	name, value, _ := strings.Cut(strings.TrimSpace(params), "=")
	if strings.EqualFold(name, "codecs") {
		for codec := range strings.SplitSeq(strings.Trim(value, `"`), ",") {
			if codec = strings.TrimSpace(codec); codec != "" {
				m.codecs = append(m.codecs, codec)
			}
		}
	}
	slices.Sort(m.codecs)
	return m
}

// fits says whether media of this type can go on in a SourceBuffer for the other: profiles and levels may differ.
func (m mimeType) fits(o mimeType) bool {
	return m.container == o.container && slices.Equal(m.families(), o.families())
}

// families are the decoders that the codecs need.
func (m mimeType) families() (all []string) {
	for _, codec := range m.codecs {
		family, _, _ := strings.Cut(strings.ToLower(codec), ".")
		if same := map[string]string{"avc3": "avc1", "hev1": "hvc1", "vp09": "vp9", "vp08": "vp8"}[family]; same != "" {
			family = same
		}
		all = append(all, family)
	}
	slices.Sort(all)
	return all
}

var (
	mp4Video  = []string{"avc1.", "avc3.", "vp09.", "av01."}
	mp4Audio  = []string{"mp4a.40.", "opus", "Opus", "flac", "fLaC"}
	webmVideo = []string{"vp8", "vp9", "vp09.", "av01."}
	webmAudio = []string{"vorbis", "opus"}
)

func hasPrefix(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

// plays says whether the browser has every codec; sound alone is legal under video/, pictures under audio/ are not.
func (h *Host) plays(m mimeType) bool {
	video, audio := mp4Video, mp4Audio
	switch {
	case m.kind != "video" && m.kind != "audio", m.container != "mp4" && m.container != "webm":
		return false
	case m.container == "webm":
		video, audio = webmVideo, webmAudio
	}
	for _, codec := range m.codecs {
		known := hasPrefix(codec, audio) || m.kind == "video" && hasPrefix(codec, video)
		if !known || hasPrefix(codec, h.options.Unsupported) {
			return false
		}
	}
	return true
}

// IsTypeSupported wants codecs in Chromium, and takes a type without in Firefox.
func (h *Host) IsTypeSupported(s string) bool {
	m := parseMIMEType(s)
	return !h.options.NoMSE && h.plays(m) && (len(m.codecs) > 0 || h.options.Engine == Firefox)
}

// keySystemPlays says whether a capability's type is granted: codecs named, and of the capability's own kind, as both browsers want it.
func (h *Host) keySystemPlays(kind, s string) bool {
	m := parseMIMEType(s)
	if m.kind != kind || !h.plays(m) || len(m.codecs) == 0 && h.options.Engine == Chromium {
		return false
	}
	own := slices.Concat(mp4Video, webmVideo)
	if kind == "audio" {
		own = slices.Concat(mp4Audio, webmAudio)
	}
	return !slices.ContainsFunc(m.codecs, func(c string) bool { return !hasPrefix(c, own) })
}
