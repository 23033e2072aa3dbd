package mp4

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"
)

func outlineBox(kind string, payload int) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+payload))
	return append(append(b, kind...), make([]byte, payload)...)
}

func TestOutlineTellsAWholeFileFromACutOne(t *testing.T) {
	large := append([]byte{0, 0, 0, 1, 'm', 'd', 'a', 't', 0, 0, 0, 0, 0, 0, 0, 36}, make([]byte, 20)...)
	file := bytes.Join([][]byte{outlineBox("ftyp", 16), outlineBox("moov", 40), outlineBox("moof", 0), large, outlineBox("mdat", 100)}, nil)
	toEnd := append([]byte{0, 0, 0, 0, 'm', 'd', 'a', 't'}, make([]byte, 10)...)
	for name, test := range map[string]struct {
		file    []byte
		missing int64
	}{
		"whole":                   {file, 0},
		"a byte short":            {file[:len(file)-1], 1},
		"cut behind a box header": {file[:len(file)-100], 100},
		"cut within a box header": {file[:len(file)-104], 4},
		"a box to the end":        {append(bytes.Clone(file), toEnd...), 0},
		"no boxes at all":         {append(bytes.Clone(file), 0, 0, 0, 2, 'x', 'x', 'x', 'x'), 0},
		"an overflowing size":     {append(bytes.Clone(file), 0, 0, 0, 1, 'x', 'x', 'x', 'x', 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 0},
		"nothing":                 {nil, 0},
	} {
		for pieceSize := 1; pieceSize <= len(test.file)+1; pieceSize++ {
			var o Outline
			for at := 0; at < len(test.file); at += pieceSize {
				piece := test.file[at:min(at+pieceSize, len(test.file))]
				if err := o.Add(bytes.NewReader(piece), int64(len(piece))); err != nil {
					t.Fatalf("%s, pieces of %d: %v", name, pieceSize, err)
				}
			}
			if got := o.Missing(); got != test.missing {
				t.Errorf("%s, pieces of %d: %d bytes missing, want %d", name, pieceSize, got, test.missing)
			}
		}
	}
}

func FuzzOutline(f *testing.F) {
	f.Add(bytes.Join([][]byte{outlineBox("ftyp", 16), outlineBox("mdat", 100)}, nil), 7)
	f.Add([]byte{0, 0, 0, 1, 'm', 'd', 'a', 't', 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 3)
	f.Add(bytes.Join([][]byte{outlineBox("moof", 40), outlineBox("mdat", 30), {0, 0, 0, 1, 'm', 'o', 'o', 'f', 0, 0, 0, 0, 0, 0, 0, 17, 9}}, nil), 9)
	f.Fuzz(func(t *testing.T, file []byte, pieceSize int) {
		if pieceSize < 1 || len(file) > 1<<16 {
			return
		}
		var ofWhole, ofPieces [][]byte
		whole := Outline{Box: func(box []byte) { ofWhole = append(ofWhole, bytes.Clone(box)) }}
		pieces := Outline{Box: func(box []byte) { ofPieces = append(ofPieces, bytes.Clone(box)) }}
		if err := whole.Add(bytes.NewReader(file), int64(len(file))); err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(file); at += pieceSize {
			piece := file[at:min(at+pieceSize, len(file))]
			if err := pieces.Add(bytes.NewReader(piece), int64(len(piece))); err != nil {
				t.Fatal(err)
			}
			if pieceSize > len(file) {
				break
			}
		}
		if whole.Missing() != pieces.Missing() || whole.Missing() < 0 {
			t.Errorf("%d bytes are missing of the whole, %d of its pieces", whole.Missing(), pieces.Missing())
		}
		if !reflect.DeepEqual(ofWhole, ofPieces) || len(bytes.Join(ofWhole, nil)) > len(file) {
			t.Errorf("the whole has the boxes %x, its pieces %x", ofWhole, ofPieces)
		}
	})
}
