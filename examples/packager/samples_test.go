package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"os"
	"testing"

	mp4ff "github.com/Eyevinn/mp4ff/mp4"

	"github.com/keystream-player/keystream/player/cenc"
)

// samples are all samples of a track, in order, with all that a fragment says of them.
type samples []mp4ff.FullSample

func (s samples) equal(to samples) bool {
	if len(s) != len(to) {
		return false
	}
	for i := range s {
		if s[i].Sample != to[i].Sample || s[i].DecodeTime != to[i].DecodeTime || !bytes.Equal(s[i].Data, to[i].Data) {
			return false
		}
	}
	return true
}

// tracksIn reads the samples of all tracks of a file.
func tracksIn(t *testing.T, data []byte) (all []samples) {
	t.Helper()
	file, err := mp4ff.DecodeFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, trak := range file.Init.Moov.Traks {
		var s samples
		for _, fragment := range fragments(file) {
			trex, _ := file.Init.Moov.Mvex.GetTrex(trak.Tkhd.TrackID)
			more, err := fragment.GetFullSamples(trex)
			if err != nil {
				t.Fatal(err)
			}
			s = append(s, more...)
		}
		if len(s) == 0 {
			t.Fatalf("track %d has no samples", trak.Tkhd.TrackID)
		}
		all = append(all, s)
	}
	return all
}

func fragments(file *mp4ff.File) (all []*mp4ff.Fragment) {
	for _, segment := range file.Segments {
		all = append(all, segment.Fragments...)
	}
	return all
}

// decryptMP4FF decrypts a file with mp4ff.
func decryptMP4FF(t *testing.T, data []byte, keys map[string]string) []byte {
	t.Helper()
	file, err := mp4ff.DecodeFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	info, err := mp4ff.DecryptInit(file.Init)
	if err != nil {
		t.Fatal(err)
	}
	raw := map[string][]byte{}
	for id, key := range keys {
		raw[id], _ = hex.DecodeString(key)
	}
	for _, fragment := range fragments(file) {
		if err := mp4ff.DecryptFragmentWithKeys(fragment, info, nil, raw, true); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := file.Encode(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type keyring map[[16]byte]*cenc.Key

func (k keyring) Key(id [16]byte) *cenc.Key { return k[id] }

// decryptCENC decrypts a file with Keystream's own decrypter, in pieces.
func decryptCENC(t *testing.T, data []byte, keys map[string]string) (out []byte) {
	t.Helper()
	ring := keyring{}
	for id, value := range keys {
		var key contentKey
		if !parse16(id, &key.id) || !parse16(value, &key.value) {
			t.Fatalf("keys.json has %q", id)
		}
		ring[key.id] = cenc.NewKey(key.id, key.value)
	}
	decrypter := cenc.NewDecrypter(ring, nil)
	for len(data) > 0 {
		piece := data[:min(40_009, len(data))]
		data = data[len(piece):]
		output, err := decrypter.Decrypt(context.Background(), piece)
		if err != nil {
			t.Fatal(err)
		}
		if output.Missing != nil {
			t.Fatalf("key %x is missing", output.Missing)
		}
		out = append(out, output.Clear...)
	}
	return out
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
