package cenc

import (
	"encoding/binary"
	"slices"
	"strconv"
)

// Films have a few tracks, of one or two sample entries each.
const (
	maxMovieTracks = 64
	maxEntries     = 64
	maxGuesses     = 8 // of where the boxes in a sample entry begin
)

// movie is what a moov box says of its tracks.
type movie struct {
	tracks     []track
	fragmented bool // it has mvex
	initData   []byte
}

// track is what decryption must know of a track.
type track struct {
	id        uint32
	entries   []sampleEntry
	groups    groupTable
	defaults  trackDefaults
	handler   string // "vide", "soun"
	timescale uint32 // ticks a second
	trak      box
	stbl      box // the sample table
}

// sampleEntry is how some of a track's samples are protected.
type sampleEntry struct {
	scheme     scheme
	protection protection
}

// trackDefaults is a TrackExtendsBox.
//
// ISO/IEC 14496-12, 8.8.3
type trackDefaults struct {
	track, description, duration, size, flags uint32
}

func (m *movie) track(id uint32) *track {
	for i := range m.tracks {
		if m.tracks[i].id == id {
			return &m.tracks[i]
		}
	}
	return nil
}

// readMovie reads a moov box, and makes it one of clear media: in place, without changing a size.
func readMovie(s boxes) (*movie, error) {
	m := &movie{}
	moov := box{end: len(s.p)}
	_, moov.body, _ = boxHeader(s.p)
	var trexs []trackDefaults
	var b box
	w := s.in(moov, "moov", 0)
	for w.next(&b) {
		var err error
		switch string(b.kind[:]) {
		case "trak":
			err = m.trak(s, b)
		case "mvex":
			m.fragmented = true
			trexs, err = readMvex(s, b, trexs)
		case "pssh":
			m.initData = append(m.initData, s.p[b.start:b.end]...)
			rename(s.p, b, "free")
		}
		if err != nil {
			return nil, err
		}
	}
	for _, trex := range trexs {
		if t := m.track(trex.track); t != nil {
			t.defaults = trex
		}
	}
	return m, w.err
}

func readMvex(s boxes, mvex box, trexs []trackDefaults) ([]trackDefaults, error) {
	var b box
	w := s.in(mvex, "moov/mvex", 0)
	for w.next(&b) {
		if !b.is("trex") {
			continue
		}
		p := s.body(b)
		if len(p) < 24 {
			return nil, s.fail("moov/mvex/trex", b, "is too short")
		}
		if len(trexs) == maxMovieTracks {
			return nil, s.fail("moov/mvex/trex", b, "is one too many")
		}
		trexs = append(trexs, trackDefaults{
			track: binary.BigEndian.Uint32(p[4:]), description: binary.BigEndian.Uint32(p[8:]), duration: binary.BigEndian.Uint32(p[12:]),
			size: binary.BigEndian.Uint32(p[16:]), flags: binary.BigEndian.Uint32(p[20:]),
		})
	}
	return trexs, w.err
}

func (m *movie) trak(s boxes, trak box) error {
	if len(m.tracks) == maxMovieTracks {
		return s.fail("moov/trak", trak, "is one track too many")
	}
	tkhd, found, err := s.find(trak, "moov/trak", 0, "tkhd")
	if err != nil {
		return err
	}
	p := s.body(tkhd)
	at := 12
	if len(p) > 0 && p[0] == 1 {
		at = 20
	}
	if !found || len(p) < at+4 {
		return s.fail("moov/trak", trak, "has no track id")
	}
	t := track{id: binary.BigEndian.Uint32(p[at:]), trak: trak}
	if m.track(t.id) != nil {
		return s.fail("moov/trak", trak, "has the id of another track")
	}
	in, path := trak, "moov/trak"
	for _, kind := range []string{"mdia", "minf", "stbl"} {
		if in, found, err = s.find(in, path, 0, kind); err != nil || !found {
			return err // a track that says nothing of its samples can have none
		}
		if path += "/" + kind; kind == "mdia" {
			if err := t.readMedia(s, in); err != nil {
				return err
			}
		}
	}
	t.stbl = in
	if err := t.readTable(s); err != nil {
		return err
	}
	m.tracks = append(m.tracks, t)
	return nil
}

// readMedia reads what kind of media a track is.
func (t *track) readMedia(s boxes, mdia box) error {
	hdlr, _, err := s.find(mdia, "moov/trak/mdia", 0, "hdlr")
	if err != nil {
		return err
	}
	if p := s.body(hdlr); len(p) >= 12 {
		t.handler = string(p[8:12])
	}
	mdhd, _, err := s.find(mdia, "moov/trak/mdia", 0, "mdhd")
	if err != nil {
		return err
	}
	p := s.body(mdhd)
	at := 12
	if len(p) > 0 && p[0] == 1 {
		at = 20
	}
	if len(p) >= at+4 {
		t.timescale = binary.BigEndian.Uint32(p[at:])
	}
	return nil
}

const stblPath = "moov/trak/mdia/minf/stbl"

