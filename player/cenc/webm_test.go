package cenc

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/keystream-player/keystream/player/webm"
)

// checkWebM decrypts a stream in pieces of several sizes, and holds what comes out against the clear frames.
func checkWebM(t *testing.T, stream []byte, want ...readBack) {
	t.Helper()
	var first *webMRun
	for _, cut := range []int{len(stream), 1, 7, 1000} {
		run := decryptWebM(t, bytes.Clone(stream), cut, ringOf(videoID, audioID))
		if len(run.out) != len(stream) {
			t.Fatalf("cut %d: %d bytes became %d", cut, len(stream), len(run.out))
		}
		if first == nil {
			first = run
		}
		if !bytes.Equal(run.out, first.out) || len(run.initData) != len(first.initData) {
			t.Fatalf("cut %d makes something else of it", cut)
		}
	}
	if got := blocksIn(t, first.out); !equalBlocks(got, want) {
		t.Errorf("got %s\nwant %s", describe(got), describe(want))
	}
	header, err := webm.ReadHeader(bytes.NewReader(first.out), int64(len(first.out)))
	if err != nil {
		t.Fatal(err)
	}
	for _, track := range header.Tracks {
		if track.Protection != nil {
			t.Errorf("a track is still protected: %+v", track)
		}
	}
	again := decryptWebM(t, bytes.Clone(first.out), len(first.out), nil)
	if !bytes.Equal(again.out, first.out) || again.initData != nil {
		t.Error("the clear stream is not left as it is")
	}
}

func TestWebMFrames(t *testing.T) {
	long := 70_000
	for name, row := range map[string]struct {
		frame []byte
		clear []byte
	}{
		"whole":                   {sealed(t, videoID, 1, 100), content(1, 100)},
		"whole, long":             {sealed(t, videoID, 2, long), content(2, long)},
		"whole, one byte":         {sealed(t, videoID, 3, 1), content(3, 1)},
		"whole, of nothing":       {sealed(t, videoID, 3, 0), nil},
		"clear":                   {unsealed(4, 100), content(4, 100)},
		"clear, of nothing":       {unsealed(4, 0), nil},
		"reserved signal bits":    {append([]byte{0xFC}, content(4, 9)...), content(4, 9)},
		"partition bit alone":     {append([]byte{0x02}, content(4, 9)...), content(4, 9)},
		"no partition":            {partitioned(t, videoID, 5, 100), content(5, 100)},
		"one partition":           {partitioned(t, videoID, 6, 100, 11), content(6, 100)},
		"one partition, at 0":     {partitioned(t, videoID, 7, 100, 0), content(7, 100)},
		"one partition, at end":   {partitioned(t, videoID, 8, 100, 100), content(8, 100)},
		"two partitions":          {partitioned(t, videoID, 9, 100, 3, 60), content(9, 100)},
		"three, not of 16":        {partitioned(t, videoID, 10, 100, 3, 10, 33), content(10, 100)},
		"four, some empty":        {partitioned(t, videoID, 11, 100, 0, 17, 17, 50), content(11, 100)},
		"nothing encrypted in it": {partitioned(t, videoID, 12, 100, 50, 50), content(12, 100)},
		"many partitions":         {partitioned(t, videoID, 13, long, steps(255, 273)...), content(13, long)},
	} {
		t.Run(name, func(t *testing.T) {
			checkWebM(t, webMOf(simple(1, 0, row.frame), simple(1, 40, row.frame)), frameOf(1, 0, row.clear), frameOf(1, 40, row.clear))
			group := ebml(idBlockGroup, ebml(0x9B, number(40)), ebml(idBlock, blockOf(1, 7, 0x80, row.frame)), ebml(0xFB, number(1)))
			checkWebM(t, webMOf(group, group), frameOf(1, 7, row.clear), frameOf(1, 7, row.clear))
		})
	}
}

func steps(n, each int) (offsets []int) {
	for i := range n {
		offsets = append(offsets, (i+1)*each)
	}
	return offsets
}

