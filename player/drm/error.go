package drm

import (
	"encoding/hex"
	"strings"

	"github.com/keystream-player/keystream/player/platform"
)

// Reason says what kind of failure an [Error] is.
type Reason int

// The reasons, in the order of the flow.
const (
	NoKeySystem        Reason = 1 + iota // the content is encrypted, and no key system is configured
	BadKeys                              // KeySystem.Keys cannot be read
	NoEME                                // the browser or the page's context has no Encrypted Media Extensions
	Refused                              // requestMediaKeySystemAccess granted none of the key systems
	CreateFailed                         // createMediaKeys
	AttachFailed                         // setMediaKeys
	InitDataRejected                     // createSession or generateRequest
	NoKey                                // neither keys nor license cover what the CDM asks for
	FetchFailed                          // the licence fetcher failed; the cause is its error, a *fetch.Error for a LicenseServer
	FetchTimeout                         // the licence fetcher did not answer in time
	BadLicense                           // the licence cannot be read
	LicenseForOtherKey                   // it holds none of the keys that were asked for
	UpdateRejected                       // update
	KeyUnusable                          // a key that the content needs has a status that decrypts nothing
	KeyMissing                           // playback waits for a key that nothing is fetching
	SessionClosed                        // the CDM closed the session
	Panicked                             // the licence fetcher, or the engine itself
	CodecRefused                         // the browser cannot decode what would be licensed
	CertificateFailed                    // the server certificate could not be fetched, or the CDM refused it
	OriginRefused                        // the manifest's licence URL leads to an origin that the app does not allow
	TooManySessions                      // the CDM has no room for a session, even after all others were closed
	KeyTimeout                           // playback has waited for a key for longer than KeyTimeout
	BadConfig                            // the configuration makes no sense
)

// Error is a failure of the engine.
type Error struct {
	Reason        Reason
	KeySystem     string                                 // "" where none is chosen yet
	Configuration []platform.MediaKeySystemConfiguration // of Refused: what was asked
	Refusals      []string                               // of Refused: the key systems, in the order they were tried
	Insecure      bool                                   // of NoEME and Refused: the page is not a secure context
	Report        *Report                                // of NoEME and Refused: why, bit by bit
	KeyIDs        [][16]byte                             // the keys it is about, where known
	Keys          []KeyStatus                            // the session's
	Detail        string                                 // what a person needs to know beside the reason
	Cause         error
}

func (e *Error) Error() string {
	var parts []string
	for _, part := range []string{e.KeySystem, strings.Join(e.Refusals, ", "), e.Detail, FormatKeyIDs(e.KeyIDs)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if e.Cause != nil && e.Cause.Error() != e.Detail {
		parts = append(parts, e.Cause.Error())
	}
	return "drm: " + strings.Join(parts, ": ")
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// FormatKeyIDs writes key ids in hex, comma-separated.
func FormatKeyIDs(ids [][16]byte) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = hex.EncodeToString(id[:])
	}
	return strings.Join(out, ", ")
}
