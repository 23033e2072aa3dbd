package cenc_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"testing"

	mp4ff "github.com/Eyevinn/mp4ff/mp4"

	"github.com/keystream-player/keystream/player/cenc"
)

// progressiveTrack is a track of a progressive film that the tests make.
type progressiveTrack struct {
	trackSpec
	frames   []frame
	perChunk int
	aux      string // "senc", "trak" (senc there), "moov" (saio), "chunks" (saio, before each chunk), "end" (saio, at the end)
	offsets  []int  // of composition, one a frame; nil is no ctts
	syncs    []int  // nil is no stss
	sizes    int    // bits of stz2; 0 is stsz
}

// progressiveFilm is one mdat of chunks that the tracks take turns with.
type progressiveFilm struct {
	tracks []progressiveTrack
	extra  []byte // a trak of another kind
	open   bool   // mdat has no size
	wide   bool   // 64-bit offsets, and size of mdat
}

func (f progressiveFilm) write() []byte {
	places := map[string][]int{}
	moov := f.moov(places) // of the right size: only the places in it are not known yet
	media := f.media(len(ftyp)+len(moov), places)
	return slices.Concat(ftyp, f.moov(places), media)
}

// media writes the mdat, which begins at a place, and notes where its chunks and their auxiliary information are.
func (f progressiveFilm) media(at int, places map[string][]int) []byte {
	var body []byte
	header := 8
	if f.wide {
		header = 16
	}
	note := func(what string, i int) {
		places[fmt.Sprint(what, i)] = append(places[fmt.Sprint(what, i)], at+header+len(body))
	}
	for turn := 0; ; turn++ {
		done := true
		for i, t := range f.tracks {
			if turn*t.perChunk >= len(t.frames) {
				continue
			}
			done = false
			chunk := t.frames[turn*t.perChunk : min((turn+1)*t.perChunk, len(t.frames))]
			if t.aux == "chunks" {
				note("aux", i)
				body = append(body, cat(each(chunk, func(f frame) []byte { return f.entry(false) }))...)
			}
			note("chunk", i)
			body = append(body, author{sealed: true, tracks: []trackSpec{t.trackSpec}}.seal(runSpec{}, chunk)...)
			body = append(body, "between"...)
		}
		if done {
			break
		}
	}
	for i, t := range f.tracks {
		if t.aux == "end" {
			note("aux", i)
			body = append(body, cat(each(t.frames, func(f frame) []byte { return f.entry(false) }))...)
		}
	}
	mdat := bx("mdat", body)
	if f.wide {
		mdat = wide("mdat", body)
	}
	if f.open {
		copy(mdat, u32(0))
	}
	return mdat
}

func (f progressiveFilm) moov(places map[string][]int) []byte {
	parts := [][]byte{bx("mvhd", zeros(12), u32(1000), u32(5000), zeros(80)), f.extra}
	at := len(ftyp) + 8 + len(parts[0]) + len(f.extra)
	for i, t := range f.tracks {
		if t.aux == "moov" { // beside the tracks
			entries := bx("skip", cat(each(t.frames, func(f frame) []byte { return f.entry(false) })))
			places[fmt.Sprint("aux", i)] = []int{at + 8}
			parts, at = append(parts, entries), at+len(entries)
		}
	}
	for i, t := range f.tracks {
		parts = append(parts, f.trak(t, places[fmt.Sprint("chunk", i)], places[fmt.Sprint("aux", i)]))
	}
	return bx("moov", parts...)
}

