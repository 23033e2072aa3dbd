package mp4_test

import (
	"slices"
	"testing"
)

func TestCodecs(t *testing.T) {
	config := func(kind, content string) []byte { return bx(kind, unhex(content)) }
	es := func(objectType, specific string) []byte {
		decoder := slices.Concat(unhex(objectType), unhex("15 000000 00000000 00000000"), unhex(specific))
		return bx("esds", zeros(4), unhex("03"), []byte{byte(5 + len(decoder))}, unhex("0001 00 04"), []byte{byte(len(decoder))}, decoder)
	}
	quickTime := func(version byte, extra int, boxes ...[]byte) []byte {
		return bx("mp4a", zeros(8), []byte{0, version}, zeros(18), zeros(extra), slices.Concat(boxes...))
	}
	for _, test := range []struct {
		name string
		trak []byte
		want string
	}{
		{"AVC high 3.0", video(visual("avc1", config("avcC", "01 64001e ff"))), "avc1.64001e"},
		{"AVC baseline 4.0, parameters in band", video(visual("avc3", config("avcC", "01 42e028 ff"))), "avc3.42e028"},
		{"AVC behind another box, then padding", video(visual("avc1", bx("pasp", zeros(8)), config("avcC", "01 4d401f ff"), zeros(4))), "avc1.4d401f"},
		{"AVC without configuration", video(visual("avc3")), "avc3"},
		{"HEVC main", video(visual("hvc1", config("hvcC", "01 01 60000000 b00000000000 5d"))), "hvc1.1.6.L93.B0"},
		{"HEVC main 10, in band", video(visual("hev1", config("hvcC", "01 02 20000000 b00000000000 7b"))), "hev1.2.4.L123.B0"},
		{"HEVC range extensions, inner zero, high tier", video(visual("hvc1", config("hvcC", "01 24 08000000 9d0008000000 99"))), "hvc1.4.10.H153.9D.0.8"},
		{"HEVC with a profile space, no constraints", video(visual("hvc1", config("hvcC", "01 41 40000000 000000000000 5d"))), "hvc1.A1.2.L93"},
		{"AV1 main, 8 bit", video(visual("av01", config("av1C", "81 04 0c 00"))), "av01.0.04M.08"},
		{"AV1 main, high tier, 10 bit", video(visual("av01", config("av1C", "81 0d cc 00"))), "av01.0.13H.10"},
		{"AV1 high, 4:4:4", video(visual("av01", config("av1C", "81 20 00 00"))), "av01.1.00M.08.0.000.01.01.01.0"},
		{"AV1 in grey", video(visual("av01", config("av1C", "81 04 1c 00"))), "av01.0.04M.08.1.110.01.01.01.0"},
		{"AV1 professional, 4:2:2, 12 bit", video(visual("av01", config("av1C", "81 48 68 00"))), "av01.2.08M.12.0.100.01.01.01.0"},
		{"VP9 profile 0", video(visual("vp09", config("vpcC", "01000000 00 1f 82 02 02 02 0000"))), "vp09.00.31.08"},
		{"VP9 profile 2, 10 bit", video(visual("vp09", config("vpcC", "01000000 02 0a a2 09 10 09 0000"))), "vp09.02.10.10"},
		{"VP9 profile 1, 4:4:4", video(visual("vp09", config("vpcC", "01000000 01 0a 86 02 02 02 0000"))), "vp09.01.10.08.03.01.01.01.00"},
		{"VP9 of unknown level", video(visual("vp09", config("vpcC", "01000000 00 00 82 02 02 02 0000"))), "vp09.00.10.08"},
		{"VP8", video(visual("vp08", config("vpcC", "01000000 00 0a 82 02 02 02 0000"))), "vp08.00.10.08"},
		{"AAC LC", audio(sound("mp4a", es("40", "0502 1210"))), "mp4a.40.2"},
		{"HE-AAC", audio(sound("mp4a", es("40", "0502 2b92"))), "mp4a.40.5"},
		{"HE-AAC v2", audio(sound("mp4a", es("40", "0502 eb8a"))), "mp4a.40.29"},
		{"xHE-AAC, an extended type", audio(sound("mp4a", es("40", "0504 f94a0000"))), "mp4a.40.42"},
		{"MPEG-4 audio of no known type", audio(sound("mp4a", es("40", ""))), "mp4a.40"},
		{"MP3 in MPEG-1", audio(sound("mp4a", es("6b", ""))), "mp4a.6B"},
		{"MP3 in MPEG-2", audio(sound("mp4a", es("69", ""))), "mp4a.69"},
		{"AAC of MPEG-2", audio(sound("mp4a", es("67", "0502 1210"))), "mp4a.67"},
		{"lengths of several bytes, all optional fields", audio(sound("mp4a",
			config("esds", "00000000 0380808022 0001 e0 0002 0161 0003 0480808014 40 15 000000 00000000 00000000 0580808002 1210"))), "mp4a.40.2"},
		{"mp4a without esds", audio(sound("mp4a")), "mp4a"},
		{"QuickTime version 1", audio(quickTime(1, 16, bx("wave", bx("frma", []byte("mp4a")), es("40", "0502 1210"), zeros(8)))), "mp4a.40.2"},
		{"QuickTime version 2", audio(quickTime(2, 36, es("40", "0502 1210"))), "mp4a.40.2"},
		{"entry version 1 in stsd version 1", trak("soun",
			bx("stsd", []byte{1, 0, 0, 0}, u32(1), quickTime(1, 0, es("40", "0502 1210")))), "mp4a.40.2"},
		{"Opus", audio(sound("Opus", bx("dOps", zeros(11)))), "opus"},
		{"FLAC", audio(sound("fLaC")), "flac"},
		{"AC-3", audio(sound("ac-3")), "ac-3"},
		{"E-AC-3", audio(sound("ec-3")), "ec-3"},
		{"unknown", video(visual("raw ")), "raw"},
		{"unknown, not to be shown", video(visual("\"a,\x00")), "0x22612c00"},
		{"encrypted HEVC", video(
			visual("encv", config("hvcC", "01 01 60000000 b00000000000 5d"), sinf("hvc1", "cbcs", tencV1(kidA)))), "hvc1.1.6.L93.B0"},
		{"encrypted Opus", audio(sound("enca", sinf("Opus", "cenc", tencV0(kidA)))), "opus"},
	} {
		t.Run(test.name, func(t *testing.T) {
			header, err := read(film(test.trak))
			if err != nil {
				t.Fatal(err)
			}
			if got := header.Tracks[0].Codec; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
