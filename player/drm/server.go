package drm

import (
	"context"

	"github.com/keystream-player/keystream/player/platform"
)

// LicenseServer is a licence server reached by HTTP POST.
type LicenseServer struct {
	Fetcher platform.Fetcher // usually the host

	URL             string
	Header          []platform.HeaderField
	WithCredentials bool
}

// FetchLicense posts the message and returns the body.
func (s *LicenseServer) FetchLicense(ctx context.Context, req LicenseRequest) ([]byte, error) {
	panic("to be written")
}
