package cenc_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/keystream-player/keystream/player/cenc"
)

// rotating is a film whose key changes within its second fragment, with sound under the other key.
func rotating() filmSpec {
	a, b := guard{key: keyA, ivSize: 8}, guard{key: keyB, ivSize: 8}
	picture := trackSpec{id: 1, kind: "vide", scheme: "cenc", def: a, groups: []guard{b}}
	sound := trackSpec{id: 2, kind: "soun", scheme: "cenc", def: b}
	first := runSpec{track: 0, aux: "senc", runs: [][]frame{frames(3, 0, iv8)}}
	second := runSpec{track: 0, aux: "senc", runs: [][]frame{slices.Concat(frames(2, 0, iv8), frames(2, 1, iv8), frames(1, 0, iv8))}}
	beside := runSpec{track: 1, aux: "saio", runs: [][]frame{frames(2, 0, iv8)}}
	return filmSpec{tracks: []trackSpec{picture, sound}, fragments: []fragmentSpec{
		{trafs: []runSpec{first}}, {trafs: []runSpec{second, beside}}, {trafs: []runSpec{first}},
	}}
}

// TestMissingKeys gives a film key by key, and takes keys away again: all before the first sample without its key comes out, and nothing is lost.
func TestMissingKeys(t *testing.T) {
	sealed, want := rotating().write()
	fragment := func(n int) int { // where the media of a fragment begins
		at := 0
		for range n + 1 {
			at += bytes.Index(sealed[at:], []byte("mdat")) + 4
		}
		return at
	}
	stages := []struct {
		keys    ring
		missing [][16]byte
		upTo    int // bytes that have come out
	}{
		{ring{}, [][16]byte{keyA.ID}, fragment(0)},
		{ring{keyB.ID: keyB}, [][16]byte{keyA.ID}, fragment(0)},
		{ring{keyA.ID: keyA}, [][16]byte{keyB.ID}, fragment(1) + 100 + 137},
		{ring{}, [][16]byte{keyB.ID, keyA.ID}, fragment(1) + 100 + 137},
		{ring{keyB.ID: keyB}, [][16]byte{keyA.ID}, fragment(1) + 2*(100+137)},
		{ring{keyA.ID: keyA}, [][16]byte{keyB.ID}, 0},
		{ring{keyB.ID: keyB}, [][16]byte{keyA.ID}, fragment(2)},
		{ring{keyA.ID: keyA}, nil, len(sealed)},
	}
	for _, n := range []int{len(sealed), 100, 1} {
		keys := ring{}
		d := cenc.NewDecrypter(keys, nil)
		var got []byte
		rest := sealed
		for i, stage := range stages {
			clearMap(keys, stage.keys)
			var missing [][16]byte
			for {
				var piece []byte
				if missing == nil {
					piece, rest = rest[:min(n, len(rest))], rest[min(n, len(rest)):]
				}
				made, err := d.Decrypt(noContext, piece)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, made.Clear...)
				missing = made.Missing
				if missing != nil || len(rest) == 0 {
					break
				}
			}
			if fmt.Sprint(missing) != fmt.Sprint(stage.missing) {
				t.Fatalf("in pieces of %d, stage %d: keys %q are missing, want %q", n, i, missing, stage.missing)
			}
			if stage.upTo > 0 && !bytes.Equal(got, want[:stage.upTo]) {
				t.Fatalf("in pieces of %d, stage %d: %d bytes came out, want %d", n, i, len(got), stage.upTo)
			}
		}
		if !bytes.Equal(got, want) {
			t.Errorf("in pieces of %d: the film is not whole", n)
		}
	}
}

func clearMap(keys, now ring) {
	for id := range keys {
		delete(keys, id)
	}
	maps.Copy(keys, now)
}

