package player

import (
	"errors"
	"strings"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/fetch"
)

// reasons gives each of the DRM engine's failures its code, its stage and its remedy.
var reasons = [...]struct {
	code            Code
	stage           Stage
	message, remedy string
}{
	drm.NoKeySystem: {KeySystemMissing, StageNegotiate, "The media is encrypted, and no key system is configured",
		`Give the player keySystems: { "org.w3.clearkey": { keys or license } }`},
	drm.BadKeys: {ConfigInvalid, StageConfigure, "keySystems cannot be read",
		"Write key ids and keys as 32 hex digits, as a UUID, or as base64 of 16 bytes"},
	drm.BadConfig: {ConfigInvalid, StageConfigure, "The configuration of encrypted media makes no sense", "Correct what is named here"},
	drm.NoEME: {EMEUnavailable, StageNegotiate, "This browser has no Encrypted Media Extensions",
		"Use a browser that has them; WebViews and some settings switch them off"},
	drm.Refused: {KeySystemRefused, StageNegotiate, "The browser granted none of the key systems for this media",
		"Check the codecs, and that this browser has the key system (Clear Key is in all desktop browsers but Safari)"},
	drm.CreateFailed: {MediaKeysFailed, StageAttachKeys, "createMediaKeys failed", "Load again; a CDM that crashed comes back with the next load"},
	drm.AttachFailed: {MediaKeysFailed, StageAttachKeys, "setMediaKeys failed",
		"Let one player use an element at a time, and close the one before"},
	drm.InitDataRejected: {InitDataRejected, StageGenerateRequest, "The CDM takes none of the media's init data",
		"Package the media with the PSSH of this key system, or with key ids in tenc (MP4) or ContentEncKeyID (WebM)"},
	drm.NoKey: {KeyMissing, StageLicense, "Neither keys nor license cover what the CDM asks for",
		"Add the key of this key id to keys, or a license server that has it"},
	drm.FetchFailed: {LicenseFailed, StageLicense, "The license function failed", "Look at the cause: it is the error that the function gave"},
	drm.FetchTimeout: {LicenseTimeout, StageLicense, "The license did not come in time",
		"Check that the license server runs and can be reached from this page"},
	drm.BadLicense: {LicenseInvalid, StageLicense, "The licence cannot be read",
		`Let the server send a JWK set: {"keys":[{"kty":"oct","kid":"…","k":"…"}]}, with kid and k in base64url`},
	drm.LicenseForOtherKey: {LicenseOtherKey, StageLicense, "The licence holds none of the keys that were asked for",
		"Let the server answer for the key ids in the request; check that content and server belong together"},
	drm.UpdateRejected: {LicenseRejected, StageUpdate, "The CDM rejected the licence", "Check that the licence server is the one of this key system"},
	drm.KeyUnusable:    {KeyUnusable, StageUpdate, "The CDM has the key and may not use it", "Renew the licence, or ask for one with fewer restrictions"},
	drm.KeyMissing:     {KeyMissing, StageUpdate, "Playback waits for a key that no licence brought", "Let keys or the licence server cover this key id too"},
	drm.Panicked:       {Internal, StageLicense, "The licence fetcher, or Keystream itself, panicked", "Mend the licence fetcher; if it is not the cause, report this message"},
	drm.SessionClosed:  {KeySessionClosed, StageUpdate, "The CDM closed the key session", "Load again"},
	drm.CodecRefused: {CodecUnsupported, StageNegotiate, "This browser cannot decode the media",
		"Offer the film in a codec that every browser has, such as H.264 with AAC or VP9 with Opus"},
	drm.CertificateFailed: {CertificateFailed, StageAttachKeys, "The server certificate could not be used",
		"Check serverCertificate: the bytes of this key system's certificate, or a URL that answers with them"},
	drm.OriginRefused: {LicenseOriginRefused, StageLicense, "The manifest names a licence server that this page has not allowed",
		"Give the key system a license of your own, or add the server's origin to licenseOrigins"},
	drm.TooManySessions: {KeySessionsExhausted, StageGenerateRequest, "The CDM has no room for one more key session",
		"Close other players of this page, or other tabs that play encrypted media"},
	drm.KeyTimeout: {KeyTimeout, StageLicense, "Playback has waited too long for a key",
		"Check that the licence server answers in time, and that its licence holds this key id"},
}

func explainDRM(err *drm.Error) *Error {
	r := reasons[err.Reason]
	e := &Error{Code: r.code, Stage: r.stage, Message: r.message, Remedy: r.remedy, KeySystem: err.KeySystem, KeyIDs: err.KeyIDs, KeyStatuses: err.Keys,
		Configuration: err.Configuration, Report: err.Report, cause: err}
	if len(err.Refusals) > 0 {
		e.Message += " (" + strings.Join(err.Refusals, ", ") + ")"
		e.KeySystem = err.Refusals[0]
	}
	if err.Detail != "" {
		e.Message += ": " + err.Detail
	}
	if len(err.KeyIDs) > 0 {
		e.Message += " (key id " + drm.FormatKeyIDs(err.KeyIDs) + ")"
	}
	switch {
	case err.Report != nil && err.Report.Blamed() != nil:
		e.Remedy = err.Report.Blamed().Remedy
	case err.Insecure && (err.Reason == drm.NoEME || err.Reason == drm.Refused):
		e.Remedy = "Serve the page over https (or from localhost): this page is no secure context, where browsers switch Encrypted Media Extensions off"
	case err.Reason == drm.FetchFailed:
		explainLicenseFetch(e, err)
	}
	return e
}

// explainLicenseFetch says how the exchange with a licence server failed.
func explainLicenseFetch(e *Error, err *drm.Error) {
	var failed *fetch.Error
	if !errors.As(err, &failed) {
		if err.Cause != nil {
			e.Message += ": " + err.Cause.Error()
		}
		return
	}
	e.URL, e.HTTPStatus = failed.URL, failed.Status
	server := explainFetch(failed)
	e.Message = "No licence: " + server.Message
	if err.Detail != "" {
		e.Message += ": " + err.Detail
	}
	switch server.Code {
	case FetchHTTP:
		e.Code, e.Remedy = LicenseHTTP, statusRemedy(failed.Status, "Check the license URL, and that the server knows this key id")
	case FetchTimeout:
		e.Code, e.Remedy = LicenseTimeout, reasons[drm.FetchTimeout].remedy
	case FetchTooLarge:
		e.Code, e.Remedy = LicenseInvalid, "Check the license URL: no licence is that large"
	default:
		e.Code = LicenseNetwork
		e.Remedy = "Check that the license server runs; one of another origin needs CORS headers that allow the page's origin and Content-Type"
	}
}
