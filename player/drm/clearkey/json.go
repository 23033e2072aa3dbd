package clearkey

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds nesting; a licence needs 3.
const maxDepth = 8

// member is a name and its value in an object.
type member struct {
	name  string
	value any
}

// object is a JSON object, in the order of its text.
type object []member

// get returns the value of the first member of that name.
func (o object) get(name string) (any, bool) {
	for _, m := range o {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

// number is a JSON number as written: Clear Key needs none.
type number string

// scanner reads JSON (RFC 8259), strictly.
type scanner struct {
	text string
	at   int
}

// parseJSON reads one value: an object, a []any, a string, a number, a bool or nil.
func parseJSON(text string) (any, error) {
	s := &scanner{text: text}
	v, err := s.value(0)
	if err != nil {
		return nil, err
	}
	s.space()
	if s.at < len(s.text) {
		return nil, s.fail("text after the end of the JSON value")
	}
	return v, nil
}

func (s *scanner) fail(what string) error {
	return errors.New("malformed JSON at byte " + strconv.Itoa(s.at) + ": " + what)
}

func (s *scanner) space() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t' || s.text[s.at] == '\n' || s.text[s.at] == '\r') {
		s.at++
	}
}

// next skips white space and gives the byte after it, 0 at the end.
func (s *scanner) next() byte {
	s.space()
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, s.fail("nested too deeply")
	}
	switch c := s.next(); {
	case c == '{':
		return s.object(depth)
	case c == '[':
		return s.array(depth)
	case c == '"':
		return s.str()
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	for _, w := range []struct {
		word  string
		value any
	}{{"true", true}, {"false", false}, {"null", nil}} {
		if len(s.text)-s.at >= len(w.word) && s.text[s.at:s.at+len(w.word)] == w.word {
			s.at += len(w.word)
			return w.value, nil
		}
	}
	return nil, s.fail("a value is missing")
}

func (s *scanner) object(depth int) (any, error) {
	s.at++
	var o object
	for s.next() != '}' {
		if len(o) > 0 {
			if s.next() != ',' {
				return nil, s.fail("a comma or } is missing")
			}
			s.at++
		}
		if s.next() != '"' {
			return nil, s.fail("a member's name is missing")
		}
		name, err := s.str()
		if err != nil {
			return nil, err
		}
		if s.next() != ':' {
			return nil, s.fail("a colon is missing")
		}
		s.at++
		v, err := s.value(depth + 1)
		if err != nil {
			return nil, err
		}
		o = append(o, member{name, v})
	}
	s.at++
	return o, nil
}

func (s *scanner) array(depth int) (any, error) {
	s.at++
	a := []any{}
	for s.next() != ']' {
		if len(a) > 0 {
			if s.next() != ',' {
				return nil, s.fail("a comma or ] is missing")
			}
			s.at++
		}
		v, err := s.value(depth + 1)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
	}
	s.at++
	return a, nil
}

// number reads the grammar by hand: strconv.ParseFloat would bring its tables along, for a value that nobody wants.
func (s *scanner) number() (any, error) {
	start := s.at
	s.accept("-")
	whole := s.digits()
	leadingZero := whole > 1 && s.text[s.at-whole] == '0'
	ok := whole > 0 && !leadingZero
	if s.accept(".") {
		ok = s.digits() > 0 && ok
	}
	if s.accept("eE") {
		s.accept("+-")
		ok = s.digits() > 0 && ok
	}
	if !ok {
		return nil, s.fail("a malformed number")
	}
	return number(s.text[start:s.at]), nil
}

// accept takes one of the characters, if it is next.
func (s *scanner) accept(any string) bool {
	if s.at < len(s.text) && strings.IndexByte(any, s.text[s.at]) >= 0 {
		s.at++
		return true
	}
	return false
}

func (s *scanner) digits() (n int) {
	for s.accept("0123456789") {
		n++
	}
	return n
}

func (s *scanner) str() (string, error) {
	s.at++
	start := s.at
	var out []byte // set once an escape makes the string differ from its text
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			raw := s.text[start:s.at]
			s.at++
			if out == nil {
				return raw, nil
			}
			return string(append(out, raw...)), nil
		case c < ' ':
			return "", s.fail("a control character in a string")
		case c == '\\':
			out = append(out, s.text[start:s.at]...)
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
			start = s.at
		default:
			s.at++
		}
	}
	return "", s.fail("a string is not closed")
}

// escape reads a backslash and what follows. Halves of surrogate pairs become U+FFFD: no name or value of Clear Key has any.
func (s *scanner) escape() (rune, error) {
	s.at++
	if s.at >= len(s.text) {
		return 0, s.fail("a string is not closed")
	}
	c := s.text[s.at]
	s.at++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		if len(s.text)-s.at >= 4 {
			if v, err := strconv.ParseUint(s.text[s.at:s.at+4], 16, 16); err == nil {
				s.at += 4
				return rune(v), nil
			}
		}
	}
	return 0, s.fail("an unknown escape")
}
