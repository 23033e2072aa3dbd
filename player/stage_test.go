package player_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/cdm"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
	"github.com/keystream-player/keystream/player/webm"
)

var update = flag.Bool("update", false, "write the golden files anew")

const mediaFolder = "../examples/media"

// filmEntry is a film of examples/media/films.json.
type filmEntry struct {
	Name      string
	Files     []string
	Container string
	Codecs    []string
	Scheme    string
	Keys      map[string]string
	Duration  float64
	Frames    int

	Fragmented bool
	Rotation   bool // of keys
}

func films(t testing.TB) map[string]filmEntry {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(mediaFolder, "films.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []filmEntry
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	byName := map[string]filmEntry{}
	for _, f := range list {
		byName[f.Name] = f
	}
	return byName
}

// stage is a player on a page in memory, with a committed film on its server, in virtual time.
type stage struct {
	t      *testing.T
	host   *playertest.Host
	player *player.Player
	film   filmEntry
	events []player.Event
	urls   []string
	bytes  []byte // of the first file

	software bool // the host has a CDM of its own
}

// play runs f with a player in a synctest bubble; afterwards it closes the player and checks that nothing is left of it.
func play(t *testing.T, name string, options playertest.Options, config func(*stage) player.Config, f func(*stage)) {
	t.Helper()
	entry, ok := films(t)[name]
	if !ok {
		t.Fatalf("there is no film %s", name)
	}
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, film: entry}
		options.Autoplay = true
		options.Films = nil
		for i, file := range entry.Files {
			options.Films = append(options.Films, entry.read(t, i, file))
		}
		s.host, s.bytes = playertest.NewHost(t, options), options.Films[0].Bytes
		for i, film := range options.Films {
			s.urls = append(s.urls, entry.Files[i]+"?token=secret")
			s.host.Network.Serve(s.urls[i], playertest.Resource{Body: film.Bytes, Type: "video/mp4"})
		}
		c := config(s)
		c.OnEvent = func(e player.Event) {
			if _, ok := e.(*player.RequestEvent); !ok { // the network's own lane has them
				s.events = append(s.events, e)
			}
		}
		var host platform.Host = s.host
		if s.software {
			host = cdm.NewHost(s.host)
		}
		s.player = player.New(host, c)
		defer s.expectNothingLeft()
		defer func() {
			if err := s.player.Close(t.Context()); err != nil {
				t.Errorf("close: %v", err)
			}
		}()
		f(s)
	})
}

// read makes a playertest film of a file.
func (f filmEntry) read(t testing.TB, i int, file string) *playertest.Film {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(mediaFolder, file))
	if err != nil {
		t.Fatal(err)
	}
	header, err := mp4.ReadHeader(bytes.NewReader(b), int64(len(b)))
	if f.Container == "webm" {
		header, err = webm.ReadHeader(bytes.NewReader(b), int64(len(b)))
	}
	if errors.Is(err, mp4.ErrMoovAfterMdat) {
		header = &manifest.Header{Container: "mp4", Tracks: []manifest.Track{{Kind: "video", Codec: f.Codecs[i]}}}
	} else if err != nil {
		t.Fatal(err)
	}
	var keys []playertest.FilmKey
	for _, id := range header.KeyIDs() {
		value, err := hex.DecodeString(f.Keys[hex.EncodeToString(id[:])])
		if err != nil || len(value) != 16 {
			t.Fatalf("films.json has no key for %x", id)
		}
		keys = append(keys, playertest.FilmKey{ID: id, Key: [16]byte(value)})
	}
	film := playertest.RealFilm(b, header.MIMEType(), time.Duration(f.Duration*float64(time.Second)), f.Frames, keys...)
	if i > 0 {
		film.Frames = 0
	}
	return film
}

func (s *stage) source() player.Source {
	var source player.Source
	for _, url := range s.urls {
		source.Tracks = append(source.Tracks, player.File{URL: url, Chunks: 5})
	}
	return source
}

func (s *stage) load() error { return s.player.Load(s.t.Context(), s.source()) }

// playToEnd loads the film and lets it play.
func (s *stage) playToEnd() {
	s.t.Helper()
	if err := s.load(); err != nil {
		s.t.Fatalf("load: %v\n%s", err, s.host.Dump())
	}
	time.Sleep(time.Duration(s.film.Duration*float64(time.Second)) + time.Second)
	s.expectEnded()
}

func (s *stage) expectEnded() {
	s.t.Helper()
	synctest.Wait()
	if !s.host.Video().Ended() {
		s.t.Errorf("the film did not end\n%s", s.host.Dump())
	}
	if got := s.host.Video().DecodedFrames(); got != s.film.Frames {
		s.t.Errorf("decoded %d frames, want %d", got, s.film.Frames)
	}
	if got := s.lastState(); got != player.StateEnded {
		s.t.Errorf("the last state is %q, want ended", got)
	}
	if errs := s.errors(); len(errs) > 0 {
		s.t.Errorf("error events: %v", errs)
	}
}

