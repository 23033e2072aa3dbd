package drm

import (
	"context"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/manifest"
)

// initData is what a licence is asked for with.
type initData struct {
	kind   string // "cenc", "webm", "keyids"
	data   []byte
	keyIDs [][16]byte // what it names, as far as the key system's vendor can read it
}

// vendor is what differs between key systems: how they read init data, and what their messages and licences look like.
type vendor interface {
	// read makes of raw init data what this key system can use: without other systems' boxes and without doubles, in an order that depends on
	// nothing but what is in it. Key ids that it names are found, but for zero ones. An error says that it holds nothing for this key system.
	read(kind string, data []byte) (initData, error)

	// system makes init data of what a manifest says; ok is false where it says nothing to this key system.
	system(s manifest.System) (in initData, ok bool)

	// narrow makes init data that names exactly these key ids; ok is false where the key system cannot ask so.
	narrow(ids [][16]byte) (in initData, ok bool)

	// keyID gives the id by which containers know the key that the CDM calls id; known says whether a container names an id.
	keyID(id [16]byte, known func([16]byte) bool) [16]byte

	// license answers a message; fetch asks the app's licence fetcher.
	license(ctx context.Context, req LicenseRequest, fetch fetchFunc) ([]byte, error)
}

type fetchFunc func(context.Context, LicenseRequest) ([]byte, error)

func newVendor(system KeySystem) (vendor, error) {
	if system.Name != clearkey.Name {
		return opaque{}, nil
	}
	keys, err := parseKeys(system)
	return clearKey{system, keys}, err
}