func (f progressiveFilm) trak(t progressiveTrack, chunks, aux []int) []byte {
	count := (len(t.frames) + t.perChunk - 1) / t.perChunk
	if chunks == nil {
		chunks = make([]int, count)
	}
	offsets, kind := each(chunks, u32), "stco"
	if f.wide {
		offsets, kind = each(chunks, u64), "co64"
	}
	sizes := bx("stsz", f32(0), u32(0), u32(len(t.frames)), cat(each(t.frames, func(f frame) []byte { return u32(len(f.bytes)) })))
	if t.sizes > 0 {
		sizes = bx("stz2", f32(0), u32(t.sizes), u32(len(t.frames)), cat(each(t.frames, func(f frame) []byte { return u16(len(f.bytes)) })))
	}
	whole := author{sealed: true, tracks: []trackSpec{t.trackSpec}}.trak(t.trackSpec)
	stsdAt := bytes.Index(whole, []byte("stsd")) - 4
	stsd := whole[stsdAt:][:binary.BigEndian.Uint32(whole[stsdAt:])]
	last := len(t.frames) - (count-1)*t.perChunk
	stbl := [][]byte{stsd, sizes, bx(kind, f32(0), u32(count), cat(offsets)),
		bx("stsc", f32(0), u32(2), u32(1), u32(t.perChunk), u32(1), u32(count), u32(last), u32(1)),
		bx("stts", f32(0), u32(2), u32(1), u32(40), u32(len(t.frames)-1), u32(50))}
	if t.offsets != nil {
		stbl = append(stbl, bx("ctts", f32(1<<24), u32(len(t.offsets)), cat(each(t.offsets, func(n int) []byte { return slices.Concat(u32(1), u32(n)) }))))
	}
	if t.syncs != nil {
		stbl = append(stbl, bx("stss", f32(0), u32(len(t.syncs)), cat(each(t.syncs, u32))))
	}
	if len(t.groups) > 0 {
		stbl = append(stbl, bx("sgpd", sgpd(1, t.groups)), bx("sbgp", sbgp(t.frames)))
	}
	senc := bx("senc", f32(0), u32(len(t.frames)), cat(each(t.frames, func(f frame) []byte { return f.entry(false) })))
	var beside []byte
	switch t.aux {
	case "senc":
		stbl = append(stbl, senc)
	case "trak":
		beside = senc
	case "moov", "chunks", "end":
		if aux == nil {
			aux = make([]int, count)
			if t.aux == "end" {
				aux = []int{0}
			}
		}
		stbl = append(stbl, bx("saiz", f32(0), b8(0), u32(len(t.frames)), cat(each(t.frames, func(f frame) []byte { return b8(len(f.entry(false))) }))),
			bx("saio", f32(0), u32(len(aux)), cat(each(aux, u32))))
	}
	edits := bx("edts", bx("elst", f32(0), u32(2), u32(20), u32(-1), u32(0x10000), u32(3000), u32(40), u32(0x10000)))
	return bx("trak", bx("tkhd", f32(0), zeros(8), u32(t.id), zeros(68)), edits, beside,
		bx("mdia", bx("mdhd", zeros(12), u32(1000), zeros(8)), bx("hdlr", zeros(8), []byte(t.kind), zeros(13)), bx("minf", bx("stbl", stbl...))))
}

// got is a sample of a fragmented film.
type got struct {
	bytes          []byte
	time, duration int
	offset         int
	sync           bool
}

// readFragments reads a fragmented film with mp4ff.
func readFragments(t testing.TB, stream []byte) (init *mp4ff.InitSegment, samples map[uint32][]got) {
	t.Helper()
	file, err := mp4ff.DecodeFile(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	if file.Init == nil || file.Init.Moov.Mvex == nil {
		t.Fatal("there is no initialization segment")
	}
	samples = map[uint32][]got{}
	for _, segment := range file.Segments {
		for _, fragment := range segment.Fragments {
			for _, traf := range fragment.Moof.Trafs {
				id := traf.Tfhd.TrackID
				trex, ok := file.Init.Moov.Mvex.GetTrex(id)
				if !ok {
					t.Fatalf("there is no trex of track %d", id)
				}
				traf.Trun.AddSampleDefaultValues(traf.Tfhd, trex)
				at := uint32(traf.Trun.DataOffset) - uint32(fragment.Moof.Size()) - 8
				for _, s := range traf.Trun.GetFullSamples(at, traf.Tfdt.BaseMediaDecodeTime(), fragment.Mdat) {
					samples[id] = append(samples[id], got{s.Data, int(s.DecodeTime), int(s.Dur), int(s.CompositionTimeOffset), s.IsSync()})
				}
			}
		}
	}
	return file.Init, samples
}

func (f progressiveFilm) check(t *testing.T) {
	t.Helper()
	stream := f.write()
	whole, _, err := clear(cenc.NewDecrypter(keysAB, nil), stream, len(stream))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 77, 5000} {
		cut, _, err := clear(cenc.NewDecrypter(keysAB, nil), stream, n)
		if err != nil || !bytes.Equal(cut, whole) {
			t.Errorf("in pieces of %d bytes: %d bytes, else %d; %v", n, len(cut), len(whole), err)
		}
	}
	init, samples := readFragments(t, whole)
	if len(init.Moov.Traks) != len(f.tracks) || len(samples) != len(f.tracks) {
		t.Errorf("%d tracks, %d with samples; want %d", len(init.Moov.Traks), len(samples), len(f.tracks))
	}
	if length := init.Moov.Mvex.Mehd.FragmentDuration; length != 5000 {
		t.Errorf("a duration of %d", length)
	}
	for i, track := range f.tracks {
		edits := init.Moov.Traks[i].Edts.Elst[0].Entries
		if len(edits) != 2 || edits[0].SegmentDuration != 20 || edits[0].MediaTime != -1 || edits[1].SegmentDuration != 0 || edits[1].MediaTime != 40 {
			t.Errorf("edits %+v", edits)
		}
		track.check(t, samples[uint32(track.id)])
	}
}

