package manifest

import (
	"slices"
	"strings"
	"time"
)

// KeyID names a content key (KID, 16 bytes).
type KeyID = [16]byte

// Header is what the head of a media file says of itself, whatever its container: package mp4 reads it from ftyp and moov, package webm from
// the EBML header up to the first Cluster.
type Header struct {
	Container  string // "mp4", "webm"; of text also "vtt"
	Fragmented bool   // MSE can take it: an MP4 with mvex, any WebM
	Size       int64  // bytes from the start of the file to the end of the header
	FileSize   int64  // bytes of the whole file, where the header tells (a WebM's may); 0 where it does not
	Duration   time.Duration
	Tracks     []Track
	PSSH       []byte // the pssh boxes of an MP4's moov, one after the other, as an "encrypted" event carries them
}

// Track is one track of a file.
type Track struct {
	Kind       string // "video" or "audio"; a file's tracks of other kinds are left out. A manifest has "text" too
	Codec      string // RFC 6381: "avc1.64001e", "mp4a.40.2", "vp8", "opus"
	Width      int    // of a video, in pixels; 0 where it is not known
	Height     int
	Protection *Protection
}

// Protection says how a track is encrypted under Common Encryption.
type Protection struct {
	Scheme string // "cenc", "cens", "cbc1", "cbcs"; a WebM's is "cenc" (AES-CTR)
	KeyID  KeyID  // the default key id

	// Systems is what a manifest says of each protection system. A file says it in [Header.PSSH].
	Systems []System
}

// System is one protection system's ContentProtection.
type System struct {
	ID         [16]byte // as in its PSSH
	PSSH       []byte   // cenc:pssh: whole boxes
	PRO        []byte   // mspr:pro: a PlayReady Object, without a box around it
	LicenseURL string   // dashif:Laurl, clearkey:Laurl; not trusted
}

// MIMEType is the type that MediaSource.isTypeSupported and addSourceBuffer take for the whole file.
func (h *Header) MIMEType() string {
	var codecs []string
	for _, t := range h.Tracks {
		if !slices.Contains(codecs, t.Codec) {
			codecs = append(codecs, t.Codec)
		}
	}
	return h.Kind() + "/" + h.Container + `; codecs="` + strings.Join(codecs, ",") + `"`
}

// Kind is "video" where any track is, else the kind of the first, else "audio".
func (h *Header) Kind() string {
	if slices.ContainsFunc(h.Tracks, func(t Track) bool { return t.Kind == "video" }) {
		return "video"
	}
	if len(h.Tracks) > 0 {
		return h.Tracks[0].Kind
	}
	return "audio"
}

// KeyIDs lists the default key ids of the encrypted tracks, each once, in track order; the all-zero id names no key and is left out.
func (h *Header) KeyIDs() []KeyID {
	var ids []KeyID
	for _, t := range h.Tracks {
		if p := t.Protection; p != nil && p.KeyID != (KeyID{}) && !slices.Contains(ids, p.KeyID) {
			ids = append(ids, p.KeyID)
		}
	}
	return ids
}

// Encrypted says whether any track is.
func (h *Header) Encrypted() bool {
	return slices.ContainsFunc(h.Tracks, func(t Track) bool { return t.Protection != nil })
}
