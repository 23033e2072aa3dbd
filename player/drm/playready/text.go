package playready

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// encoding is how a document is written.
type encoding byte

const (
	encodingUTF8 encoding = iota
	encodingUTF16LE
	encodingUTF16BE
)

// decode turns a document into UTF-8, without a byte order mark. UTF-16 is told by its mark, or by the zero byte of a first character that is
// ASCII, as that of every document here is. What is no text comes out as it is: its reader finds nothing in it.
func decode(p []byte) (text string, as encoding) {
	switch {
	case len(p) >= 2 && p[0] == 0xff && p[1] == 0xfe:
		return decodeUTF16(p[2:], binary.LittleEndian), encodingUTF16LE
	case len(p) >= 2 && p[0] == 0xfe && p[1] == 0xff:
		return decodeUTF16(p[2:], binary.BigEndian), encodingUTF16BE
	case len(p) >= 2 && p[0] != 0 && p[1] == 0:
		return decodeUTF16(p, binary.LittleEndian), encodingUTF16LE
	case len(p) >= 2 && p[0] == 0 && p[1] != 0:
		return decodeUTF16(p, binary.BigEndian), encodingUTF16BE
	}
	return strings.TrimPrefix(string(p), "\xef\xbb\xbf"), encodingUTF8
}

// decodeUTF16 stops at a zero, which ends the texts of some CDMs, and leaves out an odd byte at the end.
func decodeUTF16(p []byte, order binary.ByteOrder) string {
	out := make([]byte, 0, len(p)/2)
	for ; len(p) >= 2; p = p[2:] {
		r := rune(order.Uint16(p))
		if r == 0 {
			break
		}
		if utf16.IsSurrogate(r) && len(p) >= 4 {
			if pair := utf16.DecodeRune(r, rune(order.Uint16(p[2:]))); pair != utf8.RuneError {
				r, p = pair, p[2:]
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

func encodeUTF16LE(text string) []byte {
	out := make([]byte, 0, 2*len(text))
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}
