// Package cenc decrypts media under Common Encryption: fragmented and progressive MP4 (ISO/IEC 23001-7, all four schemes) and WebM
// (https://www.webmproject.org/docs/webm-encryption/). It takes the byte stream of one SourceBuffer in pieces, and gives a clear byte stream.
//
// It knows neither sessions nor licences (package cdm does), and runs in a Worker of its own: what it is given is a stranger's.
package cenc

import "context"

// Keys finds content keys.
type Keys interface {
	Key(id [16]byte) *Key // nil: it is not there
}

// InitData is what an "encrypted" event carries.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-mediaencryptedevent
type InitData struct {
	Type string // "cenc": whole pssh boxes; "webm": a key id
	Data []byte
}

// Output is what a piece of a stream became.
type Output struct {
	Clear    []byte     // to be appended; valid until the next call of the Decrypter
	InitData []InitData // met in the piece, in order
	Missing  [][16]byte // the keys that what comes next cannot be decrypted without; it is kept
}

// Decrypter decrypts one byte stream. One goroutine uses it.
type Decrypter struct {
	keys   Keys
	cipher Cipher

	container container // nil until the first bytes tell
	held      []byte    // bytes that are not done with
	out       []byte
}

// NewDecrypter makes a Decrypter; a nil cipher is [GoCipher].
func NewDecrypter(keys Keys, cipher Cipher) *Decrypter {
	if cipher == nil {
		cipher = GoCipher{}
	}
	return &Decrypter{keys: keys, cipher: cipher}
}

// container reads the byte stream of one container format.
type container interface {
	// read makes what it can of the bytes that come next. It may change them, and give them back changed.
	read(p []byte, keys Keys) (part, error)

	// reset forgets an unfinished segment, and keeps what the initialization segment said.
	reset()
}

// part is what a container made of bytes. Without used bytes it needs more of them, or a key.
type part struct {
	used     int      // how many bytes were done with
	clear    []byte   // what stands for them, once samples are decrypted; it may lie within the bytes, and is valid until the next read
	samples  []Sample // to be decrypted, by their places in clear
	initData []InitData
	missing  [][16]byte // the keys that the bytes after used need
}

// Decrypt takes the next bytes of the stream, cut anywhere, and gives what is to be appended for them: what cannot be decrypted yet, for want of
// the rest of a sample or of a key, is kept. Without bytes it goes on where a key lacked. p stays the caller's.
//
// Errors are an [*Error], or ctx's; then the stream must be Reset.
func (d *Decrypter) Decrypt(ctx context.Context, p []byte) (Output, error) {
	panic("not written yet")
}

// Reset forgets all of the stream but its initialization segment.
func (d *Decrypter) Reset() { panic("not written yet") }
