package cenc

import (
	"math"
	"slices"
	"strconv"
)

// A progressive film goes out in fragments of so much, and of what there is before they may end (see mayEnd).
const (
	fragmentBytes   = 1 << 20
	fragmentSeconds = 1
	fragmentSamples = 512

	maxFragmentBytes   = 16 << 20
	maxFragmentSamples = 4096

	reordering = 32 // samples that are looked ahead at to see that none is shown before others that come first; codecs reorder 16 at most
)

// maxRegions bounds the places that auxiliary information of a progressive film is in: each takes more memory than the offset that tells of it. A film
// of twenty hours has as many chunks.
const maxRegions = 1 << 17

// maxEmpty bounds the samples that have no bytes: a fragment has 16 for each.
const maxEmpty = 1 << 16

// progressive is a film that has all of its sample tables in moov. MSE does not take it, so that it is written anew, as a fragmented one.
type progressive struct {
	tables   []*sampleTable
	regions  regionTable
	planned  []plannedSample // those of the next fragment, in the order of their bytes
	from, to int64           // where those bytes begin and end, in the stream
	sequence uint32
	empty    int // samples so far that have no bytes
	out      []byte
}

// plannedSample is a sample of the next fragment.
type plannedSample struct {
	tableSample
	table *sampleTable

	told  bool // of and entry are there: auxiliary information may come after its sample
	of    *protection
	entry []byte
	key   *Key // nil where it is clear
}

// newProgressive reads the sample tables of a moov of clear media; nil is that it has none. The bytes must stay.
func newProgressive(s boxes, m *movie) (*progressive, error) {
	f := &progressive{}
	for i := range m.tracks {
		if t := &m.tracks[i]; t.handler == "vide" || t.handler == "soun" {
			if err := f.add(s, t); err != nil {
				return nil, err
			}
		}
	}
	if len(f.tables) == 0 {
		return nil, nil
	}
	if !f.regions.sort() {
		return nil, s.fail(stblPath+"/saio", box{}, "has auxiliary information upon other")
	}
	return f, nil
}

// add reads the sample table of a track, if it has samples.
func (f *progressive) add(s boxes, t *track) error {
	table := &sampleTable{track: t, allSync: true}
	told := trackFragment{track: t}
	var b box
	w := s.in(t.stbl, stblPath, 0)
	for w.next(&b) {
		wrong := table.read(string(b.kind[:]), s.body(b))
		if wrong == "" {
			_, wrong = told.protectionBox(string(b.kind[:]), s.body(b), &t.groups)
		}
		if wrong != "" {
			return s.fail(stblPath+"/"+string(b.kind[:]), b, wrong)
		}
	}
	if w.err != nil || table.left == 0 {
		return w.err
	}
	if senc, found, _ := s.find(t.trak, "moov/trak", 0, "senc"); found && told.senc.left == 0 {
		if _, wrong := told.protectionBox("senc", s.body(senc), nil); wrong != "" {
			return s.fail("moov/trak/senc", senc, wrong)
		}
	}
	if t.timescale == 0 {
		return s.fail("moov/trak/mdia/mdhd", t.stbl, "has no timescale")
	}
	table.groups = groupRuns{entries: told.spans, rest: t.groups.rest}
	if table.aux = auxiliaryOf(told.senc, told.saiz); !table.aux.senc {
		if wrong := f.place(table, told.saio, s); wrong != "" {
			return s.fail(stblPath+"/saio", t.stbl, wrong)
		}
	}
	if table.advance(); !table.ended {
		f.tables = append(f.tables, table)
	}
	return nil
}

// read reads one box of a sample table; it says what is wrong with it.
func (t *sampleTable) read(kind string, p []byte) (wrong string) {
	ok := true
	content := p[min(4, len(p)):]
	switch kind {
	case "stsz", "stz2":
		t.sizes, t.left, ok = readSizes(p, kind == "stz2")
	case "stco":
		t.chunks.width = 4
		t.chunks.p, ok = counted(content, 4)
	case "co64":
		t.chunks.width = 8
		t.chunks.p, ok = counted(content, 8)
	case "stsc":
		t.runs, ok = counted(content, 12)
	case "stts":
		t.durations.p, ok = counted(content, 8)
	case "ctts":
		t.offsets.p, ok = counted(content, 8)
	case "stss":
		t.allSync = false
		t.syncs, ok = counted(content, 4)
	}
	if !ok {
		return "holds fewer entries than it says"
	}
	return ""
}

// place places the auxiliary information that saio tells of: in one piece, or one a chunk.
func (f *progressive) place(t *sampleTable, saio offsetTable, moov boxes) (wrong string) {
	if saio.count() == 0 {
		t.aux = auxiliary{}
		return ""
	}
	put := func(i int, size uint64) string {
		offset := saio.offset(i)
		if offset > maxPlace || size > maxPlace {
			return "points nowhere"
		}
		return f.regions.place(int64(offset), int64(size), moov)
	}
	t.firstRegion = len(f.regions.regions)
	t.aux.region = t.firstRegion
	aux, chunks := t.aux, *t
	if saio.count() == 1 {
		aux.skip(math.MaxUint64, nil)
		return put(0, aux.at)
	}
	if len(f.regions.regions)+saio.count() > maxRegions {
		return "has more than " + strconv.Itoa(maxRegions) + " places"
	}
	t.auxInChunks = true
	for i := range saio.count() {
		if !chunks.openChunk() {
			break
		}
		aux.at = 0
		aux.skip(uint64(chunks.perChunk), nil)
		if wrong := put(i, aux.at); wrong != "" {
			return wrong
		}
	}
	return ""
}

