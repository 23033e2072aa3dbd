package main

// all is what one vector of several keys is made of.
type all struct {
	name, shows string
	scheme      string
	rows        string // joined by commas
	keys        []string
	counts      []int // how many samples a track has; 0: all of the source
}

// finish writes a film that is whole.
func (w *writer) finish(f *film, a all) error {
	v := vector{Name: a.name, Container: "mp4", Maker: hand, Scheme: a.scheme, Shows: a.shows, Rows: rowsOf(a.scheme, a.rows), Keys: keysOf(a.keys...)}
	for i, t := range f.tracks {
		e := w.whole(uint64(t.id), t.name)
		if i < len(a.counts) {
			e.Spans[0].Count = a.counts[i]
		}
		v.Tracks = append(v.Tracks, e)
	}
	return w.add(v, f.data)
}

func byHandKeys(w *writer) error {
	for _, by := range []func(*writer) error{groupsOfFragments, groupsOfTrack, clearByDefault, groupsCBCS, clearLead, twoKeys} {
		if err := by(w); err != nil {
			return err
		}
	}
	return nil
}

func ctr(key string) *protection { return &protection{scheme: "cenc", key: key, ivSize: 8} }

// groupsOfFragments changes keys within fragments: tenc's, one group, a clear group, another group, and tenc's again.
func groupsOfFragments(w *writer) error {
	const name = "hand-cenc-groups"
	first, second, third := ctr(name+" 1"), ctr(name+" 2"), ctr(name+" 3")
	third.ivSize = 8
	t := &track{name: "avc", entries: []*protection{first}}
	f := w.film(t)
	f.start()
	own := []*protection{second, {clear: true}, third}
	base := &coder{p: first, iv: []byte("groups 1"), cut: nalus(5)}
	two := &coder{p: second, iv: []byte("groups 2"), cut: nalus(5)}
	three := &coder{p: third, iv: []byte("groups 3"), cut: nalus(5)}
	none := &coder{p: own[1]}
	for i, where := range []aux{saiz, senc} {
		s := t.source.samples[12*i:]
		run := base.code(s[:2], 0)
		run = append(run, two.code(s[2:5], 0x10001)...)
		run = append(run, none.code(s[5:7], 0x10002)...)
		run = append(run, three.code(s[7:8], 0x10003)...)
		run = append(run, two.code(s[8:9], 0x10001)...)
		run = append(run, base.code(s[9:12], 0)...)
		f.add(&fragment{trafs: []*traf{{track: t, runs: [][]coded{run}, aux: where, groups: own}}})
	}
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{first.key, second.key, third.key},
		shows: "Three keys and a clear group in each fragment, by six entries of sbgp and the sgpd of the fragment; once by saiz alone, once by " +
			"senc alone, " +
			"where a clear sample has one subsample, all clear, and no IV",
		rows: "iv 8, sample groups, several sbgp entries, clear samples, several keys, saiz alone, senc alone"})
}

// groupsOfTrack describes the groups in moov, and changes the key with each fragment: key rotation.
func groupsOfTrack(w *writer) error {
	const name = "hand-cenc-groups-in-moov"
	keys := []*protection{ctr(name + " 1"), ctr(name + " 2"), ctr(name + " 3"), ctr(name + " 4")}
	keys[3].ivSize = 16
	t := &track{name: "aac", entries: []*protection{keys[0]}, groups: keys[1:]}
	f := w.film(t)
	f.start()
	var labels []string
	for i, p := range keys {
		iv := iv8
		if p.ivSize == 16 {
			iv = iv16
		}
		c := &coder{p: p, iv: append([]byte(nil), iv...)}
		f.add(&fragment{trafs: []*traf{{track: t, runs: [][]coded{c.code(t.source.samples[10*i:10*i+10], i)}, aux: senc | saiz}}})
		labels = append(labels, p.key)
	}
	return w.finish(f, all{name: name, scheme: "cenc", keys: labels, counts: []int{40},
		shows: "A key for each fragment, by groups that moov describes; the last has IVs of 16 bytes, the others of 8",
		rows:  "iv 8, iv 16, sample groups, groups in moov, key rotation, several keys, full sample, senc"})
}

// clearByDefault says in tenc that nothing is protected, and in groups what is.
func clearByDefault(w *writer) error {
	const name = "hand-cenc-clear-by-default"
	p := ctr(name)
	none := &protection{scheme: "cenc", clear: true}
	t := &track{name: "avc", entries: []*protection{none}}
	f := w.film(t)
	f.start()
	c := &coder{p: p, iv: []byte("clear by"), cut: nalus(5)}
	s := t.source.samples
	run := append((&coder{}).code(s[:3], 0), c.code(s[3:12], 0x10001)...)
	f.add(&fragment{trafs: []*traf{{track: t, runs: [][]coded{run}, aux: saiz | senc, groups: []*protection{p}}}})
	f.add(&fragment{trafs: []*traf{{track: t, runs: [][]coded{(&coder{}).code(s[12:], 0)}}}})
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{p.key},
		shows: "Clear by tenc, which has neither key nor IVs, and encrypted where a group says so; the last fragment is clear, without " +
			"auxiliary information",
		rows: "iv 8, sample groups, clear samples, senc"})
}

