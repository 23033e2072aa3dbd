package cenc

import (
	"context"
	"crypto/cipher"
)

// Cipher does the AES of samples.
type Cipher interface {
	// Decrypt decrypts samples, which lie in buf, in place. An error is ctx's.
	Decrypt(ctx context.Context, buf []byte, samples []Sample) error
}

// Sample is a run of bytes under one key and one IV: a frame, mostly.
type Sample struct {
	Key *Key
	IV  [16]byte // an IV of 8 bytes stands first, zeros after it

	// CBC is cbc1 and cbcs; else it is CTR: cenc, cens and WebM.
	CBC bool

	// Restart begins each range anew with IV, as cbcs does; else cipher and pattern go on from range to range.
	Restart bool

	// Crypt and Skip are the pattern, in blocks of 16 bytes: so many are encrypted, so many are clear, and again. Skip 0 is all of it. In CBC,
	// what is left of a range past its last whole block is clear.
	Crypt, Skip int

	Ranges []Range // the protected bytes, in order
}

// Range is where protected bytes lie in a buffer.
type Range struct{ Start, End int }

// Key is a content key, ready for use.
type Key struct {
	ID, Value [16]byte
	block     cipher.Block
}

// GoCipher is the Cipher that Go's own AES makes.
type GoCipher struct{}

// Decrypt decrypts on the calling goroutine.
func (GoCipher) Decrypt(ctx context.Context, buf []byte, samples []Sample) error {
	panic("not written yet")
}
