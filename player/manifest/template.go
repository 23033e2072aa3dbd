package manifest

import (
	"errors"
	"strconv"
	"strings"
)

// Template is the URL of many segments in one: "$RepresentationID$/$Number%05d$.m4s".
//
// ISO/IEC 23009-1, 5.3.9.4.4
type Template struct{ parts []templatePart }

// templatePart is a literal, or what a letter stands for: 'R', 'B', 'N', 'T' or 'S' of RepresentationID, Bandwidth, Number, Time and SubNumber.
type templatePart struct {
	literal string
	letter  byte
	width   int
}

// TemplateValues are what the identifiers of a Template stand for.
type TemplateValues struct {
	RepresentationID string
	Bandwidth        int64
	Number, Time     uint64
	SubNumber        uint64
}

// maxWidth is the widest number that a Template may ask for; 20 digits hold any.
const maxWidth = 32

// Why a Template cannot be read.
var (
	ErrTemplateDollar     = errors.New("a $ of the template has no partner")
	ErrTemplateIdentifier = errors.New("the template asks for what does not exist between $ and $")
	ErrTemplateWidth      = errors.New("the template asks for a number of more than 32 digits")
	ErrTemplateLength     = errors.New("the template is longer than 8192 bytes")
)

// ParseTemplate reads a template. Identifiers are RepresentationID, Bandwidth, Number, Time and SubNumber, the last four with a width as in %05d;
// $$ is a dollar.
func ParseTemplate(s string) (*Template, error) {
	if len(s) > maxURL/2 {
		return nil, ErrTemplateLength
	}
	t := &Template{}
	for s != "" {
		literal, rest, dollar := strings.Cut(s, "$")
		t.add(templatePart{literal: literal})
		if !dollar {
			break
		}
		identifier, rest, ok := strings.Cut(rest, "$")
		if !ok {
			return nil, ErrTemplateDollar
		}
		part, err := parseIdentifier(identifier)
		if err != nil {
			return nil, err
		}
		t.add(part)
		s = rest
	}
	return t, nil
}

func (t *Template) add(p templatePart) {
	if p.letter != 0 || p.literal != "" {
		t.parts = append(t.parts, p)
	}
}

func parseIdentifier(s string) (templatePart, error) {
	if s == "" {
		return templatePart{literal: "$"}, nil
	}
	name, format, formatted := strings.Cut(s, "%")
	part := templatePart{}
	switch name {
	case "RepresentationID", "Bandwidth", "Number", "Time", "SubNumber":
		part.letter = name[0]
	default:
		return part, ErrTemplateIdentifier
	}
	if !formatted {
		return part, nil
	}
	digits, ok := strings.CutSuffix(format, "d")
	if !ok || strings.Trim(digits, "0123456789") != "" {
		return part, ErrTemplateIdentifier
	}
	if digits = strings.TrimLeft(digits, "0"); len(digits) > 2 {
		return part, ErrTemplateWidth
	}
	if digits != "" {
		part.width, _ = strconv.Atoi(digits)
	}
	if part.width > maxWidth {
		return part, ErrTemplateWidth
	}
	return part, nil
}

// Expand gives the URL. What of the RepresentationID would not stay within a path is percent-encoded; a slash does, for packagers use it to name folders.
func (t *Template) Expand(v TemplateValues) string {
	var buffer [256]byte
	out := buffer[:0]
	for _, p := range t.parts {
		switch p.letter {
		case 0:
			out = append(out, p.literal...)
		case 'R':
			out = append(out, escapeID(v.RepresentationID)...)
		case 'B':
			out = appendNumber(out, uint64(max(v.Bandwidth, 0)), p.width)
		case 'N':
			out = appendNumber(out, v.Number, p.width)
		case 'T':
			out = appendNumber(out, v.Time, p.width)
		case 'S':
			out = appendNumber(out, v.SubNumber, p.width)
		}
	}
	return string(out)
}

// ExpandedLength is at most how long a URL for that RepresentationID becomes, in bytes.
func (t *Template) ExpandedLength(representationID string) int {
	n := 0
	for _, p := range t.parts {
		switch p.letter {
		case 0:
			n += len(p.literal)
		case 'R':
			n += len(escapeID(representationID))
		default:
			n += max(p.width, 20)
		}
	}
	return n
}

func appendNumber(out []byte, n uint64, width int) []byte {
	var digits [20]byte
	text := strconv.AppendUint(digits[:0], n, 10)
	for range width - len(text) {
		out = append(out, '0')
	}
	return append(out, text...)
}

// escapeID encodes what would end the path or begin a scheme, and a percent sign that encodes nothing itself.
func escapeID(id string) string {
	id = escape(id, `"<>`+"`{}^|?#:\\")
	if strings.IndexByte(id, '%') < 0 {
		return id
	}
	out := make([]byte, 0, len(id)+8)
	for i := range len(id) {
		out = append(out, id[i])
		if id[i] == '%' && (i+2 >= len(id) || !isHex(id[i+1]) || !isHex(id[i+2])) {
			out = append(out, "25"...)
		}
	}
	return string(out)
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }
