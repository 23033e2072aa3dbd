package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/Eyevinn/mp4ff/mp4"
)

// sourceNames are the clear films, one track each, in the order that vectors.json lists them.
var sourceNames = []string{"avc", "aac", "vp8", "vp9", "vorbis", "opus"}

// source is a clear film of one track.
type source struct {
	file    string
	video   bool
	samples []sample

	entry     []byte // of MP4: its sample entry
	timescale uint32
	track     []byte // of WebM: its TrackEntry, without TrackNumber and TrackUID
}

// sample is a frame. Times are in the source's timescale; those of WebM are in ms.
type sample struct {
	data     []byte
	time     uint64
	duration uint32
	offset   int32 // from decode time to composition time
	sync     bool
}

func readSources(folder string) (map[string]*source, error) {
	sources := map[string]*source{}
	for _, name := range sourceNames {
		file, read := name+".webm", readWebM
		if name == "avc" || name == "aac" {
			file, read = name+".mp4", readMP4
		}
		data, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			return nil, err
		}
		s, err := read(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		s.file = file
		sources[name] = s
	}
	return sources, nil
}

func readMP4(data []byte) (*source, error) {
	film, err := mp4.DecodeFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	trak := film.Moov.Trak
	s := &source{video: trak.Mdia.Hdlr.HandlerType == "vide", timescale: trak.Mdia.Mdhd.Timescale}
	stsd := bytes.Index(data, []byte("stsd")) + 12 // past its version, flags and count
	s.entry = data[stsd : stsd+int(binary.BigEndian.Uint32(data[stsd:]))]
	samples, err := trak.GetSampleData(1, trak.GetNrSamples())
	if err != nil {
		return nil, err
	}
	time, table := uint64(0), trak.Mdia.Minf.Stbl
	for i, one := range samples {
		ranges, err := trak.GetRangesForSampleInterval(uint32(i+1), uint32(i+1))
		if err != nil {
			return nil, err
		}
		at := ranges[0].Offset
		s.samples = append(s.samples, sample{
			data: data[at : at+uint64(one.Size)], time: time, duration: one.Dur, offset: one.CompositionTimeOffset, sync: table.Stss == nil || one.IsSync(),
		})
		time += uint64(one.Dur)
	}
	return s, nil
}

// readWebM reads ffmpeg's WebM: every size known, a SimpleBlock a frame, but for a last BlockGroup.
func readWebM(data []byte) (*source, error) {
	s := &source{timescale: 1000}
	cluster := uint64(0)
	for _, e := range elements(data) {
		switch e.id {
		case 0xAE: // TrackEntry
			for _, child := range children(e.data) {
				switch child.id {
				case 0x83: // TrackType
					s.video = child.data[0] == 1
					fallthrough
				default:
					s.track = append(s.track, child.whole...)
				case 0xD7, 0x73C5: // TrackNumber, TrackUID
				}
			}
		case 0xE7: // Timestamp
			cluster = number(e.data)
		case 0xA3, 0xA1: // SimpleBlock, Block
			check(e.data[0] == 0x81 && e.data[3]&6 == 0, "a block of another track, or with lacing")
			time := cluster + uint64(int16(binary.BigEndian.Uint16(e.data[1:])))
			s.samples = append(s.samples, sample{data: e.data[4:], time: time, sync: e.id == 0xA3 && e.data[3]&0x80 != 0})
		}
	}
	if len(s.samples) == 0 || len(s.track) == 0 {
		return nil, fmt.Errorf("%s", strings.Join([]string{"no frames", "no track"}, " or "))
	}
	return s, nil
}