// TestInitData has pssh boxes in moov and in a moof: they are told once, whole, and side by side, however the stream is cut and keys come.
func TestInitData(t *testing.T) {
	pssh := func(n byte) []byte { return bx("pssh", zeros(20), u32(1), []byte{n}) }
	film := rotating()
	film.fragments[1].pssh = pssh(3)
	a := author{sealed: true, tracks: film.tracks}
	head := slices.Concat(ftyp, a.moov(pssh(1), pssh(2)))
	stream := slices.Concat(head, a.fragment(film.fragments[0], 0), a.fragment(film.fragments[1], 0))
	for _, n := range []int{1, 10, len(stream)} {
		keys := ring{}
		d := cenc.NewDecrypter(keys, nil)
		var got []cenc.InitData
		for rest := stream; ; {
			made, err := d.Decrypt(noContext, rest[:min(n, len(rest))])
			if err != nil {
				t.Fatal(err)
			}
			rest = rest[min(n, len(rest)):]
			if got = append(got, made.InitData...); made.Missing != nil {
				maps.Copy(keys, keysAB)
			} else if len(rest) == 0 {
				break
			}
		}
		want := []cenc.InitData{{Type: "cenc", Data: slices.Concat(pssh(1), pssh(2))}, {Type: "cenc", Data: pssh(3)}}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("in pieces of %d: %v, want %v", n, got, want)
		}
	}
}

// TestReset leaves a fragment in the middle, and goes on with another one: the initialization segment holds.
func TestReset(t *testing.T) {
	film := rotating()
	a, clearA := author{sealed: true, tracks: film.tracks}, author{tracks: film.tracks}
	head := slices.Concat(ftyp, a.moov())
	for _, base := range []string{"moof", "explicit", "previous"} {
		one := film.fragments[1]
		one.base = base
		part, want := a.fragment(one, 4711), clearA.fragment(one, 4711)
		if base == "explicit" { // counted from elsewhere: the places in it are those of the fragment itself
			one.base = "explicit0"
			part, want = a.fragment(one, 0), clearA.fragment(one, 0)
		}
		for _, stop := range []int{0, 3, 100, len(part) - 100, len(part) - 1} {
			d := cenc.NewDecrypter(keysAB, nil)
			if _, _, err := clear(d, slices.Concat(head, part[:stop]), 1000); err != nil {
				t.Fatal(err)
			}
			d.Reset()
			got, _, err := clear(d, part, 1000)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, after %d bytes and a reset: %v; %d bytes of %d", base, stop, err, len(got), len(want))
			}
			d.Reset()
			if got, _, err = clear(d, slices.Concat(head, part), 1000); err != nil || !bytes.HasSuffix(got, want) {
				t.Errorf("%s, after a reset and a header: %v", base, err)
			}
		}
	}
}

// bigFragment is one of about 4 MB.
func bigFragment(scheme string) (head, part []byte) {
	track := trackSpec{id: 1, kind: "vide", scheme: scheme, version: 1, def: guard{key: keyA, ivSize: 16, crypt: 1, skip: 9}}
	var run []frame
	for i := range 100 {
		run = append(run, frame{bytes: noise(uint64(i), 41943), iv: iv16, subsamples: [][2]int{{100, 20000}, {43, 21800}}})
	}
	a := author{sealed: true, tracks: []trackSpec{track}}
	head = slices.Concat(ftyp, a.moov())
	return head, a.fragment(fragmentSpec{trafs: []runSpec{{aux: "senc", runs: [][]frame{run}}}}, 0)
}

// TestMemoryIsFlat repeats a fragment: once all buffers have grown, nothing is allocated.
func TestMemoryIsFlat(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector drops what a sync.Pool keeps")
	}
	for _, n := range []int{4 << 20, 1 << 16, 1000} {
		head, part := bigFragment("cbcs")
		d := cenc.NewDecrypter(keysAB, nil)
		if _, _, err := clear(d, head, len(head)); err != nil {
			t.Fatal(err)
		}
		once := func() {
			for rest := part; len(rest) > 0; rest = rest[min(n, len(rest)):] {
				if _, err := d.Decrypt(noContext, rest[:min(n, len(rest))]); err != nil {
					t.Fatal(err)
				}
			}
		}
		once()
		if allocs := testing.AllocsPerRun(20, once); allocs > 0.5 {
			t.Errorf("in pieces of %d: %v allocations a fragment", n, allocs)
		}
	}
}

func BenchmarkDecrypter(b *testing.B) {
	for _, scheme := range schemes {
		b.Run(scheme, func(b *testing.B) {
			head, part := bigFragment(scheme)
			d := cenc.NewDecrypter(keysAB, nil)
			if _, err := d.Decrypt(noContext, head); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(part)))
			for b.Loop() {
				if _, err := d.Decrypt(noContext, part); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
