//go:build js && wasm

// Package browser is package platform over a real page. With the programs in wasm/, it is the only code that knows of JavaScript.
//
// The page's half is the bridge of web/src/host.ts: it keeps downloaded bodies, so that a big buffer is never held from Go, and does what
// would take many crossings. wasm/README.md lists all that crosses.
package browser

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

var errReleased = errors.New("it has been released")

// Host is a media element and the page around it.
type Host struct {
	// Panicked is told of a panic in a listener, once for each, on the goroutine of a JavaScript callback. Set it before anything else is called;
	// nil writes to the console.
	Panicked func(value any)

	element *mediaElement
	bridge  safejs.Value

	mu      sync.Mutex
	scratch safejs.Value     // a Uint8Array that body reads pass through; undefined until the first
	held    map[stopper]bool // what Close has to stop
}

// stopper is what goes on until it is stopped. It may be stopped again.
type stopper interface{ stop() }

// New makes the host of an element; bridge is what web/src/host.ts exports. Close it when nothing is playing any more.
func New(element, bridge safejs.Value) *Host {
	h := &Host{bridge: bridge, held: map[stopper]bool{}}
	h.element = &mediaElement{host: h, js: element}
	return h
}

// Close stops what nobody stopped: listeners, those of abandoned key sessions among them, and Workers. It leaves the element as it is.
func (h *Host) Close() {
	h.mu.Lock()
	held := h.held
	h.held = map[stopper]bool{}
	h.mu.Unlock()
	for s := range held {
		s.stop()
	}
}

func (h *Host) hold(s stopper) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held[s] = true
}

// Element is the element that the host was made with.
func (h *Host) Element() platform.MediaElement { return h.element }

// NewMediaSource makes a MediaSource, or a ManagedMediaSource where that is all there is.
func (h *Host) NewMediaSource() (platform.MediaSource, error) {
	constructor, ok := mediaSourceConstructor()
	if !ok {
		return nil, &platform.DOMError{Name: "NotSupportedError", Message: "this browser has no Media Source Extensions"}
	}
	js, err := Construct(constructor)
	if err != nil {
		return nil, err
	}
	return &mediaSource{host: h, js: js}, nil
}

// IsTypeSupported is MediaSource.isTypeSupported.
func (h *Host) IsTypeSupported(mimeType string) bool {
	constructor, ok := mediaSourceConstructor()
	if !ok {
		return false
	}
	supported, err := Call(Get(global(), constructor), "isTypeSupported", mimeType)
	return err == nil && Truthy(supported)
}

// IsSecureContext is the page's isSecureContext.
func (h *Host) IsSecureContext() bool { return Truthy(Get(global(), "isSecureContext")) }

// AllowsFeature asks document.featurePolicy, which not every browser has.
func (h *Host) AllowsFeature(name string) bool {
	policy := Get(Get(global(), "document"), "featurePolicy")
	if policy.Type() != safejs.TypeObject {
		return true
	}
	allowed, err := Call(policy, "allowsFeature", name)
	return err != nil || Truthy(allowed)
}

// Origin is the page's self.origin.
func (h *Host) Origin() string { return Text(Get(global(), "origin")) }

// DecodingInfo is navigator.mediaCapabilities.decodingInfo.
func (h *Host) DecodingInfo(ctx context.Context, media platform.MediaDecodingConfiguration) (platform.MediaCapabilitiesInfo, error) {
	var info platform.MediaCapabilitiesInfo
	capabilities := Get(Get(global(), "navigator"), "mediaCapabilities")
	if capabilities.Type() != safejs.TypeObject {
		return info, &platform.DOMError{Name: "NotSupportedError", Message: "this browser has no Media Capabilities"}
	}
	var question JSON
	question.Text("type", media.Type)
	if strings.HasPrefix(media.ContentType, "video/") {
		question.Open("video", '{')
		question.Number("width", float64(media.Width))
		question.Number("height", float64(media.Height))
		question.Number("bitrate", float64(media.Bitrate))
		question.Number("framerate", media.FrameRate)
	} else {
		question.Open("audio", '{')
	}
	question.Text("contentType", media.ContentType)
	question.Close('}')
	js, err := h.call(ctx, capabilities, "decodingInfo", h.Parse(&question))
	if err != nil {
		return info, err
	}
	info.Supported, info.Smooth, info.PowerEfficient = Truthy(Get(js, "supported")), Truthy(Get(js, "smooth")), Truthy(Get(js, "powerEfficient"))
	return info, nil
}

// RequestMediaKeySystemAccess is navigator.requestMediaKeySystemAccess.
func (h *Host) RequestMediaKeySystemAccess(
	ctx context.Context, keySystem string, configs []platform.MediaKeySystemConfiguration,
) (platform.MediaKeySystemAccess, error) {
	navigator := Get(global(), "navigator")
	if Get(navigator, "requestMediaKeySystemAccess").Type() != safejs.TypeFunction {
		return nil, platform.ErrNoEME
	}
	var list JSON
	list.Open("configs", '[')
	for i := range configs {
		list.Configuration("", &configs[i])
	}
	list.Close(']')
	js, err := h.call(ctx, navigator, "requestMediaKeySystemAccess", keySystem, Get(h.Parse(&list), "configs"))
	if err != nil {
		return nil, err
	}
	return &mediaKeySystemAccess{host: h, js: js}, nil
}

func mediaSourceConstructor() (name string, ok bool) {
	for _, name := range []string{"MediaSource", "ManagedMediaSource"} {
		if Get(global(), name).Type() == safejs.TypeFunction {
			return name, true
		}
	}
	return "", false
}

// call calls a method that returns a promise, and waits for it.
func (h *Host) call(ctx context.Context, of safejs.Value, method string, args ...any) (safejs.Value, error) {
	if err := ctx.Err(); err != nil {
		return safejs.Undefined(), err
	}
	promise, err := Call(of, method, args...)
	if err != nil {
		return safejs.Undefined(), err
	}
	return h.Await(ctx, promise)
}
