package mp4_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	oracle "github.com/Eyevinn/mp4ff/mp4"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
)

// TestHeadersAgreeWithMP4ff holds our reader of headers to another one, film by film.
func TestHeadersAgreeWithMP4ff(t *testing.T) {
	files, err := filepath.Glob("../../examples/media/*.mp4")
	if err != nil || len(files) == 0 {
		t.Fatalf("no films: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := oracle.DecodeFile(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			moov := theirs.Moov
			if moov == nil {
				moov = theirs.Init.Moov
			}
			ours, err := mp4.ReadHeader(bytes.NewReader(data), int64(len(data)))
			if moov.StartPos > 64<<10 {
				return // behind the media: TestFilms has it
			}
			if err != nil {
				t.Fatal(err)
			}
			if end := int64(moov.StartPos + moov.Size()); ours.Size != end {
				t.Errorf("the header ends at %d, in mp4ff's eyes at %d", ours.Size, end)
			}
			if fragmented := moov.Mvex != nil; ours.Fragmented != fragmented {
				t.Errorf("fragmented is %v, in mp4ff's eyes %v", ours.Fragmented, fragmented)
			}
			if len(ours.Tracks) != len(moov.Traks) {
				t.Fatalf("%d tracks, in mp4ff's eyes %d", len(ours.Tracks), len(moov.Traks))
			}
			for i, trak := range moov.Traks {
				compareProtection(t, ours.Tracks[i], trak.Mdia.Minf.Stbl.Stsd)
			}
		})
	}
}

func compareProtection(t *testing.T, ours manifest.Track, stsd *oracle.StsdBox) {
	t.Helper()
	var sinf *oracle.SinfBox
	switch {
	case stsd.Encv != nil:
		sinf = stsd.Encv.Sinf
	case stsd.Enca != nil:
		sinf = stsd.Enca.Sinf
	}
	if sinf == nil {
		if ours.Protection != nil {
			t.Errorf("%s: encrypted, in mp4ff's eyes clear", ours.Kind)
		}
		return
	}
	if ours.Protection == nil {
		t.Fatalf("%s: clear, in mp4ff's eyes encrypted", ours.Kind)
	}
	if scheme := sinf.Schm.SchemeType; ours.Protection.Scheme != scheme {
		t.Errorf("%s: scheme %s, in mp4ff's eyes %s", ours.Kind, ours.Protection.Scheme, scheme)
	}
	if id := sinf.Schi.Tenc.DefaultKID; !bytes.Equal(ours.Protection.KeyID[:], id) {
		t.Errorf("%s: key id %x, in mp4ff's eyes %x", ours.Kind, ours.Protection.KeyID, id)
	}
}
