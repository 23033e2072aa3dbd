package cenc

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
)

// maxPlace bounds places in the byte stream, so that sums of a few do not overflow.
const maxPlace = 1 << 60

// A fragment has one traf or two, and few runs in each. What they become takes more memory than their boxes.
const (
	maxTrafs = 1 << 10
	maxRuns  = 1 << 16
)

// fragment is what a moof box says of the samples that are encrypted.
//
// ISO/IEC 14496-12, 8.8
type fragment struct {
	moof     boxes // as it came
	trafs    []trackFragment
	runs     []run // of encrypted tracks, in the order of their bytes
	current  int   // the first that is not done with
	regions  regionTable
	groups   []protection // of all track fragments' own
	end      int64        // in the stream, of its last sample
	shift    int64        // how much later the fragment is in the file than in the stream
	initData []byte
}

// trackFragment is a traf box.
type trackFragment struct {
	track       *track
	entry       *sampleEntry
	protection  protection // of samples that are in no group
	base        int64      // what the places of samples are counted from
	auxBase     int64      // and those of auxiliary information
	defaultSize uint32
	groups      []protection // of its own

	// Its boxes.
	spans      []byte // of sbgp
	rest       uint32 // the group of the samples after those
	senc, saiz auxiliary
	saio       offsetTable // one in all, or one for each run of samples
}

func (f *fragment) reset() {
	f.moof.p = f.moof.p[:0]
	f.trafs, f.runs, f.current, f.end, f.shift = f.trafs[:0], f.runs[:0], 0, 0, 0
	f.groups = f.groups[:0]
	f.regions.reset()
	f.initData = nil
}

// done says whether all encrypted samples have been seen.
func (f *fragment) done() bool { return f.current == len(f.runs) }

// lacks says whether encrypted samples have not come that have bytes.
func (f *fragment) lacks() bool {
	return slices.ContainsFunc(f.runs[f.current:], func(r run) bool {
		size, _ := r.bytes()
		return size > 0
	})
}

// read reads a moof box, and makes it one of clear media: in place, without changing a size.
func (f *fragment) read(p []byte, at int64, m *movie) error {
	f.reset()
	f.moof = boxes{p: append(f.moof.p, p...), at: at}
	moof := box{end: len(p)}
	_, moof.body, _ = boxHeader(p)
	dataEnd := at // where the last track fragment's data ends
	var b box
	w := f.moof.in(moof, "moof", 0)
	for w.next(&b) {
		switch {
		case b.is("pssh"):
			f.initData = append(f.initData, f.moof.p[b.start:b.end]...)
			rename(p, b, "free")
		case b.is("traf"):
			if len(f.trafs) == maxTrafs {
				return f.moof.fail("moof/traf", b, "is one too many")
			}
			// Without a word on it, samples are counted from the end of the track before. saio cannot be, as it has no negative offsets.
			t := trackFragment{base: dataEnd, auxBase: at}
			if err := f.traf(&t, b, p, m); err != nil {
				return err
			}
			f.trafs = append(f.trafs, t)
			var err error
			if dataEnd, err = f.truns(b, len(f.trafs)-1); err != nil {
				return err
			}
		}
	}
	if w.err != nil {
		return w.err
	}
	slices.SortFunc(f.runs, func(a, b run) int { return cmp.Compare(a.start, b.start) })
	if !f.regions.sort() {
		return f.moof.fail("moof/traf/saio", moof, "has auxiliary information upon other")
	}
	return nil
}

// traf reads all of a traf but its samples. Of what tells of encryption, it makes free boxes in p.
func (f *fragment) traf(t *trackFragment, traf box, p []byte, m *movie) error {
	if err := f.tfhd(t, traf, m); err != nil {
		return err
	}
	table := groupTable{groups: f.groups[len(f.groups):], rest: t.track.groups.rest}
	var b box
	w := f.moof.in(traf, "moof/traf", 0)
	for w.next(&b) {
		told, wrong := t.protectionBox(string(b.kind[:]), f.moof.body(b), &table)
		if wrong != "" {
			return f.moof.fail("moof/traf/"+string(b.kind[:]), b, wrong)
		}
		if told {
			rename(p, b, "free")
		}
		if b.is("csgp") && isSeig(f.moof.body(b)) {
			return f.moof.unsupported("moof/traf/csgp", b, "tells of encryption")
		}
	}
	t.groups, t.rest = table.groups, table.rest
	f.groups = append(f.groups, table.groups...)
	return w.err
}

