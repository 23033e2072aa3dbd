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

func (m mimeType) equal(o mimeType) bool {
	return m.kind == o.kind && m.container == o.container && slices.Equal(m.codecs, o.codecs)
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
