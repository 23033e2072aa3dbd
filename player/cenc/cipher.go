package cenc

import (
	"context"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"sync"
)

// blockSize is AES's, in bytes.
const blockSize = 16

// Cipher does the AES of samples.
type Cipher interface {
	// Decrypt decrypts samples, which lie in buf, in place. An error is ctx's.
	Decrypt(ctx context.Context, buf []byte, samples []Sample) error
}

// Sample is a run of bytes under one key and one IV: a frame, mostly.
type Sample struct {
	Key *Key
	IV  [16]byte // an IV of 8 bytes stands first, zeros after it

	// CBC is cbc1 and cbcs; else it is CTR: cenc, cens and WebM. The counter is the last 64 bits of a block. When it is at its end it begins at 0
	// again, and the first 64 bits stay as they are.
	CBC bool

	// Restart begins each range anew with IV, as cbcs does; else the cipher goes on from range to range.
	Restart bool

	// Crypt and Skip are the pattern, in blocks of 16 bytes: so many are encrypted, so many are clear, and again, from the start of each range on.
	// Skip 0 is all of it. In CBC, and with a pattern, what is left of a range past its last whole block is clear.
	Crypt, Skip int

	Ranges []Range // the protected bytes, in order
}

// Range is where protected bytes lie in a buffer.
type Range struct{ Start, End int }

// GoCipher is the Cipher that Go's own AES makes.
type GoCipher struct{}

// chains are kept for the next call: what a block cipher works on lies in the heap, and a sample is too little to allocate for.
var chains = sync.Pool{New: func() any { return new(chain) }}

// Decrypt decrypts on the calling goroutine.
//
// ISO/IEC 23001-7, 9
func (GoCipher) Decrypt(ctx context.Context, buf []byte, samples []Sample) error {
	c := chains.Get().(*chain)
	defer c.release()
	for i := range samples {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := &samples[i]
		c.begin(s)
		for _, r := range s.Ranges {
			if s.Restart {
				c.begin(s)
			}
			c.pattern(s, buf[r.Start:r.End])
		}
	}
	return nil
}

// chain is what AES carries from block to block.
type chain struct {
	block cipher.Block
	cbc   bool

	// In CTR, the next counter, and what is left of the key stream made so far; in CBC, the last encrypted block.
	high, low uint64
	stream    [1024]byte
	at, end   int
}

func (c *chain) begin(s *Sample) {
	c.block, c.cbc = s.Key.block, s.CBC
	c.high, c.low = binary.BigEndian.Uint64(s.IV[:]), binary.BigEndian.Uint64(s.IV[8:])
	c.at, c.end = 0, 0
}

func (c *chain) release() {
	c.block = nil
	chains.Put(c)
}

// pattern decrypts the encrypted bytes of a range.
func (c *chain) pattern(s *Sample, p []byte) {
	if s.Skip == 0 {
		c.decrypt(p)
		return
	}
	p = p[:len(p)&^(blockSize-1)]
	for len(p) > 0 {
		crypt := min(blockSize*s.Crypt, len(p))
		c.decrypt(p[:crypt])
		p = p[crypt:]
		p = p[min(blockSize*s.Skip, len(p)):]
	}
}

func (c *chain) decrypt(p []byte) {
	if c.cbc {
		c.unchain(p)
	} else {
		c.count(p)
	}
}

func (c *chain) unchain(p []byte) {
	for ; len(p) >= blockSize; p = p[blockSize:] {
		b := p[:blockSize:blockSize]
		high, low := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
		c.block.Decrypt(b, b)
		binary.BigEndian.PutUint64(b, binary.BigEndian.Uint64(b)^c.high)
		binary.BigEndian.PutUint64(b[8:], binary.BigEndian.Uint64(b[8:])^c.low)
		c.high, c.low = high, low
	}
}

func (c *chain) count(p []byte) {
	for len(p) > 0 {
		if c.at == c.end {
			c.refill(len(p))
		}
		n := subtle.XORBytes(p, p, c.stream[c.at:c.end])
		c.at += n
		p = p[n:]
	}
}

// refill makes the key stream for the next n bytes, or for fewer.
func (c *chain) refill(n int) {
	c.at, c.end = 0, min(len(c.stream), (n+blockSize-1)&^(blockSize-1))
	for i := 0; i < c.end; i += blockSize {
		b := c.stream[i : i+blockSize : i+blockSize]
		binary.BigEndian.PutUint64(b, c.high)
		binary.BigEndian.PutUint64(b[8:], c.low)
		c.block.Encrypt(b, b)
		c.low++
	}
}
