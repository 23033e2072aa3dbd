package dash

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// lexer cuts XML into tags and text, without copying. It is content with more than XML allows: attributes may be odd, namespaces undeclared.
//
// https://www.w3.org/TR/xml/
type lexer struct {
	src []byte
	pos int
}

type tokenKind byte

const (
	endToken   tokenKind = iota // of the document
	openToken                   // <name attributes>
	emptyToken                  // <name attributes/>
	closeToken                  // </name>
	textToken
	cdataToken
)

// token has the name of a tag with its prefix, and the attributes, or the text, as they are written.
type token struct {
	kind       tokenKind
	name, body []byte
}

// next gives the next token; comments and processing instructions are skipped.
func (l *lexer) next() (token, error) {
	for l.pos < len(l.src) {
		rest := l.src[l.pos:]
		if rest[0] != '<' {
			end := bytes.IndexByte(rest, '<')
			if end < 0 {
				end = len(rest)
			}
			l.pos += end
			return token{kind: textToken, body: rest[:end]}, nil
		}
		if len(rest) < 2 {
			return token{}, errCutOff
		}
		switch rest[1] {
		case '?':
			if _, err := l.until(2, "?>"); err != nil {
				return token{}, err
			}
		case '!':
			switch {
			case bytes.HasPrefix(rest, []byte("<!--")):
				if _, err := l.until(4, "-->"); err != nil {
					return token{}, err
				}
			case bytes.HasPrefix(rest, []byte("<![CDATA[")):
				body, err := l.until(9, "]]>")
				return token{kind: cdataToken, body: body}, err
			default:
				return token{}, errDoctype
			}
		case '/':
			body, err := l.until(2, ">")
			return token{kind: closeToken, name: bytes.TrimRight(body, " \t\r\n")}, err
		default:
			return l.tag()
		}
	}
	return token{}, nil
}

// until gives what is between the start of a construct, of so many bytes, and its end.
func (l *lexer) until(start int, end string) ([]byte, error) {
	from := l.pos + start
	n := bytes.Index(l.src[min(from, len(l.src)):], []byte(end))
	if n < 0 {
		return nil, errCutOff
	}
	l.pos = from + n + len(end)
	return l.src[from : from+n], nil
}

// tag reads a start tag. A > in a quoted value does not end it.
func (l *lexer) tag() (token, error) {
	src := l.src[l.pos+1:]
	name := 0
	for name < len(src) && !isSpace(src[name]) && src[name] != '>' && src[name] != '/' {
		name++
	}
	if name == 0 {
		return token{}, errTagName
	}
	end, quote := name, byte(0)
	for ; end < len(src) && end <= maxTag; end++ {
		switch c := src[end]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			l.pos += end + 2
			t := token{kind: openToken, name: src[:name], body: src[name:end]}
			if src[end-1] == '/' {
				t.kind, t.body = emptyToken, src[name:end-1]
			}
			return t, nil
		}
	}
	if end > maxTag {
		return token{}, errTag
	}
	return token{}, errCutOff
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// attributes are those of one tag that are still to be read.
type attributes []byte

// next gives the name and the value, as it is written, of the next attribute. A prefix makes it somebody else's, unless it is one of the two that DASH
// borrows, cenc:default_KID and xlink:href.
func (a *attributes) next() (name, value []byte, ok bool) {
	s := *a
	for {
		for len(s) > 0 && (isSpace(s[0]) || s[0] == '/') {
			s = s[1:]
		}
		end, colon := 0, -1
		for end < len(s) && s[end] != '=' && !isSpace(s[end]) {
			if s[end] == ':' {
				colon = end
			}
			end++
		}
		name = s[:end]
		for end < len(s) && isSpace(s[end]) {
			end++
		}
		if end == len(s) || s[end] != '=' {
			if end == len(s) {
				return nil, nil, false
			}
			s = s[end:]
			continue
		}
		for end++; end < len(s) && isSpace(s[end]); end++ {
		}
		if end == len(s) {
			return nil, nil, false
		}
		quote := s[end]
		if quote != '"' && quote != '\'' {
			s = s[end:]
			continue
		}
		from := end + 1
		for end = from; end < len(s) && s[end] != quote; end++ {
		}
		if end == len(s) {
			return nil, nil, false
		}
		value, s = s[from:end], s[end+1:]
		if local := name[colon+1:]; colon < 0 || string(local) == "default_KID" || string(local) == "href" {
			*a = s
			return local, value, true
		}
	}
}

// text is a value or a text with its references replaced. One that is no reference stays as it is written.
func text(raw []byte) string {
	if bytes.IndexByte(raw, '&') < 0 {
		return string(raw)
	}
	out := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		if raw[0] == '&' {
			if r, size := reference(raw); size > 0 {
				out, raw = utf8.AppendRune(out, r), raw[size:]
				continue
			}
		}
		out, raw = append(out, raw[0]), raw[1:]
	}
	return string(out)
}

// reference reads "&amp;", "&#38;" or "&#x26;"; size is 0 where it is neither.
func reference(raw []byte) (r rune, size int) {
	end := bytes.IndexByte(raw[:min(len(raw), 12)], ';')
	if end < 0 {
		return 0, 0
	}
	name, size := string(raw[1:end]), end+1
	switch name {
	case "amp":
		return '&', size
	case "lt":
		return '<', size
	case "gt":
		return '>', size
	case "quot":
		return '"', size
	case "apos":
		return '\'', size
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok || digits == "" {
		return 0, 0
	}
	radix := rune(10)
	if digits[0]|0x20 == 'x' {
		radix, digits = 16, digits[1:]
	}
	for i := range len(digits) {
		digit := hexDigit(digits[i])
		if digit < 0 || rune(digit) >= radix || r > utf8.MaxRune {
			return 0, 0
		}
		r = r*radix + rune(digit)
	}
	if r == 0 {
		r = utf8.RuneError
	}
	return r, size
}

// hexDigit is -1 where it is none.
func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
