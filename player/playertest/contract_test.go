package playertest_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

const mediaFolder = "../../examples/media/"

// filmEntry is what the fake has to know of a film, from films.json.
type filmEntry struct {
	Files     []string          `json:"files"`
	Container string            `json:"container"`
	Codecs    []string          `json:"codecs"`
	Keys      map[string]string `json:"keys"`
	Duration  float64           `json:"duration"`
	Frames    int               `json:"frames"`
}

func (e filmEntry) mimeType(i int) string {
	kind := "audio"
	for codec := range strings.SplitSeq(e.Codecs[i], ",") {
		if strings.HasPrefix(codec, "avc1") || strings.HasPrefix(codec, "vp") {
			kind = "video"
		}
	}
	return kind + "/" + e.Container + `; codecs="` + e.Codecs[i] + `"`
}

// committed reads the committed films, as films and as files for the network.
func committed(t *testing.T) (films []*playertest.Film, files map[string]playertest.Resource) {
	t.Helper()
	list := readMedia(t, "films.json")
	var entries []filmEntry
	if err := json.Unmarshal(list, &entries); err != nil {
		t.Fatal(err)
	}
	files = map[string]playertest.Resource{"films.json": {Body: list, Type: "application/json"}}
	for _, e := range entries {
		var keys []playertest.FilmKey
		for id, key := range e.Keys {
			keys = append(keys, playertest.FilmKey{ID: bytes16(t, id), Key: bytes16(t, key)})
		}
		for i, name := range e.Files {
			b := readMedia(t, name)
			mimeType := e.mimeType(i)
			files[name] = playertest.Resource{Body: b, Type: mimeType[:strings.IndexByte(mimeType, ';')]}
			films = append(films, playertest.RealFilm(b, mimeType, time.Duration(e.Duration*float64(time.Second)), e.Frames, keys...))
		}
	}
	return films, files
}

func readMedia(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(mediaFolder + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func bytes16(t *testing.T, s string) [16]byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 16 {
		t.Fatalf("%q is not 16 bytes in hex", s)
	}
	return [16]byte(b)
}

func TestContract(t *testing.T) {
	films, files := committed(t)
	for name, engine := range map[string]playertest.Engine{"Chromium": playertest.Chromium, "Firefox": playertest.Firefox} {
		t.Run(name, func(t *testing.T) {
			playertest.Contract(t, playertest.ContractEnv{
				Run: synctest.Test,
				NewHost: func(t *testing.T) platform.Host {
					host := playertest.NewHost(t, playertest.Options{Engine: engine, Films: films})
					for name, file := range files {
						host.Network.Serve("media/"+name, file)
					}
					host.Network.Handle("/redirect", func(playertest.Exchange) playertest.Reply { return playertest.Reply{Redirect: "/media/films.json"} })
					host.Network.Fault("hanging", playertest.Fault{Hang: true, Always: true})
					host.Network.Fault("stalling", playertest.Fault{Body: []byte("more to come"), Stall: true, Always: true})
					return host
				},
				Media: "/media/", Missing: "/nothing.mp4", Unreachable: "http://localhost:1/", Hanging: "/hanging", Stalling: "/stalling",
				Redirecting: "/redirect",
			})
		})
	}
}
