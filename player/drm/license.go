package drm

import (
	"context"
	"errors"
	"time"
)

// licenseTimeout bounds a licence fetcher as a whole; a [LicenseServer] has shorter bounds for each of its tries.
const licenseTimeout = 60 * time.Second

// fetchLicense asks the app's fetcher, and tells its failure, its silence and our own cancellation apart.
func fetchLicense(ctx context.Context, system KeySystem, req LicenseRequest) ([]byte, error) {
	bounded, cancel := context.WithTimeout(ctx, licenseTimeout)
	defer cancel()
	license, err := system.License.FetchLicense(bounded, req)
	switch {
	case err == nil:
		return license, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &Error{Reason: FetchTimeout, KeySystem: system.Name, KeyIDs: req.KeyIDs, Cause: err}
	}
	return nil, &Error{Reason: FetchFailed, KeySystem: system.Name, KeyIDs: req.KeyIDs, Cause: err}
}
