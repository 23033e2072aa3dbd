package dash

import (
	"cmp"
	"strings"

	"github.com/keystream-player/keystream/player/manifest"
)

// readRepresentation appends a Representation to its set, unless it is not one that we play.
func (r *reader) readRepresentation(n int32, set *scope, to *manifest.AdaptationSet) {
	p := set.properties
	p.read(r.doc.attributes(n))
	own := scope{period: set.period, segments: set.segments}
	if !r.spend(costOfRepr) {
		return
	}
	for c := range r.doc.children(n) {
		switch r.doc.nodes[c].element {
		case elEssentialProperty:
			if !known(r.descriptor(c)) {
				r.leaveOut(Unsupported, errEssential)
				return
			}
		case elAudioChannelConfiguration:
			p.channels = channels(r.descriptor(c))
		}
	}
	own.segments.inherit(r.doc, n)
	base, err := r.baseURLs(n, set.base)
	if err != nil {
		r.leaveOut(BadURL, err)
		return
	}
	kind, container := p.media(base[0], own.segments.media)
	switch {
	case kind == "image":
		return
	case kind == "" || container == "":
		r.leaveOut(Unsupported, errContainer)
		return
	case to.Kind != "" && to.Kind != kind:
		r.leaveOut(Unsupported, errContainer)
		return
	}
	header := &manifest.Header{Container: container, Fragmented: container == "mp4" || container == "webm"}
	header.Tracks = p.tracks(kind, r.protect(set.protection, n, false))
	representation := manifest.Representation{Bandwidth: p.bandwidth, FrameRate: p.frameRate, Channels: p.channels, Header: header, BaseURLs: base}
	if e := r.locate(&representation, &own, p.id); e != nil {
		r.leaveOut(e.Kind, e.Err)
		return
	}
	representation.ID = r.unique(p.id, set.representations)
	to.Kind = kind
	to.Representations = append(to.Representations, representation)
}

// media gives the kind, "" where it is none that we know, and the container, as [manifest.Header] has it. The base URL and the template of
// segments help where the MIME type is missing.
func (p *properties) media(base, template string) (kind, container string) {
	mime, parameters, _ := strings.Cut(p.mimeType, ";")
	mime, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(mime)), " ")
	if codecs, ok := strings.CutPrefix(strings.TrimSpace(parameters), "codecs="); ok && p.codecs == "" {
		p.codecs = strings.Trim(codecs, `"' `)
	}
	if mime == "" {
		mime = guess(cmp.Or(template, base))
	}
	major, minor, _ := strings.Cut(mime, "/")
	switch {
	case major == "image" || p.contentType == "image":
		return "image", ""
	case mime == "text/vtt":
		return "text", "vtt"
	case mime == "application/ttml+xml":
		return "text", "ttml"
	case minor != "mp4" && minor != "webm":
		return "", ""
	}
	if kind = codecsKind(p.codecs); kind == "" {
		kind = major
		if major == "application" || p.contentType != "" {
			kind = p.contentType
		}
	}
	if kind != "video" && kind != "audio" && kind != "text" {
		return "", ""
	}
	return kind, minor
}

// guess gives a MIME type for a URL, or a template; that of MP4 where it does not tell.
func guess(url string) string {
	url, _, _ = strings.Cut(url, "?")
	switch {
	case strings.HasSuffix(url, ".vtt"):
		return "text/vtt"
	case strings.HasSuffix(url, ".webm"):
		return "application/webm"
	}
	return "application/mp4"
}

// tracks are those that the codecs name, or one of no codec.
func (p *properties) tracks(kind string, protection *manifest.Protection) []manifest.Track {
	track := manifest.Track{Kind: kind, Protection: protection}
	if kind == "video" {
		track.Width, track.Height = p.width, p.height
	}
	var tracks []manifest.Track
	for codec := range strings.SplitSeq(p.codecs, ",") {
		codec = strings.TrimSpace(codec)
		of := codecKind(codec)
		switch {
		case codec == "" || len(tracks) == maxTracks || of == "text" && kind != "text":
			continue
		case of == "audio" && kind == "video":
			tracks = append(tracks, manifest.Track{Kind: "audio", Codec: codec, Protection: protection})
		default:
			track.Codec = codec
			tracks = append(tracks, track)
		}
	}
	if len(tracks) == 0 {
		return []manifest.Track{track}
	}
	return tracks
}

// codecsKind is "video" where any codec is, else the kind of the first that we know.
func codecsKind(codecs string) string {
	first := ""
	for codec := range strings.SplitSeq(codecs, ",") {
		switch kind := codecKind(strings.TrimSpace(codec)); {
		case kind == "video":
			return kind
		case first == "":
			first = kind
		}
	}
	return first
}

// codecKind is "" for a codec that we do not know.
func codecKind(codec string) string {
	name, _, _ := strings.Cut(codec, ".")
	switch strings.ToLower(name) {
	case "avc1", "avc2", "avc3", "avc4", "hev1", "hvc1", "hev2", "hvc2", "dvh1", "dvhe", "dva1", "dvav", "dav1", "av01", "vp8", "vp9", "vp08", "vp09", "vp10", "mp4v",
		"vvc1", "vvi1", "lvc1", "evc1", "s263", "theora":
		return "video"
	case "mp4a", "ac-3", "ec-3", "ac-4", "opus", "flac", "vorbis", "alac", "dtsc", "dtse", "dtsh", "dtsl", "dts-", "dts+", "dtsx", "dtsy", "mha1", "mha2", "mhm1",
		"mhm2", "iamf", "ipcm", "fpcm", "mp3", "samr", "sawb":
		return "audio"
	case "stpp", "wvtt", "tx3g", "c608", "c708":
		return "text"
	}
	return ""
}
