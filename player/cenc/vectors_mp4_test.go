package cenc_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"
)

// mp4Box is a box of a film, by its place. The reader of these tests is its own: it shares no code with what it tests, and panics on what is wrong.
type mp4Box struct {
	film        []byte
	kind        string
	start, body int
	end         int
}

func (b mp4Box) bytes() []byte  { return b.film[b.body:b.end] }
func (b mp4Box) u32(at int) int { return int(binary.BigEndian.Uint32(b.film[b.body+at:])) }

func mp4Boxes(film []byte, at, end int) (list []mp4Box) {
	for at < end {
		b := mp4Box{film: film, kind: string(film[at+4 : at+8]), start: at, body: at + 8}
		switch size := binary.BigEndian.Uint32(film[at:]); size {
		case 0:
			b.end = end
		case 1:
			b.body, b.end = at+16, at+int(binary.BigEndian.Uint64(film[at+8:]))
		default:
			b.end = at + int(size)
		}
		if b.end > end || b.end < b.body {
			panic(fmt.Sprintf("%s at %d ends at %d, its parent at %d", b.kind, at, b.end, end))
		}
		list, at = append(list, b), b.end
	}
	return list
}

// children are the boxes in a box that has some.
func (b mp4Box) children() []mp4Box {
	skip := map[string]int{"moov": 0, "trak": 0, "mdia": 0, "minf": 0, "stbl": 0, "mvex": 0, "moof": 0, "traf": 0, "stsd": 8, "avc1": 78, "vp09": 78,
		"mp4a": 28}
	n, ok := skip[b.kind]
	if !ok {
		return nil
	}
	return mp4Boxes(b.film, b.body+n, b.end)
}

// leftovers are the boxes that tell of encryption.
func leftovers(boxes []mp4Box) (problems []string) {
	tell := []string{"sinf", "encv", "enca", "pssh", "senc", "saiz", "saio", "tenc", "schm"}
	for _, b := range boxes {
		group := (b.kind == "sgpd" || b.kind == "sbgp") && string(b.bytes()[4:8]) == "seig"
		piff := b.kind == "uuid" && bytes.HasPrefix(b.bytes(), []byte{0xA2, 0x39, 0x4F, 0x52})
		if group || piff || slices.Contains(tell, b.kind) {
			problems = append(problems, fmt.Sprintf("%s at %d is left", b.kind, b.start))
		}
		problems = append(problems, leftovers(b.children())...)
	}
	return problems
}

// readVectorMP4 reads a fragmented film's samples by track, and says what is wrong with it.
func readVectorMP4(film []byte) (tracks map[uint64][]vectorSample, problems []string) {
	tracks = map[uint64][]vectorSample{}
	defer func() {
		if r := recover(); r != nil {
			problems = append(problems, fmt.Sprint(r))
		}
	}()
	sizes := map[int]int{} // trex's
	boxes := mp4Boxes(film, 0, len(film))
	problems = leftovers(boxes)
	for _, b := range boxes {
		for _, child := range b.children() {
			for _, trex := range child.children() { // of mvex
				if trex.kind == "trex" {
					sizes[trex.u32(4)] = trex.u32(16)
				}
			}
		}
		if b.kind == "moof" {
			readVectorMoof(b, sizes, tracks)
		}
	}
	return tracks, problems
}

func readVectorMoof(moof mp4Box, sizes map[int]int, tracks map[uint64][]vectorSample) {
	end := moof.start // of the data before
	for _, traf := range moof.children() {
		if traf.kind != "traf" {
			continue
		}
		id, size, base, time := 0, 0, end, uint64(0)
		for _, b := range traf.children() {
			switch b.kind {
			case "tfhd":
				id = b.u32(4)
				size = sizes[id]
				at, flags := 8, b.u32(0)
				if flags&1 != 0 {
					base = int(binary.BigEndian.Uint64(b.bytes()[at:]))
					at += 8
				} else if flags&0x20000 != 0 {
					base = moof.start
				}
				for _, flag := range []int{2, 8, 0x10} {
					if flags&flag != 0 && flag == 0x10 {
						size = b.u32(at)
					}
					if flags&flag != 0 {
						at += 4
					}
				}
				end = base
			case "tfdt":
				time = uint64(b.u32(4))
				if b.bytes()[0] == 1 {
					time = binary.BigEndian.Uint64(b.bytes()[4:])
				}
			case "trun":
				end = readVectorTrun(b, base, end, size, &time, func(s vectorSample) { tracks[uint64(id)] = append(tracks[uint64(id)], s) })
			}
		}
	}
}

// readVectorTrun gives a run's samples, and says where they end.
func readVectorTrun(b mp4Box, base, end, size int, time *uint64, give func(vectorSample)) int {
	flags, at := b.u32(0), 8
	field := func(flag, otherwise int) int {
		if flags&flag == 0 {
			return otherwise
		}
		at += 4
		return int(int32(b.u32(at - 4)))
	}
	start := base + field(1, end-base)
	first := field(4, 0)
	for range b.u32(4) {
		duration := field(0x100, 0)
		length := field(0x200, size)
		dependence := field(0x400, first)
		offset := field(0x800, 0)
		give(vectorSample{data: b.film[start : start+length], time: *time, offset: int32(offset), sync: dependence&0x10000 == 0})
		start += length
		*time += uint64(duration)
	}
	return start
}

// checkTimes holds the times of what was a progressive film to its sample tables, as mp4ff reads them.
func (v *vector) checkTimes(t *testing.T, tracks map[uint64][]vectorSample) {
	t.Helper()
	film, err := mp4.DecodeFile(bytes.NewReader(v.data))
	if err != nil {
		t.Fatal(err)
	}
	for _, trak := range film.Moov.Traks {
		samples, err := trak.GetSampleData(1, trak.GetNrSamples())
		if err != nil {
			t.Fatal(err)
		}
		stss := trak.Mdia.Minf.Stbl.Stss
		time, got := uint64(0), tracks[uint64(trak.Tkhd.TrackID)]
		for i := range min(len(samples), len(got)) {
			want := vectorSample{time: time, offset: samples[i].CompositionTimeOffset, sync: stss == nil || samples[i].IsSync()}
			if got[i].timing() != want.timing() {
				t.Errorf("track %d: sample %d is at %s, not at %s", trak.Tkhd.TrackID, i, got[i].timing(), want.timing())
				break
			}
			time += uint64(samples[i].Dur)
		}
	}
}