// readTable reads a sample table for what it says of encryption.
func (t *track) readTable(s boxes) error {
	var b box
	w := s.in(t.stbl, stblPath, 0)
	for w.next(&b) {
		var err error
		switch {
		case b.is("stsd") && t.entries == nil:
			err = t.stsd(s, b)
		case b.is("sgpd") && isSeig(s.body(b)):
			if wrong := t.groups.read(s.body(b)); wrong != "" {
				err = s.fail(stblPath+"/sgpd", b, wrong)
			}
			rename(s.p, b, "free")
		case b.is("csgp") && isSeig(s.body(b)):
			err = s.unsupported(stblPath+"/csgp", b, "tells of encryption")
		}
		if err != nil {
			return err
		}
	}
	return w.err
}

// stsd reads the sample entries, and gives the encrypted ones their own formats back.
func (t *track) stsd(s boxes, stsd box) error {
	var b box
	w := s.in(stsd, stblPath+"/stsd", 8)
	for w.next(&b) {
		if len(t.entries) == maxEntries {
			return s.fail(stblPath+"/stsd", b, "is one sample entry too many")
		}
		entry, err := readSampleEntry(s, b, s.body(stsd)[0])
		if err != nil {
			return err
		}
		t.entries = append(t.entries, entry)
	}
	return w.err
}

// readSampleEntry reads one sample entry; a clear one is nothing.
//
// ISO/IEC 14496-12, 8.12
func readSampleEntry(s boxes, b box, stsdVersion byte) (entry sampleEntry, err error) {
	kinds := []string{"encv", "enca", "enct", "encs", "encm", "encf", "encp", "enc3", "encu"}
	if !slices.Contains(kinds, string(b.kind[:])) {
		return entry, nil
	}
	path := stblPath + "/stsd/" + string(b.kind[:])
	fields, ok := sampleEntryFields(s, b, stsdVersion)
	if !ok {
		return entry, s.fail(path, b, "has no sinf")
	}
	format, unknown := "", ""
	var sinf box
	w := s.in(b, path, fields)
	for w.next(&sinf) {
		if !sinf.is("sinf") {
			continue
		}
		its, err := readSinf(s, sinf, path+"/sinf")
		if err != nil {
			return entry, err
		}
		if its.entry.scheme.name == "" {
			unknown = its.name
		} else if format == "" {
			entry, format = its.entry, its.format
		}
		rename(s.p, sinf, "free")
	}
	switch {
	case w.err != nil:
		return entry, w.err
	case format == "" && unknown != "":
		return entry, s.unsupported(path, b, "is encrypted by the scheme "+strconv.Quote(unknown))
	case format == "":
		return entry, s.fail(path, b, "has no sinf")
	}
	rename(s.p, b, format)
	return entry, nil
}

// sampleEntryFields is the size of the fields that stand before the boxes of an encrypted sample entry. Those of video and audio are known; others are as
// many as leave boxes to the end, with a sinf first.
func sampleEntryFields(s boxes, b box, stsdVersion byte) (size int, ok bool) {
	p := s.body(b)
	switch {
	case b.is("encv"):
		return 78, len(p) >= 78
	case b.is("enca"):
		size = 28
		if stsdVersion == 0 && len(p) >= 10 { // QuickTime's are longer
			size += map[uint16]int{1: 16, 2: 36}[binary.BigEndian.Uint16(p[8:])]
		}
		return size, len(p) >= size
	}
	guesses := 0
	for size = 8; size+8 <= len(p) && guesses < maxGuesses; size++ {
		if string(p[size+4:size+8]) != "sinf" {
			continue
		}
		guesses++
		var child box
		w := s.in(b, "", size)
		for w.next(&child) {
		}
		if w.err == nil {
			return size, true
		}
	}
	return 0, false
}

// sinf is a ProtectionSchemeInfoBox.
type sinf struct {
	entry        sampleEntry // without a scheme where it is none of ours
	format, name string
}

func readSinf(s boxes, in box, path string) (its sinf, err error) {
	content := func(b box, path, kind string, size int) ([]byte, box, error) {
		child, found, err := s.find(b, path, 0, kind)
		if err == nil && (!found || child.end-child.body < size) {
			err = s.fail(path, b, "has no "+kind+", or one too short")
		}
		return s.body(child), child, err
	}
	frma, _, err := content(in, path, "frma", 4)
	if err != nil {
		return its, err
	}
	schm, _, err := content(in, path, "schm", 8)
	if err != nil {
		return its, err
	}
	its.format, its.name = string(frma[:4]), string(schm[4:8])
	known := false
	if its.entry.scheme, known = schemeOf([4]byte(schm[4:])); !known {
		return its, nil
	}
	_, schi, err := content(in, path, "schi", 0)
	if err != nil {
		return its, err
	}
	tenc, at, err := content(schi, path+"/schi", "tenc", 24)
	if err != nil {
		return its, err
	}
	var wrong string
	if its.entry.protection, wrong = readProtection(tenc[4:]); wrong != "" {
		return its, s.fail(path+"/schi/tenc", at, wrong)
	}
	if version := tenc[0]; version == 0 {
		its.entry.protection.crypt, its.entry.protection.skip = 0, 0
	}
	return its, nil
}
