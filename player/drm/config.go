package drm

import "context"

// KeySystem is one key system that may decrypt, and where its licences come from. With both Keys and License, the keys come first and
// License is asked only for the key ids that they lack.
type KeySystem struct {
	Name string // "org.w3.clearkey", "com.widevine.alpha", …

	// Keys maps key ids to content keys (Clear Key only). Both are 16 bytes, written as hex, UUID, base64, base64url, or as 16 raw bytes.
	Keys map[string]string

	// License answers the key system's messages.
	License LicenseFetcher
}

// LicenseFetcher answers a CDM's message with a licence. Implementations must honour ctx.
type LicenseFetcher interface {
	FetchLicense(ctx context.Context, req LicenseRequest) ([]byte, error)
}

// LicenseFunc is a function as a LicenseFetcher.
type LicenseFunc func(ctx context.Context, req LicenseRequest) ([]byte, error)

// FetchLicense calls f.
func (f LicenseFunc) FetchLicense(ctx context.Context, req LicenseRequest) ([]byte, error) {
	return f(ctx, req)
}

// LicenseRequest is a message of a CDM, with what it is about.
type LicenseRequest struct {
	KeySystem    string
	MessageType  string     // "license-request", "license-renewal", …
	Message      []byte     // as the CDM gave it; for Clear Key, without the key ids that KeySystem.Keys has
	KeyIDs       [][16]byte // what the licence must cover, as far as it is known
	InitDataType string
	InitData     []byte
}
