package main

import "slices"

// fragment is a moof and what follows it.
type fragment struct {
	before [][]byte // boxes ahead of it
	trafs  []*traf
	mdats  [][]chunk // what lies in which mdat; none: all in one, auxiliary information first
	toEnd  bool      // the last mdat's size is 0
}

// traf is a track fragment.
type traf struct {
	track    *track
	runs     [][]coded
	entry    int // sample_description_index; 0: trex's, which is 1
	aux      aux
	perRun   bool // a saio entry for each trun
	base     base
	silent   bool          // only the first trun of the first traf has a data offset
	groups   []*protection // its own sample groups, 0x10001 and on
	tfhdSize bool          // the size of its samples, which are all of one, is in tfhd; of trex's, it is there
}

// aux says where auxiliary information is.
type aux int

const (
	senc aux = 1 << iota
	saiz     // with saio, which points into senc where that is, and into an mdat where not
	piff
)

// base says what data offsets count from.
type base int

const (
	fromMoof base = iota // default-base-is-moof
	fromFile             // base-data-offset
	implicit             // the moof, and for the next traf where the data of the last one ended
)

// chunk is a run of samples, or the auxiliary information of one.
type chunk struct {
	traf, run int
	aux       bool
}

// layout is where things are in the file.
type layout struct {
	moof int
	at   map[chunk]int
	senc map[int]int // the first byte that saio speaks of, by traf
}

// add adds a fragment, which is laid out twice: once for its length, once for what depends on it.
func (f *film) add(fr *fragment) {
	f.sequence++
	f.data = append(f.data, cat(fr.before...)...)
	mdats := fr.mdats
	if mdats == nil {
		mdats = [][]chunk{fr.chunks()}
	}
	l := &layout{moof: len(f.data), at: map[chunk]int{}, senc: map[int]int{}}
	moof := f.moof(fr, l)
	payload := f.place(fr, mdats, l, l.moof+len(moof))
	f.data = cat(f.data, f.moof(fr, l), payload)
}

func (fr *fragment) chunks() []chunk {
	var infos, runs []chunk
	for i, t := range fr.trafs {
		for j := range t.runs {
			if t.aux == saiz {
				infos = append(infos, chunk{i, j, true})
			}
			runs = append(runs, chunk{i, j, false})
		}
	}
	return append(infos, runs...)
}

// place lays the mdats out from at on.
func (f *film) place(fr *fragment, mdats [][]chunk, l *layout, at int) []byte {
	var out []byte
	for i, chunks := range mdats {
		header := len(f.box("mdat"))
		var body []byte
		for _, c := range chunks {
			l.at[c] = at + header + len(body)
			t := fr.trafs[c.traf]
			for _, s := range t.runs[c.run] {
				if c.aux {
					body = append(body, s.auxiliary(false)...)
				} else {
					body = append(body, s.data...)
				}
			}
		}
		mdat := f.box("mdat", body)
		if fr.toEnd && i == len(mdats)-1 {
			mdat = cat(u32(0), mdat[4:])
		}
		at += len(mdat)
		out = append(out, mdat...)
	}
	return out
}

func (f *film) moof(fr *fragment, l *layout) []byte {
	boxes := [][]byte{f.fullBox("mfhd", 0, 0, u32(f.sequence))}
	at := l.moof + len(f.box("moof")) + len(boxes[0])
	end := l.moof // of the data so far
	for i, t := range fr.trafs {
		from := end
		switch {
		case t.base == fromFile:
			from = l.at[chunk{i, 0, false}]
		case t.base == fromMoof:
			from = l.moof
		}
		box, senc := f.traf(t, i, from, l)
		l.senc[i] = at + senc
		at += len(box)
		boxes = append(boxes, box)
		last := len(t.runs) - 1
		end = l.at[chunk{i, last, false}]
		for _, s := range t.runs[last] {
			end += len(s.data)
		}
	}
	return f.box("moof", boxes...)
}

