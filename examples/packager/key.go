package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// contentKey is a key and its id.
type contentKey struct{ id, value [16]byte }

// parseKeys reads -key flags. What it says of a bad one leaves the key out.
func parseKeys(texts []string) ([]contentKey, error) {
	var keys []contentKey
	for n, text := range texts {
		id, value, _ := strings.Cut(text, ":")
		var key contentKey
		if !parse16(id, &key.id) || !parse16(value, &key.value) {
			return nil, fmt.Errorf("-key, number %d: want KID:KEY, each 32 hex digits (make them with: openssl rand -hex 16)", n+1)
		}
		if slices.ContainsFunc(keys, func(k contentKey) bool { return k.id == key.id && k.value != key.value }) {
			return nil, fmt.Errorf("-key: key id %x is there twice, with different keys", key.id)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// parse16 reads 32 hex digits; hyphens, as in a UUID, are passed over.
func parse16(text string, into *[16]byte) bool {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	return err == nil && copy(into[:], b) == len(into) && len(b) == len(into)
}

func newKey() (key contentKey) {
	rand.Read(key.id[:]) // never fails
	rand.Read(key.value[:])
	return key
}

// share gives each track its key.
func (c *config) share(tracks []*track) error {
	switch {
	case c.keyPerTrack:
		for _, t := range tracks {
			t.key = newKey()
		}
		return nil
	case len(c.keys) == 0:
		c.keys = []contentKey{newKey()}
	}
	if len(c.keys) != 1 && len(c.keys) != len(tracks) {
		return fmt.Errorf("-key is there %d times, and the film has %d tracks: give it once, or once a track", len(c.keys), len(tracks))
	}
	for n, t := range tracks {
		t.key = c.keys[n%len(c.keys)]
	}
	return nil
}

// keyIDs lists the key ids of a film, each once.
func keyIDs(tracks []*track) [][16]byte {
	var ids [][16]byte
	for _, t := range tracks {
		if !slices.Contains(ids, t.key.id) {
			ids = append(ids, t.key.id)
		}
	}
	return ids
}

// writeKeys writes what the licence server reads: an object of key ids and keys, in hex. Only the owner may read it.
func writeKeys(name string, tracks []*track) error {
	keys := map[string]string{}
	for _, t := range tracks {
		keys[hex.EncodeToString(t.key.id[:])] = hex.EncodeToString(t.key.value[:])
	}
	text, err := json.MarshalIndent(keys, "", "  ")
	return errors.Join(err, os.WriteFile(name, append(text, '\n'), 0o600))
}
