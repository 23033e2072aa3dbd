package playertest

import (
	"context"
	"slices"

	"github.com/keystream-player/keystream/player/platform"
)

// DecodingInfo supports what [Host.IsTypeSupported] does, or what the options say.
func (h *Host) DecodingInfo(ctx context.Context, media platform.MediaDecodingConfiguration) (platform.MediaCapabilitiesInfo, error) {
	var none, info platform.MediaCapabilitiesInfo
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if !h.validDecoding(media) {
		return none, dom("TypeError", "decodingInfo: the configuration is not valid")
	}
	err := h.async(ctx, latency, func() (err error) {
		if h.options.DecodingInfo != nil {
			info, err = h.options.DecodingInfo(media)
			return err
		}
		supported := h.IsTypeSupported(media.ContentType)
		info = platform.MediaCapabilitiesInfo{Supported: supported, Smooth: supported, PowerEfficient: supported}
		return nil
	})
	if err != nil {
		return none, err // info may be written later, where nobody waits any more
	}
	return info, nil
}

// validDecoding is "is a valid MediaDecodingConfiguration", where Chromium lets pass what Firefox does not: no size, and not exactly one codec.
//
// https://www.w3.org/TR/media-capabilities/#valid-mediadecodingconfiguration
func (h *Host) validDecoding(media platform.MediaDecodingConfiguration) bool {
	m := parseMIMEType(media.ContentType)
	firefox := h.options.Engine == Firefox
	switch {
	case !slices.Contains([]string{"file", "media-source"}, media.Type), m.kind != "video" && m.kind != "audio",
		firefox && len(m.codecs) != 1:
		return false
	case m.kind == "video":
		return media.FrameRate > 0 && (!firefox || media.Width > 0 && media.Height > 0)
	}
	return true
}
