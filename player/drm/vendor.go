package drm

import (
	"context"

	"github.com/keystream-player/keystream/player/drm/clearkey"
)

// initData is what a licence is asked for with.
type initData struct {
	kind   string // "cenc", "webm", "keyids"
	data   []byte
	keyIDs [][16]byte // what it names, as far as the key system's vendor can read it
}

// vendor is what differs between key systems: how they read init data, and what their messages and licences look like.
type vendor interface {
	// read finds the key ids that init data names.
	read(kind string, data []byte) (initData, error)

	// narrow makes init data for some of the key ids of in; ok is false where the key system cannot.
	narrow(in initData, ids [][16]byte) (out initData, ok bool)

	// license answers a message; fetch asks the app's licence fetcher.
	license(ctx context.Context, req LicenseRequest, fetch fetchFunc) ([]byte, error)
}

type fetchFunc func(context.Context, LicenseRequest) ([]byte, error)

func newVendor(system KeySystem) (vendor, error) {
	if system.Name != clearkey.Name {
		return opaque{system}, nil
	}
	keys, err := parseKeys(system)
	return clearKey{system, keys}, err
}

// opaque is a key system whose init data and messages pass through unread.
type opaque struct{ system KeySystem }

func (opaque) read(kind string, data []byte) (initData, error) {
	return initData{kind: kind, data: data}, nil
}

func (opaque) narrow(in initData, _ [][16]byte) (initData, bool) { return in, false }

func (v opaque) license(ctx context.Context, req LicenseRequest, fetch fetchFunc) ([]byte, error) {
	if v.system.License == nil {
		return nil, &Error{Reason: NoKey, KeySystem: v.system.Name, KeyIDs: req.KeyIDs}
	}
	return fetch(ctx, req)
}
