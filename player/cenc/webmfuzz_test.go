package cenc

import (
	"bytes"
	"os"
	"testing"
)

// FuzzWebM has a stream in two pieces, with a key that comes late, and in one.
func FuzzWebM(f *testing.F) {
	f.Add(webMOf(simple(1, 0, sealed(f, videoID, 1, 30)), simple(2, 1, partitioned(f, audioID, 2, 30, 3, 9, 20)), simple(3, 2, content(3, 9))), 40)
	f.Add(webMOf(groupOf(simple(1, 0, unsealed(1, 30))), ebml(idCRC32, content(0, 4)), ebml(0xEC, content(0, 40))), 250)
	for _, lacing := range []byte{lacingXiph, lacingEBML, lacingFixed} {
		laces := map[byte][]byte{lacingXiph: {1, 14}, lacingEBML: {1, 0x8E}, lacingFixed: {1}}[lacing]
		f.Add(webMOf(ebml(idSimpleBlock, blockOf(1, 0, lacing, laces, sealed(f, videoID, 1, 5), sealed(f, videoID, 2, 5)))), 300)
	}
	for _, name := range []string{"webm-vp8-vorbis-cenc-audio", "webm-vp9-opus-cenc-video"} {
		film, err := os.ReadFile("../../examples/media/" + name + ".webm")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(film[:4000], 700)
	}
	f.Fuzz(func(t *testing.T, stream []byte, cut int) {
		ring := ringOf(videoID, audioID)
		whole := &webMRun{t: t, c: newWebM(), keys: ring}
		wholeMissing, wholeErr := whole.feed(bytes.Clone(stream))

		halves := &webMRun{t: t, c: newWebM(), keys: keyRing{}}
		cut = max(0, min(cut, len(stream)))
		_, err := halves.feed(bytes.Clone(stream[:cut]))
		halves.keys = ring
		var missing [][16]byte
		if err == nil {
			missing, err = halves.feed(bytes.Clone(stream[cut:]))
		}
		if (err == nil) != (wholeErr == nil) || len(missing) != len(wholeMissing) || !bytes.Equal(whole.out, halves.out) {
			t.Fatalf("in one: %v, %x\n%x\nin two, cut at %d: %v, %x\n%x", wholeErr, wholeMissing, whole.out, cut, err, missing, halves.out)
		}
		if len(whole.out)+len(whole.held) != len(stream) {
			t.Fatalf("%d bytes became %d and %d kept", len(stream), len(whole.out), len(whole.held))
		}
		// What is clear needs no key, and stays as it is.
		again := &webMRun{t: t, c: newWebM(), keys: keyRing{}}
		if missing, err := again.feed(bytes.Clone(whole.out)); err != nil || missing != nil || !bytes.Equal(again.out, whole.out[:len(again.out)]) {
			t.Fatalf("%x\nread again: %v, %x\n%x", whole.out, err, missing, again.out)
		}
	})
}
