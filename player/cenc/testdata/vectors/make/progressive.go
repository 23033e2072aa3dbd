package main

import "slices"

// table is a track of a progressive film: its chunks, and what its sample table says of them.
type table struct {
	chunks  [][]coded
	entries []int // the sample description of each chunk; nil: 1
	aux     aux
	perRun  bool // a saio entry for each chunk
	wide    bool // co64
}

// finishProgressive lays a film out: ftyp, moov, mdat. order is of chunks by track and number.
func (f *film) finishProgressive(tables []*table, order []chunk) {
	ftyp := f.box("ftyp", []byte("isom"), u32(0), []byte("isommp41"))
	at := map[chunk]int{}
	moov := func() []byte {
		boxes := map[*track][][]byte{}
		for i, t := range f.tracks {
			boxes[t] = f.sampleTable(i, tables[i], at)
		}
		return f.moov(func(t *track) [][]byte { return boxes[t] })
	}
	start := len(ftyp) + len(moov()) + len(f.box("mdat"))
	var body []byte
	for _, c := range order {
		at[c] = start + len(body)
		for _, s := range tables[c.traf].chunks[c.run] {
			if c.aux {
				body = append(body, s.auxiliary(false)...)
			} else {
				body = append(body, s.data...)
			}
		}
	}
	f.data = cat(ftyp, moov(), f.box("mdat", body))
}

func (f *film) sampleTable(index int, t *table, at map[chunk]int) [][]byte {
	track, all := f.tracks[index], slices.Concat(t.chunks...)
	boxes := [][]byte{f.stts(all), f.stsc(t), f.stsz(all), f.offsets(index, t, at)}
	if track.source.video {
		boxes = append(boxes, f.ctts(all), f.stss(all))
	}
	if track.groups != nil {
		boxes = append(boxes, f.sgpd(track.groups), f.sbgp(all))
	}
	if t.aux&saiz != 0 {
		entries := [][]byte{u32(1), u32(at[chunk{index, 0, true}])}
		if t.perRun {
			entries = [][]byte{u32(len(t.chunks))}
			for j := range t.chunks {
				entries = append(entries, u32(at[chunk{index, j, true}]))
			}
		}
		boxes = append(boxes, f.saiz(all, false), f.fullBox("saio", 0, 0, entries...))
	}
	if t.aux&senc != 0 {
		track.senc = f.senc(all, senc)
	}
	return boxes
}

func (f *film) stts(samples []coded) []byte {
	return f.runsOf("stts", 0, samples, func(s coded) int { return int(s.duration) })
}

func (f *film) ctts(samples []coded) []byte {
	return f.runsOf("ctts", 1, samples, func(s coded) int { return int(s.offset) })
}

// runsOf is a box of counts and values.
func (f *film) runsOf(kind string, version byte, samples []coded, value func(coded) int) []byte {
	count, entries := 0, []byte{}
	for i := 0; i < len(samples); {
		n := 1
		for i+n < len(samples) && value(samples[i+n]) == value(samples[i]) {
			n++
		}
		count, entries, i = count+1, cat(entries, u32(n), u32(value(samples[i]))), i+n
	}
	return f.fullBox(kind, version, 0, u32(count), entries)
}

func (f *film) stsc(t *table) []byte {
	count, entries, last := 0, []byte{}, [2]int{}
	for i, chunk := range t.chunks {
		this := [2]int{len(chunk), 1}
		if t.entries != nil {
			this[1] = t.entries[i]
		}
		if this != last {
			count, entries, last = count+1, cat(entries, u32(i+1), u32(this[0]), u32(this[1])), this
		}
	}
	return f.fullBox("stsc", 0, 0, u32(count), entries)
}

func (f *film) stsz(samples []coded) []byte {
	var sizes []byte
	for _, s := range samples {
		sizes = cat(sizes, u32(len(s.data)))
	}
	return f.fullBox("stsz", 0, 0, u32(0), u32(len(samples)), sizes)
}

func (f *film) stss(samples []coded) []byte {
	count, numbers := 0, []byte{}
	for i, s := range samples {
		if s.sync {
			count, numbers = count+1, cat(numbers, u32(i+1))
		}
	}
	return f.fullBox("stss", 0, 0, u32(count), numbers)
}

func (f *film) offsets(index int, t *table, at map[chunk]int) []byte {
	var offsets []byte
	for j := range t.chunks {
		offset := at[chunk{index, j, false}]
		if t.wide {
			offsets = cat(offsets, u64(uint64(offset)))
		} else {
			offsets = cat(offsets, u32(offset))
		}
	}
	if t.wide {
		return f.fullBox("co64", 0, 0, u32(len(t.chunks)), offsets)
	}
	return f.fullBox("stco", 0, 0, u32(len(t.chunks)), offsets)
}
