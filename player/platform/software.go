package platform

import "context"

// KeySystems grants key systems: a browser does, and so may a CDM of our own.
type KeySystems interface {
	// RequestMediaKeySystemAccess is navigator.requestMediaKeySystemAccess. Refusals are a DOMError: NotSupportedError where no
	// configuration is granted; [ErrNoEME] (by errors.Is) where the browser or the page's context has no EME at all.
	//
	// https://www.w3.org/TR/encrypted-media-2/#navigator-extension-requestmediakeysystemaccess
	RequestMediaKeySystemAccess(ctx context.Context, keySystem string, configs []MediaKeySystemConfiguration) (MediaKeySystemAccess, error)
}

// SoftwareHost is a Host with a CDM of its own beside the browser's. Its MediaKeys go to the same Element, which then decrypts what is appended to it.
type SoftwareHost interface {
	Host

	// SoftwareKeySystems grants Clear Key where MediaSource takes the media once it is clear.
	SoftwareKeySystems() KeySystems
}
