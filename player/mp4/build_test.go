package mp4_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

// bx makes a box.
func bx(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return slices.Concat(u32(8+len(body)), []byte(kind), body)
}

// wide makes a box with a 64-bit size.
func wide(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return slices.Concat(u32(1), []byte(kind), binary.BigEndian.AppendUint64(nil, uint64(16+len(body))), body)
}

// sized makes a box whose size field says something else.
func sized(size int, kind string, parts ...[]byte) []byte {
	return append(u32(size), bx(kind, parts...)[4:]...)
}

func u32(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

func zeros(n int) []byte { return make([]byte, n) }

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

var (
	ftyp = bx("ftyp", []byte("isom"), u32(512), []byte("isomiso6"))
	mvhd = bx("mvhd", zeros(12), u32(1000), u32(10500), zeros(80))
	mvex = bx("mvex", bx("trex", zeros(24)))
	avcC = bx("avcC", unhex("01 64001e ff e1 0000 00"))
	esds = bx("esds", unhex("00000000 0319 0001 00 0411 40 15 000000 00000000 00000000 0502 1210 060102"))
	kidA = "000102030405060708090a0b0c0d0e0f"
	kidB = "101112131415161718191a1b1c1d1e1f"
)

func visual(format string, boxes ...[]byte) []byte {
	return bx(format, slices.Concat(zeros(78), bytes.Join(boxes, nil)))
}

func sound(format string, boxes ...[]byte) []byte {
	return bx(format, slices.Concat(zeros(28), bytes.Join(boxes, nil)))
}

func stsd(entries ...[]byte) []byte {
	return bx("stsd", zeros(4), u32(len(entries)), bytes.Join(entries, nil))
}

// trak makes a track of a handler around an stsd.
func trak(handler string, stsd []byte) []byte {
	return bx("trak", bx("tkhd", zeros(84)), bx("mdia", bx("mdhd", zeros(24)), bx("hdlr", zeros(8), []byte(handler), zeros(13)),
		bx("minf", bx("vmhd", zeros(12)), bx("stbl", stsd, bx("stts", zeros(8))))))
}

func video(entries ...[]byte) []byte { return trak("vide", stsd(entries...)) }
func audio(entries ...[]byte) []byte { return trak("soun", stsd(entries...)) }

// sinf protects a sample entry.
func sinf(format, scheme, tenc string) []byte {
	return bx("sinf", bx("frma", []byte(format)), bx("schm", zeros(4), []byte(scheme), u32(0x10000)), bx("schi", bx("tenc", unhex(tenc))))
}

func tencV0(kid string) string { return "00000000 0000 01 08" + kid }
func tencV1(kid string) string { return "01000000 0019 01 00" + kid + "10" + kidB }

// film is a whole header.
func film(moov ...[]byte) []byte {
	return slices.Concat(ftyp, bx("moov", append([][]byte{mvhd}, moov...)...))
}
