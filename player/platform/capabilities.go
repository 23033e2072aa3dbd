package platform

// MediaDecodingConfiguration asks whether one track can be decoded.
//
// https://www.w3.org/TR/media-capabilities/#mediadecodingconfiguration
type MediaDecodingConfiguration struct {
	Type        string // "file" or "media-source"
	ContentType string // of one track; its first part says whether it is video or audio

	// Of video.
	Width, Height int
	Bitrate       int64 // bits a second
	FrameRate     float64
}

// MediaCapabilitiesInfo is the browser's answer.
type MediaCapabilitiesInfo struct{ Supported, Smooth, PowerEfficient bool }
