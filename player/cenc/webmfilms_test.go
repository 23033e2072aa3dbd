package cenc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"testing"
)

// clearFilms are the frames of the demo site's encrypted films, one after the other, as shaka-packager 3.4.2 decrypts them
// (--enable_raw_key_decryption): their SHA-256.
var clearFilms = map[string]struct {
	frames int
	sum    string
}{
	"webm-vp8-vorbis-cenc-video.webm": {250, "fb561191fb1ee2505df957e4cb097d4100691534b5a1220d5c10261c7b23051d"},
	"webm-vp8-vorbis-cenc-audio.webm": {471, "6e19db33b5daea27aa285546f9087292a87e9aa3710de4057ce1004c32d5a459"},
	"webm-vp9-opus-cenc-video.webm":   {250, "f341fe3234b316546cbabbcd12b03197f6a3dad64abd848e6066bb267af809c9"},
	"webm-vp9-opus-cenc-audio.webm":   {501, "b3b5588dd85393e4fac44d9c86dc4569a2853300f8198e320da4ae04fe0007ed"},
}

const mediaFolder = "../../examples/media/"

// filmKeys has the keys of all films.
func filmKeys(t testing.TB) keyRing {
	t.Helper()
	list, err := os.ReadFile(mediaFolder + "films.json")
	if err != nil {
		t.Fatal(err)
	}
	var films []struct{ Keys map[string]string }
	if err := json.Unmarshal(list, &films); err != nil {
		t.Fatal(err)
	}
	ring := keyRing{}
	for _, film := range films {
		for id, value := range film.Keys {
			var k [2][16]byte
			for i, text := range []string{id, value} {
				if n, err := hex.Decode(k[i][:], []byte(text)); n != 16 || err != nil {
					t.Fatalf("key id %s: %v", id, err)
				}
			}
			ring[k[0]] = NewKey(k[0], k[1])
		}
	}
	return ring
}

func TestWebMFilms(t *testing.T) {
	keys := filmKeys(t)
	for name, want := range clearFilms {
		stream, err := os.ReadFile(mediaFolder + name)
		if err != nil {
			t.Fatal(err)
		}
		cuts := []int{7, 1000, 65536, len(stream)}
		if len(stream) < 100_000 {
			cuts = append(cuts, 1)
		}
		for _, cut := range cuts {
			t.Run(name+" in "+strconv.Itoa(cut), func(t *testing.T) {
				d := NewDecrypter(keys, nil)
				var out []byte
				events := 0
				for piece := range slices.Chunk(stream, cut) {
					got, err := d.Decrypt(context.Background(), piece)
					if err != nil || got.Missing != nil {
						t.Fatalf("missing %x, error %v", got.Missing, err)
					}
					out = append(out, got.Clear...)
					events += len(got.InitData)
				}
				frames, sum := 0, sha256.New()
				for _, b := range blocksIn(t, out) {
					for _, frame := range b.frames {
						frames++
						sum.Write(frame)
					}
				}
				if got := hex.EncodeToString(sum.Sum(nil)); frames != want.frames || got != want.sum {
					t.Errorf("%d frames of %s, want %d of %s", frames, got, want.frames, want.sum)
				}
				if len(out) != len(stream) || events != 1 {
					t.Errorf("%d bytes became %d, with %d events", len(stream), len(out), events)
				}
			})
		}
	}
}

// webMSegment is a Cluster of about size bytes: frames of 10 kB, each partitioned, as VP9's are.
func webMSegment(t testing.TB, size int) []byte {
	blocks := [][]byte{time0}
	for i := range size / 10_000 {
		blocks = append(blocks, simple(1, byte(i), partitioned(t, videoID, byte(i), 10_000, 100)))
	}
	return ebml(idCluster, blocks...)
}

// TestWebMMemoryIsFlat: once warm, a segment allocates nothing.
func TestWebMMemoryIsFlat(t *testing.T) {
	w, keys := newWebM(), ringOf(videoID)
	if _, err := w.read(webMOf(), keys); err != nil {
		t.Fatal(err)
	}
	segment := webMSegment(t, 1<<20)
	scratch := bytes.Clone(segment)
	allocations := testing.AllocsPerRun(5, func() {
		copy(scratch, segment)
		if part, err := w.read(scratch, keys); err != nil || part.used != len(segment) || len(part.samples) != len(segment)/10_000 {
			t.Fatalf("%d of %d bytes, %d samples, error %v", part.used, len(segment), len(part.samples), err)
		}
	})
	if allocations > 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func BenchmarkWebM(b *testing.B) {
	segment := webMSegment(b, 4<<20)
	ring := keyRing{videoID: NewKey(videoID, valueOf(videoID))}
	d := NewDecrypter(ring, nil)
	if _, err := d.Decrypt(context.Background(), webMOf()); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(segment)))
	b.ReportAllocs()
	for b.Loop() {
		if out, err := d.Decrypt(context.Background(), segment); err != nil || len(out.Clear) != len(segment) {
			b.Fatal(err)
		}
	}
}