// TestWebMSizes has sizes of every length, and frames that leave one byte over, nine, and more than a Void's shortest size says.
func TestWebMSizes(t *testing.T) {
	for n := 1; n <= 8; n++ {
		for _, size := range []int{1, 90, 108} {
			if size > 100 && n == 1 {
				continue
			}
			blocks := [][]byte{unsealed(1, size), sealed(t, videoID, 2, size), partitioned(t, videoID, 3, size, steps(size/20, 20)...)}
			if n > 1 {
				blocks = append(blocks, partitioned(t, videoID, 4, size, make([]int, 29)...), partitioned(t, videoID, 4, size, make([]int, 255)...))
			}
			var in [][]byte
			var want []readBack
			for i, frame := range blocks {
				in = append(in, ebmlSized(n, idSimpleBlock, blockOf(1, byte(i), 0x80, frame)))
				want = append(want, frameOf(1, byte(i), content(byte(min(i+1, 4)), size)))
			}
			t.Run(fmt.Sprintf("%d bytes, frames of %d", n, size), func(t *testing.T) { checkWebM(t, webMOf(in...), want...) })
		}
	}
}

func TestWebMStructure(t *testing.T) {
	video, audio, other := simple(1, 0, sealed(t, videoID, 1, 50)), simple(2, 1, sealed(t, audioID, 2, 60)), simple(3, 2, content(3, 70))
	blocks := slices.Concat(time0, video, audio, other)
	want := []readBack{frameOf(1, 0, content(1, 50)), frameOf(2, 1, content(2, 60)), frameOf(3, 2, content(3, 70))}
	twice := slices.Concat(want, want)
	cues := ebml(idCues, content(0, 3000))
	head := slices.Concat(info, tracks)
	wide := ebmlSized(8, idTracks, trackOf(number(1), encodingsOf(videoID)), trackOf(number(2), encodingsOf(audioID)),
		trackOf(number(3), ebml(0xEC, content(0, 200))))
	far := ebml(idTracks, trackOf([]byte{1, 0}, encodingsOf(videoID)))

	for name, row := range map[string]struct {
		segment []byte
		want    []readBack
	}{
		"all sizes known":          {ebml(idSegment, head, ebml(idCluster, blocks), ebml(idCluster, blocks)), twice},
		"Segment unknown":          {ebmlUnknown(idSegment, head, ebml(idCluster, blocks), ebml(idCluster, blocks)), twice},
		"all unknown":              {ebmlUnknown(idSegment, head, ebmlUnknown(idCluster, blocks), ebmlUnknown(idCluster, blocks)), twice},
		"Cluster unknown":          {ebml(idSegment, head, ebmlUnknown(idCluster, blocks), cues, ebmlUnknown(idCluster, blocks)), twice},
		"Cluster past its Segment": {slices.Concat(ebml(idSegment, head), ebml(idCluster, blocks), cues, ebml(idCluster, blocks)), twice},
		"group at an unknown's end": {
			ebmlUnknown(idSegment, head, ebmlUnknown(idCluster, blocks, groupOf(video)), ebmlUnknown(idCluster, blocks)),
			slices.Concat(want, want[:1], want),
		},
		"empty Cluster": {ebml(idSegment, head, ebml(idCluster), ebml(idCluster, blocks)), want},
		"no block":      {ebml(idSegment, head, ebml(idCluster, time0)), nil},
		"others around": {
			ebml(idSegment, ebml(0xEC, content(0, 90)), info, ebml(idTags, content(0, 20)), tracks, cues,
				ebml(idCluster, ebml(0xEC), blocks, ebml(0xAB, number(9)))),
			want,
		},
		"a long way to say Tracks": {ebml(idSegment, info, wide, ebml(idCluster, blocks)), want},
		"a TrackNumber of 2 bytes": {
			ebml(idSegment, info, far, ebml(idCluster, time0, ebml(idSimpleBlock, []byte{0x41, 0, 0, 5, 0x80}, sealed(t, videoID, 6, 20)))),
			[]readBack{frameOf(256, 5, content(6, 20))},
		},
	} {
		t.Run(name, func(t *testing.T) { checkWebM(t, append(bytes.Clone(ebmlHead), row.segment...), row.want...) })
	}
}

// TestWebMChecksums: sums over what changes go, that of the clear track stays.
func TestWebMChecksums(t *testing.T) {
	sum := ebml(idCRC32, []byte("SUMS"))
	stream := slices.Concat(ebmlHead, ebmlUnknown(idSegment, sum, info,
		ebml(idTracks, sum, trackOf(number(1), encodingsOf(videoID), sum), trackOf(number(3), sum)),
		ebml(idCluster, sum, time0, ebml(idBlockGroup, sum, ebml(idBlock, blockOf(1, 0, 0x80, unsealed(1, 30)))))))
	run := decryptWebM(t, stream, 5, nil)
	want := slices.Concat(number(3), ebml(0x73C5, number(3)), ebml(0x83, []byte{2}), ebml(0x86, []byte("A_OPUS")), sum)
	if bytes.Count(run.out, []byte("SUMS")) != 1 || !bytes.Contains(run.out, want) {
		t.Errorf("% x", run.out)
	}
}

