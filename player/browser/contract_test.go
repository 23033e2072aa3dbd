//go:build js && wasm

package browser_test

import (
	"maps"
	"os"
	"testing"

	"github.com/keystream-player/keystream/player/cdm"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

var contractEnv = playertest.ContractEnv{
	NewHost: func(t *testing.T) platform.Host {
		host, _ := newHost(t)
		return host
	},
	Media: "/media/", Missing: "/missing", Unreachable: "http://localhost:1/", Hanging: "/hang", Stalling: "/stall", Redirecting: "/redirect",
}

// webkit says that the browser is WebKitGTK. It has no EME, and is careless.
var webkit = os.Getenv("KEYSTREAM_BROWSER") == "webkit"

// careless is what WebKitGTK 2.50 does not keep of the contract.
var careless = map[string]string{
	"DecodingInfo knows what can be decoded":                           "it can decode any codec of a container that it knows, it says",
	"isTypeSupported knows what can be appended":                       "it takes any codec that it knows in any container, it says",
	"Abort lets the next append begin with a new segment":              "it wants the initialization segment again",
	"a file that is not fragmented cannot be buffered":                 "the append never ends",
	"media without its header fails the append and the element":        "it tells of no bytes that it cannot parse",
	"a timestampOffset within a media segment is an InvalidStateError": "it takes it",
	"the type can be changed, with another container":                  "it has no changeType",
	"a seek waits for its media":                                       "a seek that comes during another, where nothing is buffered, ends in half of all runs only",
}

func TestContract(t *testing.T) {
	env := contractEnv
	if webkit {
		env.Lacks = maps.Clone(careless)
		env.Lacks["eme"], env.Lacks["licenses"] = "it has no EME", "it has no EME"
	}
	playertest.Contract(t, env)
}

// The software CDM decrypts in all browsers.
func TestContractOfSoftware(t *testing.T) {
	env := contractEnv
	env.Software = true
	env.NewHost = func(t *testing.T) platform.Host {
		host, _ := newHost(t)
		return cdm.NewHost(host)
	}
	if webkit {
		env.Lacks = careless
	}
	playertest.Contract(t, env)
}

// Safari on a telephone has ManagedMediaSource alone.
func TestContractOfManagedMediaSource(t *testing.T) {
	if !webkit {
		t.Skip("WebKit alone has it")
	}
	hideMediaSource(t)
	env := contractEnv
	env.Lacks = maps.Clone(careless)
	for _, group := range []string{"page", "fetch", "element", "eme", "licenses"} {
		env.Lacks[group] = "it has nothing to do with MediaSource"
	}
	playertest.Contract(t, env)
}
