package manifest

import "strconv"

// AV1Codec is the codecs parameter of an AV1 track, "av01.0.04M.08", for its AV1CodecConfigurationRecord: the av1C box of MP4, CodecPrivate
// of WebM. It is "" for a record that is cut off. The optional fields of colour, of which all or none may stand, say that the colours are
// subsampled otherwise than 4:2:0, where they are.
//
// https://aomediacodec.github.io/av1-isobmff/#codecsparam
func AV1Codec(record []byte) string {
	if len(record) < 4 {
		return ""
	}
	profile, level, flags := record[1]>>5, record[1]&31, record[2]
	tier, depth := "M", byte(8)
	if flags&0x80 != 0 {
		tier = "H"
	}
	if flags&0x40 != 0 {
		depth = 10
		if profile == 2 && flags&0x20 != 0 {
			depth = 12
		}
	}
	s := "av01." + strconv.Itoa(int(profile)) + "." + twoDigits(level) + tier + "." + twoDigits(depth)
	if color := flags & 0x1c; color != 0x0c {
		s += "." + strconv.Itoa(int(color>>4)) + "." + strconv.Itoa(int(color>>3&1)) + strconv.Itoa(int(color>>2&1)) + "0.01.01.01.0"
	}
	return s
}

// VPCodec is the codecs parameter of a VP8 or VP9 track, "vp09.00.10.08". Level 0, which muxers write where they do not know it and browsers
// refuse, becomes the lowest level. chroma is the record's chromaSubsampling: from 2 on, which is otherwise than 4:2:0, it is named, and so are
// the other fields then.
//
// https://www.webmproject.org/vp9/mp4/#codecs-parameter-string
func VPCodec(format string, profile, level, depth, chroma byte) string {
	if level == 0 {
		level = 10
	}
	s := format + "." + twoDigits(profile) + "." + twoDigits(level) + "." + twoDigits(depth)
	if chroma > 1 {
		s += "." + twoDigits(chroma) + ".01.01.01.00"
	}
	return s
}

func twoDigits(n byte) string {
	s := strconv.Itoa(int(n))
	if len(s) < 2 {
		return "0" + s
	}
	return s
}
