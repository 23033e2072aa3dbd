package drm

import (
	"context"
	"time"

	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/platform"
)

// Config is what the app decides. The zero value plays clear media.
type Config struct {
	KeySystems []KeySystem // in the app's order of preference

	// Software says when Clear Key media is decrypted by a CDM of our own, where the host has one ([platform.SoftwareHost]).
	Software Software

	// LicensePer says how much one licence covers; the zero value asks for as few as can be.
	LicensePer LicensePer

	// Policies says what to do about a key of each status, by the W3C's name of the status; what is left out keeps its default.
	Policies map[string]Policy

	// KeyTimeout is how long playback may wait for a key; 0 is 10 s.
	KeyTimeout time.Duration

	// MaxSessions and MaxKeys bound what is kept of earlier loads. 0 is 50 sessions and 200 keys; a CDM that refuses sooner lowers the first.
	MaxSessions, MaxKeys int

	// LicenseOrigins are the origins ("https://license.example"), beside the page's own, that a licence URL found in a manifest may lead to.
	LicenseOrigins []string

	// Observer, where it is not nil, is told of every request to a [LicenseServer] that is over, from any goroutine.
	Observer func(fetch.Exchange)

	// Rand gives numbers from 0 up to 1 for jitter; nil uses math/rand/v2.
	Rand func() float64
}

// Software says when Clear Key media is decrypted in software.
type Software string

// The values of Software.
const (
	SoftwareAuto   Software = ""       // where the browser does not grant Clear Key for the content
	SoftwareAlways Software = "always" // without asking the browser
	SoftwareNever  Software = "never"
)

// LicensePer says how much one licence is expected to cover.
type LicensePer string

// The values of LicensePer.
const (
	PerRequest  LicensePer = ""          // all that is known to be needed at a moment shares one request, where the key system can ask so
	PerInitData LicensePer = "init-data" // a request for each different init data
	PerPeriod   LicensePer = "period"    // the first licence of a period holds all of its keys
	PerContent  LicensePer = "content"   // the first licence holds all keys of the content
)

// Policy is what to do about a key that cannot be used.
type Policy string

// The policies.
const (
	PolicyError    Policy = "error"    // playback fails
	PolicyContinue Policy = "continue" // nothing; should playback come to wait for the key, it fails after KeyTimeout
	PolicyFallback Policy = "fallback" // Representations with other keys play, for as long as it lasts; without any, playback fails
	PolicyRenew    Policy = "renew"    // the licence is asked for anew; playback fails when that fails and the key is needed
)

// defaults are the policies where the app sets none. "usable" and "output-downscaled" need none.
var defaults = map[string]Policy{
	"expired":           PolicyRenew,
	"internal-error":    PolicyRenew, // once
	"output-restricted": PolicyFallback,
	"released":          PolicyError,
	"status-pending":    PolicyContinue,
	"usable-in-future":  PolicyContinue,
}

// KeySystem is one key system that may decrypt, and where its licences come from. With both Keys and License, the keys come first and
// License is asked only for the key ids that they lack.
type KeySystem struct {
	// Name is a reverse domain name. That of a family stands for all of its names, the strictest first: "com.microsoft.playready" also tries
	// "com.microsoft.playready.recommendation.3000" and ".recommendation". Any other name is tried as it is.
	Name string

	// Keys maps key ids to content keys (Clear Key only). Both are 16 bytes, written as hex, UUID, base64, base64url, or as 16 raw bytes.
	Keys map[string]string

	// License answers the key system's messages. Nil follows the licence URL of the manifest, if [Config.LicenseOrigins] lets it.
	License LicenseFetcher

	// VideoRobustness and AudioRobustness are tried in this order; nil is the key system's own ladder. "" in a ladder asks for none.
	VideoRobustness, AudioRobustness []string

	PersistentState       string   // "" is not asked; "optional", "required", "not-allowed"
	DistinctiveIdentifier string   // likewise
	SessionTypes          []string // nil is "temporary"

	// MinHDCPVersion ("1.4", "2.2") is what the display's link must have for this key system to be used at all; "" does not ask.
	MinHDCPVersion string

	// Certificate is the server certificate that the CDM encrypts its messages with; where it is nil, CertificateURL is fetched. Both may be left out.
	Certificate    []byte
	CertificateURL string
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
	MessageType  string                 // "license-request", "license-renewal", "individualization-request", …
	Message      []byte                 // what the licence server wants: unwrapped (PlayReady), without the key ids that KeySystem.Keys has (Clear Key)
	Header       []platform.HeaderField // that the key system wants sent with it
	KeyIDs       [][16]byte             // what the licence must cover, as far as it is known
	InitDataType string
	InitData     []byte

	// CertificateRequest says that the message asks for the server's certificate (Widevine, where the app gives none): the answer is the
	// certificate, and the licence request comes after it.
	CertificateRequest bool

	observer func(fetch.Exchange)
}
