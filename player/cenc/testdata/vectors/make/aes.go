package main

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// protection is how samples are encrypted: what a TrackEncryptionBox says, or a CencSampleEncryptionInformationGroupEntry.
type protection struct {
	scheme      string
	key         string // its label: see keyID
	clear       bool   // isProtected 0
	ivSize      int    // 0 with a constant IV
	constantIV  []byte
	crypt, skip int
	tenc        byte // the version of the box
}

// subsample is so many clear bytes, and so many protected ones.
type subsample struct{ clear, protected int }

// encrypt encrypts a sample, block by block, as ISO/IEC 23001-7 tells it. No subsamples are the whole sample.
func encrypt(data []byte, p *protection, iv []byte, subsamples []subsample) []byte {
	data = append([]byte(nil), data...)
	if subsamples == nil {
		subsamples = []subsample{{0, len(data)}}
	}
	key := keyOf(p.key)
	block, err := aes.NewCipher(key[:])
	check(err == nil, "%v", err)
	c := &blockwise{block: block}
	copy(c.register[:], iv)
	at := 0
	for _, s := range subsamples {
		at += s.clear
		part := data[at : at+s.protected]
		at += s.protected
		switch p.scheme {
		case "cenc":
			c.counter(part)
		case "cens":
			pattern(part, p.crypt, p.skip, c.counter)
		case "cbc1":
			c.chain(part[:len(part)/16*16])
		case "cbcs":
			copy(c.register[:], make([]byte, 16))
			copy(c.register[:], iv)
			pattern(part, p.crypt, p.skip, c.chain)
		default:
			panic(p.scheme)
		}
	}
	check(at == len(data), "subsamples of %d bytes, a sample of %d", at, len(data))
	return data
}

// pattern gives the whole blocks of data that a pattern encrypts, one at a time. Skip 0 is every one of them. Bytes past the last whole block are
// clear; a run of encrypted blocks that the end of the range cuts short is encrypted as far as its blocks are whole.
func pattern(data []byte, crypt, skip int, encrypt func([]byte)) {
	for i := 0; (i+1)*16 <= len(data); i++ {
		if skip == 0 || i%(crypt+skip) < crypt {
			encrypt(data[i*16 : (i+1)*16])
		}
	}
}

// blockwise is AES in counter and in chaining mode.
type blockwise struct {
	block    cipher.Block
	register [16]byte // the counter, or the last block
	stream   []byte   // key stream that is left of the last block
}

// counter encrypts in counter mode. The counter is the last 8 bytes, and wraps without a carry to the first 8.
func (c *blockwise) counter(data []byte) {
	for i := range data {
		if len(c.stream) == 0 {
			c.stream = make([]byte, 16)
			c.block.Encrypt(c.stream, c.register[:])
			low := c.register[8:]
			binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)+1)
		}
		data[i] ^= c.stream[0]
		c.stream = c.stream[1:]
	}
}

// chain encrypts whole blocks in chaining mode.
func (c *blockwise) chain(data []byte) {
	for ; len(data) > 0; data = data[16:] {
		for i := range 16 {
			c.register[i] ^= data[i]
		}
		c.block.Encrypt(c.register[:], c.register[:])
		copy(data, c.register[:])
	}
}
