package cenc_test

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/keystream-player/keystream/player/cenc"
)

func bx(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return slices.Concat(u32(8+len(body)), []byte(kind), body)
}

// wide makes a box with a 64-bit size.
func wide(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return slices.Concat(u32(1), []byte(kind), u64(16+len(body)), body)
}

func u16(n int) []byte   { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
func u32(n int) []byte   { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
func u64(n int) []byte   { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
func zeros(n int) []byte { return make([]byte, n) }
func b8(n ...int) []byte {
	return bytes.Join(each(n, func(n int) []byte { return []byte{byte(n)} }), nil)
}
func f32(f int) []byte      { return u32(f) } // version and flags of a full box
func cat(p [][]byte) []byte { return bytes.Join(p, nil) }

func each[T any](list []T, do func(T) []byte) (parts [][]byte) {
	for _, item := range list {
		parts = append(parts, do(item))
	}
	return parts
}

// guard is how samples are protected: the default of a track, or a group.
type guard struct {
	key         *cenc.Key // nil: they are clear
	crypt, skip int
	ivSize      int
	constant    []byte // an IV
}

// record is what tenc (after its version) and seig have in common.
func (g guard) record() []byte {
	if g.key == nil {
		return zeros(20)
	}
	made := slices.Concat(b8(0, g.crypt<<4|g.skip, 1, g.ivSize), g.key.ID[:])
	if g.ivSize == 0 {
		made = slices.Concat(made, b8(len(g.constant)), g.constant)
	}
	return made
}

// frame is a sample: subsamples are pairs of clear and encrypted bytes, and without any all of it is encrypted.
type frame struct {
	bytes      []byte
	group      int // 0 is the track's default; from 0x10001 on, the fragment's own
	iv         []byte
	subsamples [][2]int
}

// entry is the frame's auxiliary information.
func (f frame) entry(flagged bool) []byte {
	made := slices.Clone(f.iv)
	if len(f.subsamples) > 0 || flagged {
		made = append(made, u16(len(f.subsamples))...)
		for _, s := range f.subsamples {
			made = slices.Concat(made, u16(s[0]), u32(s[1]))
		}
	}
	return made
}

func (f frame) ranges() (ranges []cenc.Range) {
	if len(f.subsamples) == 0 {
		return []cenc.Range{{Start: 0, End: len(f.bytes)}}
	}
	at := 0
	for _, s := range f.subsamples {
		ranges = append(ranges, cenc.Range{Start: at + s[0], End: at + s[0] + s[1]})
		at += s[0] + s[1]
	}
	return ranges
}

// trackSpec is a track of a film that the tests make.
type trackSpec struct {
	id      int
	kind    string // "vide" or "soun"; "text" for a sample entry of three strings
	scheme  string // "" is a clear track
	def     guard
	groups  []guard // in moov
	version int     // of tenc
	lead    bool    // the first sample entry is clear, the second encrypted
	size    int     // of all samples, in trex; 0 where trun says it
}

func (s trackSpec) guardOf(f frame, own []guard) guard {
	switch {
	case f.group > 0x10000:
		return own[f.group-0x10001]
	case f.group > 0:
		return s.groups[f.group-1]
	}
	return s.def
}

// author writes a film twice: sealed, and as it shall be when it is decrypted.
type author struct {
	sealed bool
	tracks []trackSpec
}

// was is the name of a box that is free when it is decrypted.
func (a author) was(kind string) string {
	if a.sealed {
		return kind
	}
	return "free"
}

func (a author) moov(extra ...[]byte) []byte {
	parts := [][]byte{bx("mvhd", zeros(100))}
	var trexs [][]byte
	for _, t := range a.tracks {
		parts = append(parts, a.trak(t))
		description := 1
		if t.lead {
			description = 2
		}
		trexs = append(trexs, bx("trex", f32(0), u32(t.id), u32(description), u32(1000), u32(t.size), u32(0)))
	}
	return bx("moov", slices.Concat(parts, extra, [][]byte{bx("mvex", trexs...)})...)
}

func (a author) trak(t trackSpec) []byte {
	clear, sealed, fields := "avc1", "encv", zeros(78)
	switch t.kind {
	case "soun":
		clear, sealed, fields = "mp4a", "enca", zeros(28)
	case "text":
		clear, sealed, fields = "stpp", "enct", slices.Concat(zeros(8), []byte("http://ns\x00\x00\x00"))
	}
	entries := [][]byte{}
	if t.lead || t.scheme == "" {
		entries = append(entries, bx(clear, fields, bx("cfg ", zeros(9))))
	}
	if t.scheme != "" {
		name := clear
		if a.sealed {
			name = sealed
		}
		sinf := bx(a.was("sinf"), bx("frma", []byte(clear)), bx("schm", f32(0), []byte(t.scheme), u32(0x10000)),
			bx("schi", bx("tenc", f32(t.version<<24), t.def.record())))
		config := bx("cfg ", zeros(9))
		if t.kind == "text" {
			config = nil
		}
		entries = append(entries, bx(name, fields, config, sinf))
	}
	stbl := [][]byte{bx("stsd", f32(0), u32(len(entries)), cat(entries)), bx("stts", zeros(8)), bx("stsz", zeros(12))}
	if len(t.groups) > 0 {
		stbl = append(stbl, bx(a.was("sgpd"), sgpd(1, t.groups)))
	}
	return bx("trak", bx("tkhd", f32(0), zeros(8), u32(t.id), zeros(68)),
		bx("mdia", bx("mdhd", zeros(24)), bx("hdlr", zeros(8), []byte(t.kind), zeros(13)), bx("minf", bx("stbl", stbl...))))
}

// sgpd is the content of a SampleGroupDescriptionBox. A version of 20 is the way that version 2 was written at first.
func sgpd(version int, groups []guard) []byte {
	var length, fixed []byte
	parts := each(groups, guard.record)
	same := !slices.ContainsFunc(parts, func(p []byte) bool { return len(p) != len(parts[0]) })
	switch {
	case version == 0:
	case version == 20:
		length = u32(0)
	default:
		length = u32(0)
		if same {
			length = u32(len(parts[0]))
		} else {
			parts = each(parts, func(p []byte) []byte { return append(u32(len(p)), p...) })
		}
		if version == 2 {
			fixed = u32(0)
		}
	}
	if version == 20 {
		version = 2
	}
	return slices.Concat(f32(version<<24), []byte("seig"), length, fixed, u32(len(groups)), cat(parts))
}

// sbgp is the content of a SampleToGroupBox, a run of equal groups an entry.
func sbgp(frames []frame) []byte {
	var entries [][]byte
	for i := 0; i < len(frames); {
		n := 1
		for i+n < len(frames) && frames[i+n].group == frames[i].group {
			n++
		}
		entries = append(entries, u32(n), u32(frames[i].group))
		i += n
	}
	return slices.Concat(f32(0), []byte("seig"), u32(len(entries)/2), cat(entries))
}

// runSpec is a traf.
type runSpec struct {
	track   int
	entry   int // sample_description_index; 0 leaves it to trex
	clear   bool
	aux     string // "senc", "saio" (in moof), "saios" (one a run), "before", "after" (in mdat), "uuid" (PIFF), ""
	groups  []guard
	version int // of sgpd
	runs    [][]frame
}

func (r runSpec) frames() []frame { return slices.Concat(r.runs...) }

// fragmentSpec is a moof and its mdats.
type fragmentSpec struct {
	base  string // "moof", "explicit", "previous" (the end of the data before), "continued" (only the first run says where it is)
	mdats int    // the runs are dealt out among so many
	wide  bool   // 64-bit sizes
	open  bool   // the last mdat has no size
	trafs []runSpec
	pssh  []byte
}

// fragment writes a fragment that begins at a place of the stream.
func (a author) fragment(f fragmentSpec, at int) []byte {
	places := map[string]int{}
	moof := a.moof(f, at, places) // of the right size: only the places in it are not known yet
	media := a.media(f, at+len(moof), places)
	return append(a.moof(f, at, places), media...)
}

func (a author) box(f fragmentSpec, kind string, parts ...[]byte) []byte {
	if f.wide {
		return wide(kind, parts...)
	}
	return bx(kind, parts...)
}
