package mp4_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
)

// seig is a group of samples: a key of its own, with IVs of 8 bytes in senc.
func seig(kid string) []byte { return unhex("00 00 01 08" + kid) }

// constant is a group whose IV stands with it, as in cbcs.
func constant(kid, iv string) []byte {
	return slices.Concat(unhex("00 19 01 00"+kid), []byte{byte(len(iv) / 2)}, unhex(iv))
}

// sgpd describes groups of a kind; fields is what stands between the kind and the number of groups.
func sgpd(version byte, kind, fields string, groups ...[]byte) []byte {
	return bx("sgpd", []byte{version, 0, 0, 0}, []byte(kind), unhex(fields), u32(len(groups)), bytes.Join(groups, nil))
}

func moof(boxes ...[]byte) []byte {
	return bx("moof", append([][]byte{bx("mfhd", zeros(8))}, boxes...)...)
}

func traf(boxes ...[]byte) []byte {
	return bx("traf", append([][]byte{bx("tfhd", zeros(8)), bx("senc", zeros(40))}, boxes...)...)
}

func TestReadFragment(t *testing.T) {
	a, b := manifest.KeyID(unhex(kidA)), manifest.KeyID(unhex(kidB))
	iv8, iv16 := "0001020304050607", "000102030405060708090a0b0c0d0e0f"
	common := mp4.BuildPSSH(mp4.SystemCommon, []manifest.KeyID{a}, nil)
	foreign := mp4.BuildPSSH([16]byte{1}, nil, []byte("data"))
	long := func(group []byte) []byte { return slices.Concat(u32(len(group)), group) }
	names := func(ids ...manifest.KeyID) mp4.Fragment { return mp4.Fragment{KeyIDs: ids} }
	for name, test := range map[string]struct {
		box  []byte
		want mp4.Fragment
	}{
		"nothing":                  {moof(traf(bx("trun", zeros(20)))), mp4.Fragment{}},
		"pssh boxes":               {moof(common, traf(), foreign), mp4.Fragment{PSSH: slices.Concat(common, foreign)}},
		"a group, as shaka writes": {moof(traf(bx("sbgp", zeros(20)), sgpd(1, "seig", "00000014", seig(kidA))), common), mp4.Fragment{common, []manifest.KeyID{a}}},
		"groups, in two sgpd":      {moof(traf(sgpd(1, "seig", "00000014", seig(kidB)), sgpd(1, "seig", "00000014", seig(kidA)))), names(b, a)},
		"groups, in two traf":      {moof(traf(sgpd(1, "seig", "00000014", seig(kidB))), traf(sgpd(1, "seig", "00000014", seig(kidA)))), names(b, a)},
		"a key twice":              {moof(traf(sgpd(1, "seig", "00000014", seig(kidA), seig(kidB), seig(kidA)))), names(a, b)},
		"another kind of group":    {moof(traf(sgpd(1, "roll", "00000002", unhex("ffff")))), mp4.Fragment{}},
		"a clear group":            {moof(traf(sgpd(1, "seig", "00000014", unhex("00000000"+kidA), seig(kidB)))), names(b)},
		"a zero key id":            {moof(traf(sgpd(1, "seig", "00000014", seig(strings.Repeat("00", 16)), seig(kidB)))), names(b)},
		"version 0":                {moof(traf(sgpd(0, "seig", "", seig(kidA), constant(kidB, iv16), seig(kidA)))), names(a, b)},
		"version 1, a long length": {moof(traf(sgpd(1, "seig", "00000018", append(seig(kidA), 0, 0, 0, 0), append(seig(kidB), 9, 9, 9, 9)))), names(a, b)},
		"version 1, own lengths":   {moof(traf(sgpd(1, "seig", "00000000", long(constant(kidA, iv8)), long(seig(kidB))))), names(a, b)},
		"version 2, with a length": {moof(traf(sgpd(2, "seig", "00000014 00000001", seig(kidA), seig(kidB)))), names(a, b)},
		"version 2, own lengths":   {moof(traf(sgpd(2, "seig", "00000000 00000000", long(seig(kidA)), long(constant(kidB, iv16))))), names(a, b)},
		"version 2, without":       {moof(traf(sgpd(2, "seig", "00000001", constant(kidA, iv16), seig(kidB)))), names(a, b)},
		"groups of moov": {
			bx("moov", mvhd, common, bx("trak", bx("mdia", bx("minf", bx("stbl", sgpd(1, "seig", "00000014", seig(kidA))))))), names(a),
		},
		"a moov with tracks and no groups": {film(video(visual("avc1", avcC)), bx("trak"))[len(ftyp):], mp4.Fragment{}},
		"64-bit sizes, and what follows": {
			append(wide("moof", wide("traf", wide("sgpd", sgpd(1, "seig", "00000014", seig(kidA))[8:]))), "mdat"...), names(a),
		},
		"a size of 0": {append(u32(0), moof(traf(sgpd(1, "seig", "00000014", seig(kidA))))[4:]...), names(a)},
		"another box": {bx("styp", common), mp4.Fragment{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := mp4.ReadFragment(test.box)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}
}

func TestReadFragmentErrors(t *testing.T) {
	for name, test := range map[string]struct {
		box  []byte
		want string
	}{
		"nothing":                   {nil, "file at byte 0: is too short"},
		"cut off":                   {moof(traf())[:50], "moof at byte 0: has the size 96 where 50 bytes are left"},
		"cut 64-bit size":           {wide("moof")[:12], "moof at byte 0: has the size 1 where 12 bytes are left"},
		"an impossible size":        {sized(3, "moof"), "moof at byte 0: has the size 3"},
		"a child longer than moof":  {moof(sized(99, "traf")), "moof/traf at byte 24: has the size 99 where 8 bytes are left"},
		"a size of 0, cut off":      {append(u32(0), moof(traf())[4:40]...), "moof/traf at byte 24: has the size 72"},
		"short sgpd":                {moof(traf(bx("sgpd", zeros(11)))), "moof/traf/sgpd at byte 96: is too short"},
		"short version 1":           {moof(traf(sgpd(1, "seig", ""))), "is too short"},
		"version 0, cut":            {moof(traf(bx("sgpd", zeros(4), []byte("seig"), u32(1), zeros(19)))), "sgpd at byte 96: ends within a group"},
		"version 0, an IV cut":      {moof(traf(bx("sgpd", zeros(4), []byte("seig"), u32(1), constant(kidA, "00010203")[:24]))), "ends within a group"},
		"version 1, groups too few": {moof(traf(bx("sgpd", unhex("01000000"), []byte("seig"), u32(20), u32(2), seig(kidA)))), "ends within a group"},
		"version 1, a short length": {moof(traf(sgpd(1, "seig", "00000013", seig(kidA)))), "ends within a group"},
		"version 1, endless":        {moof(traf(bx("sgpd", unhex("01000000"), []byte("seig"), u32(0), unhex("ffffffff")))), "ends within a group"},
		"version 2, too short":      {moof(traf(bx("sgpd", unhex("02000000"), []byte("seig"), zeros(4)))), "is too short"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mp4.ReadFragment(test.box)
			var typed *mp4.Error
			if !errors.As(err, &typed) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestReadFragmentKeepsWhatStandsBeforeABrokenBox(t *testing.T) {
	common := mp4.BuildPSSH(mp4.SystemCommon, nil, nil)
	got, err := mp4.ReadFragment(moof(common, traf(sgpd(1, "seig", "00000014", seig(kidA))), traf(bx("sgpd", zeros(3)))))
	want := mp4.Fragment{PSSH: common, KeyIDs: []manifest.KeyID{manifest.KeyID(unhex(kidA))}}
	if err == nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

// TestReadFragmentIsBounded gives a box of 64 kB with a different key for each 20 bytes of it.
func TestReadFragmentIsBounded(t *testing.T) {
	var groups [][]byte
	for i := range 3200 {
		groups = append(groups, seig(fmt.Sprintf("%032x", 1+i)))
	}
	got, err := mp4.ReadFragment(moof(traf(sgpd(1, "seig", "00000014", groups...))))
	if err != nil || len(got.KeyIDs) != 256 {
		t.Errorf("got %d key ids, %v; want 256", len(got.KeyIDs), err)
	}
}

// boxesOf gives what an Outline hands over of a file that comes in pieces.
func boxesOf(t *testing.T, file []byte, pieceSize int) (boxes [][]byte) {
	t.Helper()
	o := mp4.Outline{Box: func(box []byte) { boxes = append(boxes, bytes.Clone(box)) }}
	for at := 0; at < len(file); at += pieceSize {
		piece := file[at:min(at+pieceSize, len(file))]
		if err := o.Add(bytes.NewReader(piece), int64(len(piece))); err != nil {
			t.Fatal(err)
		}
	}
	return boxes
}

func TestOutlineHandsOverBoxes(t *testing.T) {
	first, second := moof(traf()), wide("moof", traf(zeros(50)))
	moov := bx("moov", mvhd)
	largest, tooLarge := bx("moof", zeros(64<<10-8)), bx("moof", zeros(64<<10-7))
	small := bx("moof")
	mdat := bx("mdat", []byte("\x00\x00\x00\x08moof"))
	file := slices.Concat(ftyp, moov, first, mdat, wide("mdat", zeros(70)), small, second, mdat)
	for pieceSize := 1; pieceSize <= len(file); pieceSize++ {
		if got := boxesOf(t, file, pieceSize); !reflect.DeepEqual(got, [][]byte{moov, first, small, second}) {
			t.Fatalf("in pieces of %d: got %x", pieceSize, got)
		}
	}
	for name, test := range map[string]struct {
		file []byte
		want [][]byte
	}{
		"the largest":           {slices.Concat(largest, small), [][]byte{largest, small}},
		"one that is too large": {slices.Concat(tooLarge, small), [][]byte{small}},
		"one to the end":        {append(small, sized(0, "moof", traf())...), [][]byte{small}},
		"one that is cut off":   {slices.Concat(small, first[:40]), [][]byte{small}},
		"one of a wrong size":   {append(small, sized(4, "moof", small)...), [][]byte{small}},
	} {
		for _, pieceSize := range []int{1 + len(test.file), 1000, 13} {
			if got := boxesOf(t, test.file, pieceSize); !reflect.DeepEqual(got, test.want) {
				t.Errorf("%s, in pieces of %d: got %d boxes, want %d", name, pieceSize, len(got), len(test.want))
			}
		}
	}
}

func TestOutlineHandsABoxOverAtItsLastByte(t *testing.T) {
	file := slices.Concat(ftyp, moof(traf()), bx("mdat", zeros(10)))
	whole := len(ftyp) + len(moof(traf()))
	var at, handed int
	o := mp4.Outline{Box: func([]byte) { handed = at }}
	for at = 1; at <= len(file); at++ {
		if err := o.Add(bytes.NewReader(file[at-1:at]), 1); err != nil {
			t.Fatal(err)
		}
	}
	if handed != whole {
		t.Errorf("handed over after %d bytes, want %d", handed, whole)
	}
}

func TestOutlineTellsWhatReadingFailedWith(t *testing.T) {
	lost := errors.New("lost")
	o := mp4.Outline{Box: func([]byte) {}}
	if err := o.Add(broken{lost}, 100); !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
	first := moof(traf())
	if err := o.Add(bytes.NewReader(first[:20]), 20); err != nil {
		t.Fatal(err)
	}
	if err := o.Add(broken{lost}, 100); !errors.Is(err, lost) {
		t.Errorf("within a moof: got %v", err)
	}
}

// TestFragmentsOfAFilm reads a film whose keys change, made by shaka-packager.
func TestFragmentsOfAFilm(t *testing.T) {
	for name, wantPSSH := range map[string]int{"mp4-cenc-rotation-video.mp4": 5, "mp4-cenc-rotation-no-pssh-video.mp4": 0} {
		file, err := os.ReadFile(media + name)
		if err != nil {
			t.Fatal(err)
		}
		var ids []manifest.KeyID
		pssh := 0
		for _, box := range boxesOf(t, file, 5000) {
			fragment, err := mp4.ReadFragment(box)
			if err != nil {
				t.Fatal(err)
			}
			boxes, err := mp4.ParsePSSH(fragment.PSSH)
			if err != nil {
				t.Fatal(err)
			}
			for _, box := range boxes {
				pssh++
				if !reflect.DeepEqual(box.KeyIDs, fragment.KeyIDs) {
					t.Errorf("%s: the pssh box names %x, the group %x", name, box.KeyIDs, fragment.KeyIDs)
				}
			}
			for _, id := range fragment.KeyIDs {
				if !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
		}
		if len(ids) != 4 || pssh != wantPSSH {
			t.Errorf("%s: %d key ids and %d pssh boxes, want 4 and %d", name, len(ids), pssh, wantPSSH)
		}
	}
}

func FuzzReadFragment(f *testing.F) {
	f.Add(moof(traf(sgpd(1, "seig", "00000014", seig(kidA))), mp4.BuildPSSH(mp4.SystemCommon, nil, nil)))
	f.Add(moof(traf(sgpd(0, "seig", "", constant(kidA, "0001020304050607"), seig(kidB)))))
	f.Add(moof(traf(sgpd(2, "seig", "00000001", seig(kidA)), sgpd(2, "seig", "00000014 00000001", seig(kidA)))))
	f.Add(bx("moov", bx("trak", bx("mdia", bx("minf", bx("stbl", sgpd(1, "seig", "00000000", u32(20), seig(kidA))))))))
	f.Fuzz(func(t *testing.T, box []byte) {
		fragment, err := mp4.ReadFragment(box)
		var typed *mp4.Error
		if err != nil && !errors.As(err, &typed) {
			t.Errorf("%T %v", err, err)
		}
		if len(fragment.PSSH) > len(box) || len(fragment.KeyIDs) > len(box)/20 || slices.Contains(fragment.KeyIDs, manifest.KeyID{}) {
			t.Errorf("%d bytes of pssh and %x out of %d bytes", len(fragment.PSSH), fragment.KeyIDs, len(box))
		}
	})
}
