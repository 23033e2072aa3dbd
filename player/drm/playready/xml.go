package playready

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scanner reads the tags and texts of an XML document one after the other. PlayReady's documents are small and flat, and use no more of XML than
// this: a general reader would weigh more than all else in this package. Whether tags match is for those who depend on it.
type scanner struct {
	document string
	at       int

	kind       kind
	name       string // of a tag, without its prefix
	attributes string // of a start tag, as they stand
	text       string // of a text, with its references resolved
	start      int    // where what was read begins
}

// kind is what a scanner has read.
type kind byte

const (
	nothing kind = iota // yet, or any more
	startTag
	emptyTag
	endTag
	text
	malformed // and there it ends
)

var errMalformed = errors.New("malformed XML")

// err says whether the document ended where it should.
func (s *scanner) err() error {
	if s.kind == malformed {
		return errMalformed
	}
	return nil
}

// next reads on; it is false at the end, and where the document is malformed. Comments, declarations and processing instructions are passed over.
func (s *scanner) next() bool {
	for s.kind != malformed && s.at < len(s.document) {
		s.start = s.at
		rest := s.document[s.at:]
		switch {
		case rest[0] != '<':
			s.kind = text
			s.text = unescape(s.until("<", 0))
			return true
		case strings.HasPrefix(rest, "<!--"):
			s.skip("-->", 4)
		case strings.HasPrefix(rest, "<![CDATA["):
			s.kind = text
			s.text = s.until("]]>", 9)
			s.skip("]]>", 0)
			return s.kind == text
		case strings.HasPrefix(rest, "<?") || strings.HasPrefix(rest, "<!"):
			s.skip(">", 2)
		default:
			s.tag()
			return s.kind != malformed
		}
	}
	if s.kind != malformed {
		s.kind = nothing
	}
	return false
}

// until gives what stands before the mark, and behind so many bytes, and goes there: to the end of the document where there is no mark.
func (s *scanner) until(mark string, behind int) string {
	rest := s.document[min(s.at+behind, len(s.document)):]
	s.at = len(s.document)
	if i := strings.Index(rest, mark); i >= 0 {
		s.at += i - len(rest)
		rest = rest[:i]
	}
	return rest
}

// skip goes behind the mark, which must come.
func (s *scanner) skip(mark string, behind int) {
	s.until(mark, behind)
	if s.at == len(s.document) {
		s.kind = malformed
	}
	s.at += len(mark)
}

// tag reads the tag that begins here. A > within an attribute's quotes does not end it.
func (s *scanner) tag() {
	quote := byte(0)
	end := s.at + 1
	for ; end < len(s.document); end++ {
		c := s.document[end]
		if quote == 0 && (c == '>' || c == '<') {
			break
		}
		if c == quote {
			quote = 0
		} else if quote == 0 && (c == '"' || c == '\'') {
			quote = c
		}
	}
	s.kind = malformed
	if end >= len(s.document) || s.document[end] != '>' {
		return
	}
	inside := s.document[s.at+1 : end]
	s.at = end + 1
	is := startTag
	if name, ok := strings.CutPrefix(inside, "/"); ok {
		is, inside = endTag, name
	} else if name, ok := strings.CutSuffix(inside, "/"); ok {
		is, inside = emptyTag, name
	}
	s.name, s.attributes = inside, ""
	if i := strings.IndexAny(inside, " \t\r\n"); i >= 0 {
		s.name, s.attributes = inside[:i], inside[i:]
	}
	s.name = s.name[strings.IndexByte(s.name, ':')+1:]
	if s.name != "" {
		s.kind = is
	}
}

// root goes to the first tag. It is false where there is none.
func (s *scanner) root() bool {
	for s.next() {
		if s.kind != text {
			return true
		}
	}
	return false
}

// attribute gives the value of an attribute of the tag; ok is false where it has none of that name.
func (s *scanner) attribute(name string) (value string, ok bool) {
	rest := s.attributes
	for {
		key, after, found := strings.Cut(rest, "=")
		after = strings.TrimLeft(after, " \t\r\n")
		if !found || after == "" || after[0] != '"' && after[0] != '\'' {
			return "", false
		}
		value, next, closed := strings.Cut(after[1:], after[:1])
		if !closed {
			return "", false
		}
		if strings.TrimSpace(key) == name {
			return unescape(value), true
		}
		rest = next
	}
}

// content reads to the end of the element whose tag was just read and gives the text in it, that of elements within included.
func (s *scanner) content() string {
	if s.kind != startTag {
		return ""
	}
	all := ""
	for depth := 1; depth > 0; {
		if !s.next() {
			s.kind = malformed
			return ""
		}
		switch s.kind {
		case startTag:
			depth++
		case endTag:
			depth--
		case text:
			if all == "" {
				all = s.text
			} else if len(all) < maxPieces {
				all += s.text
			}
		}
	}
	return strings.TrimSpace(all)
}

// maxPieces is how long the text of an element may grow of pieces, between which elements or comments stand. None of PlayReady's is in pieces.
const maxPieces = 4096

// unescape resolves the predefined references and those by number; others stay as they stand.
func unescape(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for {
		before, after, found := strings.Cut(s, "&")
		out = append(out, before...)
		if !found {
			return string(out)
		}
		end := strings.IndexByte(after[:min(len(after), 10)], ';')
		r := rune(-1)
		if end > 0 {
			r = reference(after[:end])
		}
		if r < 0 {
			out, s = append(out, '&'), after
			continue
		}
		out, s = utf8.AppendRune(out, r), after[end+1:]
	}
}

// reference gives the character that a reference stands for, or -1.
func reference(name string) rune {
	switch name {
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "amp":
		return '&'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return -1
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n == 0 || !utf8.ValidRune(rune(n)) {
		return -1
	}
	return rune(n)
}
