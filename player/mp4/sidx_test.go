package mp4_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	oracle "github.com/Eyevinn/mp4ff/mp4"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
)

func u64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// sidx0 and sidx1 are the box in its two versions.
func sidx0(timescale, time, first int, references ...[]byte) []byte {
	return bx("sidx", u32(0), u32(1), u32(timescale), u32(time), u32(first), u32(len(references)), bytes.Join(references, nil))
}

func sidx1(timescale int, time, first uint64, references ...[]byte) []byte {
	return bx("sidx", u32(1<<24), u32(1), u32(timescale), u64(time), u64(first), u32(len(references)), bytes.Join(references, nil))
}

func reference(size, duration int) []byte { return slices.Concat(u32(size), u32(duration), u32(9<<28)) }

func toIndex(size, duration int) []byte { return reference(size|1<<31, duration) }

func fragment(time, duration uint64, start, length int64) manifest.Fragment {
	return manifest.Fragment{Time: time, Duration: duration, Range: manifest.ByteRange{Start: start, Length: length}}
}

// readIndex reads an index as a player does: the first range, then whatever is asked for, with no more than the file has.
func readIndex(file []byte, first manifest.ByteRange) (index mp4.Index, asked []manifest.ByteRange, err error) {
	for want := first; ; {
		start := min(want.Start, int64(len(file)))
		piece := file[start:min(start+want.Length, int64(len(file)))]
		if want, err = index.Read(bytes.NewReader(piece), int64(len(piece)), want.Start); err != nil || want == (manifest.ByteRange{}) {
			return index, asked, err
		}
		if asked = append(asked, want); len(asked) > 5000 {
			return index, asked, errors.New("asks without end")
		}
	}
}

func TestReadIndex(t *testing.T) {
	before := slices.Concat(ftyp, bx("moov", zeros(40)), wide("free", zeros(9)), bx("styp", zeros(8)), bx("emsg", zeros(20)))
	at := int64(len(before))
	late := uint64(1)<<53 + 1
	for name, test := range map[string]struct {
		file      []byte
		timescale uint64
		want      []manifest.Fragment
	}{
		"version 0": {
			sidx0(90000, 5, 0, reference(100, 180000), reference(7, 9)), 90000,
			[]manifest.Fragment{fragment(5, 180000, 56, 100), fragment(180005, 9, 156, 7)},
		},
		"version 1, past 2^53": {
			sidx1(1, late, 3, reference(100, 2), reference(50, 0)), 1,
			[]manifest.Fragment{fragment(late, 2, 67, 100), fragment(late+2, 0, 167, 50)},
		},
		"past 4 GiB": {sidx1(1, 0, 5<<30, reference(1, 1)), 1, []manifest.Fragment{fragment(0, 1, 5<<30+52, 1)}},
		"the largest numbers": {
			sidx0(math.MaxUint32, math.MaxUint32, math.MaxUint32, reference(math.MaxInt32, math.MaxUint32)), math.MaxUint32,
			[]manifest.Fragment{fragment(math.MaxUint32, math.MaxUint32, 44+math.MaxUint32, math.MaxInt32)},
		},
		"after other boxes": {
			slices.Concat(before, sidx0(1, 0, 0, reference(10, 1)), bx("ssix", zeros(9))), 1, []manifest.Fragment{fragment(0, 1, at+44, 10)},
		},
		"a 64-bit size": {wide("sidx", sidx0(1, 0, 0, reference(10, 1))[8:]), 1, []manifest.Fragment{fragment(0, 1, 52, 10)}},
		"more than its references": {
			bx("sidx", sidx0(1, 0, 0, reference(10, 1))[8:], zeros(30)), 1, []manifest.Fragment{fragment(0, 1, 74, 10)},
		},
		"the first of two": {
			slices.Concat(sidx0(1, 0, 0, reference(10, 1)), sidx0(2, 0, 0, reference(10, 1))), 1, []manifest.Fragment{fragment(0, 1, 44, 10)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, length := range []int64{0, 1, 8, 40, int64(len(test.file)), int64(len(test.file)) + 1000} {
				index, asked, err := readIndex(test.file, manifest.ByteRange{Length: length})
				if err != nil || index.Timescale != test.timescale || !slices.Equal(index.Fragments, test.want) {
					t.Errorf("of %d bytes: %+v, %v", length, index, err)
				}
				if length >= int64(len(test.file)) && len(asked) > 0 {
					t.Errorf("asks for %v", asked)
				}
			}
		})
	}
}