func (p progressiveTrack) check(t *testing.T, samples []got) {
	t.Helper()
	if len(samples) != len(p.frames) {
		t.Fatalf("track %d has %d samples, want %d", p.id, len(samples), len(p.frames))
	}
	time := 0
	for i, s := range samples {
		want := got{bytes: p.frames[i].bytes, time: time, duration: 50, sync: p.syncs == nil || slices.Contains(p.syncs, i+1)}
		if i == 0 {
			want.duration = 40
		}
		if p.offsets != nil {
			want.offset = p.offsets[i]
		}
		time += want.duration
		if !bytes.Equal(s.bytes, want.bytes) {
			t.Fatalf("track %d: sample %d is wrong", p.id, i)
		}
		if s.bytes, want.bytes = nil, nil; fmt.Sprint(s) != fmt.Sprint(want) {
			t.Errorf("track %d: sample %d is %+v, want %+v", p.id, i, s, want)
		}
	}
}

// someFilm is a progressive film with auxiliary information of a kind.
func someFilm(aux string) progressiveFilm {
	var offsets []int
	picture := cut(frames(60, 0, iv8), [2]int{9, 50}, [2]int{1, 20})
	for i := range picture {
		offsets = append(offsets, []int{40, 120, -40}[i%3])
	}
	sound := frames(50, 0, iv16)
	for i := range sound {
		if sound[i].group = i / 20; i/20 == 1 {
			sound[i].iv = nil
		}
	}
	for i := range picture { // senc has to know whether there are subsamples
		if aux == "senc" || aux == "trak" {
			picture[i].subsamples = nil
		}
	}
	return progressiveFilm{tracks: []progressiveTrack{
		{trackSpec: trackSpec{id: 1, kind: "vide", scheme: "cens", version: 1, def: guard{key: keyA, ivSize: 8, crypt: 1, skip: 1}}, frames: picture,
			perChunk: 7, aux: aux, offsets: offsets, syncs: []int{1, 20, 40}},
		{trackSpec: trackSpec{id: 5, kind: "soun", scheme: "cenc", def: guard{key: keyB, ivSize: 16}, groups: []guard{{}, {key: keyA, ivSize: 16}}}, frames: sound,
			perChunk: 9, aux: aux, sizes: 16},
	}}
}

func TestProgressive(t *testing.T) {
	for _, aux := range []string{"senc", "trak", "moov", "chunks", "end"} {
		for _, sizes := range []string{"", "wide", "open"} {
			if raceDetector && sizes != "" { // nothing here is concurrent, and test-js plays all of them
				continue
			}
			t.Run(aux+sizes, func(t *testing.T) {
				film := someFilm(aux)
				film.wide, film.open = sizes == "wide", sizes == "open"
				film.extra = bx("trak", bx("tkhd", f32(0), zeros(8), u32(9), zeros(68)), bx("mdia", bx("hdlr", zeros(8), []byte("text"), zeros(13)),
					bx("minf", bx("stbl", bx("stsd", zeros(8)), bx("stsz", zeros(12))))))
				film.check(t)
			})
		}
	}
	bare := someFilm("senc")
	for i := range bare.tracks {
		track := &bare.tracks[i]
		track.scheme, track.aux, track.groups = "", "", nil
		track.frames = frames(len(track.frames), 0, nil)
	}
	t.Run("clear", func(t *testing.T) { bare.check(t) })
}

