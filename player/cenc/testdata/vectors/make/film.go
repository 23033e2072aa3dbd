package main

import (
	"encoding/binary"
	"slices"
)

// film is an MP4 file under way.
type film struct {
	tracks     []*track
	wide       map[string]bool // the boxes whose sizes are of 64 bits
	fragmented bool
	sequence   int
	data       []byte
}

// track is a track of a film.
type track struct {
	id       int
	source   *source
	name     string        // of the source
	entries  []*protection // its sample entries; nil is a clear one
	groups   []*protection // the sample groups of its sample table
	trexSize int           // the default size of its samples
	senc     []byte        // a box beside its mdia
}

func (w *writer) film(tracks ...*track) *film {
	for i, t := range tracks {
		t.id, t.source = i+1, w.sources[t.name]
	}
	return &film{tracks: tracks, wide: map[string]bool{}}
}

// start begins a fragmented film.
func (f *film) start() {
	f.fragmented = true
	ftyp := f.box("ftyp", []byte("iso6"), u32(0), []byte("iso6mp41"))
	mvex := make([][]byte, 0, len(f.tracks))
	for _, t := range f.tracks {
		mvex = append(mvex, f.fullBox("trex", 0, 0, u32(t.id), u32(1), u32(0), u32(t.trexSize), u32(0)))
	}
	f.data = cat(f.data, ftyp, f.moov(func(t *track) [][]byte { return f.emptyTable(t) }, f.box("mvex", mvex...)))
}

func (f *film) emptyTable(t *track) [][]byte {
	table := [][]byte{
		f.fullBox("stts", 0, 0, u32(0)), f.fullBox("stsc", 0, 0, u32(0)), f.fullBox("stsz", 0, 0, u32(0), u32(0)), f.fullBox("stco", 0, 0, u32(0)),
	}
	if t.groups != nil {
		table = append(table, f.sgpd(t.groups))
	}
	return table
}

var identity = cat(u32(1<<16), u32(0), u32(0), u32(0), u32(1<<16), u32(0), u32(0), u32(0), u32(1<<30))

// moov is a moov box; table says what stands in a sample table beside its descriptions.
func (f *film) moov(table func(*track) [][]byte, last ...[]byte) []byte {
	mvhd := f.fullBox("mvhd", 0, 0, u32(0), u32(0), u32(1000), u32(0), u32(1<<16), u16(1<<8), make([]byte, 10), identity, make([]byte, 24),
		u32(len(f.tracks)+1))
	boxes := [][]byte{mvhd}
	for _, t := range f.tracks {
		boxes = append(boxes, f.trak(t, table(t)))
	}
	return f.box("moov", append(boxes, last...)...)
}

func (f *film) trak(t *track, table [][]byte) []byte {
	volume, width, height, handler := 1<<8, 0, 0, "soun"
	header := f.fullBox("smhd", 0, 0, u32(0))
	if t.source.video {
		volume, handler, header = 0, "vide", f.fullBox("vmhd", 0, 1, make([]byte, 8))
		width, height = int(binary.BigEndian.Uint16(t.source.entry[32:])), int(binary.BigEndian.Uint16(t.source.entry[34:]))
	}
	duration := 0
	for _, s := range t.source.samples {
		if !f.fragmented {
			duration += int(s.duration)
		}
	}
	tkhd := f.fullBox("tkhd", 0, 3, u32(0), u32(0), u32(t.id), u32(0), u32(duration*1000/int(t.source.timescale)), make([]byte, 8), u16(0), u16(0),
		u16(volume), u16(0), identity, u32(width<<16), u32(height<<16))
	mdhd := f.fullBox("mdhd", 0, 0, u32(0), u32(0), u32(int(t.source.timescale)), u32(duration), u16(0x55C4), u16(0))
	hdlr := f.fullBox("hdlr", 0, 0, u32(0), []byte(handler), make([]byte, 12), []byte{0})
	dinf := f.box("dinf", f.fullBox("dref", 0, 0, u32(1), f.fullBox("url ", 0, 1)))
	stbl := f.box("stbl", append([][]byte{f.stsd(t)}, table...)...)
	mdia := f.box("mdia", mdhd, hdlr, f.box("minf", header, dinf, stbl))
	return f.box("trak", tkhd, f.edts(t), mdia, t.senc)
}

// edts begins a picture with its first frame, which is composed late. Fragmented films go without: MSE plays the same.
func (f *film) edts(t *track) []byte {
	if f.fragmented || t.source.samples[0].offset == 0 {
		return nil
	}
	length := 1000 * len(t.source.samples) * int(t.source.samples[0].duration) / int(t.source.timescale)
	return f.box("edts", f.fullBox("elst", 0, 0, u32(1), u32(length), u32(int(t.source.samples[0].offset)), u32(1<<16)))
}

func (f *film) stsd(t *track) []byte {
	entries := [][]byte{u32(len(t.entries))}
	for _, p := range t.entries {
		entry := t.source.entry
		if p != nil {
			kind := "enca"
			if t.source.video {
				kind = "encv"
			}
			entry = f.box(kind, entry[8:], f.sinf(string(entry[4:8]), p))
		}
		entries = append(entries, entry)
	}
	return f.fullBox("stsd", 0, 0, entries...)
}

func (f *film) sinf(format string, p *protection) []byte {
	return f.box("sinf", f.box("frma", []byte(format)), f.fullBox("schm", 0, 0, []byte(p.scheme), u32(1<<16)),
		f.box("schi", f.fullBox("tenc", p.tenc, 0, p.information())))
}

// information is what tenc and an entry of seig have alike.
func (p *protection) information() []byte {
	id := keyID(p.key)
	if p.clear {
		id = [16]byte{}
		return cat([]byte{0, 0, 0, 0}, id[:])
	}
	info := cat([]byte{0, byte(p.crypt<<4 | p.skip), 1, byte(p.ivSize)}, id[:])
	if p.ivSize == 0 {
		info = cat(info, []byte{byte(len(p.constantIV))}, p.constantIV)
	}
	return info
}

// sgpd has the entries' lengths in it where they are not all of one length.
func (f *film) sgpd(groups []*protection) []byte {
	length, entries := len(groups[0].information()), [][]byte{}
	if slices.ContainsFunc(groups, func(p *protection) bool { return len(p.information()) != length }) {
		length = 0
	}
	for _, p := range groups {
		info := p.information()
		if length == 0 {
			info = cat(u32(len(info)), info)
		}
		entries = append(entries, info)
	}
	return f.fullBox("sgpd", 1, 0, []byte("seig"), u32(length), u32(len(groups)), cat(entries...))
}

// sbgp says which samples are of which group.
func (f *film) sbgp(samples []coded) []byte {
	runs, entries := 0, []byte{}
	for i := 0; i < len(samples); {
		n := 1
		for i+n < len(samples) && samples[i+n].group == samples[i].group {
			n++
		}
		runs, entries, i = runs+1, cat(entries, u32(n), u32(samples[i].group)), i+n
	}
	return f.fullBox("sbgp", 0, 0, []byte("seig"), u32(runs), entries)
}
