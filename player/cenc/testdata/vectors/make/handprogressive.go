package main

import "slices"

func byHandProgressive(w *writer) error {
	for _, by := range []func(*writer) error{progressiveTwoKeys, progressiveCBCS, progressiveGroups, progressiveClearLead} {
		if err := by(w); err != nil {
			return err
		}
	}
	return nil
}

func progressiveTwoKeys(w *writer) error {
	const name = "hand-cenc-progressive"
	picture, sound := ctr(name+" picture"), ctr(name+" sound")
	f := w.film(&track{name: "avc", entries: []*protection{picture}}, &track{name: "aac", entries: []*protection{sound}})
	v, a := f.tracks[0].source.samples, f.tracks[1].source.samples
	video := &table{chunks: runs(&coder{p: picture, iv: []byte("progress"), cut: nalus(5)}, v, 5, 5, 5, 5, 4), aux: saiz, perRun: true}
	audio := &table{chunks: runs(&coder{p: sound, iv: []byte("ive film")}, a, 9, 9, 9, 9, 8), aux: saiz}
	var order []chunk
	for j := range audio.chunks {
		order = append(order, chunk{1, j, true})
	}
	for j := range video.chunks {
		order = append(order, chunk{1, j, false}, chunk{0, j, true}, chunk{0, j, false})
	}
	f.finishProgressive([]*table{video, audio}, order)
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{picture.key, sound.key}, counts: []int{24, 44},
		shows: "Progressive, two tracks under a key each, chunks interleaved; saiz and saio in the sample tables, with an offset for each chunk " +
			"of the picture, and one for the sound",
		rows: "progressive, iv 8, several keys, several tracks, several saio entries, odd subsamples, saiz alone"})
}

func progressiveCBCS(w *writer) error {
	const name = "hand-cbcs-progressive"
	picture := &protection{scheme: "cbcs", key: name, constantIV: iv16, crypt: 1, skip: 9, tenc: 1}
	sound := &protection{scheme: "cbcs", key: name, constantIV: iv8, tenc: 1}
	f := w.film(&track{name: "avc", entries: []*protection{picture}}, &track{name: "aac", entries: []*protection{sound}})
	v, a := f.tracks[0].source.samples, f.tracks[1].source.samples
	video := &table{chunks: runs(&coder{p: picture, cut: nalus(5)}, v, 12, 12), aux: senc}
	audio := &table{chunks: runs(&coder{p: sound}, a, 22, 22), wide: true}
	f.finishProgressive([]*table{video, audio}, []chunk{{0, 0, false}, {1, 0, false}, {0, 1, false}, {1, 1, false}})
	return w.finish(f, all{name: name, scheme: "cbcs", keys: []string{name}, counts: []int{24, 44},
		shows: "Progressive, constant IVs: the picture's subsamples are in a senc in its trak, the sound has nothing; chunk offsets of 64 bits",
		rows: "progressive, constant iv 16, constant iv 8, pattern 1:9, full sample, several tracks, several subsamples, odd subsamples, senc " +
			"alone, 64-bit sizes"})
}

func progressiveGroups(w *writer) error {
	const name = "hand-cenc-progressive-groups"
	first, second := ctr(name+" 1"), ctr(name+" 2")
	groups := []*protection{{clear: true}, second}
	f := w.film(&track{name: "avc", entries: []*protection{first}, groups: groups})
	s := f.tracks[0].source.samples
	c, d := &coder{p: first, iv: []byte("groups 1"), cut: nalus(5)}, &coder{p: second, iv: []byte("groups 2"), cut: nalus(5)}
	list := slices.Concat((&coder{}).code(s[:4], 1), c.code(s[4:9], 0), d.code(s[9:20], 2), c.code(s[20:], 0))
	var order []chunk
	t := &table{aux: saiz}
	for len(list) > 0 {
		t.chunks, list = append(t.chunks, list[:8]), list[8:]
	}
	for _, aux := range []bool{true, false} {
		for j := range t.chunks {
			order = append(order, chunk{0, j, aux})
		}
	}
	f.finishProgressive([]*table{t}, order)
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{first.key, second.key}, counts: []int{24},
		shows: "Progressive, two keys and a clear group, which change within chunks",
		rows:  "progressive, iv 8, sample groups, groups in moov, several sbgp entries, clear samples, several keys, saiz alone"})
}

func progressiveClearLead(w *writer) error {
	const name = "hand-cenc-progressive-clear-lead"
	p := ctr(name)
	p.ivSize = 16
	f := w.film(&track{name: "avc", entries: []*protection{nil, p}})
	s := f.tracks[0].source.samples
	t := &table{entries: []int{1, 2, 2}, aux: saiz}
	t.chunks = append(runs(&coder{}, s, 6), runs(&coder{p: p, iv: slices.Clone(wrap), cut: nalus(5)}, s[6:], 6, 12)...)
	f.finishProgressive([]*table{t}, []chunk{{0, 0, false}, {0, 0, true}, {0, 1, true}, {0, 2, true}, {0, 1, false}, {0, 2, false}})
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{name}, counts: []int{24},
		shows: "Progressive, two sample entries, clear and encrypted; IVs of 16 bytes, whose counters wrap; clear samples have no auxiliary " +
			"information (saiz says 0)",
		rows: "progressive, iv 16, iv wrap, clear lead, clear samples, saiz alone"})
}
