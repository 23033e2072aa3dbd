package cenc

import (
	"encoding/binary"
	"slices"
	"strconv"
)

// run is a TrackRunBox of an encrypted track, and how far its samples have been seen: their bytes lie side by side.
//
// ISO/IEC 14496-12, 8.8.8
type run struct {
	traf  int
	start int64  // of the next sample, in the byte stream
	left  uint64 // samples

	table          []byte // of the samples left; empty where all are of one size
	stride, sizeAt int    // of an entry in table, and of the size in it
	size           uint32 // of all

	groups groupRuns
	aux    auxiliary
}

// sampleSize is the next sample's.
func (r *run) sampleSize() uint32 {
	if r.stride > 0 {
		return binary.BigEndian.Uint32(r.table[r.sizeAt:])
	}
	return r.size
}

// pass goes on to the next sample.
func (r *run) pass(size int64) {
	r.start += size
	r.left--
	if r.stride > 0 {
		r.table = r.table[r.stride:]
	}
}

// bytes is the size of all samples left; false is that it is too much.
func (r *run) bytes() (total int64, ok bool) {
	if r.stride == 0 {
		if r.size > 0 && r.left > maxPlace/uint64(r.size) {
			return 0, false
		}
		return int64(r.left) * int64(r.size), true
	}
	for p := r.table; len(p) > 0; p = p[r.stride:] {
		total += int64(binary.BigEndian.Uint32(p[r.sizeAt:]))
	}
	return total, true
}

// truns reads the runs of a traf, and gives where in the byte stream the last one ends.
func (f *fragment) truns(traf box, index int) (end int64, err error) {
	t := &f.trafs[index]
	next := run{traf: index, start: t.base, groups: groupRuns{entries: t.spans, rest: t.rest}, aux: auxiliaryOf(t.senc, t.saiz)}
	if !next.aux.senc && t.saio.count() == 0 {
		next.aux = auxiliary{}
	}
	next.aux.region = len(f.regions.regions)
	count := 0
	var b box
	w := f.moof.in(traf, "moof/traf", 0)
	for w.next(&b) {
		if !b.is("trun") {
			continue
		}
		wrong := next.read(t, f.moof.body(b))
		if wrong == "" && t.entry.scheme.name != "" && next.left > 0 {
			wrong = f.add(t, &next, count)
		}
		if wrong != "" {
			return 0, f.moof.fail("moof/traf/trun", b, wrong)
		}
		if count++; len(f.runs) > maxRuns {
			return 0, f.moof.fail("moof/traf/trun", b, "is one too many")
		}
		total, ok := next.bytes()
		if next.start += total; !ok || next.start > maxPlace {
			return 0, f.moof.fail("moof/traf/trun", b, "has samples that end nowhere")
		}
		f.end = max(f.end, next.start)
	}
	if w.err == nil && t.saio.count() == 1 && !next.aux.senc {
		if wrong := f.place(t, 0, next.aux.at); wrong != "" {
			return 0, f.moof.fail("moof/traf/saio", traf, wrong)
		}
	}
	return next.start, w.err
}

// place places the auxiliary information of a size that begins at one of saio's offsets.
func (f *fragment) place(t *trackFragment, i int, size uint64) (wrong string) {
	offset := int64(t.saio.offset(i))
	if t.saio.width == 4 { // one beyond 2 GB of its fragment is one before it
		offset = int64(int32(offset))
	}
	if max(offset, -offset) > maxPlace || size > maxPlace {
		return "points nowhere"
	}
	start := t.auxBase + offset
	f.end = max(f.end, start+int64(size))
	return f.regions.place(start, int64(size), f.moof)
}

// read reads a trun box, of which next.start says where it begins if it does not say so itself.
func (r *run) read(t *trackFragment, p []byte) (wrong string) {
	fields := fields{p: p}
	flags := fields.uint32()
	r.left = uint64(fields.uint32())
	if flags&1 != 0 {
		r.start = t.base + int64(int32(fields.uint32()))
	}
	if flags&4 != 0 {
		fields.uint32()
	}
	stride, sizeAt := 0, 0
	for flag := uint32(0x100); flag <= 0x800; flag <<= 1 {
		if flag == 0x200 {
			sizeAt = stride
		}
		if flags&flag != 0 {
			stride += 4
		}
	}
	if fields.short || uint64(stride)*r.left > uint64(len(fields.p)) {
		return "holds fewer samples than it says"
	}
	r.table, r.stride, r.sizeAt, r.size = nil, 0, 0, t.defaultSize
	if flags&0x200 != 0 {
		r.table, r.stride, r.sizeAt = fields.p[:stride*int(r.left)], stride, sizeAt
	}
	return ""
}

// add adds a run as it is now, and moves its groups and its auxiliary information on past it.
func (f *fragment) add(t *trackFragment, next *run, count int) (wrong string) {
	if next.start < f.moof.at+int64(len(f.moof.p)) {
		return "has samples before the media"
	}
	inRuns := t.saio.count() > 1 && !next.aux.senc
	if inRuns {
		next.aux.region, next.aux.at = len(f.regions.regions), 0
	}
	if next.stride > 0 || next.size > 0 { // else its samples have no bytes
		f.runs = append(f.runs, *next)
	}
	for left := next.left; left > 0; {
		group, same := next.groups.take(left)
		of, ok := t.protectionOf(group)
		if !ok {
			return "has samples in group " + strconv.FormatUint(uint64(group), 10) + ", which does not exist"
		}
		if !next.aux.skip(same, of) {
			return "has more samples than senc has entries"
		}
		left -= same
	}
	if !inRuns {
		return ""
	}
	if count >= t.saio.count() {
		return "has no auxiliary information"
	}
	return f.place(t, count, next.aux.at)
}

// protectionOf gives what holds for samples of a group; 0 is none.
func (t *trackFragment) protectionOf(group uint32) (*protection, bool) {
	groups := t.track.groups.groups
	switch {
	case group == 0:
		return &t.protection, true
	case group > fragmentGroup:
		group -= fragmentGroup
		groups = t.groups
	}
	if uint64(group) > uint64(len(groups)) {
		return nil, false
	}
	return &groups[group-1], true
}

// maxMissing bounds the keys that are asked for at once. A fragment needs one or two.
const maxMissing = 64

// missing gives the keys that are not there, of all that the samples to come need, in the order of their bytes.
func (f *fragment) missing(keys Keys) (ids [][16]byte) {
	var last [16]byte
	for i := f.current; i < len(f.runs) && len(ids) < maxMissing; i++ {
		r := f.runs[i]
		for left := r.left; left > 0 && len(ids) < maxMissing; {
			group, same := r.groups.take(left)
			left -= same
			of, _ := f.trafs[r.traf].protectionOf(group)
			if !of.encrypted || of.keyID == last && ids != nil {
				continue
			}
			if last = of.keyID; keys.Key(last) == nil && !slices.Contains(ids, last) {
				ids = append(ids, last)
			}
		}
	}
	return ids
}
