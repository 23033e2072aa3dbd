package player

import (
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/platform"
)

// Event is something that happened: one of [*EncryptedEvent], [*LicenseRequestEvent], [*KeyStatusChangeEvent], [*StateChangeEvent], [*StallEvent],
// [*TracksChangeEvent], [*QualityChangeEvent], [*RequestEvent] and [*Error]. No key, licence or token is ever in one.
type Event interface {
	// EventType is the name that a page listens to: "encrypted", "licenserequest", "keystatuschange", "statechange", "stall", "trackschange", "qualitychange",
	// "request" or "error".
	EventType() string
}

// EncryptedEvent says that the element met init data.
type EncryptedEvent struct {
	InitDataType string
	InitData     []byte
}

// LicenseRequestEvent says that a licence is about to be asked for.
type LicenseRequestEvent = drm.LicenseRequestEvent

// KeyStatusChangeEvent gives the statuses of all keys of one session.
type KeyStatusChangeEvent = drm.KeyStatusChangeEvent

// StateChangeEvent says where the player stands. Every field holds its last known value, so the newest event alone describes the player.
type StateChangeEvent struct {
	State State
	Stage Stage // the step that has just begun, in the words that errors use

	Mode      Mode     // how the source is played, once chosen
	MIMETypes []string // of the tracks, as read from the files

	KeySystem     string                                // granted, once negotiated
	Configuration *platform.MediaKeySystemConfiguration // what getConfiguration() granted
	Software      bool                                  // media is decrypted by a CDM of our own before it is appended
	Report        *drm.Report                           // of the key system that was granted: why it is, or is not, our own
}

// State is where a player stands.
type State string

// The states. A player goes from idle to loading to ready, to ended when the film is over, and back to loading with each Load.
const (
	StateIdle    State = "idle"
	StateLoading State = "loading"
	StateReady   State = "ready" // Load has returned; the element can play
	StateEnded   State = "ended"
	StateFailed  State = "failed" // a fatal error; Load begins anew
	StateClosed  State = "closed"
)

// RequestEvent says that a request is over.
type RequestEvent struct{ fetch.Exchange }

// EventType is "request".
func (*RequestEvent) EventType() string { return "request" }

// EventType is "encrypted".
func (*EncryptedEvent) EventType() string { return "encrypted" }

// EventType is "statechange".
func (*StateChangeEvent) EventType() string { return "statechange" }

// EventType is "error".
func (*Error) EventType() string { return "error" }
