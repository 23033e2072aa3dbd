//go:build js && wasm

package main

import (
	"context"
	"runtime"
	"slices"
	"unsafe"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/cenc"
)

// A call of WebCrypto costs as much as Go takes for so many bytes: of one sample in CTR, where each is a call of its own, and of all samples in CBC.
const (
	leastCTR = 1500
	leastCBC = 16 << 10
)

const blockSize = 16 // of AES, in bytes

// newCipher is WebCrypto where the browser has it, which is in secure contexts; else nil, which is Go.
func newCipher() cenc.Cipher {
	if !browser.Truthy(browser.Get(browser.Get(safejs.Global(), "crypto"), "subtle")) {
		return nil
	}
	return &webCrypto{settled: make(chan bool, 1)}
}

// webCrypto gives long runs to the browser and does short ones in Go meanwhile. Its buffers are used again and again.
type webCrypto struct {
	settled chan bool // whether the browser did what crypt began

	short, long []cenc.Sample
	scratch     []byte // bytes of long that do not lie together in the media are brought together here,
	moves       []move // and taken back
	jobs        []job
}

// move is where bytes of the media lie in the scratch buffer.
type move struct{ at, start, end int32 }

// job is what WebCrypto is to do in place, as web/src/cdmcrypto.ts reads it: addresses in Go's memory, and a length.
type job struct {
	key, data uint32
	length    uint32
	cbc       uint32
	iv        [blockSize]byte
}

// Decrypt implements [cenc.Cipher].
func (w *webCrypto) Decrypt(ctx context.Context, buf []byte, samples []cenc.Sample) error {
	w.sort(samples)
	if len(w.long) == 0 {
		return cenc.GoCipher{}.Decrypt(ctx, buf, samples)
	}
	w.layOut(buf)
	crypt(start(w.jobs), len32(w.jobs))
	err := cenc.GoCipher{}.Decrypt(ctx, buf, w.short)
	if done := <-w.settled; !done && err == nil {
		return cenc.GoCipher{}.Decrypt(ctx, buf, w.long)
	}
	for _, m := range w.moves {
		copy(buf[m.start:m.end], w.scratch[m.at:])
	}
	// Until here the browser had its address.
	runtime.KeepAlive(buf)
	return err
}

// sort tells long samples from short ones.
func (w *webCrypto) sort(samples []cenc.Sample) {
	w.short, w.long = w.short[:0], w.long[:0]
	cbc := 0
	for i := range samples {
		if samples[i].CBC {
			cbc += encrypted(&samples[i])
		}
	}
	for i := range samples {
		s := &samples[i]
		if s.CBC && cbc >= leastCBC || !s.CBC && !s.Restart && encrypted(s) >= leastCTR {
			w.long = append(w.long, *s)
		} else {
			w.short = append(w.short, *s)
		}
	}
}

// encrypted is how many bytes of a sample are encrypted, or a few more.
func encrypted(s *cenc.Sample) (n int) {
	for _, r := range s.Ranges {
		n += r.End - r.Start
	}
	if s.Skip > 0 {
		n = n / (s.Crypt + s.Skip) * s.Crypt
	}
	return n
}

// layOut makes the jobs of long samples: one for each in CTR, one for all under one key in CBC.
func (w *webCrypto) layOut(buf []byte) {
	w.jobs, w.moves, w.scratch = w.jobs[:0], w.moves[:0], w.scratch[:0]
	var chained []*cenc.Key
	var inScratch []int // jobs whose data is an offset so far: the buffer may still move
	for i := range w.long {
		s := &w.long[i]
		switch {
		case s.CBC:
			if !slices.Contains(chained, s.Key) {
				chained = append(chained, s.Key)
			}
		case len(s.Ranges) == 1 && s.Skip == 0:
			p := buf[s.Ranges[0].Start:s.Ranges[0].End]
			w.jobs = append(w.jobs, job{key: address(&s.Key.Value), data: address(&p[0]), length: uint32(len(p)), iv: s.IV})
		default:
			from := len(w.scratch)
			w.gather(buf, s)
			inScratch = append(inScratch, len(w.jobs))
			w.jobs = append(w.jobs, job{key: address(&s.Key.Value), data: uint32(from), length: uint32(len(w.scratch) - from), iv: s.IV})
		}
	}
	for _, key := range chained {
		from := len(w.scratch)
		w.gatherCBC(buf, key)
		inScratch = append(inScratch, len(w.jobs))
		w.jobs = append(w.jobs, job{key: address(&key.Value), data: uint32(from), length: uint32(len(w.scratch) - from), cbc: 1})
	}
	for _, i := range inScratch {
		w.jobs[i].data += address(unsafe.SliceData(w.scratch))
	}
}

// gatherCBC makes one message of all that is encrypted under a key. Where a chain begins its IV goes first, as if it were a block: it decrypts to
// nothing of use, and the block after it to what it should. A block of zeros and one of padding, which WebCrypto demands and
// web/src/cdmcrypto.ts fills in, go last.
func (w *webCrypto) gatherCBC(buf []byte, key *cenc.Key) {
	for i := range w.long {
		if s := &w.long[i]; s.CBC && s.Key == key {
			w.gather(buf, s)
		}
	}
	w.scratch = append(w.scratch, make([]byte, 2*blockSize)...)
}

// gather brings the encrypted bytes of a sample together.
func (w *webCrypto) gather(buf []byte, s *cenc.Sample) {
	for i, r := range s.Ranges {
		if s.CBC && (i == 0 || s.Restart) {
			w.scratch = append(w.scratch, s.IV[:]...)
		}
		end, crypt, step := r.End, r.End-r.Start, r.End-r.Start
		if s.Skip > 0 {
			crypt, step = blockSize*s.Crypt, blockSize*(s.Crypt+s.Skip)
		}
		if s.CBC || s.Skip > 0 {
			end -= (r.End - r.Start) % blockSize
		}
		for at := r.Start; at < end; at += step {
			until := min(at+crypt, end)
			w.moves = append(w.moves, move{at: int32(len(w.scratch)), start: int32(at), end: int32(until)})
			w.scratch = append(w.scratch, buf[at:until]...)
		}
	}
}

// address is where something lies, in a memory of 32 bits. It holds nothing: the collector does not move it, and must be kept from freeing it.
func address[T any](p *T) uint32 { return uint32(uintptr(unsafe.Pointer(p))) }