// traf makes a traf whose offsets count from that byte of the file; it also says where within it the entries of its senc begin.
func (f *film) traf(t *traf, index, from int, l *layout) ([]byte, int) {
	all := slices.Concat(t.runs...)
	boxes := [][]byte{f.tfhd(t, from), f.fullBox("tfdt", 1, 0, u64(all[0].time))}
	for j, run := range t.runs {
		offset := l.at[chunk{index, j, false}] - from
		boxes = append(boxes, f.trun(t, run, offset, t.silent && index+j > 0))
	}
	if t.groups != nil {
		boxes = append(boxes, f.sgpd(t.groups))
	}
	if slices.ContainsFunc(all, func(s coded) bool { return s.group != 0 }) {
		boxes = append(boxes, f.sbgp(all))
	}
	if t.aux&saiz != 0 {
		boxes = append(boxes, f.saiz(all, t.aux&senc != 0), f.saio(t, index, from, l))
	}
	at := 0
	if t.aux&(senc|piff) != 0 {
		box := f.senc(all, t.aux)
		at = len(f.box("traf")) + len(cat(boxes...)) + len(box) - len(cat(entriesOf(all)...))
		boxes = append(boxes, box)
	}
	return f.box("traf", boxes...), at
}

func (f *film) tfhd(t *traf, from int) []byte {
	flags, fields := 0, [][]byte{u32(t.track.id)}
	switch t.base {
	case fromMoof:
		flags |= 0x20000
	case fromFile:
		flags |= 1
		fields = append(fields, u64(uint64(from)))
	}
	if t.entry > 0 {
		flags |= 2
		fields = append(fields, u32(t.entry))
	}
	if t.tfhdSize {
		flags |= 0x10
		fields = append(fields, u32(len(t.runs[0][0].data)))
	}
	return f.fullBox("tfhd", 0, uint32(flags), fields...)
}

func (f *film) trun(t *traf, run []coded, offset int, silent bool) []byte {
	flags, fields := uint32(0xD01), [][]byte{u32(len(run))}
	if silent {
		flags &^= 1
	} else {
		fields = append(fields, u32(offset))
	}
	sized := !t.tfhdSize && t.track.trexSize == 0
	if sized {
		flags |= 0x200
	}
	for _, s := range run {
		fields = append(fields, u32(int(s.duration)))
		if sized {
			fields = append(fields, u32(len(s.data)))
		}
		dependence := 0x2000000
		if !s.sync {
			dependence = 0x1010000
		}
		fields = append(fields, u32(dependence), u32(int(s.offset)))
	}
	return f.fullBox("trun", 1, flags, fields...)
}

func entriesOf(samples []coded) [][]byte {
	counts := slices.ContainsFunc(samples, func(s coded) bool { return s.subsamples != nil })
	var entries [][]byte
	for _, s := range samples {
		entries = append(entries, s.auxiliary(counts))
	}
	return entries
}

func (f *film) senc(samples []coded, where aux) []byte {
	flags := uint32(0)
	if slices.ContainsFunc(samples, func(s coded) bool { return s.subsamples != nil }) {
		flags = 2
	}
	body := cat(u32(len(samples)), cat(entriesOf(samples)...))
	if where&piff != 0 {
		id := []byte{0xA2, 0x39, 0x4F, 0x52, 0x5A, 0x9B, 0x4F, 0x14, 0xA2, 0x44, 0x6C, 0x42, 0x7C, 0x64, 0x8D, 0xF4}
		return f.box("uuid", id, u32(int(flags)), body)
	}
	return f.fullBox("senc", 0, flags, body)
}

// saiz has the sizes of what is in senc, or of what is in an mdat, where samples that are clear have none.
func (f *film) saiz(samples []coded, inSenc bool) []byte {
	var sizes []byte
	entries := entriesOf(samples)
	for i, s := range samples {
		if !inSenc {
			entries[i] = s.auxiliary(false)
		}
		sizes = append(sizes, byte(len(entries[i])))
	}
	if len(slices.Compact(slices.Clone(sizes))) == 1 {
		return f.fullBox("saiz", 0, 0, sizes[:1], u32(len(sizes)))
	}
	return f.fullBox("saiz", 0, 0, []byte{0}, u32(len(sizes)), sizes)
}

func (f *film) saio(t *traf, index, from int, l *layout) []byte {
	if t.aux&senc != 0 {
		return f.fullBox("saio", 0, 0, u32(1), u32(l.senc[index]-from))
	}
	if !t.perRun {
		return f.fullBox("saio", 0, 0, u32(1), u32(l.at[chunk{index, 0, true}]-from))
	}
	entries := [][]byte{u32(len(t.runs))}
	for j := range t.runs {
		entries = append(entries, u64(uint64(l.at[chunk{index, j, true}]-from)))
	}
	return f.fullBox("saio", 1, 1, []byte("cenc"), u32(0), cat(entries...))
}
