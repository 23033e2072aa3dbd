package player

import (
	"strings"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/platform"
)

// Error is what every failure becomes, whether Load returns it or an "error" event carries it.
type Error struct {
	Code    Code   // stable: compare this
	Fatal   bool   // playback has stopped; Load again
	Stage   Stage  // what the player was doing
	Message string // what failed, for people
	Remedy  string // what to do about it, for people

	KeySystem     string
	KeyIDs        [][16]byte                             // of the keys it is about, where known
	KeyStatuses   []drm.KeyStatus                        // of the session that failed
	Configuration []platform.MediaKeySystemConfiguration // what was asked of the key system, where that failed
	Report        *drm.Report                            // why a key system was refused
	HTTPStatus    int                                    // 0 where there was no response
	URL           string                                 // without userinfo, query and fragment

	cause error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("keystream: ")
	b.WriteString(string(e.Code))
	b.WriteString(": ")
	b.WriteString(e.Message)
	if e.Remedy != "" {
		b.WriteString(". ")
		b.WriteString(e.Remedy)
	}
	return b.String()
}

// Unwrap gives the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.cause }

// Code names a failure. Codes are stable; messages and remedies are not.
type Code string

// The codes.
const (
	ConfigInvalid   Code = "CONFIG_INVALID"   // the configuration or the source makes no sense
	LoadInterrupted Code = "LOAD_INTERRUPTED" // another Load, or the end of the context, came first; not fatal, never an event
	Closed          Code = "CLOSED"           // the player is closed
	Internal        Code = "INTERNAL"         // a bug in Keystream

	FetchNetwork     Code = "FETCH_NETWORK" // no response: offline, refused, CORS, connection lost
	FetchTimeout     Code = "FETCH_TIMEOUT"
	FetchHTTP        Code = "FETCH_HTTP" // an HTTP status that is no success
	FetchTooLarge    Code = "FETCH_TOO_LARGE"
	RangeUnsupported Code = "RANGE_UNSUPPORTED" // the server ignores Range
	RangeWrong       Code = "RANGE_WRONG"       // the server answers with another range than asked

	SourceUnknown       Code = "SOURCE_UNKNOWN"        // neither MP4 nor WebM
	SourceInvalid       Code = "SOURCE_INVALID"        // the header cannot be read
	SourceTruncated     Code = "SOURCE_TRUNCATED"      // the file ends too early; not fatal where what is there plays
	SourceNotFragmented Code = "SOURCE_NOT_FRAGMENTED" // MSE is forced for a file that it cannot take
	CodecUnsupported    Code = "CODEC_UNSUPPORTED"
	ManifestInvalid     Code = "MANIFEST_INVALID"     // no MPD, or one that makes no sense
	ManifestUnsupported Code = "MANIFEST_UNSUPPORTED" // a presentation of a kind that this version does not play
	MSEUnavailable      Code = "MSE_UNAVAILABLE"

	KeySystemMissing           Code = "KEY_SYSTEM_MISSING" // encrypted content, and no key system configured
	EMEUnavailable             Code = "EME_UNAVAILABLE"
	KeySystemRefused           Code = "KEY_SYSTEM_REFUSED"
	MediaKeysFailed            Code = "MEDIA_KEYS_FAILED"
	InitDataRejected           Code = "INIT_DATA_REJECTED"
	LicenseFailed              Code = "LICENSE_FAILED" // the app's own fetcher failed
	LicenseHTTP                Code = "LICENSE_HTTP"
	LicenseNetwork             Code = "LICENSE_NETWORK"
	LicenseTimeout             Code = "LICENSE_TIMEOUT"
	LicenseInvalid             Code = "LICENSE_INVALID"
	LicenseOtherKey            Code = "LICENSE_OTHER_KEY"
	LicenseRejected            Code = "LICENSE_REJECTED" // by the CDM
	KeyMissing                 Code = "KEY_MISSING"
	KeyUnusable                Code = "KEY_UNUSABLE"
	KeyTimeout                 Code = "KEY_TIMEOUT" // playback has waited for a key for too long
	KeySessionClosed           Code = "KEY_SESSION_CLOSED"
	KeySessionsExhausted       Code = "KEY_SESSIONS_EXHAUSTED"       // the CDM has no room for one more
	CertificateFailed          Code = "CERTIFICATE_FAILED"           // the server certificate
	LicenseOriginRefused       Code = "LICENSE_ORIGIN_REFUSED"       // the manifest's licence URL
	KeyProbablyWrong           Code = "KEY_PROBABLY_WRONG"           // decrypted media cannot be decoded
	DirectEncryptedUnsupported Code = "DIRECT_ENCRYPTED_UNSUPPORTED" // the browser decrypts this container only through MSE
	DecryptFailed              Code = "DECRYPT_FAILED"               // our own CDM cannot make sense of the encrypted media
	SoftwareCDMUnavailable     Code = "SOFTWARE_CDM_UNAVAILABLE"     // cdm.wasm or its Worker cannot be started
	SoftwareCDMFailed          Code = "SOFTWARE_CDM_FAILED"          // it died twice over one film
	MediaInvalid               Code = "MEDIA_INVALID"                // damaged: a SourceBuffer refused it, or it cannot be decoded
	MediaNetwork               Code = "MEDIA_NETWORK"
	MediaNotSupported          Code = "MEDIA_NOT_SUPPORTED"

	WASMExited      Code = "WASM_EXITED"      // given by the page's loader: the Go program died
	WASMUnavailable Code = "WASM_UNAVAILABLE" // given by the page's loader: player.wasm could not be started
)

// Stage is a step of playing a source.
type Stage string

// The stages, in the order of a film's start.
const (
	StageConfigure       Stage = "configure"        // reading the configuration and the source
	StageProbe           Stage = "probe"            // reading the head of the file
	StageNegotiate       Stage = "negotiate"        // requestMediaKeySystemAccess
	StageAttachKeys      Stage = "attach-keys"      // createMediaKeys, setMediaKeys
	StageGenerateRequest Stage = "generate-request" // createSession, generateRequest
	StageLicense         Stage = "license"          // from a message to the licence fetcher's answer
	StageUpdate          Stage = "update"           // update, until the keys have a status
	StageOpen            Stage = "open"             // attaching the source
	StageFetch           Stage = "fetch"            // media
	StageDecrypt         Stage = "decrypt"          // in software, before it is appended
	StageAppend          Stage = "append"
	StageDecode          Stage = "decode" // whatever the element reports
	StageClose           Stage = "close"
)
