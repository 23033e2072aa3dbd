package platform

import "context"

// MediaKeySystemConfiguration says what is asked of a key system, and what it granted.
//
// https://www.w3.org/TR/encrypted-media-2/#mediakeysystemconfiguration-dictionary
type MediaKeySystemConfiguration struct {
	Label                 string
	InitDataTypes         []string
	AudioCapabilities     []MediaKeySystemMediaCapability
	VideoCapabilities     []MediaKeySystemMediaCapability
	DistinctiveIdentifier string   // "" is not asked: "not-allowed", "optional", "required"
	PersistentState       string   // likewise
	SessionTypes          []string // nil is not asked
}

// MediaKeySystemMediaCapability is one content type, with the protection it is asked under.
type MediaKeySystemMediaCapability struct {
	ContentType      string // `video/mp4; codecs="avc1.64001e"`
	Robustness       string
	EncryptionScheme string // "" is any: "cenc", "cbcs", "cbcs-1-9"
}

// MediaKeySystemAccess is a granted key system.
type MediaKeySystemAccess interface {
	KeySystem() string
	Configuration() MediaKeySystemConfiguration // getConfiguration()
	CreateMediaKeys(ctx context.Context) (MediaKeys, error)
}

// MediaKeys is a set of sessions that an element decrypts with.
type MediaKeys interface {
	// CreateSession opens a session; sessionType "" is "temporary".
	CreateSession(sessionType string) (MediaKeySession, error)
}

// MediaKeySession is one exchange of licences with a CDM.
//
// https://www.w3.org/TR/encrypted-media-2/#mediakeysession-interface
type MediaKeySession interface {
	// Listen is told of messages, key status changes and the session's end, from the moment the session exists
	// (a message may come before GenerateRequest returns).
	Listen(f func(SessionEvent)) (stop func())

	SessionID() string // "" until GenerateRequest has succeeded
	KeyStatuses() []KeyStatus

	GenerateRequest(ctx context.Context, initDataType string, initData []byte) error
	Update(ctx context.Context, response []byte) error
	Close(ctx context.Context) error // waits until it is closed; closing a closed session does nothing
}

// SessionEvent is an event of a session. Type tells which fields are set.
type SessionEvent struct {
	Type        string // "message", "keystatuseschange" or "closed"
	MessageType string // of "message": "license-request", "license-renewal", "license-release", "individualization-request"
	Message     []byte // of "message"
	Reason      string // of "closed": "closed-by-application", "internal-error", "hardware-context-reset", … or ""
}

// KeyStatus is the status of one key of a session.
type KeyStatus struct {
	KeyID  []byte // as the CDM gives it; 16 bytes for every container that Keystream plays
	Status string // "usable", "expired", "released", "output-restricted", "output-downscaled", "usable-in-future", "status-pending", "internal-error"
}
