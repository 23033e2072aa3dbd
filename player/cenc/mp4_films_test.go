package cenc_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/cenc"
)

const media = "../../examples/media/"

// ring is Keys for tests.
type ring map[[16]byte]*cenc.Key

func (r ring) Key(id [16]byte) *cenc.Key { return r[id] }

// film is an MP4 of the demo site, which ffmpeg or shaka-packager made.
type film struct {
	Name, Container, Scheme string
	Files                   []string
	Keys                    map[string]string
	Fragmented              bool
}

func films(t testing.TB) (all []film) {
	t.Helper()
	list, err := os.ReadFile(media + "films.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(list, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func (f film) ring(t testing.TB) ring {
	t.Helper()
	keys := ring{}
	for id, value := range f.Keys {
		var k [2][16]byte
		for i, text := range []string{id, value} {
			if n, err := hex.Decode(k[i][:], []byte(text)); n != 16 || err != nil {
				t.Fatalf("%s: key %s: %v", f.Name, text, err)
			}
		}
		keys[k[0]] = cenc.NewKey(k[0], k[1])
	}
	return keys
}

// clear decrypts a stream in pieces of n bytes.
func clear(d *cenc.Decrypter, stream []byte, n int) (out []byte, events []cenc.InitData, err error) {
	for len(stream) > 0 {
		piece := stream[:min(n, len(stream))]
		stream = stream[len(piece):]
		before := bytes.Clone(piece)
		made, err := d.Decrypt(noContext, piece)
		if err != nil {
			return out, events, err
		}
		if !bytes.Equal(before, piece) {
			return out, events, fmt.Errorf("the caller's bytes were changed")
		}
		if made.Missing != nil {
			return out, events, fmt.Errorf("keys %x are missing", made.Missing)
		}
		out = append(out, made.Clear...)
		events = append(events, made.InitData...)
	}
	return out, events, nil
}

// TestFilms decrypts every encrypted film of the demo site. Wherever the stream is cut, the same comes out. KEEP is a folder to put that in.
func TestFilms(t *testing.T) {
	for _, film := range films(t) {
		if film.Container != "mp4" {
			continue
		}
		keys := film.ring(t)
		for _, file := range film.Files {
			t.Run(file, func(t *testing.T) {
				stream, err := os.ReadFile(media + file)
				if err != nil {
					t.Fatal(err)
				}
				whole, events, err := clear(cenc.NewDecrypter(keys, nil), stream, len(stream))
				if film.Name == "mp4-moov-last" {
					if is := (*cenc.Error)(nil); !errors.As(err, &is) || !is.Unsupported || is.Path != "mdat" {
						t.Errorf("error %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if film.Fragmented && len(whole) != len(stream) {
					t.Errorf("%d bytes became %d", len(stream), len(whole))
				}
				for _, left := range []string{"encv", "enca", "sinf", "pssh", "senc"} {
					if bytes.Contains(whole, []byte(left)) {
						t.Errorf("it still holds %q", left)
					}
				}
				for _, n := range []int{1, 7, 1000, 65536} {
					if n == 1 && raceDetector {
						continue // a minute
					}
					cut, itsEvents, err := clear(cenc.NewDecrypter(keys, nil), stream, n)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(cut, whole) {
						t.Errorf("in pieces of %d bytes it becomes something else", n)
					}
					if fmt.Sprint(events) != fmt.Sprint(itsEvents) {
						t.Errorf("in pieces of %d bytes, init data %x; else %x", n, itsEvents, events)
					}
				}
				if dir := os.Getenv("KEEP"); dir != "" {
					if err := os.WriteFile(filepath.Join(dir, strings.TrimSuffix(file, ".mp4")+".clear.mp4"), whole, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}
