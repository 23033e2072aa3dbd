//go:build js && wasm

package browser

import (
	"context"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

type mediaKeySystemAccess struct {
	host *Host
	js   safejs.Value
}

func (a *mediaKeySystemAccess) KeySystem() string { return Text(Get(a.js, "keySystem")) }

func (a *mediaKeySystemAccess) Configuration() platform.MediaKeySystemConfiguration {
	js, err := Call(a.js, "getConfiguration")
	if err != nil {
		return platform.MediaKeySystemConfiguration{}
	}
	return configuration(js)
}

func (a *mediaKeySystemAccess) CreateMediaKeys(ctx context.Context) (platform.MediaKeys, error) {
	js, err := a.host.call(ctx, a.host.bridge, "createMediaKeys", a.js)
	if err != nil {
		return nil, err
	}
	return &mediaKeys{host: a.host, js: js}, nil
}

type mediaKeys struct {
	host *Host
	js   safejs.Value
}

func (k *mediaKeys) CreateSession(sessionType string) (platform.MediaKeySession, error) {
	if sessionType == "" {
		sessionType = "temporary"
	}
	js, err := Call(k.js, "createSession", sessionType)
	if err != nil {
		return nil, err
	}
	s := &mediaKeySession{host: k.host, js: js}
	return s, s.open()
}

// SetServerCertificate is MediaKeys.setServerCertificate. Where the specification resolves false, Firefox rejects with a NotSupportedError.
func (k *mediaKeys) SetServerCertificate(ctx context.Context, certificate []byte) (used bool, err error) {
	data, err := BytesOf(certificate)
	if err != nil {
		return false, err
	}
	result, err := k.host.call(ctx, k.js, "setServerCertificate", data)
	if platform.IsDOMError(err, "NotSupportedError") {
		return false, nil
	}
	return Truthy(result), err
}

// StatusForPolicy is MediaKeys.getStatusForPolicy.
func (k *mediaKeys) StatusForPolicy(ctx context.Context, minHDCPVersion string) (status string, err error) {
	if Get(k.js, "getStatusForPolicy").Type() != safejs.TypeFunction {
		return "", &platform.DOMError{Name: "NotSupportedError", Message: "this browser has no getStatusForPolicy"}
	}
	var policy JSON
	policy.Text("minHdcpVersion", minHDCPVersion)
	result, err := k.host.call(ctx, k.js, "getStatusForPolicy", k.host.Parse(&policy))
	return Text(result), err
}