// TestProgressiveFragments looks at where fragments end: about every second, so that a film begins soon and takes little memory; those of two tracks at a
// sync sample, and those of one where all frames that are shown before have come.
func TestProgressiveFragments(t *testing.T) {
	both, picture, endless := someFilm("moov"), someFilm("moov"), someFilm("moov")
	picture.tracks = picture.tracks[:1]
	endless.tracks[0].syncs = []int{1}
	for i := range endless.tracks[0].frames {
		endless.tracks[0].frames[i].bytes = append(endless.tracks[0].frames[i].bytes, make([]byte, 500_000)...)
	}
	for name, c := range map[string]struct {
		film  progressiveFilm
		first []int // sample of the picture in each fragment, from 0 on
	}{"two tracks": {both, []int{0, 39}}, "one track": {picture, []int{0, 21, 42}}, "no sync samples": {endless, []int{0, 33}}} {
		t.Run(name, func(t *testing.T) {
			whole, _, err := clear(cenc.NewDecrypter(keysAB, nil), c.film.write(), 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			file, err := mp4ff.DecodeFile(bytes.NewReader(whole))
			if err != nil {
				t.Fatal(err)
			}
			var first []int
			count := 0
			for _, segment := range file.Segments {
				for _, fragment := range segment.Fragments {
					for _, traf := range fragment.Moof.Trafs {
						if traf.Tfhd.TrackID == 1 {
							first = append(first, count)
							count += int(traf.Trun.SampleCount())
						}
					}
				}
			}
			if !slices.Equal(first, c.first) {
				t.Errorf("fragments begin at %v, want %v", first, c.first)
			}
		})
	}
}

// TestProgressiveKeys gives the keys only when they are missing.
func TestProgressiveKeys(t *testing.T) {
	film := someFilm("chunks")
	stream := film.write()
	keys := ring{}
	d := cenc.NewDecrypter(keys, nil)
	var out []byte
	var missed [][16]byte
	for rest := stream; ; {
		made, err := d.Decrypt(noContext, rest[:min(1000, len(rest))])
		if err != nil {
			t.Fatal(err)
		}
		rest = rest[min(1000, len(rest)):]
		out = append(out, made.Clear...)
		if made.Missing == nil && len(rest) == 0 {
			break
		}
		for _, id := range made.Missing {
			missed = append(missed, id)
			if rest = append([]byte{}, rest...); keys[id] == nil {
				keys[id] = keysAB[id]
				break
			}
		}
	}
	if fmt.Sprint(missed) != fmt.Sprint([][16]byte{keyA.ID, keyB.ID}) {
		t.Errorf("missed %q", missed)
	}
	_, samples := readFragments(t, out)
	for _, track := range film.tracks {
		track.check(t, samples[uint32(track.id)])
	}
}

// TestProgressiveFilms holds the films of the demo site to what mp4ff reads of the originals' tables.
func TestProgressiveFilms(t *testing.T) {
	for _, film := range films(t) {
		if film.Fragmented || film.Container != "mp4" || film.Name == "mp4-moov-last" {
			continue
		}
		t.Run(film.Name, func(t *testing.T) {
			stream, err := os.ReadFile(media + film.Files[0])
			if err != nil {
				t.Fatal(err)
			}
			whole, _, err := clear(cenc.NewDecrypter(film.ring(t), nil), stream, 10000)
			if err != nil {
				t.Fatal(err)
			}
			_, samples := readFragments(t, whole)
			original, err := mp4ff.DecodeFile(bytes.NewReader(stream))
			if err != nil {
				t.Fatal(err)
			}
			for _, trak := range original.Moov.Traks {
				stbl := trak.Mdia.Minf.Stbl
				mine := samples[trak.Tkhd.TrackID]
				if len(mine) != int(stbl.Stsz.SampleNumber) {
					t.Fatalf("track %d has %d samples, want %d", trak.Tkhd.TrackID, len(mine), stbl.Stsz.SampleNumber)
				}
				for i, s := range mine {
					number := uint32(i + 1)
					time, duration := stbl.Stts.GetDecodeTime(number)
					want := got{time: int(time), duration: int(duration), sync: stbl.Stss == nil || stbl.Stss.IsSyncSample(number)}
					if stbl.Ctts != nil {
						want.offset = int(stbl.Ctts.GetCompositionTimeOffset(number))
					}
					if size := int(stbl.Stsz.GetSampleSize(i + 1)); size != len(s.bytes) {
						t.Fatalf("sample %d has %d bytes, want %d", i, len(s.bytes), size)
					}
					if s.bytes = nil; fmt.Sprint(s) != fmt.Sprint(want) {
						t.Fatalf("sample %d is %+v, want %+v", i, s, want)
					}
				}
			}
		})
	}
}
