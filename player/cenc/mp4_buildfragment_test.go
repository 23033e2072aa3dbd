package cenc_test

import (
	"bytes"
	"slices"
)

// item is bytes in an mdat that moof tells the place of.
type item struct {
	name  string
	bytes []byte
}

func name(what string, traf, run int) string {
	return what + string(rune('0'+traf)) + string(rune('0'+run))
}

// media writes the mdats, and notes where things are.
func (a author) media(f fragmentSpec, at int, places map[string]int) (out []byte) {
	dealt := make([][]item, max(f.mdats, 1))
	total := 0
	for _, t := range f.trafs {
		total += len(t.runs)
	}
	n := 0
	for i, t := range f.trafs {
		for j, run := range t.runs {
			mdat := n * len(dealt) / total
			n++
			dealt[mdat] = append(dealt[mdat], item{name("run", i, j), a.seal(t, run)})
		}
		whole := item{name("aux", i, 0), cat(each(t.frames(), func(f frame) []byte { return f.entry(false) }))}
		switch t.aux {
		case "before":
			dealt[0] = append([]item{whole}, dealt[0]...)
		case "after":
			dealt[len(dealt)-1] = append(dealt[len(dealt)-1], whole)
		}
	}
	for i, items := range dealt {
		mdat := a.box(f, "mdat", each(items, func(i item) []byte { return i.bytes })...)
		if last := i == len(dealt)-1; last && f.open && a.sealed {
			copy(mdat, u32(0))
		}
		header := 8
		if f.wide {
			header = 16
		}
		place := at + len(out) + header
		for _, item := range items {
			places[item.name] = place
			place += len(item.bytes)
		}
		out = slices.Concat(out, mdat, bx("free", zeros(5)))
		if last := i == len(dealt)-1; last {
			out = out[:len(out)-13]
		}
	}
	return out
}

// seal gives the bytes of a run.
func (a author) seal(t runSpec, run []frame) (out []byte) {
	track := a.tracks[t.track]
	for _, frame := range run {
		p := slices.Clone(frame.bytes)
		if !a.sealed || t.clear || track.scheme == "" {
			out = append(out, p...)
			continue
		}
		if guard := track.guardOf(frame, t.groups); guard.key != nil {
			how := sealing{track.scheme, guard.crypt, guard.skip, track.scheme == "cens"}
			var iv [16]byte
			copy(iv[:], slices.Concat(frame.iv, guard.constant))
			how.seal(p, guard.key.Value, iv, frame.ranges())
		}
		out = append(out, p...)
	}
	return out
}

func (a author) moof(f fragmentSpec, at int, places map[string]int) []byte {
	header := 8
	if f.wide {
		header = 16
	}
	parts := [][]byte{bx("mfhd", zeros(8))}
	place := at + header + 16
	if f.pssh != nil {
		p := bytes.Clone(f.pssh)
		copy(p[4:], a.was("pssh"))
		parts = append(parts, p)
		place += len(p)
	}
	for i, t := range f.trafs {
		for j, run := range t.runs {
			if t.aux == "saio" || t.aux == "saios" {
				entries := cat(each(run, func(f frame) []byte { return f.entry(false) }))
				if t.aux == "saio" && j == 0 {
					entries = cat(each(t.frames(), func(f frame) []byte { return f.entry(false) }))
				}
				skip := bx("skip", entries)
				places[name("aux", i, j)] = place + 8
				place += len(skip)
				parts = append(parts, skip)
			}
		}
	}
	dataEnd := at
	for i, t := range f.trafs {
		parts = append(parts, a.box(f, "traf", a.traf(f, i, t, at, &dataEnd, places)...))
	}
	return a.box(f, "moof", parts...)
}

