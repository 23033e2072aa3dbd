// Package clearkey is what Keystream knows of the Clear Key key system: how keys are written, its init data, its messages and its
// licences. It is pure, and has its own strict reader of the little JSON that Clear Key needs, because encoding/json weighs 0.11 MB.
//
// https://www.w3.org/TR/encrypted-media-2/#clear-key
package clearkey

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// Name is the key system's name.
const Name = "org.w3.clearkey"

// ParseKey reads a key or a key id of 16 bytes, written as hex, as a UUID, as base64 or base64url with or without padding, or as the 16
// raw bytes. Its errors never repeat what was given: it may be a secret.
func ParseKey(s string) (key [16]byte, err error) {
	if len(s) == 16 {
		copy(key[:], s)
		return key, nil
	}
	digits := s
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		digits = strings.ReplaceAll(s, "-", "")
	}
	if b, err := hex.DecodeString(digits); err == nil {
		if len(b) == 16 {
			return [16]byte(b), nil
		}
		return key, errors.New("it has " + strconv.Itoa(len(digits)) + " hex digits, where 16 bytes need 32")
	}
	b, err := decodeBase64(s)
	if err != nil {
		return key, errors.New("it is neither hex, nor a UUID, nor base64 (" + strconv.Itoa(len(s)) + " characters)")
	}
	if len(b) != 16 {
		return key, errors.New("as base64 it has " + strconv.Itoa(len(b)) + " bytes, where 16 are needed")
	}
	return [16]byte(b), nil
}

// decodeBase64 reads either alphabet, padded or not.
func decodeBase64(s string) ([]byte, error) {
	s = strings.TrimRight(s, "=")
	if strings.ContainsAny(s, "+/") {
		return base64.RawStdEncoding.DecodeString(s)
	}
	return base64.RawURLEncoding.DecodeString(s)
}
