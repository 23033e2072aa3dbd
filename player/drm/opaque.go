package drm

import (
	"context"

	"github.com/keystream-player/keystream/player/manifest"
)

// opaque is a key system that Keystream has no codec for: its init data and messages pass through unread.
type opaque struct{}

func (opaque) read(kind string, data []byte) (initData, error) {
	return initData{kind: kind, data: data}, nil
}

func (opaque) system(manifest.System) (initData, bool) { return initData{}, false }

func (opaque) narrow([][16]byte, string) (initData, bool) { return initData{}, false }

func (opaque) part(in initData, _ [][16]byte) initData { return in }

func (opaque) keyID(id [16]byte, _ func([16]byte) bool) [16]byte { return id }

func (opaque) license(ctx context.Context, req LicenseRequest, fetch fetchFunc) ([]byte, error) {
	return fetch(ctx, req)
}
