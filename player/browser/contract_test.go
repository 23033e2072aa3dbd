//go:build js && wasm

package browser_test

import (
	"testing"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

func TestContract(t *testing.T) {
	playertest.Contract(t, playertest.ContractEnv{
		NewHost: func(t *testing.T) platform.Host {
			host, _ := newHost(t)
			return host
		},
		Media: "/media/", Missing: "/missing", Unreachable: "http://localhost:1/", Hanging: "/hang", Stalling: "/stall", Redirecting: "/redirect",
	})
}
