package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
)

// changedLicense is the fault of a licence server that answers, but wrongly. A refusal passes as it is.
func (f *faults) changedLicense(change func(jwkSet) ([]byte, error)) fault {
	return func(_ string, w http.ResponseWriter, r *http.Request) error {
		answer := f.take(r)
		body := answer.body.Bytes()
		if answer.code == http.StatusOK {
			var set jwkSet
			if err := json.Unmarshal(body, &set); err != nil {
				return fmt.Errorf("not a licence, so it cannot be changed: %w", err)
			}
			var err error
			if body, err = change(set); err != nil {
				return err
			}
		}
		answer.header.Del("Content-Length")
		answer.send(w, body)
		return nil
	}
}

func withBOM(set jwkSet) ([]byte, error) {
	text, err := json.Marshal(set)
	return append([]byte("\ufeff"), text...), err
}

func withoutKeys(set jwkSet) ([]byte, error) {
	set.Keys = []jwk{}
	return json.Marshal(set)
}

// withOtherKid gives good keys, of key ids that nobody asked for.
func withOtherKid(set jwkSet) ([]byte, error) {
	return eachKey(set, func(key *jwk) error { return invert(&key.Kid) })
}

// withWrongKey gives the key ids that were asked for, each with a key that decrypts to noise.
func withWrongKey(set jwkSet) ([]byte, error) {
	return eachKey(set, func(key *jwk) error { return invert(&key.K) })
}

func withStandardBase64(set jwkSet) ([]byte, error) {
	return eachKey(set, func(key *jwk) error {
		for _, text := range []*string{&key.Kid, &key.K} {
			b, err := base64.RawURLEncoding.DecodeString(*text)
			if err != nil {
				return err
			}
			*text = base64.StdEncoding.EncodeToString(b)
		}
		return nil
	})
}

func eachKey(set jwkSet, change func(*jwk) error) ([]byte, error) {
	for i := range set.Keys {
		if err := change(&set.Keys[i]); err != nil {
			return nil, err
		}
	}
	return json.Marshal(set)
}

// invert flips all bits of 16 bytes in base64url.
func invert(text *string) error {
	b, err := base64.RawURLEncoding.DecodeString(*text)
	if err != nil {
		return err
	}
	for i := range b {
		b[i] ^= 0xff
	}
	*text = base64.RawURLEncoding.EncodeToString(b)
	return nil
}
