package drm

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
)

const (
	maxCapabilities = 64  // of one content; a manifest may name any number
	maxTypes        = 256 // that the browser is asked about; it is assumed to have the rest
	maxDecodingInfo = 32  // questions to Media Capabilities

	// answerTimeout bounds questions that some devices never answer and that playback can do without.
	answerTimeout = 2 * time.Second
)

// capability is what a track asks of a key system.
type capability struct {
	kind        string // "video" or "audio"
	contentType string
	scheme      string // "" is any
}

// capabilitiesOf lists what a file's encrypted tracks ask for; with all, what its other tracks would ask for too.
func capabilitiesOf(header *manifest.Header, all bool) (list []capability) {
	for _, track := range header.Tracks {
		if track.Protection == nil && !all {
			continue
		}
		c := capability{kind: track.Kind, contentType: contentType(header, track)}
		if track.Protection != nil {
			c.scheme = track.Protection.Scheme
		}
		list = appendNew(list, c)
	}
	return list
}

// capabilities lists what the content asks for, each once. A key system is asked for encrypted tracks alone, since the browser decodes the others
// without it; where none is known to be encrypted, any may turn out to be.
func (c Content) capabilities() (list []capability) {
	all := !c.Encrypted()
	// The Sets take turns, so that no long one leaves the next without.
	for i, left := 0, true; left; i++ {
		left = false
		for _, set := range c.Sets {
			if i >= len(set) {
				continue
			}
			left = true
			for _, capability := range capabilitiesOf(set[i], all) {
				if list = appendNew(list, capability); len(list) == maxCapabilities {
					return list
				}
			}
		}
	}
	return list
}

// lacking finds a Set that has no Representation with all of its capabilities granted, and names the first that is not; ok is false where there is
// no such Set.
func (c Content) lacking(granted func(capability) bool) (lacks capability, ok bool) {
	all := !c.Encrypted()
	refused := func(c capability) bool { return !granted(c) }
	for _, set := range c.Sets {
		if len(set) == 0 || slices.ContainsFunc(set, func(h *manifest.Header) bool { return !slices.ContainsFunc(capabilitiesOf(h, all), refused) }) {
			continue
		}
		list := capabilitiesOf(set[0], all)
		return list[slices.IndexFunc(list, refused)], true
	}
	return capability{}, false
}

// decodable leaves out the Representations that the browser cannot decode, so that no licence is asked for them. A Set of which nothing would be
// left is an [*Error] of reason CodecRefused that names its first codec.
func decodable(ctx context.Context, host platform.Host, content Content) (Content, error) {
	var asked, refused []string
	for _, header := range content.headers() {
		t := header.MIMEType()
		if slices.Contains(asked, t) || len(asked) == maxTypes {
			continue
		}
		asked = append(asked, t)
		if content.Direct && host.Element().CanPlayType(t) == "" || !content.Direct && !host.IsTypeSupported(t) {
			refused = append(refused, t)
		}
	}
	out := Content{Direct: content.Direct}
	for _, set := range content.Sets {
		var kept Set
		for _, header := range set {
			if !slices.Contains(refused, header.MIMEType()) {
				kept = append(kept, header)
			}
		}
		if len(kept) == 0 && len(set) > 0 {
			return content, &Error{Reason: CodecRefused, Detail: "this browser cannot decode " + set[0].MIMEType()}
		}
		out.Sets = append(out.Sets, kept)
	}
	narrowDecodable(ctx, host, out)
	return out, ctx.Err()
}

// narrowDecodable asks Media Capabilities about the pictures of Sets that have a choice, all at once, and leaves out those that cannot be decoded.
// What has no answer stays, and so does all of a Set of which nothing would be left: a browser that takes the type may be tried.
//
// https://www.w3.org/TR/media-capabilities/#dom-mediacapabilities-decodinginfo
func narrowDecodable(ctx context.Context, host platform.Host, content Content) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var asking sync.WaitGroup
	var sized []*manifest.Header
	refused := make([]bool, maxDecodingInfo) // of sized
	for _, set := range content.Sets {
		for _, header := range set {
			media, ok := decodingOf(header, content.Direct)
			if !ok || len(set) == 1 || len(sized) == maxDecodingInfo {
				continue
			}
			answer := &refused[len(sized)]
			sized = append(sized, header)
			asking.Go(func() {
				info, err := host.DecodingInfo(ctx, media)
				*answer = err == nil && !info.Supported
			})
		}
	}
	asking.Wait()
	for i, set := range content.Sets {
		var kept Set
		for _, header := range set {
			if at := slices.Index(sized, header); at < 0 || !refused[at] {
				kept = append(kept, header)
			}
		}
		if len(kept) > 0 {
			content.Sets[i] = kept
		}
	}
}

// decodingOf is the question about a file's pictures; ok is false where it is not known enough of them. Chromium says no to short codec names ("vp9"),
// whatever it can.
func decodingOf(header *manifest.Header, direct bool) (media platform.MediaDecodingConfiguration, ok bool) {
	media.Type = "media-source"
	if direct {
		media.Type = "file"
	}
	for _, track := range header.Tracks {
		if track.Kind == "video" && track.Width > 0 && track.Height > 0 && strings.Contains(track.Codec, ".") {
			media.ContentType = contentType(header, track)
			media.Width, media.Height = track.Width, track.Height
			// Neither rate is known here: what every film of this size needs says whether the size can be decoded.
			media.Bitrate, media.FrameRate = 2*int64(track.Width)*int64(track.Height), 24
			return media, true
		}
	}
	return media, false
}

// contentType is that of one track.
func contentType(header *manifest.Header, track manifest.Track) string {
	return track.Kind + "/" + header.Container + `; codecs="` + track.Codec + `"`
}

// checkPolicy asks whether the display's link has the HDCP version that the key system is configured to need. A CDM or a browser that does not tell
// is not refused. The error is an [*Error] of reason Refused, or ctx's.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-mediakeys-getstatusforpolicy
func checkPolicy(ctx context.Context, keys platform.MediaKeys, system KeySystem) error {
	if system.MinHDCPVersion == "" {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	status, err := keys.StatusForPolicy(bounded, system.MinHDCPVersion)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil || status == "usable" || status == "status-pending" {
		return nil
	}
	return &Error{Reason: Refused, KeySystem: system.Name, Report: &Report{Systems: []SystemReport{{
		KeySystem: system.Name,
		Refused:   refusal(ElementHDCP, system.MinHDCPVersion, system.Name),
		Findings:  []Finding{{Element: ElementHDCP, Value: system.MinHDCPVersion}},
	}}}}
}