// tfhd reads the TrackFragmentHeaderBox.
func (f *fragment) tfhd(t *trackFragment, traf box, m *movie) error {
	b, found, err := f.moof.find(traf, "moof/traf", 0, "tfhd")
	if err != nil {
		return err
	}
	p := f.moof.body(b)
	if !found || len(p) < 8 {
		return f.moof.fail("moof/traf", traf, "has no tfhd")
	}
	flags := binary.BigEndian.Uint32(p)
	if t.track = m.track(binary.BigEndian.Uint32(p[4:])); t.track == nil {
		return f.moof.fail("moof/traf/tfhd", b, "is of a track that moov does not have")
	}
	fields := fields{p: p[8:]}
	if flags&0x20000 != 0 { // default-base-is-moof
		t.base = f.moof.at
	}
	if flags&1 != 0 {
		t.base = int64(min(fields.uint64(), maxPlace)) - f.shift
		if far := f.moof.at + int64(len(f.moof.p)) + 1024; len(f.trafs) == 0 && t.base > far {
			// It is a place in the file, and after a seek that is not one in the stream: it is that of moof, as nearly always.
			f.shift = t.base - f.moof.at
			t.base = f.moof.at
		}
		t.auxBase = t.base
	}
	description := t.track.defaults.description
	if flags&2 != 0 {
		description = fields.uint32()
	}
	if flags&8 != 0 {
		fields.uint32()
	}
	t.defaultSize = t.track.defaults.size
	if flags&0x10 != 0 {
		t.defaultSize = fields.uint32()
	}
	if fields.short {
		return f.moof.fail("moof/traf/tfhd", b, "is too short")
	}
	if description = max(description, 1); uint64(description) > uint64(len(t.track.entries)) {
		return f.moof.fail("moof/traf/tfhd", b, "is of sample entry "+strconv.FormatUint(uint64(description), 10)+", which moov does not have")
	}
	t.entry = &t.track.entries[description-1]
	t.protection = t.entry.protection
	return nil
}

// protectionBox reads one of the boxes that tell of encryption. It says what is wrong with it.
func (t *trackFragment) protectionBox(kind string, p []byte, table *groupTable) (told bool, wrong string) {
	switch kind {
	case "senc":
		if len(p) < 4 {
			return true, "is too short"
		}
		t.senc, wrong = readSenc(p[3], p[4:])
		return true, wrong
	case "uuid":
		return t.piff(p)
	case "saiz":
		if p, told = ofEncryption(p); told {
			t.saiz, wrong = readSaiz(p)
		}
	case "saio":
		wide := len(p) > 0 && p[0] != 0
		if p, told = ofEncryption(p); told {
			t.saio, wrong = readSaio(wide, p)
		}
	case "sgpd":
		if told = isSeig(p); told {
			wrong = table.read(p)
		}
	case "sbgp":
		if told = isSeig(p); told {
			t.spans, wrong = readSampleToGroup(p)
		}
	}
	return told, wrong
}

var piffSampleEncryption = [16]byte{0xa2, 0x39, 0x4f, 0x52, 0x5a, 0x9b, 0x4f, 0x14, 0xa2, 0x44, 0x6c, 0x42, 0x7c, 0x64, 0x8d, 0xf4}

// piff reads the SampleEncryptionBox that PIFF had before there was senc: it is the same, but may say the key and the size of IVs as well.
func (t *trackFragment) piff(p []byte) (told bool, wrong string) {
	if len(p) < 20 || [16]byte(p) != piffSampleEncryption {
		return false, ""
	}
	if t.senc.senc {
		return true, ""
	}
	flags := p[19]
	p = p[20:]
	if flags&1 != 0 {
		if len(p) < 20 {
			return true, "is too short"
		}
		t.protection = protection{encrypted: p[0]|p[1]|p[2] != 0, ivSize: int(p[3]), keyID: [16]byte(p[4:])}
		if !isIVSize(t.protection.ivSize) {
			return true, "says IVs of " + strconv.Itoa(t.protection.ivSize) + " bytes"
		}
		p = p[20:]
	}
	t.senc, wrong = readSenc(flags, p)
	return true, wrong
}

// fields reads numbers one after the other.
type fields struct {
	p     []byte
	short bool
}

func (f *fields) uint32() uint32 {
	if len(f.p) < 4 {
		f.short = true
		return 0
	}
	n := binary.BigEndian.Uint32(f.p)
	f.p = f.p[4:]
	return n
}

func (f *fields) uint64() uint64 {
	high := f.uint32()
	return uint64(high)<<32 | uint64(f.uint32())
}
