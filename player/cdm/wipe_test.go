package cdm

import (
	"testing"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
)

// The memory that keys were in has none left: not when a licence replaces them, and not when their session closes.
func TestKeysAreWiped(t *testing.T) {
	keys := &mediaKeys{changed: make(chan struct{})}
	s := &session{keys: keys}
	if err := s.GenerateRequest(t.Context(), "keyids", clearkey.KeyIDsInitData([][16]byte{{1}})); err != nil {
		t.Fatal(err)
	}
	var held [][]platform.ContentKey
	for _, id := range []byte{1, 2} {
		if err := s.Update(t.Context(), clearkey.FormatLicense([]clearkey.Key{{ID: [16]byte{id}, Value: [16]byte{9, 9}}})); err != nil {
			t.Fatal(err)
		}
		if len(s.held) != int(id) || s.held[id-1].Value != [16]byte{9, 9} {
			t.Fatalf("the session holds %d keys", len(s.held))
		}
		held = append(held, s.held[:cap(s.held)])
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, list := range held {
		for _, key := range list {
			if key != (platform.ContentKey{}) {
				t.Errorf("a key of licence %d is still there", i+1)
			}
		}
	}
}
