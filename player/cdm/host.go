// Package cdm is a Clear Key CDM of our own, for pages where the browser has none: EME's interfaces over a [platform.Decryption], and a host whose
// element decrypts what is appended to it. Package drm cannot tell it from a browser's.
//
// It protects nothing: keys and clear media are within reach of the page.
package cdm

import "github.com/keystream-player/keystream/player/platform"

// Host is a host with a software CDM beside the browser's own. Where the element has no MediaKeys of the software CDM, it is the host that it wraps.
type Host struct {
	platform.DecryptionHost
	element *element
}

// NewHost makes one.
func NewHost(host platform.DecryptionHost) *Host {
	return &Host{DecryptionHost: host, element: newElement(host.Element())}
}

// SoftwareKeySystems is the software CDM.
func (h *Host) SoftwareKeySystems() platform.KeySystems { return keySystems{h} }

// Element is the wrapped host's, and takes MediaKeys of the software CDM too. While it has some, what is appended to it is decrypted first.
func (h *Host) Element() platform.MediaElement { return h.element }

// NewMediaSource makes a MediaSource for Element.
func (h *Host) NewMediaSource() (platform.MediaSource, error) {
	inner, err := h.DecryptionHost.NewMediaSource()
	if err != nil {
		return nil, err
	}
	return &mediaSource{MediaSource: inner, element: h.element}, nil
}

func dom(name, message string) error { return &platform.DOMError{Name: name, Message: message} }
