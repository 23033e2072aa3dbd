package mp4_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
)

// common is the example of https://www.w3.org/TR/eme-initdata-cenc/#common-system: two key ids, no data.
const common = "00000044 70737368 01000000 1077efecc0b24d02ace33c1e52e2fb4b 00000002" +
	"30313233343536373839303132333435 4142434445464748494a4b4c4d4e4f50 00000000"

func TestParsePSSH(t *testing.T) {
	ids := []manifest.KeyID{manifest.KeyID([]byte("0123456789012345")), manifest.KeyID([]byte("ABCDEFGHIJKLMNOP"))}
	widevine := [16]byte(unhex("edef8ba979d64acea3c827dcd51d21ed"))
	v1, v0 := unhex(common), mp4.BuildPSSH(widevine, nil, []byte("data"))
	future := bx("pssh", []byte{2, 0, 0, 0}, widevine[:], zeros(3))
	long := wide("pssh", v0[8:])
	for name, test := range map[string]struct {
		data []byte
		want []mp4.PSSH
	}{
		"nothing": {nil, nil},
		"several": {slices.Concat(v1, v0), []mp4.PSSH{
			{SystemID: mp4.SystemCommon, Version: 1, KeyIDs: ids, Data: []byte{}, Raw: v1}, {SystemID: widevine, Data: []byte("data"), Raw: v0},
		}},
		"unknown version":    {future, []mp4.PSSH{{SystemID: widevine, Version: 2, Raw: future}}},
		"64-bit size":        {long, []mp4.PSSH{{SystemID: widevine, Data: []byte("data"), Raw: long}}},
		"size 0":             {append(u32(0), v0[4:]...), []mp4.PSSH{{SystemID: widevine, Data: []byte("data"), Raw: append(u32(0), v0[4:]...)}}},
		"padding in the box": {bx("pssh", v0[8:], zeros(3)), []mp4.PSSH{{SystemID: widevine, Data: []byte("data"), Raw: bx("pssh", v0[8:], zeros(3))}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := mp4.ParsePSSH(test.data)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}
}

func TestParsePSSHErrors(t *testing.T) {
	whole := unhex(common)
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"cut off":          {whole[:7], "is cut off"},
		"another box":      {bx("free", zeros(30)), "is a box of type free"},
		"longer than data": {whole[:60], "has the size 68 where 60 bytes are left"},
		"size 7":           {sized(7, "pssh", zeros(30)), "has the size 7"},
		"cut 64-bit size":  {append(u32(1), "pssh\x00\x00"...), "has the size 1 "},
		"no system id":     {bx("pssh", zeros(19)), "is too short for a system id"},
		"no count":         {bx("pssh", []byte{1}, zeros(20)), "names more key ids than it holds"},
		"too many key ids": {bx("pssh", []byte{1}, zeros(19), unhex("ffffffff"), zeros(32)), "names more key ids than it holds"},
		"too much data":    {bx("pssh", zeros(20), u32(5), zeros(4)), "holds less data than it says"},
		"no data size":     {bx("pssh", zeros(20)), "holds less data than it says"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mp4.ParsePSSH(slices.Concat(whole, test.data))
			var typed *mp4.Error
			if !errors.As(err, &typed) || typed.Offset != int64(len(whole)) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q at byte %d", err, test.want, len(whole))
			}
		})
	}
}

func TestBuildPSSH(t *testing.T) {
	got := mp4.BuildPSSH(mp4.SystemCommon, []manifest.KeyID{manifest.KeyID([]byte("0123456789012345")), manifest.KeyID([]byte("ABCDEFGHIJKLMNOP"))}, nil)
	if want := unhex(common); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

func FuzzParsePSSH(f *testing.F) {
	f.Add(unhex(common))
	f.Add(mp4.BuildPSSH([16]byte{1}, nil, []byte("data")))
	f.Add(wide("pssh", zeros(24)))
	f.Fuzz(func(t *testing.T, data []byte) {
		boxes, err := mp4.ParsePSSH(data)
		var raw []byte
		for _, box := range boxes {
			if 16*len(box.KeyIDs)+len(box.Data) > len(box.Raw) {
				t.Errorf("%+v holds more than its box", box)
			}
			raw = append(raw, box.Raw...)
		}
		if err == nil && !bytes.Equal(raw, data) {
			t.Errorf("%x read as %x", data, raw)
		}
	})
}
