package dash

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// utf8Text is the document in UTF-8, without a byte order mark. Documents in UTF-16 are told by theirs, or by their first character, which is "<".
//
// https://www.w3.org/TR/xml/#sec-guessing
func utf8Text(mpd []byte) []byte {
	if text, ok := bytes.CutPrefix(mpd, []byte("\xef\xbb\xbf")); ok {
		return text
	}
	if len(mpd) < 2 {
		return mpd
	}
	switch [2]byte(mpd) {
	case [2]byte{0xff, 0xfe}:
		return fromUTF16(mpd[2:], 0)
	case [2]byte{0xfe, 0xff}:
		return fromUTF16(mpd[2:], 1)
	case [2]byte{'<', 0}:
		return fromUTF16(mpd, 0)
	case [2]byte{0, '<'}:
		return fromUTF16(mpd, 1)
	}
	return mpd
}

// fromUTF16 reads units whose low byte is at index low of the two.
func fromUTF16(p []byte, low int) []byte {
	text := make([]byte, 0, len(p)/2+len(p)/8)
	for ; len(p) >= 2; p = p[2:] {
		r := rune(p[1-low])<<8 | rune(p[low])
		if utf16.IsSurrogate(r) && len(p) >= 4 {
			if pair := utf16.DecodeRune(r, rune(p[3-low])<<8|rune(p[2+low])); pair != utf8.RuneError {
				r, p = pair, p[2:]
			}
		}
		text = utf8.AppendRune(text, r)
	}
	return text
}
