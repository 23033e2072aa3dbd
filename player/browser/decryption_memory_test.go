//go:build js && wasm

package browser_test

import (
	"bytes"
	"testing"
)

// However many segments pass, the program in the Worker holds a few at most, and no more from the 20th on.
func TestDecryptionMemoryStaysFlat(t *testing.T) {
	const (
		frame   = 100_000
		frames  = 40
		largest = frames * frame
		limit   = 16<<20 + 3*largest
		slack   = 1 << 19 // Go's runtime takes 256 kB at once for its own records
	)
	// Of these WebCrypto needs the largest copies.
	for _, film := range []film{films[0], films[2]} {
		t.Run(film.scheme, func(t *testing.T) {
			instead(t, "/gobrowser/measured.js", "")
			host, _ := newHost(t)
			_, d := newDecrypter(t, host, film.key)
			taken(t, decrypted(t, host, d, film.initSegment(t, host)))
			memory := func() int {
				bytes, err := host.Await(watchdog(t), call(t, workers, "memory"))
				n, _ := bytes.Int()
				if err != nil || n == 0 {
					t.Fatal(n, err)
				}
				return n
			}
			segment, want := film.segment(t, frames, frame)
			var early int
			for i := range 100 {
				if i == 20 {
					early = memory()
				}
				out := decrypted(t, host, d, segment)
				if i == 99 && !bytes.HasSuffix(taken(t, out), want) {
					t.Error("it is not what it was")
				}
				out.Body.Release()
			}
			late := memory()
			t.Logf("%d bytes after 20 segments, %d after 100", early, late)
			if late-early > slack || late > limit {
				t.Errorf("memory went from %d to %d bytes, and may be %d", early, late, limit)
			}
		})
	}
}