// hear waits for the events of what has happened.
func hear() {
	time.Sleep(10 * time.Millisecond)
	synctest.Wait()
}

func (s *stage) lastState() player.State {
	hear()
	for _, e := range slices.Backward(s.events) {
		if change, ok := e.(*player.StateChangeEvent); ok {
			return change.State
		}
	}
	return ""
}

func (s *stage) errors() (errs []*player.Error) {
	hear()
	for _, e := range s.events {
		if err, ok := e.(*player.Error); ok {
			errs = append(errs, err)
		}
	}
	return errs
}

// requests lists what the server at a URL was asked.
func (s *stage) requests(url string) (list []playertest.Exchange) {
	for _, r := range s.host.Network.Requests() {
		if strings.HasPrefix(r.URL, playertest.PageURL+url) {
			list = append(list, r)
		}
	}
	return list
}

func (s *stage) expectNothingLeft() {
	s.t.Helper()
	synctest.Wait()
	if n := s.host.OpenSessions(); n != 0 {
		s.t.Errorf("%d key sessions are left", n)
	}
	if n := s.host.Live(); n != 0 {
		s.t.Errorf("%d responses or bodies are left", n)
	}
	if s.host.Video().HasMediaKeys() {
		s.t.Error("the element still has MediaKeys")
	}
	if v := s.host.Violations(); len(v) > 0 {
		s.t.Errorf("calls that the specifications forbid: %q\n%s", v, s.host.Dump())
	}
	for _, e := range s.events {
		if err, ok := e.(*player.Error); ok {
			s.expectNoSecret(err.Error() + err.URL)
		}
	}
}

func (s *stage) expectNoSecret(text string) {
	s.t.Helper()
	for _, key := range s.film.Keys {
		if strings.Contains(text, key) {
			s.t.Errorf("a key is in %q", text)
		}
	}
	if strings.Contains(text, "secret") {
		s.t.Errorf("a token is in %q", text)
	}
}

// expectError checks the one fatal error of a load that failed.
func (s *stage) expectError(err error, code player.Code, stage player.Stage) {
	s.t.Helper()
	var got *player.Error
	if !errors.As(err, &got) {
		s.t.Fatalf("load returned %v, want %s\n%s", err, code, s.host.Dump())
	}
	if got.Code != code || got.Stage != stage || !got.Fatal || got.Remedy == "" || got.Message == "" {
		s.t.Errorf("got %s at %s (fatal %v): %v; want %s at %s", got.Code, got.Stage, got.Fatal, got, code, stage)
	}
	s.expectNoSecret(got.Error())
	errs := slices.DeleteFunc(s.errors(), func(e *player.Error) bool { return !e.Fatal })
	if len(errs) != 1 || errs[0] != got {
		s.t.Errorf("the fatal error events are %v, want the one that load returned", errs)
	}
	if state := s.lastState(); state != player.StateFailed {
		s.t.Errorf("the last state is %q, want failed", state)
	}
}

// keys configures the film's own keys.
func keys(s *stage) player.Config {
	return player.Config{DRM: drm.Config{KeySystems: []drm.KeySystem{{Name: clearkey.Name, Keys: s.film.Keys}}}}
}

// server configures a licence server that has the film's keys.
func server(s *stage) player.Config {
	s.host.Network.Handle("license?token=secret", func(ex playertest.Exchange) playertest.Reply {
		return playertest.Reply{Body: s.license(ex.Body)}
	})
	return player.Config{DRM: drm.Config{KeySystems: []drm.KeySystem{{Name: clearkey.Name, License: &drm.LicenseServer{Fetcher: s.host, URL: "license?token=secret"}}}}}
}

// license answers a Clear Key request with those of the film's keys that it asks for.
func (s *stage) license(request []byte) []byte {
	ids, err := clearkey.ParseRequest(request)
	if err != nil {
		s.t.Errorf("the licence request cannot be read: %v", err)
	}
	var held []clearkey.Key
	for _, id := range ids {
		if key, ok := s.film.Keys[hex.EncodeToString(id[:])]; ok {
			value, _ := hex.DecodeString(key)
			held = append(held, clearkey.Key{ID: id, Value: [16]byte(value)})
		}
	}
	return clearkey.FormatLicense(held)
}

// nothing configures no key system.
func nothing(*stage) player.Config { return player.Config{} }

// panicking is a licence fetcher with a bug.
type panicking struct{}

func (panicking) FetchLicense(context.Context, drm.LicenseRequest) ([]byte, error) { panic("a bug") }

type platformHeader = platform.HeaderField

func filmKeyIDs(t *testing.T, name string) (ids [][16]byte) {
	for kid := range films(t)[name].Keys {
		raw, err := hex.DecodeString(kid)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, [16]byte(raw))
	}
	return ids
}
