package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/mp4"
)

const (
	media = "../media/"

	keyA = "00112233-4455-6677-8899-aabbccddeeff:0102030405060708090a0b0c0d0e0f10"
	keyB = "ffeeddccbbaa99887766554433221100:f1f2f3f4f5f6f7f8f9fafbfcfdfeff00"
	idA  = "00112233445566778899aabbccddeeff"
	idB  = "ffeeddccbbaa99887766554433221100"
)

// player is a folder that stands in for web/dist.
func player(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"keystream.js", "player.wasm", "keystream.d.ts"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// pack runs the program, and gives the folder that it made.
func pack(t *testing.T, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "new", "film")
	if err := run(append([]string{"-out", out, "-player", player(t)}, args...), io.Discard); err != nil {
		t.Fatal(err)
	}
	return out
}

func keysIn(t *testing.T, folder string) (keys map[string]string) {
	t.Helper()
	if err := json.Unmarshal(read(t, filepath.Join(folder, "keys.json")), &keys); err != nil {
		t.Fatal(err)
	}
	return keys
}

// What is packed and decrypted again, by Keystream and by mp4ff, is what it was: each sample's bytes, its times and its flags.
func TestRoundTrip(t *testing.T) {
	sources := map[string][]string{
		"muxed":      {media + "mp4-fragmented.mp4"},
		"two files":  {media + "mp4-tracks-video.mp4", media + "mp4-tracks-audio.mp4"},
		"sound only": {media + "mp4-tracks-audio.mp4"},
	}
	for name, files := range sources {
		for _, scheme := range []string{"cenc", "cbcs"} {
			for _, each := range []bool{false, true} {
				title := name + ", " + scheme
				args := []string{"-scheme", scheme}
				if each {
					title += ", a key a track"
					args = append(args, "-key-per-track")
				}
				t.Run(title, func(t *testing.T) { roundTrip(t, scheme, each, files, pack(t, append(args, files...)...)) })
			}
		}
	}
}

func roundTrip(t *testing.T, scheme string, each bool, files []string, folder string) {
	var wanted []samples
	for _, file := range files {
		wanted = append(wanted, tracksIn(t, read(t, file))...)
	}
	names := []string{"video.mp4", "audio.mp4"}[2-len(wanted):]
	keys := keysIn(t, folder)
	if want := 1; !each && len(keys) != want || each && len(keys) != len(wanted) {
		t.Errorf("%d keys for %d tracks", len(keys), len(wanted))
	}
	for n, name := range names {
		packed := read(t, filepath.Join(folder, "www", name))
		header, err := mp4.ReadHeader(bytes.NewReader(packed), int64(len(packed)))
		if err != nil {
			t.Fatal(err)
		}
		checkPSSH(t, name, header.PSSH, keys)
		if p := header.Tracks[0].Protection; len(header.Tracks) != 1 || p.Scheme != scheme || keys[hex.EncodeToString(p.KeyID[:])] == "" {
			t.Errorf("%s: %+v, %+v", name, header.Tracks, p)
		}
		if got := tracksIn(t, packed)[0]; got.equal(wanted[n]) {
			t.Errorf("%s is not encrypted", name)
		}
		if got := tracksIn(t, decryptMP4FF(t, packed, keys))[0]; !got.equal(wanted[n]) {
			t.Errorf("%s: what mp4ff decrypts is not what it was", name)
		}
		if got := tracksIn(t, decryptCENC(t, packed, keys))[0]; !got.equal(wanted[n]) {
			t.Errorf("%s: what Keystream decrypts is not what it was", name)
		}
	}
}

// checkPSSH checks that one common PSSH names all keys of the film.
func checkPSSH(t *testing.T, name string, initData []byte, keys map[string]string) {
	t.Helper()
	boxes, err := mp4.ParsePSSH(initData)
	if err != nil || len(boxes) != 1 || boxes[0].SystemID != mp4.SystemCommon {
		t.Fatalf("%s: pssh boxes %v, %v", name, boxes, err)
	}
	var named []string
	for _, id := range boxes[0].KeyIDs {
		named = append(named, hex.EncodeToString(id[:]))
	}
	if got, want := slices.Sorted(slices.Values(named)), slices.Sorted(maps.Keys(keys)); !slices.Equal(got, want) {
		t.Errorf("%s: the PSSH names %v, want %v", name, got, want)
	}
}

func TestKeysGiven(t *testing.T) {
	film := media + "mp4-fragmented.mp4"
	one := keysIn(t, pack(t, "-key", keyA, film))
	if want := map[string]string{idA: strings.Split(keyA, ":")[1]}; !maps.Equal(one, want) {
		t.Errorf("one key: %v", slices.Sorted(maps.Keys(one)))
	}
	folder := pack(t, "-key", keyA, "-key", keyB, film)
	if keys := keysIn(t, folder); len(keys) != 2 || keys[idB] != strings.Split(keyB, ":")[1] {
		t.Errorf("a key a track: %v", slices.Sorted(maps.Keys(keys)))
	}
	for name, want := range map[string]string{"video.mp4": idA, "audio.mp4": idB} {
		packed := read(t, filepath.Join(folder, "www", name))
		header, err := mp4.ReadHeader(bytes.NewReader(packed), int64(len(packed)))
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(header.Tracks[0].Protection.KeyID[:]); got != want {
			t.Errorf("%s is under %s, want %s", name, got, want)
		}
	}
	first, second := keysIn(t, pack(t, film)), keysIn(t, pack(t, film))
	if maps.Equal(first, second) {
		t.Error("two films have the same random key")
	}
}

