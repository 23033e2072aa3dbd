package main

import (
	"maps"
	"slices"
)

func byHandLayout(w *writer) error {
	for _, by := range []func(*writer) error{manyRuns, manyMdats, wideBoxes, toTheEnd, fromFileStart, implicitOffsets, oneSize, between} {
		if err := by(w); err != nil {
			return err
		}
	}
	return nil
}

// pair is a film of a picture and a sound under one key.
func (w *writer) pair(name string) (f *film, video, audio *coder) {
	p := ctr(name)
	f = w.film(&track{name: "avc", entries: []*protection{p}}, &track{name: "aac", entries: []*protection{p}})
	return f, &coder{p: p, iv: []byte("video iv"), cut: nalus(5)}, &coder{p: p, iv: []byte("audio iv")}
}

// runs encrypts samples, and splits them in runs.
func runs(c *coder, samples []sample, sizes ...int) [][]coded {
	var out [][]coded
	for _, n := range sizes {
		out = append(out, c.code(samples[:n], 0))
		samples = samples[n:]
	}
	return out
}

func manyRuns(w *writer) error {
	const name = "hand-cenc-runs"
	f, c, d := w.pair(name)
	f.start()
	v, a := f.tracks[0].source.samples, f.tracks[1].source.samples
	interleaved := []chunk{{1, 0, true}, {0, 0, true}, {0, 0, false}, {1, 0, false}, {0, 1, true}, {0, 1, false}, {1, 1, true}, {1, 1, false}, {0, 2,
		false}, {0, 2, true}}
	f.add(&fragment{mdats: [][]chunk{interleaved}, trafs: []*traf{
		{track: f.tracks[0], runs: runs(c, v, 5, 1, 6), aux: saiz, perRun: true},
		{track: f.tracks[1], runs: runs(d, a, 10, 12), aux: saiz, perRun: true},
	}})
	f.add(&fragment{mdats: [][]chunk{{{0, 1, false}, {1, 0, false}, {0, 0, false}}}, trafs: []*traf{
		{track: f.tracks[0], runs: runs(c, v[12:], 4, 8), aux: senc},
		{track: f.tracks[1], runs: runs(d, a[22:], 22), aux: senc | saiz},
	}})
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{name}, counts: []int{24, 44},
		shows: "Several truns a track fragment, their samples interleaved and, in the second fragment, out of order; saio has an offset of 64 " +
			"bits for each",
		rows: "iv 8, several trun, several saio entries, several tracks, saiz alone, senc alone, senc, odd subsamples"})
}

func manyMdats(w *writer) error {
	const name = "hand-cenc-mdats"
	f, c, d := w.pair(name)
	f.start()
	v, a := f.tracks[0].source.samples, f.tracks[1].source.samples
	for i := range 2 {
		f.add(&fragment{
			mdats: [][]chunk{{{0, 0, true}, {1, 0, false}, {0, 0, false}}, {}, {{1, 1, true}, {1, 1, false}}, {{2, 0, false}, {0, 1, false}, {0, 1, true}}},
			trafs: []*traf{
				{track: f.tracks[0], runs: runs(c, v[12*i:], 4, 4), aux: saiz, perRun: true},
				{track: f.tracks[1], runs: runs(d, a[22*i:], 10, 12), aux: senc},
				{track: f.tracks[0], runs: runs(c, v[12*i+8:], 4), aux: senc | saiz},
			},
		})
	}
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{name}, counts: []int{24, 44},
		shows: "Four mdats a fragment, one of them empty; three track fragments, of which two are of one track",
		rows:  "iv 8, several mdat, several traf, several trun, several saio entries, several tracks, senc, senc alone, saiz alone"})
}

func wideBoxes(w *writer) error {
	const name = "hand-cenc-64-bit"
	f, c, d := w.pair(name)
	for _, kind := range []string{"ftyp", "moov", "trak", "mdia", "minf", "stbl", "stsd", "encv", "sinf", "schi", "tenc", "mvex", "moof", "traf",
		"tfhd", "trun", "senc", "saiz", "saio", "mdat"} {
		f.wide[kind] = true
	}
	f.start()
	v, a := f.tracks[0].source.samples, f.tracks[1].source.samples
	for i := range 2 {
		f.add(&fragment{trafs: []*traf{
			{track: f.tracks[0], runs: runs(c, v[12*i:], 12), aux: senc | saiz},
			{track: f.tracks[1], runs: runs(d, a[22*i:], 22), aux: saiz},
		}})
	}
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{name}, counts: []int{24, 44},
		shows: "Boxes of every kind with sizes of 64 bits", rows: "iv 8, 64-bit sizes, several tracks, senc, saiz alone"})
}

func toTheEnd(w *writer) error {
	const name = "hand-cenc-size-0"
	f, c, d := w.pair(name)
	f.start()
	v, a := f.tracks[0].source.samples, f.tracks[1].source.samples
	for i := range 2 {
		f.add(&fragment{toEnd: i == 1, trafs: []*traf{
			{track: f.tracks[0], runs: runs(c, v[12*i:], 12), aux: saiz},
			{track: f.tracks[1], runs: runs(d, a[22*i:], 22), aux: senc},
		}})
	}
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{name}, counts: []int{24, 44},
		shows: "The last mdat has size 0: it goes on to the end of the file", rows: "iv 8, size 0, several tracks, saiz alone, senc alone"})
}

