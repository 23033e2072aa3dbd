package drm

// LicenseRequestEvent says that a licence is about to be asked for.
type LicenseRequestEvent struct {
	KeySystem   string
	SessionID   string
	MessageType string
	KeyIDs      [][16]byte
}

// KeyStatusChangeEvent gives the statuses of all keys of one session.
type KeyStatusChangeEvent struct {
	KeySystem string
	SessionID string
	Keys      []KeyStatus
}

// WaitingForKeyEvent says that the element waits for a key. KeyIDs are those that the content names and has not; none where it names none.
type WaitingForKeyEvent struct{ KeyIDs [][16]byte }

// EventType is "waitingforkey".
func (*WaitingForKeyEvent) EventType() string { return "waitingforkey" }

// KeyStatus is the status of one key: "usable", "expired", "released", "output-restricted", "output-downscaled", "usable-in-future",
// "status-pending" or "internal-error".
type KeyStatus struct {
	KeyID  [16]byte
	Status string
}

// EventType is "licenserequest".
func (*LicenseRequestEvent) EventType() string { return "licenserequest" }

// EventType is "keystatuschange".
func (*KeyStatusChangeEvent) EventType() string { return "keystatuschange" }
