package cenc_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/keystream-player/keystream/player/cenc"
)

var (
	noContext = context.Background()
	keysAB    = ring{keyA.ID: keyA, keyB.ID: keyB}
	iv8       = []byte("an IV...")
	iv16      = []byte("an IV of 16 byte")
	ftyp      = bx("ftyp", []byte("isom"), u32(512), []byte("isomiso6"))
)

// frames makes frames that are encrypted in one piece.
func frames(count, group int, iv []byte) (made []frame) {
	for i := range count {
		own := slices.Clone(iv)
		if len(own) > 0 {
			own[0] = byte(i)
		}
		made = append(made, frame{bytes: noise(uint64(100*count+i), 100+37*i), group: group, iv: own})
	}
	return made
}

// cut gives frames subsamples.
func cut(made []frame, subsamples ...[2]int) []frame {
	for i := range made {
		made[i].subsamples = subsamples
	}
	return made
}

// filmSpec is a film of the tests' own.
type filmSpec struct {
	tracks    []trackSpec
	fragments []fragmentSpec
	between   []byte // boxes between the fragments
}

// write gives the film as it is, and as it shall become.
func (f filmSpec) write() (sealed, want []byte) {
	for _, a := range []*author{{sealed: true, tracks: f.tracks}, {tracks: f.tracks}} {
		out := slices.Concat(ftyp, a.moov())
		for _, fragment := range f.fragments {
			out = append(out, f.between...)
			out = append(out, a.fragment(fragment, len(out))...)
		}
		if want = out; a.sealed {
			sealed = out
		}
	}
	return sealed, want
}

// check decrypts a film, in one piece and in others, and holds it to what it shall become, byte by byte.
func (f filmSpec) check(t *testing.T) {
	t.Helper()
	sealed, want := f.write()
	for _, n := range []int{len(sealed), 1, 50, 333} {
		got, _, err := clear(cenc.NewDecrypter(keysAB, nil), sealed, n)
		if err != nil {
			t.Fatalf("in pieces of %d bytes: %v", n, err)
		}
		if !bytes.Equal(got, want) {
			at := 0
			for at < min(len(got), len(want)) && got[at] == want[at] {
				at++
			}
			t.Fatalf("in pieces of %d bytes: %d bytes became %d, and differ at %d", n, len(want), len(got), at)
		}
	}
}

// schemeSpecs are all the ways to encrypt a track.
func schemeSpecs() map[string]trackSpec {
	specs := map[string]trackSpec{}
	for _, scheme := range schemes {
		for _, ivSize := range []int{0, 8, 16} {
			for _, pattern := range [][2]int{{0, 0}, {1, 9}, {5, 5}, {9, 1}, {1, 0}} {
				def := guard{key: keyA, ivSize: ivSize, crypt: pattern[0], skip: pattern[1]}
				name := fmt.Sprintf("%s/iv%d/%d:%d", scheme, ivSize, pattern[0], pattern[1])
				if ivSize == 0 {
					def.constant = iv16
					specs[name+"/short"] = trackSpec{id: 7, kind: "vide", scheme: scheme, version: 1,
						def: guard{key: keyA, constant: iv8, crypt: pattern[0], skip: pattern[1]}}
				}
				specs[name] = trackSpec{id: 7, kind: "vide", scheme: scheme, version: 1, def: def}
			}
		}
	}
	return specs
}

func TestSchemes(t *testing.T) {
	for name, track := range schemeSpecs() {
		t.Run(name, func(t *testing.T) {
			iv := iv16[:track.def.ivSize]
			layouts := [][]frame{
				frames(4, 0, iv), cut(frames(4, 0, iv), [2]int{5, 95}), cut(frames(4, 0, iv), [2]int{3, 40}, [2]int{1, 7}, [2]int{20, 0}, [2]int{0, 17}),
				cut(frames(3, 0, iv), [2]int{100, 0}), cut(frames(2, 0, iv), [2]int{0, 16}, [2]int{0, 64}),
			}
			for _, aux := range []string{"senc", "saio", "saios", "before", "after", "uuid"} {
				var fragments []fragmentSpec
				for _, layout := range layouts {
					fragments = append(fragments, fragmentSpec{trafs: []runSpec{{aux: aux, runs: [][]frame{layout[:2], layout[2:]}}}})
				}
				filmSpec{tracks: []trackSpec{track}, fragments: fragments}.check(t)
			}
		})
	}
}

// twoTracks are video by cbcs and sound by cenc, under two keys.
func twoTracks() []trackSpec {
	return []trackSpec{
		{id: 1, kind: "vide", scheme: "cbcs", version: 1, def: guard{key: keyA, crypt: 1, skip: 9, constant: iv16}},
		{id: 2, kind: "soun", scheme: "cenc", def: guard{key: keyB, ivSize: 8}},
	}
}