// TestIndexElsewhere gives a piece from the middle of a file, and lets the header be larger than what is asked for at once.
func TestIndexElsewhere(t *testing.T) {
	file := slices.Concat(ftyp, bx("moov", zeros(100_000)), sidx0(1, 0, 0, reference(10, 1)))
	at := int64(len(file)) - 44
	want := []manifest.Fragment{fragment(0, 1, at+44, 10)}
	for first, requests := range map[manifest.ByteRange]int{{Start: at, Length: 44}: 0, {Start: at, Length: 20}: 1, {Length: 1000}: 1, {}: 2} {
		index, asked, err := readIndex(file, first)
		if err != nil || !slices.Equal(index.Fragments, want) || len(asked) != requests {
			t.Errorf("from %v: %+v, %v, asking for %v", first, index, err, asked)
		}
	}
}

// tree is a file whose index is of three levels, with media between: a sidx of two others, the second of which refers to media, to a third and to media again.
func tree() (file []byte, want []manifest.Fragment) {
	third := sidx1(10, 50, 0, reference(60, 10), reference(40, 10))
	second := sidx1(10, 40, 0, reference(30, 10), toIndex(len(third)+100, 20), reference(20, 5))
	first := slices.Concat(bx("styp", zeros(4)), sidx1(10, 20, 0, reference(100, 20)))
	padding := 40_000
	top := sidx0(10, 20, 0, toIndex(len(first)+100+padding, 20), toIndex(len(second)+30+len(third)+100+20, 35))
	file = slices.Concat(top, first, zeros(100+padding), second, zeros(30), third, zeros(100), zeros(20))
	a := int64(len(top) + len(first))
	b := a + 100 + int64(padding) + int64(len(second))
	c := b + 30 + int64(len(third))
	return file, []manifest.Fragment{
		fragment(20, 20, a, 100), fragment(40, 10, b, 30), fragment(50, 10, c, 60), fragment(60, 10, c+60, 40), fragment(70, 5, c+100, 20),
	}
}

func TestIndexOfIndexes(t *testing.T) {
	file, want := tree()
	second := int64(bytes.LastIndex(file[:bytes.LastIndex(file, []byte("sidx"))], []byte("sidx"))) - 4
	for length := range int64(200) {
		index, asked, err := readIndex(file, manifest.ByteRange{Length: length})
		if err != nil || index.Timescale != 10 || !slices.Equal(index.Fragments, want) {
			t.Fatalf("from %d bytes: %+v, %v", length, index, err)
		}
		if last := asked[len(asked)-1]; last.Start != second {
			t.Errorf("from %d bytes: asks for %v", length, asked)
		}
	}
	index, asked, err := readIndex(file, manifest.ByteRange{Length: int64(len(file))})
	if err != nil || !slices.Equal(index.Fragments, want) || len(asked) > 0 {
		t.Errorf("from all: %+v, %v, asking for %v", index, err, asked)
	}
	if next, err := index.Read(bytes.NewReader(file), int64(len(file)), 0); err != nil || next.Length > 0 || !slices.Equal(index.Fragments, want) {
		t.Errorf("once more: %v, %v, %v", next, err, index.Fragments)
	}
}

// TestIndexChain reads a chain of sidx boxes, each of one fragment and the next sidx: as deep as indexes go.
func TestIndexChain(t *testing.T) {
	chain := func(links int) []byte {
		var file []byte
		for n := links - 1; n >= 0; n-- {
			references := [][]byte{reference(8, 1)}
			if n < links-1 {
				references = append(references, toIndex(1000, links-1-n))
			}
			file = slices.Concat(sidx0(1, n, 0, references...), zeros(8), file)
		}
		return file
	}
	index, asked, err := readIndex(chain(1024), manifest.ByteRange{Length: 100})
	if err != nil || len(index.Fragments) != 1024 || index.Fragments[1023].Time != 1023 {
		t.Errorf("%d fragments, %v", len(index.Fragments), err)
	}
	if most := 1024*64/(16<<10) + 1024; len(asked) > most {
		t.Errorf("%d requests", len(asked))
	}
	if _, _, err = readIndex(chain(1025), manifest.ByteRange{Length: 1 << 20}); err == nil || !strings.Contains(err.Error(), "one sidx too many") {
		t.Errorf("a longer chain: %v", err)
	}
}