// groupOf puts what a SimpleBlock holds into a BlockGroup.
func groupOf(simple []byte) []byte { return ebml(idBlockGroup, append([]byte{0xA1}, simple[1:]...)) }

func TestWebMLacing(t *testing.T) {
	a, b, c := sealed(t, videoID, 1, 20), sealed(t, videoID, 2, 20), sealed(t, videoID, 3, 20)
	plain, long := unsealed(4, 28), partitioned(t, videoID, 5, 900, 7, 500)
	clearOf := map[*byte][]byte{
		&a[0]: content(1, 20), &b[0]: content(2, 20), &c[0]: content(3, 20), &plain[0]: content(4, 28), &long[0]: content(5, 900),
	}
	xiph := func(size int) []byte { return append(bytes.Repeat([]byte{255}, size/255), byte(size%255)) }
	first := func(size int) []byte { return []byte{0x40 | byte(size>>8), byte(size)} }
	delta := func(from, to int) []byte { d := to - from + 8191; return []byte{0x40 | byte(d>>8), byte(d)} }

	for name, row := range map[string]struct {
		lacing byte
		frames [][]byte
		laces  []byte
	}{
		"Xiph":                 {lacingXiph, [][]byte{a, b, c}, slices.Concat(xiph(29), xiph(29))},
		"Xiph, mixed":          {lacingXiph, [][]byte{long, plain, a}, slices.Concat(xiph(len(long)), xiph(29))},
		"Xiph, one":            {lacingXiph, [][]byte{long}, nil},
		"EBML":                 {lacingEBML, [][]byte{a, b, c}, slices.Concat(first(29), delta(29, 29))},
		"EBML, mixed":          {lacingEBML, [][]byte{a, long, plain, b}, slices.Concat(first(29), delta(29, len(long)), delta(len(long), 29))},
		"EBML, clear":          {lacingEBML, [][]byte{plain, plain}, first(29)},
		"EBML, one":            {lacingEBML, [][]byte{a}, nil},
		"fixed":                {lacingFixed, [][]byte{a, b, c}, nil},
		"fixed, clear":         {lacingFixed, [][]byte{plain, plain}, nil},
		"fixed, no longer so":  {lacingFixed, [][]byte{plain, a}, nil},
		"fixed, and back":      {lacingFixed, [][]byte{a, plain, b, plain, c}, nil},
		"fixed, 256 of them":   {lacingFixed, slices.Repeat([][]byte{plain, a}, 128), nil},
		"fixed, the last only": {lacingFixed, slices.Concat(slices.Repeat([][]byte{plain}, 99), [][]byte{a}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			data := blockOf(1, 3, 0x80|row.lacing, append([][]byte{{byte(len(row.frames) - 1)}, row.laces}, row.frames...)...)
			want := readBack{track: 1, timestamp: 3, keyframe: true}
			for _, f := range row.frames {
				want.frames = append(want.frames, clearOf[&f[0]])
			}
			for n := 2; n <= 8; n += 3 {
				checkWebM(t, webMOf(ebmlSized(n, idSimpleBlock, data), ebml(idBlockGroup, ebmlSized(n, idBlock, data))), want, want)
			}
		})
	}
}

func TestWebMInitData(t *testing.T) {
	head := func(tracks ...[]byte) []byte {
		return slices.Concat(ebmlHead, ebmlUnknown(idSegment, info, ebml(idTracks, tracks...)))
	}
	block := ebml(idCluster, time0, simple(1, 0, sealed(t, audioID, 1, 30)))
	run := decryptWebM(t, slices.Concat(
		head(trackOf(number(1), encodingsOf(videoID)), trackOf(number(2), encodingsOf(videoID)), trackOf(number(3))),
		head(trackOf(number(1), encodingsOf(audioID))), block,
		head(trackOf(number(1))), ebml(idCluster, time0, simple(1, 0, content(7, 30))),
	), 5, ringOf(audioID))
	var got [][]byte
	for _, data := range run.initData {
		if data.Type != "webm" {
			t.Errorf("init data of type %q", data.Type)
		}
		got = append(got, data.Data)
	}
	if want := [][]byte{videoID[:], videoID[:], audioID[:]}; !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("init data %q, want %q", got, want)
	}
	if got, want := blocksIn(t, run.out), []readBack{frameOf(1, 0, content(1, 30)), frameOf(1, 0, content(7, 30))}; !equalBlocks(got, want) {
		t.Errorf("got %s\nwant %s", describe(got), describe(want))
	}
}