// groupsCBCS has groups of other constant IVs and patterns, and descriptions of several lengths.
func groupsCBCS(w *writer) error {
	const name = "hand-cbcs-groups"
	base := &protection{scheme: "cbcs", key: name + " 1", constantIV: iv16, crypt: 1, skip: 9, tenc: 1}
	own := []*protection{
		{scheme: "cbcs", key: name + " 2", constantIV: []byte("another constant"), crypt: 5, skip: 5},
		{scheme: "cbcs", key: name + " 1", constantIV: iv8, crypt: 1, skip: 9},
		{scheme: "cbcs", clear: true},
		{scheme: "cbcs", key: name + " 2", ivSize: 16, crypt: 0, skip: 0},
	}
	t := &track{name: "avc", entries: []*protection{base}}
	f := w.film(t)
	f.start()
	code := func(p *protection, s []sample, group int) []coded {
		return (&coder{p: p, iv: append([]byte(nil), iv16[:p.ivSize]...), cut: nalus(5)}).code(s, group)
	}
	s := t.source.samples
	run := code(own[0], s[:2], 0x10001)
	run = append(run, code(own[1], s[2:4], 0x10002)...)
	run = append(run, code(own[2], s[4:6], 0x10003)...)
	run = append(run, code(own[3], s[6:9], 0x10004)...)
	run = append(run, code(base, s[9:12], 0)...)
	f.add(&fragment{trafs: []*traf{{track: t, runs: [][]coded{run}, aux: saiz, groups: own}}})
	f.add(&fragment{trafs: []*traf{{track: t, runs: [][]coded{code(base, s[12:], 0)}, aux: senc | saiz}}})
	return w.finish(f, all{name: name, scheme: "cbcs", keys: []string{base.key, own[0].key},
		shows: "Groups with constant IVs of 16 and of 8 bytes, with IVs of their own, of other patterns, and clear: descriptions of several lengths",
		rows: "constant iv 16, constant iv 8, iv 16, sample groups, several sbgp entries, clear samples, several keys, pattern 5:5, pattern " +
			"1:9, pattern 0:0, odd subsamples, several subsamples, saiz alone"})
}

// clearLead has two sample entries, one of them clear.
func clearLead(w *writer) error {
	const name = "hand-cenc-clear-lead"
	p := ctr(name)
	t := &track{name: "avc", entries: []*protection{nil, p}}
	f := w.film(t)
	f.start()
	s := t.source.samples
	c := &coder{p: p, iv: []byte("clear le"), cut: nalus(5)}
	f.add(&fragment{trafs: []*traf{{track: t, runs: [][]coded{(&coder{}).code(s[:6], 0)}}}})
	f.add(&fragment{trafs: []*traf{
		{track: t, runs: [][]coded{c.code(s[6:12], 0)}, entry: 2, aux: senc | saiz},
		{track: t, runs: [][]coded{(&coder{}).code(s[12:15], 0)}, entry: 1},
		{track: t, runs: [][]coded{c.code(s[15:24], 0)}, entry: 2, aux: saiz},
	}})
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{name},
		shows: "Two sample entries, clear and encrypted; tfhd says which a track fragment is of, and one fragment has both",
		rows:  "iv 8, clear samples, clear lead, several traf, senc, saiz alone"})
}

// twoKeys is a muxed film whose tracks have a key and a scheme each; and a third track is clear.
func twoKeys(w *writer) error {
	const name = "hand-muxed"
	picture := ctr(name + " picture")
	sound := &protection{scheme: "cbcs", key: name + " sound", constantIV: iv16, tenc: 1}
	f := w.film(&track{name: "avc", entries: []*protection{picture}}, &track{name: "aac", entries: []*protection{sound}}, &track{name: "aac",
		entries: []*protection{nil}})
	f.start()
	video, audio := f.tracks[0].source.samples, f.tracks[1].source.samples
	c, d := &coder{p: picture, iv: []byte("hand mux"), cut: nalus(5)}, &coder{p: sound}
	for i := range 4 {
		f.add(&fragment{trafs: []*traf{
			{track: f.tracks[0], runs: [][]coded{c.code(video[6*i:6*i+6], 0)}, aux: senc | saiz},
			{track: f.tracks[1], runs: [][]coded{d.code(audio[11*i:11*i+11], 0)}},
			{track: f.tracks[2], runs: [][]coded{(&coder{}).code(audio[11*i:11*i+11], 0)}},
		}})
	}
	return w.finish(f, all{name: name, scheme: "cenc", keys: []string{picture.key, sound.key}, counts: []int{24, 44, 44},
		shows: "Three tracks in one file: a picture in cenc, a sound in cbcs under another key, and the same sound clear",
		rows:  "iv 8, cbcs, constant iv 16, full sample, several keys, several tracks, several traf, clear track, senc"})
}