func TestReadIndexErrors(t *testing.T) {
	plain := sidx0(1, 0, 0, reference(10, 1))
	most := bx("sidx", plain[8:28], u32(65535), bytes.Repeat(reference(1, 1), 65535))
	crowd := bytes.Repeat(most, 8)
	nests := slices.Repeat([][]byte{toIndex(len(most), 65535)}, 8)
	for name, test := range map[string]struct {
		file []byte
		want string // "" is ErrNoIndex
	}{
		"media":                      {slices.Concat(ftyp, bx("moof")), ""},
		"data":                       {slices.Concat(ftyp, sized(0, "mdat")), ""},
		"to the end of the file":     {sized(0, "sidx", plain[8:]), "sidx at byte 0: lasts to the end"},
		"padding to the end":         {slices.Concat(ftyp, sized(0, "free", zeros(9))), "free at byte 24: lasts to the end"},
		"an impossible size":         {sized(7, "free"), "impossible size 7"},
		"an impossible wide size":    {slices.Concat(u32(1), []byte("free"), u64(math.MaxUint64)), "impossible size"},
		"a large one":                {sized(4<<20+1, "sidx"), "larger than 4 MiB"},
		"no content":                 {bx("sidx"), "holds 0 bytes, and needs 24"},
		"too little content":         {bx("sidx", plain[8:31]), "holds 23 bytes, and needs 24"},
		"too little for version 1":   {bx("sidx", u32(1<<24), zeros(27)), "holds 31 bytes, and needs 32"},
		"version 2":                  {bx("sidx", u32(2<<24), zeros(28)), "unknown version 2"},
		"a timescale of 0":           {sidx0(0, 0, 0, reference(10, 1)), "timescale 0"},
		"no references":              {sidx0(1, 0, 0), "refers to nothing"},
		"more references than bytes": {bx("sidx", plain[8:len(plain)-1]), "no room for the 1 references"},
		"a size of 0":                {sidx0(1, 0, 0, reference(10, 1), reference(0, 1)), "refers to nothing at byte 66"},
		"an offset past all files":   {sidx1(1, 0, math.MaxInt64, reference(10, 1)), "impossible first_offset"},
		"a reference past all files": {sidx1(1, 0, math.MaxInt64-60, reference(10, 1)), "beyond the end of any file"},
		"past the end of time":       {sidx1(1, math.MaxUint64, 0, reference(10, 1)), "end of time"},
		"another timescale":          {slices.Concat(sidx0(1, 0, 0, toIndex(44, 1)), sidx0(2, 0, 0, reference(10, 1))), "another timescale"},
		"back in time": {
			slices.Concat(sidx0(1, 5, 0, reference(44, 1), toIndex(44, 1)), bx("free", zeros(36)), sidx0(1, 4, 0, reference(10, 1))),
			"earlier than the one listed before",
		},
		"a reference to no sidx": {slices.Concat(sidx0(1, 0, 0, toIndex(8, 1)), bx("free"), plain), ""},
		"many references":        {slices.Concat(sidx0(1, 0, 0, nests...), crowd), "more than 500000 references"},
		"many boxes":             {slices.Concat(bytes.Repeat(bx("free"), 8193), plain), "more than 8192 boxes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readIndex(test.file, manifest.ByteRange{Length: int64(len(test.file))})
			var malformed *mp4.Error
			switch {
			case test.want == "" && !errors.Is(err, mp4.ErrNoIndex):
				t.Errorf("got %v", err)
			case test.want != "" && (!errors.As(err, &malformed) || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestIndexCutOff reads files that end early, as a server's error page does: no request is made twice.
func TestIndexCutOff(t *testing.T) {
	file, _ := tree()
	for _, end := range []int{0, 4, 8, 30, 60, 70, 90, 40_250} {
		_, asked, err := readIndex(file[:end], manifest.ByteRange{Length: 64})
		if !errors.Is(err, io.ErrUnexpectedEOF) || len(asked) > 3 {
			t.Errorf("of %d bytes: %v, asking for %v", end, err, asked)
		}
	}
	lost := errors.New("lost")
	var index mp4.Index
	if _, err := index.Read(broken{lost}, 100, 0); !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
}

// TestIndexesOfFilms reads every sidx of the demo site, which shaka-packager wrote, and one of ffmpeg's. Another reader must agree, and a moof must
// stand where a fragment begins.
func TestIndexesOfFilms(t *testing.T) {
	files, err := filepath.Glob(media + "*.mp4")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, name := range append(files, "testdata/ffmpeg-global-sidx.mp4") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		index, _, err := readIndex(data, manifest.ByteRange{Length: 1024})
		if errors.Is(err, mp4.ErrNoIndex) && !bytes.Contains(data, []byte("sidx")) {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checked++
		theirs, err := oracle.DecodeFile(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		var want []manifest.Fragment
		at, time := int64(theirs.Sidx.AnchorPoint), theirs.Sidx.EarliestPresentationTime
		for _, ref := range theirs.Sidx.SidxRefs {
			want = append(want, fragment(time, uint64(ref.SubSegmentDuration), at, int64(ref.ReferencedSize)))
			time, at = time+uint64(ref.SubSegmentDuration), at+int64(ref.ReferencedSize)
		}
		if index.Timescale != uint64(theirs.Sidx.Timescale) || !reflect.DeepEqual(index.Fragments, want) {
			t.Errorf("%s: %+v, in mp4ff's eyes %v of %d", name, index, want, theirs.Sidx.Timescale)
		}
		for _, f := range index.Fragments {
			if kind := string(data[f.Range.Start+4:][:4]); kind != "moof" {
				t.Errorf("%s: %s at %d", name, kind, f.Range.Start)
			}
		}
		rest := data[at:]
		if len(rest) > 0 && string(rest[4:8]) != "mfra" {
			t.Errorf("%s: %d bytes after the last fragment", name, len(rest))
		}
	}
	if checked < 10 {
		t.Errorf("only %d films have a sidx", checked)
	}
}

func FuzzReadIndex(f *testing.F) {
	file, _ := tree()
	top := int(binary.BigEndian.Uint32(file))
	f.Add(slices.Concat(ftyp, file[:top]), uint16(20))
	f.Add(file[:top+200], uint16(1000))
	f.Add(file[40_000:], uint16(0))
	f.Add(sidx1(1, 1<<60, 3, reference(100, 2), toIndex(50, 0)), uint16(5))
	f.Add(slices.Concat(sidx0(1, 0, 0, toIndex(44, 1), reference(1, 1)), sidx0(1, 0, 0, reference(10, 1))), uint16(60))
	f.Fuzz(func(t *testing.T, data []byte, length uint16) {
		index, asked, err := readIndex(data, manifest.ByteRange{Length: int64(length)})
		if len(asked) > 3+len(data)/16 {
			t.Errorf("%d requests of %d bytes", len(asked), len(data))
		}
		var malformed *mp4.Error
		if err != nil {
			if !errors.Is(err, mp4.ErrNoIndex) && !errors.As(err, &malformed) {
				t.Errorf("%T %v", err, err)
			}
			return
		}
		if index.Timescale == 0 || len(index.Fragments) == 0 || len(index.Fragments) > 500_000 {
			t.Errorf("%d fragments of timescale %d", len(index.Fragments), index.Timescale)
		}
		for i, f := range index.Fragments {
			if f.Range.Length <= 0 || f.Range.Start+f.Range.Length < f.Range.Start || f.Time+f.Duration < f.Time ||
				i > 0 && f.Time < index.Fragments[i-1].Time {
				t.Errorf("fragment %d is %+v", i, f)
			}
		}
	})
}
