package drm

import (
	"context"
	"strings"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/drm/playready"
	"github.com/keystream-player/keystream/player/drm/widevine"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
)

// initData is what a licence is asked for with.
type initData struct {
	kind   string // "cenc", "webm", "keyids"
	data   []byte
	keyIDs [][16]byte // what it names, as far as the key system's vendor can read it; none where it cannot be sure to have read all

	licenseURL string // where to ask: what the manifest says, or else it itself (PlayReady's LA_URL); not trusted, "" where there is none
}

// asks says whether it is the same request.
func (in initData) asks(other initData) bool {
	return in.kind == other.kind && in.licenseURL == other.licenseURL && string(in.data) == string(other.data)
}

// vendor is what differs between key systems: how they read init data, and what their messages and licences look like.
type vendor interface {
	// read makes of raw init data what this key system can use: without other systems' boxes and without doubles, in an order that depends on
	// nothing but what is in it. Key ids that it names are found, but for zero ones. An error says that it holds nothing for this key system.
	read(kind string, data []byte) (initData, error)

	// system makes init data of what a manifest says; ok is false where it says nothing to this key system.
	system(s manifest.System) (in initData, ok bool)

	// narrow makes init data that names exactly these key ids, of content under this protection scheme ("" is not known); ok is false where the
	// key system cannot ask so.
	narrow(ids [][16]byte, scheme string) (in initData, ok bool)

	// part is as little of in as asks for these key ids, with all else that in says (narrow makes init data out of nothing): in itself where it
	// cannot be divided.
	part(in initData, ids [][16]byte) initData

	// keyID gives the id by which containers know the key that the CDM calls id; known says whether a container names an id.
	keyID(id [16]byte, known func([16]byte) bool) [16]byte

	// license answers a message; fetch asks the app's licence fetcher.
	license(ctx context.Context, req LicenseRequest, fetch fetchFunc) ([]byte, error)
}

type fetchFunc func(context.Context, LicenseRequest) ([]byte, error)

// newVendor picks by the key system's family.
func newVendor(system KeySystem) (vendor, error) {
	switch {
	case system.Name == clearkey.Name:
		keys, err := parseKeys(system)
		return clearKey{system, keys}, err
	case strings.HasPrefix(system.Name, widevine.Name):
		return widevineVendor{system.Name}, nil
	case strings.HasPrefix(system.Name, playready.Name):
		return playReady{system.Name}, nil
	}
	return opaque{}, nil
}

// owns says whether a manifest's protection system is the vendor's.
func owns(v vendor, system [16]byte) bool {
	switch v.(type) {
	case widevineVendor:
		return system == widevine.SystemID
	case playReady:
		return system == playready.SystemID
	case clearKey:
		return system == systemClearKey || system == mp4.SystemCommon
	}
	return false
}