func TestWebMWaitsForKeys(t *testing.T) {
	lead := []readBack{frameOf(1, 0, content(1, 40)), frameOf(3, 1, content(2, 40)), frameOf(1, 2, content(3, 40))}
	var clear []readBack
	stream := webMOf(simple(1, 0, unsealed(1, 40)), simple(3, 1, content(2, 40)), simple(1, 2, partitioned(t, videoID, 3, 40, 40)),
		groupOf(simple(2, 3, sealed(t, audioID, 4, 40))), simple(1, 4, sealed(t, videoID, 5, 40)), simple(2, 5, sealed(t, audioID, 6, 40)))
	run := &webMRun{t: t, c: newWebM(), keys: keyRing{}}
	for i, want := range []struct {
		keys    keyRing
		missing [][16]byte
		blocks  []readBack
	}{
		{ringOf(), [][16]byte{audioID}, lead},
		{ringOf(videoID), [][16]byte{audioID}, nil},
		{ringOf(audioID), [][16]byte{videoID}, []readBack{frameOf(2, 3, content(4, 40))}},
		{ringOf(videoID), [][16]byte{audioID}, []readBack{frameOf(1, 4, content(5, 40))}},
		{ringOf(audioID), nil, []readBack{frameOf(2, 5, content(6, 40))}},
	} {
		run.keys = want.keys
		missing, err := run.feed(stream)
		stream = nil
		if err != nil || !slices.Equal(missing, want.missing) {
			t.Fatalf("round %d: missing %q, error %v; want %q", i, missing, err, want.missing)
		}
		clear = append(clear, want.blocks...)
		// The group's own header is out before its block may be: no reader takes that for whole.
		closed := append(bytes.Clone(run.out), run.held...)
		if got := blocksIn(t, closed)[:len(clear)]; !equalBlocks(got, clear) {
			t.Fatalf("round %d: got %s\nwant %s", i, describe(got), describe(clear))
		}
	}
	if len(run.held) > 0 {
		t.Errorf("%d bytes were kept", len(run.held))
	}
}

func TestWebMReset(t *testing.T) {
	video := simple(1, 0, sealed(t, videoID, 1, 50))
	cluster := ebml(idCluster, time0, video)
	stream := webMOf(video)
	for _, cut := range []int{len(stream) - 30, len(stream) - len(cluster) + 2, len(stream) - 1} {
		run := &webMRun{t: t, c: newWebM(), keys: ringOf(videoID)}
		if _, err := run.feed(bytes.Clone(stream[:cut])); err != nil {
			t.Fatal(err)
		}
		for _, next := range [][]byte{cluster, ebmlUnknown(idCluster, time0, groupOf(video)), stream} {
			run.c.reset()
			run.held, run.out = nil, nil
			if _, err := run.feed(bytes.Clone(next)); err != nil {
				t.Fatal(err)
			}
			if got, want := blocksIn(t, run.out), []readBack{frameOf(1, 0, content(1, 50))}; !equalBlocks(got, want) {
				t.Errorf("cut %d: got %s\nwant %s", cut, describe(got), describe(want))
			}
		}
		run.c.reset()
		run.held = nil
		_, err := run.feed([]byte{0})
		if failed, ok := errors.AsType[*Error](err); !ok || failed.Offset != 0 {
			t.Errorf("after a reset a zero byte gives %v", err)
		}
	}
}

// TestWebMHoldsNoWholeBlock: a block goes out with its last byte, and one of a clear track as it comes.
func TestWebMHoldsNoWholeBlock(t *testing.T) {
	stream := webMOf(simple(1, 0, sealed(t, videoID, 1, 500)), simple(3, 1, content(2, 500)))
	run := &webMRun{t: t, c: newWebM(), keys: ringOf(videoID)}
	clearAt := len(stream) - 500
	for i := range stream {
		if _, err := run.feed(stream[i : i+1]); err != nil {
			t.Fatal(err)
		}
		if i >= clearAt && len(run.held) > 0 {
			t.Fatalf("at %d of %d bytes, %d are kept", i, len(stream), len(run.held))
		}
		if len(run.held) > 520 {
			t.Fatalf("at %d of %d bytes, %d are kept", i, len(stream), len(run.held))
		}
	}
}