// Keys are for the owner, outside what is served.
func TestKeysAreKept(t *testing.T) {
	folder := pack(t, "-key", keyA, media+"mp4-tracks-audio.mp4")
	if info, err := os.Stat(filepath.Join(folder, "keys.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("keys.json: %v, %v", info.Mode(), err)
	}
	text := strings.Split(keyA, ":")[1]
	raw, _ := hex.DecodeString(text)
	var seen []string
	err := filepath.WalkDir(filepath.Join(folder, "www"), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		seen = append(seen, entry.Name())
		content := read(t, name)
		for _, secret := range []string{text, string(raw), base64.RawURLEncoding.EncodeToString(raw)} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds the key", name)
			}
		}
		return nil
	})
	if want := []string{"audio.mp4", "keystream.js", "player.wasm", "index.html", "main.js", "style.css"}; err != nil || !slices.Equal(seen, want) {
		t.Errorf("%v, %v; want %v", seen, err, want)
	}
}

func TestPage(t *testing.T) {
	folder := pack(t, "-title", `<b>"Tide" & 'Bell'`, "-license", "https://license.example/ck?a='b", media+"mp4-fragmented.mp4")
	html, js := string(read(t, filepath.Join(folder, "www", "index.html"))), string(read(t, filepath.Join(folder, "www", "main.js")))
	for _, want := range []string{"<h1>&lt;b&gt;&#34;Tide&#34; &amp; &#39;Bell&#39;</h1>", "connect-src 'self' https://license.example;"} {
		if !strings.Contains(html, want) {
			t.Errorf("index.html lacks %q:\n%s", want, html)
		}
	}
	for _, want := range []string{`license: 'https://license.example/ck?a\u003D\'b'`, "const film = ['video.mp4', 'audio.mp4']\n"} {
		if !strings.Contains(js, want) {
			t.Errorf("main.js lacks %q:\n%s", want, js)
		}
	}
	untitled := string(read(t, filepath.Join(pack(t, media+"mp4-tracks-audio.mp4"), "www", "index.html")))
	if !strings.Contains(untitled, "<title>mp4-tracks-audio</title>") {
		t.Errorf("a page without -title:\n%s", untitled)
	}
}

// Refusals name the file or the flag, and what to do; they leave nothing behind.
func TestRefusals(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "keys.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	film := media + "mp4-tracks-audio.mp4"
	for want, args := range map[string][]string{
		"name one or more fragmented MP4":                {},
		"want cenc or cbcs":                              {"-scheme", "cens", film},
		"number 1: want KID:KEY":                         {"-key", "0011", film},
		"number 2: want KID:KEY":                         {"-key", keyA, "-key", keyA + "00", film},
		"with different keys":                            {"-key", keyA, "-key", idA + keyB[32:], film},
		"there 2 times, and the film has 1 tracks":       {"-key", keyA, "-key", keyB, film},
		"-key-per-track makes random keys":               {"-key-per-track", "-key", keyA, film},
		"want an http(s) URL":                            {"-license", "javascript:alert(1)", film},
		"make build":                                     {"-player", full, film},
		"may hold keys":                                  {"-out", full, film},
		"none.mp4":                                       {media + "none.mp4"},
		"mp4-progressive.mp4: is a progressive MP4":      {media + "mp4-progressive.mp4"},
		"fragment it first: ffmpeg -i FILE -c copy":      {media + "mp4-moov-last.mp4"},
		"mp4-cenc-video.mp4: is encrypted already":       {media + "mp4-cenc-video.mp4"},
		"webm-vp9-opus.webm: is WebM, and this encrypts": {film, media + "webm-vp9-opus.webm"},
		"films.json: is no MP4":                          {media + "films.json"},
	} {
		parent := t.TempDir()
		all := append([]string{"-out", filepath.Join(parent, "film"), "-player", player(t)}, args...)
		err := run(all, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "0102030405060708") {
			t.Errorf("%v: the error shows the key: %v", args, err)
		}
		if left, _ := os.ReadDir(parent); len(left) > 0 {
			t.Errorf("%v leaves %v", args, left)
		}
	}
	if left, _ := os.ReadDir(full); len(left) != 1 {
		t.Errorf("a folder that was there has %v now", left)
	}
}

// A file that is cut off or damaged is an error that names it, or packs; it never ends in a panic, nor in half a film.
func TestDamagedFiles(t *testing.T) {
	whole := read(t, media+"mp4-fragmented.mp4")
	name := filepath.Join(t.TempDir(), "damaged.mp4")
	dist := player(t)
	try := func(data []byte, what string, seed uint64) (failed bool) {
		t.Helper()
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "film")
		err := run([]string{"-out", out, "-player", dist, name}, io.Discard)
		if err != nil && !strings.Contains(err.Error(), name) {
			t.Errorf("%s %d: %v", what, seed, err)
		}
		if _, there := os.Stat(out); (there == nil) != (err == nil) {
			t.Errorf("%s %d: %v, and the folder: %v", what, seed, err, there)
		}
		return err != nil
	}
	for _, length := range []int{0, 7, 24, 600, len(whole) / 2, len(whole) - 200_000, len(whole) - 9} {
		if !try(whole[:length], "cut to", uint64(length)) {
			t.Errorf("cut to %d bytes: packed", length)
		}
	}
	failures := 0
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		data := bytes.Clone(whole)
		for range 3 {
			data[random.IntN(3000)] = byte(random.Uint32()) // moov, and the first moof
		}
		if try(data, "seed", seed) {
			failures++
		}
	}
	if failures == 0 {
		t.Error("no damage was noticed")
	}
}
