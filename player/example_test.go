package player_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

const (
	exampleKID = "a78625976c72e89bebf3399e085535c8"
	exampleKey = "12f5e8a5f880f4eda76bdbebedec2324"
)

// exampleHost stands in for browser.New(element, bridge): a page in memory that has one encrypted film.
func exampleHost() (host platform.Host, end func()) {
	file, err := os.ReadFile("../examples/media/mp4-cenc-video.mp4")
	if err != nil {
		panic(err)
	}
	id, _ := hex.DecodeString(exampleKID)
	key, _ := hex.DecodeString(exampleKey)
	film := playertest.RealFilm(file, `video/mp4; codecs="avc1.4d401e"`, 10*time.Second, 250, playertest.FilmKey{ID: [16]byte(id), Key: [16]byte(key)})
	page := playertest.NewHost(atEnd{&end}, playertest.Options{Films: []*playertest.Film{film}})
	page.Network.Serve("film.mp4", playertest.Resource{Body: file, Type: "video/mp4"})
	return page, end
}

type atEnd struct{ end *func() }

func (a atEnd) Cleanup(f func()) { *a.end = f }

// A film whose key the program has.
func ExampleNew() {
	host, end := exampleHost()
	defer end()
	p := player.New(host, player.Config{
		DRM: drm.Config{KeySystems: []drm.KeySystem{{Name: "org.w3.clearkey", Keys: map[string]string{exampleKID: exampleKey}}}},
	})
	ctx := context.Background()
	if err := p.Load(ctx, player.Source{Tracks: []player.File{{URL: "film.mp4"}}}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("it can play")
	fmt.Println(p.Close(ctx))
	// Output:
	// it can play
	// <nil>
}

// A licence fetcher of one's own: here the keys come from the program itself.
func ExampleConfig() {
	host, end := exampleHost()
	defer end()
	fetch := drm.LicenseFunc(func(_ context.Context, req drm.LicenseRequest) ([]byte, error) {
		fmt.Println("asked for", drm.FormatKeyIDs(req.KeyIDs))
		key, err := clearkey.ParseKey(exampleKey)
		return clearkey.FormatLicense([]clearkey.Key{{ID: req.KeyIDs[0], Value: key}}), err
	})
	p := player.New(host, player.Config{DRM: drm.Config{KeySystems: []drm.KeySystem{{Name: "org.w3.clearkey", License: fetch}}}})
	defer p.Close(context.Background())
	fmt.Println(p.Load(context.Background(), player.Source{Tracks: []player.File{{URL: "film.mp4"}}}))
	// Output:
	// asked for a78625976c72e89bebf3399e085535c8
	// <nil>
}

// Every failure says what to do.
func ExampleError() {
	host, end := exampleHost()
	defer end()
	p := player.New(host, player.Config{})
	defer p.Close(context.Background())
	fmt.Println(p.Load(context.Background(), player.Source{Tracks: []player.File{{URL: "film.mp4"}}}))
	// Output:
	// keystream: KEY_SYSTEM_MISSING: The media is encrypted, and no key system is configured (key id a78625976c72e89bebf3399e085535c8). Give the player keySystems: { "org.w3.clearkey": { keys or license } }
}

// The packages inspect files natively too, on a server or in a command.
func Example_inspect() {
	file, err := os.ReadFile("../examples/media/mp4-cenc-video.mp4")
	if err != nil {
		fmt.Println(err)
		return
	}
	header, err := mp4.ReadHeader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(header.MIMEType(), header.Tracks[0].Protection.Scheme, drm.FormatKeyIDs(header.KeyIDs()))
	// Output:
	// video/mp4; codecs="avc1.4d401e" cenc a78625976c72e89bebf3399e085535c8
}
