package webm

import (
	"strings"

	"github.com/keystream-player/keystream/player/manifest"
)

// codecID is the text of a CodecID, "" for text that should stand neither in a message nor in a MIME type.
func codecID(data []byte) string {
	id, _, _ := strings.Cut(string(data[:min(len(data), 64)]), "\x00")
	for _, c := range []byte(id) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if digit := c >= '0' && c <= '9'; !letter && !digit && !strings.ContainsRune("_/.-", rune(c)) {
			return ""
		}
	}
	return id
}

// codec is the codecs parameter for a CodecID: the CodecID itself where it is none of WebM's, since no browser will take it then.
//
// https://www.webmproject.org/docs/container/#codec-mappings
func codec(id string, private []byte) string {
	switch id {
	case "V_VP8":
		return "vp8"
	case "V_VP9":
		return vp9(private)
	case "V_AV1":
		if s := manifest.AV1Codec(private); s != "" {
			return s
		}
		return "av1"
	case "A_VORBIS":
		return "vorbis"
	case "A_OPUS":
		return "opus"
	}
	return id
}

// vp9 reads CodecPrivate, a list of features: an id, a length and a value each. With profile, level and depth known, the long form is made.
//
// https://www.webmproject.org/docs/container/#vp9-codec-feature-metadata-codecprivate
func vp9(private []byte) string {
	var feature [5]byte
	var known [5]bool
	for p := private; len(p) >= 3 && p[1] == 1; p = p[3:] {
		if id := p[0]; int(id) < len(feature) {
			feature[id], known[id] = p[2], true
		}
	}
	const profile, level, depth, chroma = 1, 2, 3, 4
	if known[profile] && known[depth] && feature[level] != 0 {
		return manifest.VPCodec("vp09", feature[profile], feature[level], feature[depth], feature[chroma])
	}
	return "vp9"
}
