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
	KeyStatuses   []drm.KeyStatus                        // of the session that failed
	Configuration []platform.MediaKeySystemConfiguration // what was asked of the key system, where that failed
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
	StageAppend          Stage = "append"
	StageDecode          Stage = "decode" // whatever the element reports
	StageClose           Stage = "close"
)
