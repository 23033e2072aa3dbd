package drm

import "github.com/keystream-player/keystream/player/platform"

// Report says why key systems were granted or refused. A browser says only that it refuses: the report asks again, bit by bit.
type Report struct {
	Secure    bool // the page is a secure context
	Permitted bool // the permissions policy lets it use encrypted media, as far as the browser tells
	EME       bool // there is a requestMediaKeySystemAccess

	Systems []SystemReport // in the order they were asked for
}

// SystemReport is about one key system.
type SystemReport struct {
	KeySystem     string                                // as the app names it
	Granted       string                                // the name that was granted; "" is refused
	Configuration *platform.MediaKeySystemConfiguration // what was granted
	Refused       *Refusal                              // the first element that was refused; nil where none was
	Findings      []Finding                             // every question, in the order they were asked
}

// Refusal is an element of a configuration that a browser does not grant, and what to do about it.
type Refusal struct {
	Element Element
	Value   string // "cens", "HW_SECURE_ALL", `video/mp4; codecs="hvc1.1.6.L93.B0"`, …
	Remedy  string
}

// Finding is one question and its answer.
type Finding struct {
	Element Element
	Value   string
	Granted bool
}

// Element is a part of a configuration.
type Element string

// The elements.
const (
	ElementContext     Element = "secure-context"
	ElementPermission  Element = "permissions-policy"
	ElementEME         Element = "eme"
	ElementKeySystem   Element = "key-system"
	ElementCodec       Element = "codec"
	ElementInitData    Element = "init-data-type"
	ElementScheme      Element = "encryption-scheme"
	ElementRobustness  Element = "robustness"
	ElementPersistence Element = "persistent-state"
	ElementIdentifier  Element = "distinctive-identifier"
	ElementSessionType Element = "session-type"
	ElementHDCP        Element = "hdcp"
)
