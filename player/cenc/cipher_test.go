package cenc_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"unsafe"

	"github.com/keystream-player/keystream/player/cenc"
)

// sealing is how the tests encrypt: written byte by byte from the standard, without regard to speed.
type sealing struct {
	scheme      string
	crypt, skip int
	whole       bool // of cens: what is left of a range past its last whole block is clear
}

func (s sealing) cbc() bool { return s.scheme == "cbc1" || s.scheme == "cbcs" }

// chosen gives the places of the bytes of a range that are encrypted.
func (s sealing) chosen(r cenc.Range) (places []int) {
	pattern := s.skip > 0 && (s.scheme == "cens" || s.scheme == "cbcs")
	for at := r.Start; at < r.End; at++ {
		block := (at - r.Start) / 16
		whole := r.Start+16*(block+1) <= r.End
		switch {
		case pattern && (block%(s.crypt+s.skip) >= s.crypt || !whole):
		case (s.cbc() || s.whole) && !whole:
		default:
			places = append(places, at)
		}
	}
	return places
}

// seal encrypts ranges of p in place. Ranges of a sample are one cipher text, but in cbcs, where each is one of its own.
func (s sealing) seal(p []byte, key, iv [16]byte, ranges []cenc.Range) {
	var places []int
	for _, r := range ranges {
		places = append(places, s.chosen(r)...)
		if s.scheme == "cbcs" {
			s.sealPlaces(p, key, iv, places)
			places = nil
		}
	}
	s.sealPlaces(p, key, iv, places)
}

func (s sealing) sealPlaces(p []byte, key, iv [16]byte, places []int) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	text := make([]byte, len(places))
	for i, at := range places {
		text[i] = p[at]
	}
	if s.cbc() {
		cipher.NewCBCEncrypter(block, iv[:]).CryptBlocks(text, text)
	} else {
		for i := range text { // the last 64 bits of the counter go round on their own: cipher.NewCTR would carry into the others
			var counter [16]byte
			copy(counter[:8], iv[:])
			binary.BigEndian.PutUint64(counter[8:], binary.BigEndian.Uint64(iv[8:])+uint64(i/16))
			block.Encrypt(counter[:], counter[:])
			text[i] ^= counter[i%16]
		}
	}
	for i, at := range places {
		p[at] = text[i]
	}
}

// sample is what decrypts what seal made.
func (s sealing) sample(key *cenc.Key, iv [16]byte, ranges []cenc.Range) cenc.Sample {
	made := cenc.Sample{Key: key, IV: iv, CBC: s.cbc(), Restart: s.scheme == "cbcs", Ranges: ranges}
	if s.scheme == "cens" || s.scheme == "cbcs" {
		made.Crypt, made.Skip = s.crypt, s.skip
	}
	return made
}

var (
	keyA = cenc.NewKey([16]byte([]byte("key id A........")), [16]byte([]byte("the key A is one")))
	keyB = cenc.NewKey([16]byte([]byte("key id B........")), [16]byte([]byte("the key B is two")))
)

func noise(seed uint64, n int) []byte {
	p := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	_, _ = r.Read(p) // it never fails
	return p
}

func checkCipher(t testing.TB, s sealing, iv [16]byte, size int, ranges []cenc.Range) {
	t.Helper()
	want := noise(uint64(size), size)
	sealed := bytes.Clone(want)
	s.seal(sealed, keyA.Value, iv, ranges)
	if err := (cenc.GoCipher{}).Decrypt(context.Background(), sealed, []cenc.Sample{s.sample(keyA, iv, ranges)}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sealed, want) {
		t.Errorf("%+v, IV %x, ranges %v: wrong bytes", s, iv, ranges)
	}
}

var schemes = []string{"cenc", "cens", "cbc1", "cbcs"}

func TestCipher(t *testing.T) {
	const most = 5000
	layouts := [][]cenc.Range{
		nil, {{0, 0}}, {{0, 1}}, {{0, 15}}, {{3, 19}}, {{0, 16}, {16, 32}}, {{1, 18}, {20, 37}, {37, 38}, {40, 100}}, {{0, most}},
		{{5, 1029}, {1030, 3100}, {3111, 4999}}, {{0, 7}, {9, 20}, {21, 22}, {30, 31}, {31, 32}, {33, 1500}},
	}
	patterns := [][2]int{{0, 0}, {1, 0}, {1, 9}, {5, 5}, {9, 1}, {2, 3}, {15, 15}, {0, 4}}
	for _, scheme := range schemes {
		for _, pattern := range patterns {
			for _, ranges := range layouts {
				checkCipher(t, sealing{scheme: scheme, crypt: pattern[0], skip: pattern[1]}, [16]byte(noise(1, 16)), most, ranges)
			}
		}
	}
}