// plan chooses the samples of the next fragment, of those that are in an mdat from at to end. It depends on the tables alone, so that it does not matter
// how the stream is cut. It says what is wrong.
func (f *progressive) plan(at, end int64) (wrong string) {
	for _, t := range f.tables {
		t.opening, t.latest = t.next, math.MinInt64
	}
	for bytes := 0; len(f.planned) < maxFragmentSamples; {
		t := f.nearest()
		if t == nil {
			return ""
		}
		s := t.next
		switch {
		case s.description == 0 || uint64(s.description) > uint64(len(t.track.entries)):
			return "holds a sample of sample entry " + strconv.FormatUint(uint64(s.description), 10) + ", which moov does not have"
		case s.size == 0 && f.empty == maxEmpty:
			return "has more than " + strconv.Itoa(maxEmpty) + " samples of no bytes"
		case s.size == 0:
			f.empty++
		case s.start >= end: // in an mdat to come
			return ""
		case s.start < at:
			return "does not hold a sample where moov says, or holds two at one place"
		case s.size > maxSample:
			return "holds a sample of " + strconv.FormatUint(uint64(s.size), 10) + " bytes"
		case int64(s.size) > end-s.start:
			return "ends within a sample"
		}
		full := s.time-t.opening.time >= fragmentSeconds*uint64(t.track.timescale) || bytes+int(s.size) > fragmentBytes ||
			len(f.planned) >= fragmentSamples
		overfull := bytes+int(s.size) > maxFragmentBytes || len(f.planned) >= maxFragmentSamples-reordering
		if bytes > 0 && full && f.mayEnd(t, overfull) || s.description != t.opening.description {
			return ""
		}
		f.planned = append(f.planned, plannedSample{tableSample: s, table: t})
		t.latest = max(t.latest, s.shown())
		if bytes += int(s.size); s.size > 0 {
			at = s.start + int64(s.size)
		}
		t.advance()
	}
	return ""
}

// mayEnd says whether the next sample, which is of t, may begin a fragment. It is made for Firefox, which begins anew at a fragment that overlaps the time
// of the one before, as that of two tracks always does, and drops all frames up to a sync sample then: fragments of more than one track begin with one,
// unless that would take too much. Others end where no frame to come is shown before one that was.
func (f *progressive) mayEnd(t *sampleTable, overfull bool) bool {
	pace := slices.IndexFunc(f.tables, func(t *sampleTable) bool { return !t.allSync && !t.ended })
	if pace < 0 || len(f.tables) == 1 || overfull {
		return f.closed()
	}
	return t == f.tables[pace] && t.next.sync
}

// closed says whether no sample to come is shown before one that is planned.
func (f *progressive) closed() bool {
	for _, t := range f.tables {
		ahead := *t
		for n := 0; n < reordering && !ahead.ended; n++ {
			if ahead.next.shown() < t.latest {
				return false
			}
			ahead.advance()
		}
	}
	return true
}

// nearest gives the table whose next sample is first in the file; nil is that all have ended.
func (f *progressive) nearest() (first *sampleTable) {
	for _, t := range f.tables {
		if !t.ended && (first == nil || t.next.start < first.next.start) {
			first = t
		}
	}
	return first
}

// span gives where the bytes of samples begin and end; at where they have none.
func span(planned []plannedSample, at int64) (start, end int64) {
	start, end = at, at
	for _, s := range slices.Backward(planned) {
		if s.size > 0 {
			start = s.start
			end = max(end, s.start+int64(s.size))
		}
	}
	return start, end
}

// tell reads how the planned samples are protected; false is that not all of that has come.
func (f *progressive) tell() (there bool, wrong string) {
	for i := range f.planned {
		s := &f.planned[i]
		if s.told {
			continue
		}
		t := s.table
		if t.auxInChunks && t.auxChunk != s.chunk {
			if t.auxChunk, t.aux.region, t.aux.at = s.chunk, t.firstRegion+int(s.chunk)-1, 0; t.aux.region >= len(f.regions.regions) {
				return false, "holds a sample without auxiliary information"
			}
		}
		groups := t.groups
		group, _ := groups.take(1)
		switch {
		case group == 0:
			s.of = &t.track.entries[s.description-1].protection
		case uint64(group) > uint64(len(t.track.groups.groups)):
			return false, "holds a sample of group " + strconv.FormatUint(uint64(group), 10) + ", which does not exist"
		default:
			s.of = &t.track.groups.groups[group-1]
		}
		if t.track.entries[s.description-1].scheme.name == "" {
			s.of = &protection{}
		}
		if s.entry, there, wrong = t.aux.next(s.of, &f.regions); !there {
			return false, wrong
		}
		t.groups, s.told = groups, true
	}
	return true, ""
}

// unlock looks for the keys of the planned samples: it gives how many come before the first that lacks one, and all that are missing.
func (f *progressive) unlock(keys Keys) (ready int, missing [][16]byte) {
	ready = len(f.planned)
	for i := range f.planned {
		s := &f.planned[i]
		if !s.of.encrypted || s.size == 0 {
			continue
		}
		if s.key = keys.Key(s.of.keyID); s.key != nil {
			continue
		}
		if ready = min(ready, i); len(missing) < maxMissing && !slices.Contains(missing, s.of.keyID) {
			missing = append(missing, s.of.keyID)
		}
	}
	return ready, missing
}
