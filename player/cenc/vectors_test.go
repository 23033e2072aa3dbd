package cenc_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/keystream-player/keystream/player/cenc"
)

const vectorFolder = "testdata/vectors"

// vector is an encrypted film and the samples that it must become: see testdata/vectors/README.md.
type vector struct {
	Name, File, Container, Maker, Scheme string

	Rows   []string
	Keys   map[string]string
	Tracks []struct {
		ID      uint64
		Samples []struct {
			Source       string
			First, Count int
		}
	}
	data []byte
	want map[uint64][][]byte // by track
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	var index struct {
		Sources []struct {
			Name, File string
			Sizes      []int
		}
		Vectors []vector
	}
	if err := json.Unmarshal(readVectorFile(t, "vectors.json"), &index); err != nil {
		t.Fatal(err)
	}
	sources := map[string][][]byte{}
	for _, s := range index.Sources {
		data := readVectorFile(t, s.File)
		for _, size := range s.Sizes {
			sources[s.Name], data = append(sources[s.Name], data[:size]), data[size:]
		}
		if len(data) > 0 {
			t.Fatalf("%s has %d bytes of no sample", s.File, len(data))
		}
	}
	for i := range index.Vectors {
		v := &index.Vectors[i]
		v.data, v.want = readVectorFile(t, v.File), map[uint64][][]byte{}
		for _, track := range v.Tracks {
			for _, s := range track.Samples {
				v.want[track.ID] = append(v.want[track.ID], sources[s.Source][s.First:s.First+s.Count]...)
			}
		}
	}
	return index.Vectors
}

func readVectorFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectorFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// vectorKeys are the keys that are there.
type vectorKeys map[[16]byte]*cenc.Key

func (k vectorKeys) Key(id [16]byte) *cenc.Key { return k[id] }

func (v *vector) ring(t testing.TB) vectorKeys {
	t.Helper()
	keys := vectorKeys{}
	for id, value := range v.Keys {
		var pair [2][16]byte
		for i, text := range []string{id, value} {
			if n, err := hex.Decode(pair[i][:], []byte(text)); err != nil || n != 16 {
				t.Fatalf("%q is no key or id: %v", text, err)
			}
		}
		keys[pair[0]] = cenc.NewKey(pair[0], pair[1])
	}
	return keys
}

// TestVectors decrypts every vector, in pieces of several lengths, and holds the samples to those of the clear source.
func TestVectors(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			whole := v.decrypt(t, len(v.data))
			v.check(t, whole)
			for _, n := range []int{1, 7, 1000} {
				cut := v.decrypt(t, n)
				if !slices.Contains(v.Rows, "progressive") && !bytes.Equal(cut, whole) { // a progressive film becomes fragments as its bytes come
					t.Errorf("in pieces of %d bytes it becomes something else, from byte %d on", n, firstDifference(cut, whole))
				}
				v.check(t, cut)
			}
		})
	}
}

// decrypt decrypts the vector in pieces of n bytes.
func (v *vector) decrypt(t *testing.T, n int) (out []byte) {
	t.Helper()
	d := cenc.NewDecrypter(v.ring(t), nil)
	for piece := range slices.Chunk(v.data, n) {
		made, err := d.Decrypt(t.Context(), piece)
		if err != nil {
			t.Fatalf("in pieces of %d bytes: %v", n, err)
		}
		if len(made.Missing) > 0 {
			t.Fatalf("in pieces of %d bytes: keys %x are missed", n, made.Missing)
		}
		out = append(out, made.Clear...)
	}
	return out
}

// TestVectorsLateKeys gives each key only once it was missed.
func TestVectorsLateKeys(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			all, keys := v.ring(t), vectorKeys{}
			d := cenc.NewDecrypter(keys, nil)
			var out []byte
			rest := v.data
			for len(rest) > 0 {
				piece := rest[:min(len(rest), 5000)]
				rest = rest[len(piece):]
				for {
					made, err := d.Decrypt(t.Context(), piece)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, made.Clear...)
					if len(made.Missing) == 0 {
						break
					}
					piece = nil
					for _, id := range made.Missing {
						if all[id] == nil {
							t.Fatalf("key %x is missed, which is none of the film's", id)
						}
						if keys[id] != nil {
							t.Fatalf("key %x is missed, which is there", id)
						}
					}
					keys[made.Missing[0]] = all[made.Missing[0]]
				}
			}
			if len(keys) != len(all) {
				t.Errorf("%d keys were missed, of %d", len(keys), len(all))
			}
			v.check(t, out)
		})
	}
}

// check holds what a vector became to the samples of the clear source.
func (v *vector) check(t *testing.T, got []byte) {
	t.Helper()
	var tracks map[uint64][]vectorSample
	var problems []string
	if v.Container == "webm" {
		tracks, problems = readVectorWebM(got)
	} else {
		tracks, problems = readVectorMP4(got)
	}
	for _, problem := range problems {
		t.Error(problem)
	}
	if !slices.Contains(v.Rows, "progressive") && len(got) != len(v.data) {
		t.Errorf("%d bytes became %d", len(v.data), len(got))
	}
	if ids := slices.Sorted(maps.Keys(tracks)); !slices.Equal(ids, slices.Sorted(maps.Keys(v.want))) {
		t.Errorf("tracks %v have samples", ids)
	}
	for id, want := range v.want {
		if len(tracks[id]) != len(want) {
			t.Errorf("track %d has %d samples, not %d", id, len(tracks[id]), len(want))
		}
		wrong := 0
		for i := range min(len(tracks[id]), len(want)) {
			if sample := tracks[id][i].data; !bytes.Equal(sample, want[i]) {
				if wrong++; wrong == 1 {
					t.Errorf("track %d: sample %d has %d bytes, not %d, or differs, from byte %d on", id, i, len(sample), len(want[i]),
						firstDifference(sample, want[i]))
				}
			}
		}
		if wrong > 1 {
			t.Errorf("track %d: %d samples are wrong", id, wrong)
		}
	}
	if slices.Contains(v.Rows, "progressive") {
		v.checkTimes(t, tracks)
	}
}

func firstDifference(a, b []byte) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// vectorSample is a sample that a decrypted film has.
type vectorSample struct {
	data   []byte
	time   uint64 // of decoding, in the track's timescale
	offset int32  // from there to composition
	sync   bool
}

func (s vectorSample) timing() string { return fmt.Sprintf("%d+%d sync %v", s.time, s.offset, s.sync) }