// TestCounterGoesRound holds the counter to ISO/IEC 23001-7, 9.3 (and ffmpeg and shaka-packager): where its last 64 bits are at their end, they begin at 0,
// and the first 64 stay, which is not what crypto/cipher and OpenSSL do.
func TestCounterGoesRound(t *testing.T) {
	iv := [16]byte{0: 7, 7: 0xff, 8: 0xff, 9: 0xff, 10: 0xff, 11: 0xff, 12: 0xff, 13: 0xff, 14: 0xff, 15: 0xfe}
	checkCipher(t, sealing{scheme: "cenc"}, iv, 100, []cenc.Range{{0, 20}, {21, 100}})
	checkCipher(t, sealing{scheme: "cens", crypt: 1, skip: 1}, iv, 200, []cenc.Range{{0, 200}})

	sealed := make([]byte, 64)
	cenc.GoCipher{}.Decrypt(context.Background(), sealed, []cenc.Sample{{Key: keyA, IV: iv, Ranges: []cenc.Range{{0, 64}}}})
	block, _ := aes.NewCipher(keyA.Value[:])
	third := [16]byte{0: 7, 7: 0xff}
	block.Encrypt(third[:], third[:])
	if !bytes.Equal(sealed[32:48], third[:]) {
		t.Errorf("the third block of the key stream is %x, want %x", sealed[32:48], third)
	}
}

func FuzzCipher(f *testing.F) {
	f.Add(byte(0), byte(0x19), []byte("an IV of 16 byte"), []byte{0, 1, 30, 2, 200, 17, 16, 16})
	f.Add(byte(3), byte(0x19), []byte{}, []byte{9, 255, 0, 255, 1, 31})
	f.Add(byte(1), byte(0x21), bytes.Repeat([]byte{0xff}, 16), []byte{1, 1, 1, 255, 255})
	f.Fuzz(func(t *testing.T, scheme, pattern byte, iv, gaps []byte) {
		var ranges []cenc.Range
		at := 0
		for ; len(gaps) >= 2; gaps = gaps[2:] {
			start := at + int(gaps[0])
			at = start + int(gaps[1])
			ranges = append(ranges, cenc.Range{Start: start, End: at})
		}
		var full [16]byte
		copy(full[:], iv)
		checkCipher(t, sealing{scheme: schemes[scheme%4], crypt: int(pattern >> 4), skip: int(pattern & 15)}, full, at, ranges)
	})
}

func TestCipherStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := make([]byte, 64)
	err := cenc.GoCipher{}.Decrypt(ctx, p, []cenc.Sample{{Key: keyA, Ranges: []cenc.Range{{0, 64}}}})
	if !errors.Is(err, context.Canceled) || !bytes.Equal(p, make([]byte, 64)) {
		t.Errorf("error %v, bytes %x", err, p)
	}
}

func TestCipherAllocatesNothing(t *testing.T) {
	p := make([]byte, 4096)
	for _, scheme := range schemes {
		samples := []cenc.Sample{sealing{scheme: scheme, crypt: 1, skip: 9}.sample(keyA, [16]byte{}, []cenc.Range{{0, 1000}, {1001, 4096}})}
		samples = slices.Repeat(samples, 100)
		allocs := testing.AllocsPerRun(20, func() {
			if err := (cenc.GoCipher{}).Decrypt(context.Background(), p, samples); err != nil {
				t.Fatal(err)
			}
		})
		if allocs > 0.5 && !raceDetector { // which drops what a sync.Pool keeps
			t.Errorf("%s: %v allocations for 100 samples", scheme, allocs)
		}
	}
}

// TestWipe looks for the key in all the memory that a Key and its AES have.
func TestWipe(t *testing.T) {
	value := [16]byte(noise(9, 16))
	key := cenc.NewKey([16]byte{1}, value)
	block := reflect.ValueOf(key).Elem().FieldByName("block").Elem().Elem()
	memory := unsafe.Slice((*byte)(unsafe.Pointer(block.UnsafeAddr())), block.Type().Size())
	if bytes.Count(memory, []byte{0}) > len(memory)/2 {
		t.Fatal("the schedule is not where the test looks for it")
	}
	key.Wipe()
	if key.Value != [16]byte{} {
		t.Error("the value is still there")
	}
	if i := slices.IndexFunc(memory, func(b byte) bool { return b != 0 }); i >= 0 {
		t.Errorf("byte %d of the schedule is still there", i)
	}
}

func BenchmarkCipher(b *testing.B) {
	const size = 4 << 20
	p := make([]byte, size)
	for _, scheme := range schemes {
		b.Run(scheme, func(b *testing.B) {
			var samples []cenc.Sample
			for at := 0; at+40000 <= size; at += 40000 {
				samples = append(samples, sealing{scheme: scheme, crypt: 1, skip: 9}.sample(keyA, [16]byte{}, []cenc.Range{{at + 100, at + 40000}}))
			}
			b.SetBytes(size)
			for b.Loop() {
				if err := (cenc.GoCipher{}).Decrypt(context.Background(), p, samples); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
