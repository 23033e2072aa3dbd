package webm_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/webm"
)

const second = 1_000_000_000

func be(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// cue makes a CuePoint of pairs of a track and a Cluster's position.
func cue(time uint64, positions ...uint64) []byte {
	parts := [][]byte{el("b3", be(time))}
	for ; len(positions) > 0; positions = positions[2:] {
		parts = append(parts, el("b7", num("f7", byte(positions[0])), el("f1", be(positions[1])), num("f0", 3)))
	}
	return el("bb", parts...)
}

func cues(points ...[]byte) []byte { return el(cuesID, points...) }

// scaled makes an Info.
func scaled(scale uint64, length float64) []byte {
	return el(infoID, el("2ad7b1", be(scale)), el("4489", be(math.Float64bits(length))))
}

// seek makes a SeekHead that says where the Cues are.
func seek(position uint64) []byte {
	return el(seekHeadID, el("4dbb", el("53ab", unhex(infoID)), num("53ac", 9)), el("4dbb", el("53ab", unhex(cuesID)), el("53ac", be(position))))
}

// segment puts an EBML header before a Segment. base is where the Segment's content begins.
func segment(parts ...[]byte) (file []byte, base int64) {
	head := docType("webm")
	content := bytes.Join(parts, nil)
	return slices.Concat(head, sized(segmentID, uint64(len(content))|1<<56, content)), int64(len(head)) + 12
}

func live(parts ...[]byte) (file []byte, base int64) {
	head := docType("webm")
	return slices.Concat(head, unsized(segmentID, parts...)), int64(len(head)) + 12
}

func fragment(time, duration uint64, start, length int64) manifest.Fragment {
	return manifest.Fragment{Time: time, Duration: duration, Range: manifest.ByteRange{Start: start, Length: length}}
}

// readIndex reads an index as a player does: the ranges that a manifest tells, then whatever is asked for, with no more than the file has.
func readIndex(file []byte, told ...manifest.ByteRange) (index webm.Index, asked []manifest.ByteRange, err error) {
	for want := told[0]; ; {
		start := min(want.Start, int64(len(file)))
		piece := file[start:min(start+want.Length, int64(len(file)))]
		if want, err = index.Read(bytes.NewReader(piece), int64(len(piece)), want.Start); err != nil {
			return index, asked, err
		}
		if told = told[min(1, len(told)):]; len(told) > 0 {
			want = told[0]
			continue
		}
		if want == (manifest.ByteRange{}) {
			return index, asked, nil
		}
		if asked = append(asked, want); len(asked) > 5000 {
			return index, asked, errors.New("asks without end")
		}
	}
}

func upTo(length int64) manifest.ByteRange { return manifest.ByteRange{Length: length} }

func TestReadIndex(t *testing.T) {
	clusters := bytes.Repeat(unsized(clusterID, zeros(88)), 4) // of 100 bytes each
	header := slices.Concat(el(voidID, zeros(10)), duration(9000), el(tracksID, entry(1, "V_VP8")))
	at := uint64(len(header))
	four := cues(cue(0, 1, at), cue(2000, 1, at+100), cue(4500, 1, at+200), cue(8999, 1, at+300))
	front := uint64(len(four)) // for cues that stand before the clusters
	atFront := cues(cue(0, 1, at+front), cue(2000, 1, at+front+100), cue(4500, 1, at+front+200), cue(8999, 1, at+front+300))
	sought := seek(at + uint64(len(seek(0))) + 400)
	behind := at + uint64(len(sought))
	atEnd := cues(cue(0, 1, behind), cue(2000, 1, behind+100), cue(4500, 1, behind+200), cue(8999, 1, behind+300))
	want := func(base uint64, last int64) []manifest.Fragment {
		at := int64(base)
		return []manifest.Fragment{
			fragment(0, 2*second, at, 100), fragment(2*second, 2.5*second, at+100, 100),
			fragment(4.5*second, 4.499*second, at+200, 100), fragment(8.999*second, second/1000, at+300, last),
		}
	}
	for name, test := range map[string]struct {
		file func(...[]byte) ([]byte, int64)
		body []byte
		base uint64 // of the first Cluster, within the Segment
		last int64
	}{
		"cues before the clusters":           {segment, slices.Concat(header, atFront, clusters), at + front, 100},
		"before them, after Void":            {segment, slices.Concat(header, atFront, clusters, el(voidID, zeros(5))), at + front, 107},
		"before them, of unknown length":     {live, slices.Concat(header, atFront, clusters), at + front, 0},
		"cues behind the clusters":           {segment, slices.Concat(sought, header, clusters, atEnd, el(voidID)), behind, 100},
		"behind them, in a Segment unsized":  {live, slices.Concat(sought, header, clusters, atEnd), behind, 100},
		"behind them, and SeekHead is after": {segment, slices.Concat(header, sought, clusters, atEnd), behind, 100},
	} {
		t.Run(name, func(t *testing.T) {
			file, base := test.file(test.body)
			cuesAt := int64(bytes.LastIndex(file, unhex(cuesID)))
			clusterAt := int64(bytes.Index(file, unhex(clusterID)))
			for _, told := range [][]manifest.ByteRange{
				{upTo(0)}, {upTo(1)}, {upTo(40)}, {upTo(min(cuesAt, clusterAt))}, {upTo(int64(len(file)))},
				{upTo(min(cuesAt, clusterAt)), {Start: cuesAt, Length: 100}}, {{Start: cuesAt, Length: 20}},
			} {
				index, asked, err := readIndex(file, told...)
				if err != nil || index.Timescale != second || !slices.Equal(index.Fragments, want(uint64(base)+test.base, test.last)) {
					t.Errorf("from %v: %+v, %v, asking for %v", told, index.Fragments, err, asked)
				}
				if len(asked) > 3 {
					t.Errorf("from %v: asks for %v", told, asked)
				}
			}
		})
	}
}

func TestReadIndexWithoutSeekHead(t *testing.T) {
	header := slices.Concat(duration(5000), el(tracksID, entry(1, "V_VP8")))
	at := uint64(len(header))
	file, base := segment(header, bytes.Repeat(unsized(clusterID, zeros(88)), 2), cues(cue(0, 1, at), cue(3000, 1, at+100)))
	cuesAt := int64(bytes.Index(file, unhex(cuesID)))
	start := base + int64(at)
	want := []manifest.Fragment{fragment(0, 3*second, start, 100), fragment(3*second, 2*second, start+100, 100)}
	index, _, err := readIndex(file, upTo(start), manifest.ByteRange{Start: cuesAt, Length: int64(len(file)) - cuesAt})
	if err != nil || !slices.Equal(index.Fragments, want) {
		t.Errorf("told by the manifest: %+v, %v", index.Fragments, err)
	}
	if _, _, err = readIndex(file, upTo(start)); !errors.Is(err, webm.ErrNoIndex) {
		t.Errorf("told by nobody: %v", err)
	}
}

func TestCuePoints(t *testing.T) {
	c := func(n uint64) uint64 { return 1000 + 100*n }
	head := func(info []byte) (file []byte, base int64) { return live(info, el(tracksID, entry(1, "V_VP8"))) }
	for name, test := range map[string]struct {
		info, cues []byte
		want       []manifest.Fragment // ranges count from the Segment's content
	}{
		"several keyframes in a cluster": {
			duration(9000), cues(cue(0, 1, c(0)), cue(1000, 1, c(0)), cue(2000, 1, c(1)), cue(3000, 1, c(1))),
			[]manifest.Fragment{fragment(0, 2*second, 1000, 100), fragment(2*second, 7*second, 1100, 0)},
		},
		"the first track's only": {
			duration(9000), cues(cue(0, 2, c(0), 1, c(5)), cue(1000, 1, c(1)), cue(2000, 1, c(7), 2, c(2))),
			[]manifest.Fragment{fragment(0, 2*second, 1000, 200), fragment(2*second, 7*second, 1200, 0)},
		},
		"out of order": {
			duration(9000), cues(cue(1000, 1, c(1)), cue(500, 1, c(2)), cue(3000, 1, c(0)), cue(4000, 1, c(4))),
			[]manifest.Fragment{fragment(second, 3*second, 1100, 300), fragment(4*second, 5*second, 1400, 0)},
		},
		"a scale of its own": {
			scaled(333_333, 27_000), cues(cue(1, 1, c(0)), cue(9, 1, c(1))),
			[]manifest.Fragment{fragment(333_333, 8*333_333, 1000, 100), fragment(9*333_333, 26_991*333_333, 1100, 0)},
		},
		"nanoseconds past 2^53": {
			scaled(1, 0), cues(cue(1<<53+1, 1, c(0)), cue(1<<53+4, 1, c(1))),
			[]manifest.Fragment{fragment(1<<53+1, 3, 1000, 100), fragment(1<<53+4, 3, 1100, 0)},
		},
		"a duration that is too short": {
			duration(2999), cues(cue(0, 1, c(0)), cue(2000, 1, c(1)), cue(3000, 1, c(2))),
			[]manifest.Fragment{fragment(0, 2*second, 1000, 100), fragment(2*second, second, 1100, 100), fragment(3*second, second, 1200, 0)},
		},
		"one cue, and no duration": {duration(0), cues(cue(0, 1, c(0))), []manifest.Fragment{fragment(0, second, 1000, 0)}},
		"no duration that makes sense": {
			duration(math.NaN()), cues(cue(0, 1, c(0))), []manifest.Fragment{fragment(0, second, 1000, 0)},
		},
		"elements between": {
			duration(9000), cues(el(voidID, zeros(4)), cue(0, 1, c(0)), el("bf", zeros(4)), num("ec", 1), cue(4000, 1, c(2))),
			[]manifest.Fragment{fragment(0, 4*second, 1000, 200), fragment(4*second, 5*second, 1200, 0)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			file, base := head(test.info)
			init := int64(len(file))
			file = append(file, test.cues...)
			for i := range test.want {
				test.want[i].Range.Start += base
			}
			index, _, err := readIndex(file, upTo(init), manifest.ByteRange{Start: init, Length: 1 << 20})
			if err != nil || !slices.Equal(index.Fragments, test.want) {
				t.Errorf("%+v, %v", index.Fragments, err)
			}
		})
	}
}

func TestReadIndexErrors(t *testing.T) {
	tracks := el(tracksID, entry(1, "V_VP8"))
	one := cues(cue(0, 1, 10))
	ok := func(parts ...[]byte) []byte {
		file, _ := segment(duration(1), tracks, bytes.Join(parts, nil))
		return file
	}
	whole := func(parts ...[]byte) []byte {
		file, _ := segment(parts...)
		return file
	}
	endless := func(parts ...[]byte) []byte {
		file, _ := live(parts...)
		return file
	}
	for name, test := range map[string]struct {
		file []byte
		want string
		is   error
	}{
		"MP4":                    {slices.Concat(unhex("00000018"), []byte("ftypisom"), zeros(12)), "", webm.ErrNotWebM},
		"Matroska":               {slices.Concat(docType("matroska"), unsized(segmentID)), "", webm.ErrMatroska},
		"no header":              {unsized(segmentID, duration(1), one), "", webm.ErrNotWebM},
		"a large header":         {whole(sized(voidID, 1<<56|5<<20)), "after its parent", nil},
		"a larger header":        {endless(sized(voidID, 1<<56|5<<20)), "", webm.ErrTooLarge},
		"no Info":                {whole(tracks), "has no Info", nil},
		"a cluster before Info":  {whole(tracks, unsized(clusterID)), "comes before Info", nil},
		"cues before Info":       {whole(tracks, one, duration(1)), "comes before Info", nil},
		"a scale of 0":           {whole(scaled(0, 1), one), "TimestampScale of 0", nil},
		"a cluster and no cues":  {ok(unsized(clusterID)), "", webm.ErrNoIndex},
		"unsized cues":           {ok(unsized(cuesID, cue(0, 1, 10))), "unknown size", nil},
		"large cues":             {endless(duration(1), tracks, sized(cuesID, 1<<56|(4<<20+1))), "larger than 4 MiB", nil},
		"empty cues":             {ok(cues()), "points at nothing", nil},
		"a cue of nothing":       {ok(cues(el("bb", num("b3", 1)))), "points at nothing", nil},
		"a cue without a track":  {ok(cues(el("bb", num("b3", 1), el("b7", num("f1", 1))))), "without a track", nil},
		"a cue to nowhere":       {ok(cues(el("bb", num("b3", 1), el("b7", num("f7", 1))))), "without a track or a position", nil},
		"a cue past the Segment": {ok(cues(cue(0, 1, 1000))), "outside of the Segment", nil},
		"a cue past all files":   {ok(cues(cue(0, 1, math.MaxUint64))), "outside of the Segment", nil},
		"a cue past all time":    {ok(cues(cue(math.MaxUint64, 1, 10))), "outside of the Segment", nil},
		"a cut SeekHead":         {whole(el(seekHeadID, unhex("4dbb 82 53ab")), duration(1), tracks, one), "ends", nil},
		"a cut Seek":             {whole(el(seekHeadID, unhex("4dbb 84 53ab 85 00")), duration(1), tracks, one), "ends", nil},
		"a cut Info":             {whole(el(infoID, unhex("4489 88 00")), tracks, one), "ends", nil},
		"a cut cue":              {ok(el(cuesID, unhex("bb 85 b3 81 00 b7"))), "ends after its parent", nil},
		"a cut time":             {ok(el(cuesID, unhex("bb 83 b3 85 00"))), "ends after its parent", nil},
		"cut positions":          {ok(el(cuesID, unhex("bb 85 b7 83 f7 85 01"))), "ends after its parent", nil},
		"an unsized cue":         {ok(el(cuesID, unhex("bb ff b3 81 00"))), "of unknown size", nil},
		"no element":             {ok(el(cuesID, unhex("00"))), "wrong byte", nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readIndex(test.file, upTo(int64(len(test.file))))
			var malformed *webm.Error
			if test.is != nil && !errors.Is(err, test.is) || test.is == nil && (!errors.As(err, &malformed) || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q, %v", err, test.want, test.is)
			}
		})
	}
}

