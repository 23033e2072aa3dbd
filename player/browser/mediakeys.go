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
	js, err := a.host.call(ctx, a.js, "createMediaKeys")
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
