// Package cenc decrypts media under Common Encryption: fragmented and progressive MP4 (ISO/IEC 23001-7, all four schemes) and WebM
// (https://www.webmproject.org/docs/webm-encryption/). It takes the byte stream of one SourceBuffer in pieces, and gives a clear byte stream.
//
// It knows neither sessions nor licences (package cdm does), and runs in a Worker of its own: what it is given is a stranger's.
package cenc

import (
	"context"
	"encoding/binary"
	"strconv"
)

// maxHeld bounds the bytes that wait for the rest of a box or of a sample. The largest frames of 8K films are a fifth of it.
const maxHeld = 64 << 20

// Keys finds content keys.
type Keys interface {
	Key(id [16]byte) *Key // nil: it is not there. It must not be wiped before the Decrypt that asks is over
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
	begun     bool      // the first bytes since the stream began, or was Reset, have told
	failed    error     // until Reset

	held  []byte // bytes that are done with, then bytes that are not
	done  int    // how many of held are done with: the last Output may lie in them
	moved bool   // the Output lies in out; else it is what of held is done with
	out   []byte
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

// part is what a container made of bytes. Without used bytes, and without clear ones, it needs more of them, or a key.
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
	if d.failed != nil {
		return Output{}, d.failed
	}
	d.held = append(d.held[:copy(d.held, d.held[d.done:])], p...)
	d.done, d.moved = 0, false
	output, err := d.decrypt(ctx)
	if err != nil {
		d.failed = err
		return Output{}, err
	}
	return output, nil
}

func (d *Decrypter) decrypt(ctx context.Context) (output Output, err error) {
	if !d.begun {
		if d.begun, err = d.sniff(); err != nil || !d.begun {
			return output, err
		}
	}
	for {
		part, err := d.container.read(d.held[d.done:], d.keys)
		if err != nil {
			return output, err
		}
		if err := ctx.Err(); err != nil {
			return output, err
		}
		if len(part.samples) > 0 {
			if err := d.cipher.Decrypt(ctx, part.clear, part.samples); err != nil {
				return output, err
			}
		}
		d.take(part)
		output.InitData = append(output.InitData, part.initData...)
		if output.Missing = part.missing; part.missing != nil || part.used == 0 && len(part.clear) == 0 {
			break
		}
	}
	if kept := len(d.held) - d.done; kept > maxHeld && output.Missing == nil {
		return output, &Error{Path: "file", Message: "has " + strconv.Itoa(kept) + " bytes of which nothing can be made"}
	}
	if output.Clear = d.held[:d.done]; d.moved {
		output.Clear = d.out
	}
	return output, nil
}

// take adds a part to the Output. As long as all parts stand where the encrypted bytes stood, nothing is copied.
func (d *Decrypter) take(p part) {
	next := d.held[d.done:]
	inPlace := len(p.clear) == p.used && (p.used == 0 || &p.clear[0] == &next[0])
	if !inPlace && !d.moved {
		d.out, d.moved = append(d.out[:0], d.held[:d.done]...), true
	}
	if d.moved {
		d.out = append(d.out, p.clear...)
	}
	d.done += p.used
}

// sniff tells the container format by the first bytes. A stream that was Reset may go on in another one, with an initialization segment.
func (d *Decrypter) sniff() (told bool, err error) {
	if len(d.held) < 8 {
		return false, nil
	}
	if _, is := d.container.(*mp4Stream); !is && isMP4(d.held) {
		d.container = &mp4Stream{}
	}
	if _, is := d.container.(*webM); !is && binary.BigEndian.Uint32(d.held) == idEBML {
		d.container = newWebM()
	}
	if d.container == nil {
		return false, &Error{Path: "file", Message: "is neither MP4 nor WebM", Unsupported: true}
	}
	return true, nil
}

// Reset forgets all of the stream but its initialization segment. A progressive film has none: what comes next is a film from its start.
func (d *Decrypter) Reset() {
	d.held, d.done, d.out, d.moved = d.held[:0], 0, d.out[:0], false
	d.begun, d.failed = false, nil
	if d.container != nil {
		d.container.reset()
	}
}