// TestSearchForCues gives the search for Cues what is none.
func TestSearchForCues(t *testing.T) {
	file, _ := live(duration(1), el(tracksID, entry(1, "V_VP8")))
	init := int64(len(file))
	for name, test := range map[string]struct {
		after []byte
		want  string
	}{
		"a size past all files": {sized(voidID, 1<<57-2), "impossible size"},
		"an unknown size":       {unsized(voidID), "unknown size"},
		"no element":            {zeros(12), "wrong byte"},
		"Void without end":      {bytes.Repeat(el(voidID), 8193), "more than 8192 elements"},
	} {
		t.Run(name, func(t *testing.T) {
			start := init
			if name == "a size past all files" {
				start = math.MaxInt64 - 1<<50
			}
			var index webm.Index
			if _, err := index.Read(bytes.NewReader(file), init, 0); err != nil {
				t.Fatal(err)
			}
			_, err := index.Read(bytes.NewReader(test.after), int64(len(test.after)), start)
			var malformed *webm.Error
			if !errors.As(err, &malformed) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestIndexCutOff reads files that end early: no request is made twice.
func TestIndexCutOff(t *testing.T) {
	file, _ := segment(seek(200), duration(9000), el(tracksID, entry(1, "V_VP8")), el(voidID, zeros(100)), cues(cue(0, 1, 10), cue(1000, 1, 20)))
	for end := range len(file) {
		_, asked, err := readIndex(file[:end], upTo(64))
		if !errors.Is(err, io.ErrUnexpectedEOF) || len(asked) > 3 {
			t.Errorf("of %d bytes: %v, asking for %v", end, err, asked)
		}
	}
	lost := errors.New("lost")
	var index webm.Index
	if _, err := index.Read(broken{lost}, 100, 0); !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
	next, err := index.Read(bytes.NewReader(file), 190, 0)
	if err != nil || next.Length == 0 {
		t.Fatalf("asks for %v, %v", next, err)
	}
	if _, err := index.Read(broken{lost}, next.Length, next.Start); !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
}

// TestIndexesOfFilms reads the Cues of the demo site's films, most of which shaka-packager wrote before the media, and of one of ffmpeg's, where they
// are behind it. A Cluster must stand where a fragment begins, with the fragment's time; fragments leave no byte of the Clusters out.
func TestIndexesOfFilms(t *testing.T) {
	files, err := filepath.Glob("../../examples/media/*.webm")
	if err != nil || len(files) == 0 {
		t.Fatalf("no films: %v", err)
	}
	for _, name := range append(files, "testdata/ffmpeg-cues-at-end.webm") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		header, err := read(data)
		if err != nil {
			t.Fatal(err)
		}
		index, asked, err := readIndex(data, upTo(header.Size))
		if err != nil || len(asked) > 1 || len(index.Fragments) < 2 {
			t.Errorf("%s: %+v, %v, asking for %v", name, index, err, asked)
			continue
		}
		at := header.Size // the first Cluster
		for i, f := range index.Fragments {
			if f.Range.Start != at {
				t.Errorf("%s: fragment %d begins at %d, want %d", name, i, f.Range.Start, at)
			}
			at += f.Range.Length
			cluster := data[f.Range.Start:]
			stamp := cluster[5+bits.LeadingZeros8(cluster[4]):] // after the Cluster's size
			time := uint64(0)
			for _, b := range stamp[2:][:stamp[1]&0x7f] {
				time = time<<8 | uint64(b)
			}
			if !bytes.HasPrefix(cluster, unhex(clusterID)) || stamp[0] != 0xe7 || f.Time < time*second/1000 || f.Time > time*second/1000+second/10 {
				t.Errorf("%s: fragment %d is of %d ns, and its cluster of %d ms", name, i, f.Time, time)
			}
		}
		last := index.Fragments[len(index.Fragments)-1]
		if rest := data[at:]; len(rest) > 0 && !bytes.HasPrefix(rest, unhex(cuesID)) {
			t.Errorf("%s: the last fragment ends at %d of %d", name, at, len(data))
		}
		if end := last.Time + last.Duration; end != uint64(header.Duration) {
			t.Errorf("%s: the last fragment ends at %d ns, the film at %v", name, end, header.Duration)
		}
	}
}

func FuzzReadIndex(f *testing.F) {
	header := slices.Concat(seek(200), duration(9000), el(tracksID, entry(1, "V_VP8")), el(voidID, zeros(100)))
	whole, _ := segment(header, cues(cue(0, 1, 210), cue(1000, 1, 220)), unsized(clusterID, zeros(100)))
	f.Add(whole, uint16(100))
	f.Add(whole, uint16(1000))
	endless, _ := live(scaled(333_333, 0), cues(cue(0, 2, 210, 1, 210), cue(1000, 1, 220, 2, 230)))
	f.Add(endless, uint16(40))
	f.Fuzz(func(t *testing.T, data []byte, length uint16) {
		index, asked, err := readIndex(data, upTo(int64(length)))
		if len(asked) > 20 {
			t.Errorf("%d requests of %d bytes", len(asked), len(data))
		}
		var malformed *webm.Error
		if err != nil {
			if !errors.Is(err, webm.ErrNoIndex) && !errors.Is(err, webm.ErrNotWebM) && !errors.Is(err, webm.ErrMatroska) &&
				!errors.Is(err, webm.ErrTooLarge) && !errors.As(err, &malformed) {
				t.Errorf("%T %v", err, err)
			}
			return
		}
		if index.Timescale != second || len(index.Fragments) == 0 || len(index.Fragments) > len(data)/8 {
			t.Errorf("%d fragments of timescale %d", len(index.Fragments), index.Timescale)
		}
		for i, f := range index.Fragments {
			whole := f.Range.Length > 0 && f.Range.Start+f.Range.Length > 0 || i == len(index.Fragments)-1 && f.Range.Length == 0
			if f.Range.Start <= 0 || !whole || f.Duration == 0 || i > 0 && f.Time <= index.Fragments[i-1].Time {
				t.Errorf("fragment %d is %+v", i, f)
			}
		}
	})
}