func fromFileStart(w *writer) error {
	const name = "hand-cenc-base-data-offset"
	f, c, d := w.pair(name)
	f.start()
	v, a := f.tracks[0].source.samples, f.tracks[1].source.samples
	for i := range 2 {
		f.add(&fragment{trafs: []*traf{
			{track: f.tracks[0], runs: runs(c, v[12*i:], 8, 4), aux: saiz, base: fromFile},
			{track: f.tracks[1], runs: runs(d, a[22*i:], 22), aux: senc | saiz, base: fromFile},
		}})
	}
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{name}, counts: []int{24, 44},
		shows: "Data offsets, and saio's, count from a place in the file, which tfhd gives (base-data-offset); saio's may be negative. MSE " +
			"refuses such media: a decrypter need not",
		rows: "iv 8, base-data-offset, several trun, several tracks, saiz alone, senc"})
}

func implicitOffsets(w *writer) error {
	const name = "hand-cenc-implicit-offsets"
	f, c, d := w.pair(name)
	f.start()
	v, a := f.tracks[0].source.samples, f.tracks[1].source.samples
	for i := range 2 {
		f.add(&fragment{trafs: []*traf{
			{track: f.tracks[0], runs: runs(c, v[12*i:], 8, 4), aux: saiz, base: implicit, silent: true},
			{track: f.tracks[1], runs: runs(d, a[22*i:], 20, 2), aux: senc, base: implicit, silent: true},
		}})
	}
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{name}, counts: []int{24, 44},
		shows: "Neither base-data-offset nor default-base-is-moof: the first track fragment counts from its moof, the next goes on where the " +
			"data of the last ended; " +
			"only the first trun has a data offset",
		rows: "iv 8, implicit offsets, several trun, several tracks, saiz alone, senc alone"})
}

// oneSize is a sound of those frames only of which others have the same size: a fragment for each size.
func oneSize(w *writer) error {
	const name = "hand-cenc-default-sizes"
	p := ctr(name)
	bySize := map[int][]int{}
	for i, s := range w.sources["aac"].samples {
		bySize[len(s.data)] = append(bySize[len(s.data)], i)
	}
	lists := slices.DeleteFunc(slices.Collect(maps.Values(bySize)), func(list []int) bool { return len(list) == 1 })
	slices.SortFunc(lists, func(a, b []int) int { return a[0] - b[0] })
	f := w.film(&track{name: "aac", entries: []*protection{p}})
	t := f.tracks[0]
	t.trexSize = len(t.source.samples[lists[0][0]].data)
	f.start()
	c := &coder{p: p, iv: []byte("one size")}
	e := expected{ID: 1}
	for i, list := range lists {
		var run []coded
		for _, j := range list {
			run = append(run, c.code(t.source.samples[j:j+1], 0)...)
			e.Spans = append(e.Spans, span{"aac", j, 1})
		}
		f.add(&fragment{trafs: []*traf{{track: t, runs: [][]coded{run}, aux: saiz | senc*aux(i%2), tfhdSize: i > 0}}})
	}
	return w.add(vector{Name: name, Container: "mp4", Maker: hand, Scheme: "cenc", Keys: keysOf(name), Tracks: []expected{e},
		Rows: rowsOf("cenc", "iv 8, default sizes, full sample, senc, saiz alone"),
		Shows: "The sizes of samples are trex's in one fragment, and tfhd's in the others: a sound of those frames only of which there are " +
			"several of one size",
	}, f.data)
}

// between has every box that may stand around a fragment.
func between(w *writer) error {
	const name = "hand-cenc-boxes-between"
	f, c, d := w.pair(name)
	f.start()
	v, a := f.tracks[0].source.samples, f.tracks[1].source.samples
	id := keyID(name)
	system := []byte{0x10, 0x77, 0xEF, 0xEC, 0xC0, 0xB2, 0x4D, 0x02, 0xAC, 0xE3, 0x3C, 0x1E, 0x52, 0xE2, 0xFB, 0x4B}
	pssh := f.fullBox("pssh", 1, 0, system, u32(1), id[:], u32(0))
	for i := range 2 {
		sidx := f.fullBox("sidx", 0, 0, u32(1), u32(int(f.tracks[0].source.timescale)), u32(0), u32(0), u16(0), u16(0))
		emsg := f.fullBox("emsg", 1, 0, u32(1000), u64(0), u32(0), u32(i), []byte("urn:x\x00\x00moof mdat senc"))
		prft := f.fullBox("prft", 1, 0, u32(1), u64(0), u64(0))
		f.add(&fragment{
			before: [][]byte{f.box("styp", []byte("msdh"), u32(0), []byte("msdh")), sidx, emsg, prft, pssh, f.box("free", fill(0, 9)), f.box("uuid",
				fill(7, 20)), f.box("skip"), f.box("xxxx", fill(1, 3))},
			trafs: []*traf{
				{track: f.tracks[0], runs: runs(c, v[12*i:], 12), aux: senc | saiz},
				{track: f.tracks[1], runs: runs(d, a[22*i:], 22), aux: senc | saiz},
			},
		})
	}
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{name}, counts: []int{24, 44},
		shows: "styp, sidx, emsg, prft, pssh, free, skip, uuid and unknown boxes between fragments",
		rows:  "iv 8, boxes between, pssh, several tracks, senc"})
}
