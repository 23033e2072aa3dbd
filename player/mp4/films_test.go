package mp4_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
)

const media = "../../examples/media/"

// TestFilms reads every MP4 of the demo site, all made by ffmpeg and shaka-packager, and holds it against what ffprobe says of it.
func TestFilms(t *testing.T) {
	list, err := os.ReadFile(media + "films.json")
	if err != nil {
		t.Fatal(err)
	}
	var films []struct {
		Name, Container, Scheme, PSSH string
		Files, Codecs                 []string
		Keys                          map[string]string
		Duration                      float64
		Fragmented, Rotation          bool
	}
	if err := json.Unmarshal(list, &films); err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, film := range films {
		for i, name := range film.Files {
			if film.Container != "mp4" {
				continue
			}
			read++
			t.Run(name, func(t *testing.T) {
				header, err := readFile(t, media+name)
				if moovLast := strings.Contains(name, "moov-last"); moovLast || err != nil {
					if !moovLast || !errors.Is(err, mp4.ErrMoovAfterMdat) {
						t.Fatal(err)
					}
					return
				}
				var codecs []string
				for _, track := range header.Tracks {
					codecs = append(codecs, track.Codec)
					if size := [2]int{track.Width, track.Height}; track.Kind == "video" && size != [2]int{640, 360} {
						t.Errorf("a picture of %v", size)
					}
					if p := track.Protection; (p != nil) != (film.Scheme != "") || p != nil && p.Scheme != film.Scheme {
						t.Errorf("protection %+v, want scheme %q", p, film.Scheme)
					}
				}
				if got := strings.Join(codecs, ","); got != film.Codecs[i] || header.Fragmented != film.Fragmented {
					t.Errorf("codecs %s, fragmented %v; want %s, %v", got, header.Fragmented, film.Codecs[i], film.Fragmented)
				}
				want := time.Duration(film.Duration * float64(time.Second))
				if d := header.Duration; d != 0 && (d-want).Abs() > 100*time.Millisecond || d == 0 && !header.Fragmented {
					t.Errorf("duration %v, want %v", d, want)
				}
				ids := header.KeyIDs()
				if film.Scheme != "" && (len(ids) == 0) != film.Rotation {
					t.Errorf("key ids %x; the fragments tell them: %v", ids, film.Rotation)
				}
				for _, id := range ids {
					if film.Keys[hex.EncodeToString(id[:])] == "" {
						t.Errorf("key id %x is not of %v", id, film.Keys)
					}
				}
				checkPSSH(t, header, film.PSSH, ids)
			})
		}
	}
	if read == 0 {
		t.Error("films.json lists no MP4")
	}
}

// checkPSSH holds the moov's pssh boxes against what was asked of the packager.
func checkPSSH(t *testing.T, header *manifest.Header, want string, ids []manifest.KeyID) {
	boxes, err := mp4.ParsePSSH(header.PSSH)
	if inHeader := want != "none" && want != "fragments"; err != nil || (len(boxes) > 0) != inHeader {
		t.Fatalf("%d pssh boxes, %v; want %s", len(boxes), err, want)
	}
	for _, box := range boxes {
		if (box.SystemID == mp4.SystemCommon) != (want == "common") {
			t.Errorf("a pssh box of system %x, want %s", box.SystemID, want)
		}
		for _, id := range ids {
			if want == "common" && !slices.Contains(box.KeyIDs, id) {
				t.Errorf("the pssh box does not name %x", id)
			}
		}
	}
}

// readFile reads a file's header as a player does: from a prefix that grows as the reader asks.
func readFile(t *testing.T, name string) (*manifest.Header, error) {
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	avail := int64(16)
	for {
		header, err := mp4.ReadHeader(file, avail)
		var short *manifest.ShortError
		if !errors.As(err, &short) {
			return header, err
		}
		if short.Need <= avail || avail == info.Size() {
			t.Fatalf("of %d bytes, %d are there, and %d are wanted", info.Size(), avail, short.Need)
		}
		avail = min(short.Need, info.Size())
	}
}
