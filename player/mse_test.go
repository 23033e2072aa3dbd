package player

import (
	"slices"
	"testing"

	"github.com/keystream-player/keystream/player/manifest"
)

func TestChunksCoverTheFileOnce(t *testing.T) {
	for _, test := range []struct {
		name       string
		start, end int64
		n, want    int
	}{
		{"five of a small film", 16384, 500001, 5, 5},
		{"by size", 0, 3<<20 + 1, 0, 4},
		{"nothing left", 100, 100, 5, 0},
		{"more chunks than bytes", 10, 13, 5, 3},
		{"one chunk that no SourceBuffer would hold", 0, 20 << 20, 1, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := chunks(test.start, test.end, test.n)
			if len(got) != test.want {
				t.Fatalf("got %d chunks, want %d", len(got), test.want)
			}
			at := test.start
			for _, r := range got {
				if r.Start != at || r.Length < 1 || r.Length > chunkMax {
					t.Fatalf("chunk %+v, where the one before ended at %d", r, at)
				}
				at += r.Length
			}
			if at != test.end {
				t.Errorf("the chunks end at %d, the file at %d", at, test.end)
			}
			lengths := func(a, b manifest.ByteRange) int { return int(a.Length - b.Length) }
			if len(got) > 0 && slices.MaxFunc(got, lengths).Length-slices.MinFunc(got, lengths).Length > 1 {
				t.Errorf("the chunks differ by more than a byte: %+v", got)
			}
		})
	}
}