func (a author) traf(f fragmentSpec, i int, t runSpec, at int, dataEnd *int, places map[string]int) (parts [][]byte) {
	track := a.tracks[t.track]
	base, flags := at, 0x20000
	var explicit []byte
	switch {
	case f.base == "explicit":
		base, flags, explicit = at+5, 1, u64(at+5)
	case f.base == "explicit0":
		base, flags, explicit = at, 1, u64(9999)
	case f.base == "previous":
		base, flags = *dataEnd, 0
	}
	if t.entry > 0 {
		flags |= 2
		explicit = append(explicit, u32(t.entry)...)
	}
	parts = append(parts, bx("tfhd", f32(flags), u32(track.id), explicit), bx("tfdt", zeros(8)))
	for j, run := range t.runs {
		flags := 0x201
		if track.size > 0 {
			flags = 1
		}
		if j%2 == 1 {
			flags |= 0x900
		}
		offset := u32(places[name("run", i, j)] - base)
		if f.base == "continued" && j > 0 {
			flags, offset = flags&^1, nil
		}
		table := each(run, func(f frame) (entry []byte) {
			if flags&0x100 != 0 {
				entry = u32(7)
			}
			if flags&0x200 != 0 {
				entry = append(entry, u32(len(f.bytes))...)
			}
			if flags&0x800 != 0 {
				entry = append(entry, u32(9)...)
			}
			return entry
		})
		parts = append(parts, bx("trun", f32(flags), u32(len(run)), offset, cat(table)))
		*dataEnd = places[name("run", i, j)] + len(a.seal(t, run))
	}
	if t.clear || track.scheme == "" {
		return parts
	}
	if f.base == "previous" {
		base = at
	}
	return append(parts, a.protection(t, i, base, places)...)
}

// protection writes the boxes of a traf that tell of encryption.
func (a author) protection(t runSpec, i, base int, places map[string]int) (parts [][]byte) {
	frames := t.frames()
	flagged := slices.ContainsFunc(frames, func(f frame) bool { return len(f.subsamples) > 0 })
	whole := cat(each(frames, func(f frame) []byte { return f.entry(flagged) }))
	flags := 0
	if flagged {
		flags = 2
	}
	sizes := each(frames, func(f frame) []byte { return b8(len(f.entry(false))) })
	saiz := bx(a.was("saiz"), f32(0), b8(0), u32(len(frames)), cat(sizes))
	switch t.aux {
	case "senc":
		parts = append(parts, bx(a.was("senc"), f32(flags), u32(len(frames)), whole))
	case "uuid", "own": // of PIFF; "own" says key and size of IVs itself
		id := []byte("\xa2\x39\x4f\x52\x5a\x9b\x4f\x14\xa2\x44\x6c\x42\x7c\x64\x8d\xf4")
		var own []byte
		if def := a.tracks[t.track].def; t.aux == "own" {
			own = slices.Concat(b8(0, 0, 1, def.ivSize), def.key.ID[:])
			flags |= 1
		}
		parts = append(parts, bx(a.was("uuid"), id, f32(flags), own, u32(len(frames)), whole))
	case "saio":
		parts = append(parts, saiz, bx(a.was("saio"), f32(1), []byte("cenc"), u32(0), u32(1), u32(places[name("aux", i, 0)]-base)))
	case "before", "after":
		parts = append(parts, saiz, bx(a.was("saio"), f32(1<<24), u32(1), u64(places[name("aux", i, 0)]-base)))
	case "saios":
		offsets := each(t.runs, func(run []frame) []byte { return nil })
		for j := range offsets {
			offsets[j] = u32(places[name("aux", i, j)] - base)
		}
		parts = append(parts, saiz, bx(a.was("saio"), f32(0), u32(len(offsets)), cat(offsets)))
	}
	if slices.ContainsFunc(frames, func(f frame) bool { return f.group > 0 }) {
		parts = append(parts, bx(a.was("sbgp"), sbgp(frames)))
	}
	if len(t.groups) > 0 {
		parts = append(parts, bx(a.was("sgpd"), sgpd(t.version, t.groups)))
	}
	return parts
}