func TestLayouts(t *testing.T) {
	for _, base := range []string{"moof", "explicit", "previous", "continued"} {
		for _, auxiliary := range []string{"senc", "saio", "saios", "before", "after", "uuid"} {
			for _, mdats := range []int{1, 2, 4} {
				for _, sizes := range []string{"", "wide", "open"} {
					if base == "continued" && mdats > 1 || sizes == "open" && auxiliary == "after" && base == "" {
						continue
					}
					t.Run(fmt.Sprint(base, auxiliary, mdats, sizes), func(t *testing.T) {
						one := fragmentSpec{base: base, mdats: mdats, wide: sizes == "wide", trafs: []runSpec{
							{track: 0, runs: [][]frame{frames(3, 0, nil), frames(2, 0, nil)}},
							{track: 1, aux: auxiliary, runs: [][]frame{frames(4, 0, iv8), cut(frames(2, 0, iv8), [2]int{9, 50}), frames(1, 0, iv8)}},
						}}
						last := one
						last.open = sizes == "open"
						between := slices.Concat(bx("styp", zeros(8)), bx("sidx", zeros(40)), wide("emsg", zeros(30)), bx("prft", zeros(16)), bx("free"))
						filmSpec{tracks: twoTracks(), fragments: []fragmentSpec{one, last}, between: between}.check(t)
					})
				}
			}
		}
	}
}

func TestSampleGroups(t *testing.T) {
	constant := guard{key: keyB, crypt: 2, skip: 3, constant: iv8}
	own := guard{key: keyB, ivSize: 16, crypt: 1, skip: 1}
	for _, scheme := range schemes {
		for _, version := range []int{0, 1, 2, 20} {
			for _, def := range []guard{{}, {key: keyA, ivSize: 8}, {key: keyA, constant: iv16}} {
				t.Run(fmt.Sprint(scheme, version, def.ivSize, def.key != nil), func(t *testing.T) {
					track := trackSpec{id: 1, kind: "vide", scheme: scheme, version: 1, def: def, groups: []guard{constant, {}, own}}
					byDefault := frames(2, 0, iv16[:def.ivSize])
					list := slices.Concat(byDefault, frames(2, 1, nil), frames(1, 2, nil), frames(3, 3, iv16), frames(1, 0x10002, nil), frames(2, 0x10001, iv8),
						frames(1, 0x10002, nil), byDefault)
					for _, auxiliary := range []string{"senc", "saio", "saios", "before"} {
						traf := runSpec{aux: auxiliary, groups: []guard{{key: keyA, ivSize: 8}, {}}, version: version, runs: [][]frame{list[:3], list[3:4], list[4:]}}
						filmSpec{tracks: []trackSpec{track}, fragments: []fragmentSpec{{trafs: []runSpec{traf}}, {mdats: 2, trafs: []runSpec{traf}}}}.check(t)
					}
				})
			}
		}
	}
}

// TestClearParts has clear fragments among encrypted ones (by the second sample entry), clear tracks beside encrypted ones, and other kinds of tracks.
func TestClearParts(t *testing.T) {
	lead := trackSpec{id: 3, kind: "vide", scheme: "cenc", def: guard{key: keyA, ivSize: 16}, lead: true}
	text := trackSpec{id: 4, kind: "text", scheme: "cenc", def: guard{key: keyB, ivSize: 8}}
	sound := trackSpec{id: 5, kind: "soun"}
	clearPart := runSpec{track: 0, entry: 1, clear: true, runs: [][]frame{frames(3, 0, nil)}}
	sealedPart := runSpec{track: 0, aux: "senc", runs: [][]frame{frames(3, 0, iv16)}}
	others := []runSpec{{track: 2, runs: [][]frame{frames(2, 0, nil)}}, {track: 1, aux: "saio", runs: [][]frame{frames(2, 0, iv8)}}}
	filmSpec{tracks: []trackSpec{lead, text, sound}, fragments: []fragmentSpec{
		{trafs: append([]runSpec{clearPart}, others...)}, {trafs: append(others, sealedPart)}, {trafs: []runSpec{others[0], clearPart}}, {trafs: []runSpec{sealedPart}},
	}}.check(t)

	equal := trackSpec{id: 9, kind: "soun", scheme: "cenc", def: guard{key: keyA, ivSize: 8}, size: 100}
	same := []frame{{bytes: noise(1, 100), iv: iv8}, {bytes: noise(2, 100), iv: iv8}}
	filmSpec{tracks: []trackSpec{equal}, fragments: []fragmentSpec{{trafs: []runSpec{{aux: "senc", runs: [][]frame{same, same}}}}}}.check(t)
}

// TestPIFFKey has fragments that say another key, and IVs of another size, than tenc.
func TestPIFFKey(t *testing.T) {
	film := filmSpec{tracks: []trackSpec{{id: 1, kind: "vide", scheme: "cenc", def: guard{key: keyB, ivSize: 8}}},
		fragments: []fragmentSpec{{trafs: []runSpec{{aux: "own", runs: [][]frame{cut(frames(3, 0, iv8), [2]int{9, 70})}}}}}}
	sealed, want := film.write()
	for _, p := range []*[]byte{&sealed, &want} {
		*p = patch(*p, "tenc", 0, 7, append([]byte{16}, keyA.ID[:]...)...)
	}
	got, _, err := clear(cenc.NewDecrypter(ring{keyB.ID: keyB}, nil), sealed, 100)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("error %v, %d bytes of %d", err, len(got), len(want))
	}
}
