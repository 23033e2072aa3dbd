package main

import "bytes"

// simple is a vector of one track, of fragments of 12 samples, all encrypted alike.
type simple struct {
	name, shows string
	rows        string // joined by commas
	source      string
	p           protection
	iv          []byte
	cut         func([]byte) []subsample
	aux         aux
}

const perFragment = 12

func (w *writer) simple(list ...simple) error {
	for _, s := range list {
		s.p.key = s.name
		t := &track{name: s.source, entries: []*protection{&s.p}}
		f := w.film(t)
		f.start()
		c := &coder{p: &s.p, iv: bytes.Clone(s.iv), cut: s.cut}
		samples := t.source.samples[:2*perFragment]
		for ; len(samples) > 0; samples = samples[perFragment:] {
			f.add(&fragment{trafs: []*traf{{track: t, runs: [][]coded{c.code(samples[:perFragment], 0)}, aux: s.aux}}})
		}
		err := w.add(vector{
			Name: s.name, Container: "mp4", Maker: hand, Scheme: s.p.scheme, Shows: s.shows, Rows: rowsOf(s.p.scheme, s.rows),
			Keys: keysOf(s.name), Tracks: []expected{{ID: 1, Spans: []span{{s.source, 0, 2 * perFragment}}}},
		}, f.data)
		if err != nil {
			return err
		}
	}
	return nil
}

var (
	iv8  = []byte("Keystrea")
	iv16 = []byte("Keystream vector")
	wrap = []byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE}

	// uneven has every kind of subsample: odd ones, ones of a byte, and of none.
	uneven = cuts(subsample{7, 33}, subsample{1, 1}, subsample{0, 17}, subsample{5, 0}, subsample{0, 0}, subsample{0, 160}, subsample{16, 15},
		subsample{3, 208})
)

func byHandCTR(w *writer) error {
	return w.simple(
		simple{"hand-cenc-odd-subsamples", "Subsamples of any length, three and more a sample; the counter goes on in the middle of a block",
			"iv 8, odd subsamples, several subsamples, senc", "avc", protection{scheme: "cenc", ivSize: 8}, iv8, nalus(5), senc | saiz},
		simple{"hand-cenc-uneven-subsamples", "Subsamples of no clear bytes, of no protected bytes, of neither, of one byte",
			"iv 16, odd subsamples, several subsamples, empty subsamples, senc alone", "avc", protection{scheme: "cenc", ivSize: 16}, iv16,
			uneven, senc},
		simple{"hand-cenc-iv-wrap", "A counter that wraps from 2^64-1 to 0, and leaves the first 8 bytes of the IV as they are",
			"iv 16, iv wrap, senc alone", "avc", protection{scheme: "cenc", ivSize: 16}, wrap, nalus(5), senc},
		simple{"hand-cenc-audio", "Whole samples, without subsamples; their IVs are of 16 bytes", "iv 16, full sample, senc", "aac",
			protection{scheme: "cenc", ivSize: 16}, iv16, nil, senc | saiz},
		simple{"hand-cenc-saiz-alone", "No senc: the auxiliary information is at the start of the mdat", "iv 8, saiz alone", "avc",
			protection{scheme: "cenc", ivSize: 8}, iv8, nalus(5), saiz},
		simple{"hand-cenc-saiz-alone-audio", "No senc: IVs at the start of the mdat, all of one size by saiz", "iv 8, saiz alone, full sample", "aac",
			protection{scheme: "cenc", ivSize: 8}, iv8, nil, saiz},
		simple{"hand-cenc-piff-senc", "The SampleEncryptionBox of PIFF, a uuid, in the place of senc", "iv 8, piff senc", "avc",
			protection{scheme: "cenc", ivSize: 8}, iv8, nalus(5), piff},
		simple{"hand-cens-1-9", "Pattern 1:9 in counter mode, IVs of 8 bytes, subsamples of any length: only encrypted blocks count",
			"iv 8, pattern 1:9, odd subsamples, several subsamples, senc", "avc", protection{scheme: "cens", ivSize: 8, crypt: 1, skip: 9, tenc: 1},
			iv8, nalus(5), senc | saiz},
		simple{"hand-cens-2-1", "Pattern 2:1 in counter mode, IVs of 16 bytes, subsamples of all kinds",
			"iv 16, pattern other, odd subsamples, several subsamples, empty subsamples, senc alone", "avc",
			protection{scheme: "cens", ivSize: 16, crypt: 2, skip: 1, tenc: 1}, iv16, uneven, senc},
		simple{"hand-cens-audio", "Whole samples without a pattern, whose last bytes past a whole block are clear",
			"iv 8, full sample, pattern 0:0, senc", "aac", protection{scheme: "cens", ivSize: 8, tenc: 1}, iv8, nil, senc | saiz},
		simple{"hand-cens-iv-wrap", "A counter that wraps in the middle of a pattern", "iv 16, iv wrap, pattern 5:5", "avc",
			protection{scheme: "cens", ivSize: 16, crypt: 5, skip: 5, tenc: 1}, wrap, nalus(5), senc | saiz},
	)
}
