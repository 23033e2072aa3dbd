package platform

import (
	"context"
	"time"
)

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
	// CreateSession opens a session; sessionType "" is "temporary". A QuotaExceededError says that the CDM has no room for one more.
	CreateSession(sessionType string) (MediaKeySession, error)

	// SetServerCertificate gives the CDM the certificate that it encrypts its messages with; false says that this key system uses none.
	//
	// https://www.w3.org/TR/encrypted-media-2/#dom-mediakeys-setservercertificate
	SetServerCertificate(ctx context.Context, certificate []byte) (used bool, err error)

	// StatusForPolicy says which status a key would have that demands this HDCP version ("1.4"). Where the browser has no
	// getStatusForPolicy it is a DOMError named NotSupportedError.
	//
	// https://www.w3.org/TR/encrypted-media-2/#dom-mediakeys-getstatusforpolicy
	StatusForPolicy(ctx context.Context, minHDCPVersion string) (status string, err error)
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
	Expiration() time.Time // when the keys stop working; the zero Time is never, or not known

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
