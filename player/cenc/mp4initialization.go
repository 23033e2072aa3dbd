package cenc

import (
	"bytes"
	"encoding/binary"
	"slices"

	mp4ff "github.com/Eyevinn/mp4ff/mp4"
)

// initialization makes the initialization segment of a progressive film of its moov, that of clear media: without tables, and for video and sound only.
// Edit lists stay, but the last edit lasts as long as there are fragments.
//
// https://www.w3.org/TR/mse-byte-stream-format-isobmff/
func initialization(s boxes, m *movie) ([]byte, error) {
	moov := box{end: len(s.p)}
	_, moov.body, _ = boxHeader(s.p)
	out := append(make([]byte, 0, 4096), "\x00\x00\x00\x00moov"...)
	var duration int64
	var b box
	w := s.in(moov, "moov", 0)
	for w.next(&b) {
		switch {
		case b.is("trak"):
			var err error
			if out, err = appendTrak(out, s, b, m); err != nil {
				return nil, err
			}
		case b.is("mvhd"):
			duration = movieDuration(s.body(b))
			fallthrough
		case !b.is("free"):
			out = append(out, s.p[b.start:b.end]...)
		}
	}
	if w.err != nil {
		return nil, w.err
	}
	mvex := mp4ff.NewMvexBox()
	if duration > 0 {
		mvex.AddChild(&mp4ff.MehdBox{Version: 1, FragmentDuration: duration})
	}
	for _, t := range m.tracks {
		if t.handler == "vide" || t.handler == "soun" {
			mvex.AddChild(mp4ff.CreateTrex(t.id))
		}
	}
	buffer := bytes.NewBuffer(out)
	if err := mvex.Encode(buffer); err != nil {
		return nil, &Error{Path: "moov/mvex", Offset: s.at, Message: err.Error()}
	}
	out = buffer.Bytes()
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out, nil
}

// movieDuration reads an mvhd; 0 is unknown.
func movieDuration(p []byte) int64 {
	switch {
	case len(p) >= 32 && p[0] == 1:
		return int64(max(0, int64(binary.BigEndian.Uint64(p[24:]))))
	case len(p) >= 20 && p[0] == 0 && binary.BigEndian.Uint32(p[16:]) != 1<<32-1:
		return int64(binary.BigEndian.Uint32(p[16:]))
	}
	return 0
}

// kept are the boxes of a trak that are written anew from the boxes in them. All others are copied.
var kept = map[string][]string{"trak": {"mdia", "edts"}, "mdia": {"minf"}, "minf": {"stbl"}}

func appendTrak(out []byte, s boxes, trak box, m *movie) ([]byte, error) {
	known := slices.ContainsFunc(m.tracks, func(t track) bool {
		return t.trak == trak && (t.handler == "vide" || t.handler == "soun")
	})
	if !known {
		return out, nil
	}
	return appendBox(out, s, trak, "moov/trak")
}

// appendBox writes a box with the boxes in it. It goes no deeper than kept does.
func appendBox(out []byte, s boxes, in box, path string) ([]byte, error) {
	from := len(out)
	out = append(out, 0, 0, 0, 0)
	out = append(out, in.kind[:]...)
	inside := kept[string(in.kind[:])]
	var b box
	w := s.in(in, path, 0)
	for w.next(&b) {
		var err error
		switch {
		case slices.Contains(inside, string(b.kind[:])):
			out, err = appendBox(out, s, b, path+"/"+string(b.kind[:]))
		case in.is("stbl") && !b.is("stsd"), b.is("senc"):
		default:
			at := len(out)
			if out = append(out, s.p[b.start:b.end]...); b.is("elst") {
				openEdit(out[at+b.body-b.start:])
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if in.is("stbl") {
		for _, empty := range []string{"stts", "stsc", "stco"} {
			out = append(out, 0, 0, 0, 16)
			out = append(append(out, empty...), make([]byte, 8)...)
		}
		out = append(append(out, "\x00\x00\x00\x14stsz"...), make([]byte, 12)...)
	}
	binary.BigEndian.PutUint32(out[from:], uint32(len(out)-from))
	return out, w.err
}

// openEdit makes the last edit of an elst last as long as there are fragments.
//
// ISO/IEC 14496-12, 8.6.6
func openEdit(p []byte) {
	width := 4
	if len(p) > 0 && p[0] == 1 {
		width = 8
	}
	entries, ok := counted(p[min(4, len(p)):], 2*width+4)
	if !ok || len(entries) == 0 {
		return
	}
	last := entries[len(entries)-2*width-4:]
	if empty := slices.IndexFunc(last[width:2*width], func(b byte) bool { return b != 0xff }) < 0; !empty {
		clear(last[:width])
	}
}
