package mp4

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"strconv"
	"strings"

	"github.com/keystream-player/keystream/player/manifest"
)

// codec is the codecs parameter of a sample entry of a format: the format's name, with its profile and level where the entry tells them.
//
// https://www.rfc-editor.org/rfc/rfc6381
func (r *reader) codec(entry sampleEntry, format [4]byte) (string, error) {
	name := printable(format)
	switch name {
	case "Opus":
		return "opus", nil
	case "fLaC":
		return "flac", nil
	case "mp4a":
		return r.mp4a(entry)
	case "avc1", "avc3":
		return r.configured(entry, name, "avcC", 4, avc)
	case "hvc1", "hev1":
		return r.configured(entry, name, "hvcC", 13, hevc)
	case "av01":
		return r.configured(entry, name, "av1C", 4, func(_ string, record []byte) string { return manifest.AV1Codec(record) })
	case "vp08", "vp09":
		return r.configured(entry, name, "vpcC", 7, func(name string, p []byte) string {
			return manifest.VPCodec(name, p[4], p[5], p[6]>>4, p[6]>>1&7)
		})
	}
	return name, nil
}

// configured reads the first n bytes of a configuration box; without the box, the format's name has to do.
func (r *reader) configured(entry sampleEntry, name, kind string, n int64, text func(string, []byte) string) (string, error) {
	config, err := r.find(entry.box, entry.boxes, kind)
	if err != nil || config == nil {
		return name, err
	}
	p, err := r.payload(config, n)
	if err != nil {
		return "", err
	}
	return text(name, p), nil
}

// avc names profile, constraints and level: "avc1.64001e".
func avc(name string, record []byte) string { return name + "." + hex.EncodeToString(record[1:4]) }

// hevc names profile, compatibility, tier, level and constraints: "hvc1.1.6.L93.B0".
//
// ISO/IEC 14496-15, annex E.3
func hevc(name string, record []byte) string {
	space := []string{"", "A", "B", "C"}[record[1]>>6]
	tier := "L"
	if record[1]&0x20 != 0 {
		tier = "H"
	}
	compatibility := bits.Reverse32(binary.BigEndian.Uint32(record[2:]))
	s := name + "." + space + strconv.Itoa(int(record[1]&31)) + "." + upperHex(uint64(compatibility)) + "." + tier + strconv.Itoa(int(record[12]))
	constraints := record[6:12]
	for len(constraints) > 0 && constraints[len(constraints)-1] == 0 {
		constraints = constraints[:len(constraints)-1]
	}
	for _, c := range constraints {
		s += "." + upperHex(uint64(c))
	}
	return s
}

func upperHex(n uint64) string { return strings.ToUpper(strconv.FormatUint(n, 16)) }

// mp4a names the object type and, for MPEG-4 audio, the audio object type: "mp4a.40.2". QuickTime puts esds into a wave box.
func (r *reader) mp4a(entry sampleEntry) (string, error) {
	esds, err := r.find(entry.box, entry.boxes, "esds")
	if err == nil && esds == nil {
		var wave *box
		if wave, err = r.find(entry.box, entry.boxes, "wave"); err == nil && wave != nil {
			esds, err = r.find(wave, wave.body, "esds")
		}
	}
	if err != nil || esds == nil {
		return "mp4a", err
	}
	p, err := r.payload(esds, max(4, min(esds.end-esds.body, readAhead)))
	if err != nil {
		return "", err
	}
	objectType, config, ok := decoderConfig(p[4:])
	if !ok {
		return "", esds.fail("has no whole DecoderConfigDescriptor")
	}
	s := "mp4a." + upperHex(uint64(objectType))
	if audio := audioObjectType(config); objectType == 0x40 && audio != 0 {
		s += "." + strconv.Itoa(audio)
	}
	return s, nil
}

// decoderConfig finds, in an ES_Descriptor, the object type and the DecoderSpecificInfo, which may be absent.
//
// ISO/IEC 14496-1, 7.2.6.5 and 7.2.6.6
func decoderConfig(p []byte) (objectType byte, specific []byte, ok bool) {
	es, _, ok := descriptor(p, 3)
	if !ok || len(es) < 3 {
		return 0, nil, false
	}
	flags, es := es[2], es[3:]
	if flags&0x80 != 0 {
		es = es[min(2, len(es)):]
	}
	if flags&0x40 != 0 && len(es) > 0 {
		es = es[min(1+int(es[0]), len(es)):]
	}
	if flags&0x20 != 0 {
		es = es[min(2, len(es)):]
	}
	config, _, ok := descriptor(es, 4)
	if !ok || len(config) < 13 {
		return 0, nil, false
	}
	specific, _, _ = descriptor(config[13:], 5)
	return config[0], specific, true
}

// descriptor gives the content of the first descriptor with a tag, and what follows it.
func descriptor(p []byte, tag byte) (content, rest []byte, ok bool) {
	for len(p) > 0 {
		found, size, n := p[0], 0, 1
		for more := true; more; n++ {
			if n == len(p) || n > 4 {
				return nil, nil, false
			}
			size, more = size<<7|int(p[n]&0x7f), p[n]&0x80 != 0
		}
		if size > len(p)-n {
			return nil, nil, false
		}
		if found == tag {
			return p[n : n+size], p[n+size:], true
		}
		p = p[n+size:]
	}
	return nil, nil, false
}

// audioObjectType is the first field of an AudioSpecificConfig: five bits, or six more where they are all ones. It is 0 where that is cut off.
//
// ISO/IEC 14496-3, 1.6.2.1
func audioObjectType(config []byte) int {
	if len(config) < 2 {
		return 0
	}
	if t := int(config[0] >> 3); t != 31 {
		return t
	}
	return 32 + int(config[0]&7)<<3 + int(config[1]>>5)
}
