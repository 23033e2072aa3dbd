package cdm_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/cdm"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

const mediaFolder = "../../examples/media/"

// filmEntry is what the fake has to know of a film, from films.json.
type filmEntry struct {
	Name      string            `json:"name"`
	Files     []string          `json:"files"`
	Container string            `json:"container"`
	Codecs    []string          `json:"codecs"`
	Keys      map[string]string `json:"keys"`
	Duration  float64           `json:"duration"`
	Frames    int               `json:"frames"`
}

func (e filmEntry) mimeType(i int) string {
	kind := "audio"
	if strings.Contains(e.Codecs[i], "avc1") || strings.Contains(e.Codecs[i], "vp") {
		kind = "video"
	}
	return kind + "/" + e.Container + `; codecs="` + e.Codecs[i] + `"`
}

func (e filmEntry) keys(t *testing.T) (keys []playertest.FilmKey) {
	for id, key := range e.Keys {
		keys = append(keys, playertest.FilmKey{ID: bytes16(t, id), Key: bytes16(t, key)})
	}
	return keys
}

func (e filmEntry) read(t *testing.T, i int) *playertest.Film {
	frames := 0
	if strings.HasPrefix(e.mimeType(i), "video/") {
		frames = e.Frames
	}
	return playertest.RealFilm(readMedia(t, e.Files[i]), e.mimeType(i), time.Duration(e.Duration*float64(time.Second)), frames, e.keys(t)...)
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

func committed(t *testing.T) (entries []filmEntry) {
	t.Helper()
	if err := json.Unmarshal(readMedia(t, "films.json"), &entries); err != nil {
		t.Fatal(err)
	}
	return entries
}

// The suite that browsers pass, over our own CDM on a page that has no EME.
func TestContract(t *testing.T) {
	var films []*playertest.Film
	files := map[string]playertest.Resource{"films.json": {Body: readMedia(t, "films.json"), Type: "application/json"}}
	for _, e := range committed(t) {
		for i, name := range e.Files {
			film := e.read(t, i)
			essence, _, _ := strings.Cut(film.Type, ";")
			files[name] = playertest.Resource{Body: film.Bytes, Type: essence}
			films = append(films, film)
		}
	}
	for name, engine := range map[string]playertest.Engine{"Chromium": playertest.Chromium, "Firefox": playertest.Firefox} {
		t.Run(name, func(t *testing.T) {
			playertest.Contract(t, playertest.ContractEnv{
				Run:      synctest.Test,
				Software: true,
				NewHost: func(t *testing.T) platform.Host {
					host := playertest.NewHost(t, playertest.Options{Engine: engine, Films: films, CDM: playertest.CDMOptions{NoEME: true}})
					for name, file := range files {
						host.Network.Serve("media/"+name, file)
					}
					host.Network.Handle("/redirect", func(playertest.Exchange) playertest.Reply { return playertest.Reply{Redirect: "/media/films.json"} })
					host.Network.Fault("hanging", playertest.Fault{Hang: true, Always: true})
					host.Network.Fault("stalling", playertest.Fault{Body: []byte("more to come"), Stall: true, Always: true})
					return cdm.NewHost(host)
				},
				Media: "/media/", Missing: "/nothing.mp4", Unreachable: "http://localhost:1/", Hanging: "/hanging", Stalling: "/stalling",
				Redirecting: "/redirect",
			})
		})
	}
}
