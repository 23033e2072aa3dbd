package main

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// id is a key id, or a key: both are 16 bytes.
type id [16]byte

// UnmarshalText reads 32 hex digits; hyphens, as in a UUID, are passed over.
func (i *id) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(strings.ReplaceAll(string(text), "-", ""))
	if err != nil || len(b) != len(i) {
		return fmt.Errorf("want 16 bytes as 32 hex digits, got %d characters", len(text)) // which may be a key: not shown
	}
	*i = id(b)
	return nil
}

func (i id) String() string { return hex.EncodeToString(i[:]) }

// keys are the content keys that the licence server gives.
type keys struct {
	fixed  map[id]id
	master []byte // derives the key of any other key id, if not empty
}

// addFilms adds the keys of the demo's films. No list of films is no error: the site still serves, and tells how to make them.
func (k keys) addFilms(name string) error {
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var films []struct{ Keys map[id]id }
	if err := json.Unmarshal(text, &films); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, film := range films {
		for kid, key := range film.Keys {
			k.fixed[kid] = key
		}
	}
	return nil
}

// addFile adds the keys of a JSON object: key id to key, both in hex.
func (k keys) addFile(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var more map[id]id
	if err := json.Unmarshal(text, &more); err != nil {
		return fmt.Errorf("%s: want a JSON object of key ids and keys in hex, as {\"30313233343536373839303132333435\": \"…\"}: %w", name, err)
	}
	for kid, key := range more {
		k.fixed[kid] = key
	}
	return nil
}

// key gives the key of a key id. A derived one is HKDF-SHA256(master, no salt, "keystream content key" || kid)[:16] (RFC 5869), so that any
// number of servers give the same key and none needs a store.
func (k keys) key(kid id) (id, bool) {
	if key, ok := k.fixed[kid]; ok {
		return key, true
	}
	if len(k.master) == 0 {
		return id{}, false
	}
	key, err := hkdf.Key(sha256.New, k.master, nil, "keystream content key"+string(kid[:]), len(id{}))
	if err != nil {
		return id{}, false
	}
	return id(key), true
}
