package webm_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// TestFilms reads every WebM of the demo site, all made by ffmpeg and shaka-packager, and holds it against what ffprobe says of it.
func TestFilms(t *testing.T) {
	const media = "../../examples/media/"
	list, err := os.ReadFile(media + "films.json")
	if err != nil {
		t.Fatal(err)
	}
	var films []struct {
		Container, Scheme string
		Files, Codecs     []string
		Keys              map[string]string
		Duration          float64
	}
	if err := json.Unmarshal(list, &films); err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, film := range films {
		for i, name := range film.Files {
			if film.Container != "webm" {
				continue
			}
			files++
			t.Run(name, func(t *testing.T) {
				data, err := os.ReadFile(media + name)
				if err != nil {
					t.Fatal(err)
				}
				header, err := read(data)
				if err != nil {
					t.Fatal(err)
				}
				var codecs []string
				for _, track := range header.Tracks {
					short := track.Codec
					if strings.HasPrefix(short, "vp09.00.") {
						short = "vp9" // ffprobe does not tell more
					}
					codecs = append(codecs, short)
					if size := [2]int{track.Width, track.Height}; track.Kind == "video" && size != [2]int{640, 360} {
						t.Errorf("a picture of %v", size)
					}
					p := track.Protection
					if (p != nil) != (film.Scheme != "") || p != nil && (p.Scheme != film.Scheme || film.Keys[hex.EncodeToString(p.KeyID[:])] == "") {
						t.Errorf("protection %+v, want scheme %q and one of %v", p, film.Scheme, film.Keys)
					}
				}
				if got := strings.Join(codecs, ","); got != film.Codecs[i] {
					t.Errorf("codecs %s, want %s", got, film.Codecs[i])
				}
				want := time.Duration(film.Duration * float64(time.Second))
				if (header.Duration - want).Abs() > 100*time.Millisecond {
					t.Errorf("duration %v, want %v", header.Duration, want)
				}
				if cluster := string(data[header.Size:][:4]); cluster != "\x1f\x43\xb6\x75" {
					t.Errorf("the header ends at %d, where %x stands", header.Size, cluster)
				}
			})
		}
	}
	if files == 0 {
		t.Error("films.json lists no WebM")
	}
}
