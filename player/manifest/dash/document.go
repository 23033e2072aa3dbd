package dash

import (
	"bytes"
	"iter"
	"math"
	"strings"

	"github.com/keystream-player/keystream/player/manifest"
)

// element is what an element's name means to us; 0 is nothing.
type element byte

const (
	elMPD element = iota + 1
	elPeriod
	elAdaptationSet
	elRepresentation
	elBaseURL
	elLocation
	elSegmentBase
	elSegmentTemplate
	elSegmentList
	elSegmentTimeline
	elSegmentURL
	elInitialization
	elRepresentationIndex
	elRole
	elAccessibility
	elLabel
	elEssentialProperty
	elSupplementalProperty
	elAudioChannelConfiguration
	elContentProtection
	elPSSH
	elPRO
	elLaurl
)

var elements = map[string]element{
	"MPD":                       elMPD,
	"Period":                    elPeriod,
	"AdaptationSet":             elAdaptationSet,
	"Representation":            elRepresentation,
	"BaseURL":                   elBaseURL,
	"Location":                  elLocation,
	"SegmentBase":               elSegmentBase,
	"SegmentTemplate":           elSegmentTemplate,
	"SegmentList":               elSegmentList,
	"SegmentTimeline":           elSegmentTimeline,
	"SegmentURL":                elSegmentURL,
	"Initialization":            elInitialization,
	"Initialisation":            elInitialization,
	"RepresentationIndex":       elRepresentationIndex,
	"Role":                      elRole,
	"Accessibility":             elAccessibility,
	"Label":                     elLabel,
	"EssentialProperty":         elEssentialProperty,
	"SupplementalProperty":      elSupplementalProperty,
	"AudioChannelConfiguration": elAudioChannelConfiguration,
	"ContentProtection":         elContentProtection,
	"pssh":                      elPSSH,
	"pro":                       elPRO,
	"Laurl":                     elLaurl,
	"laurl":                     elLaurl,
	"LaURL":                     elLaurl,
}

// node is an element that we know, all of whose ancestors we know too. It points into the document: 24 bytes, of an element of 10 bytes or more.
type node struct {
	element        element
	attrs, attrEnd int32
	text, textEnd  int32 // its content; of a SegmentTimeline its entries
	next           int32 // the node after its last descendant: its first child is the node after it
}

// document is an MPD in the order of its elements. Node 0 is the MPD.
type document struct {
	src     []byte
	nodes   []node
	entries []manifest.Entry
	broken  map[int32]error // SegmentTimelines that cannot be read
}

// parser builds a document.
type parser struct {
	lexer
	doc  *document
	open []opened

	merge bool   // the last entry can be repeated by the next
	end   uint64 // where the last entry ends, where merge is true
}

// opened is an element whose end has not come yet; node is -1 where it is none of ours.
type opened struct {
	name []byte
	node int32
}

// parse reads up to the end of the root element, iteratively.
func parse(src []byte) (*document, error) {
	p := &parser{lexer: lexer{src: src}, doc: &document{src: src}}
	for {
		t, err := p.next()
		switch {
		case err != nil:
			return nil, p.fail(err)
		case t.kind == endToken && len(p.open) > 0:
			return nil, p.fail(errCutOff)
		case t.kind == endToken:
			return nil, p.fail(errNoRoot)
		case t.kind == openToken || t.kind == emptyToken:
			err = p.start(t)
		case t.kind == closeToken:
			err = p.close(t.name)
		case len(p.open) == 0 && len(bytes.TrimSpace(t.body)) > 0:
			err = errNoRoot
		}
		if err != nil {
			return nil, p.fail(err)
		}
		if len(p.open) == 0 && len(p.doc.nodes) > 0 {
			return p.doc, nil
		}
	}
}

// fail gives an error its kind and place.
func (p *parser) fail(err error) error {
	e := &Error{Kind: Malformed, Path: "MPD", Err: err}
	switch {
	case err == errDoctype || err == errDepth:
		e.Kind = Forbidden
	case err == errTag:
		e.Kind = TooLarge
	case len(p.doc.nodes) == 0:
		e.Kind = NotMPD
	}
	var names []string
	for _, o := range p.open[:min(len(p.open), 8)] {
		names = append(names, string(localName(o.name[:min(len(o.name), 64)])))
	}
	if len(names) > 0 {
		e.Path = strings.Join(names, "/")
	}
	return e
}

func localName(name []byte) []byte { return name[bytes.LastIndexByte(name, ':')+1:] }

func (p *parser) start(t token) error {
	if len(p.open) >= maxDepth {
		return errDepth
	}
	parent := int32(-1)
	if len(p.open) > 0 {
		parent = p.open[len(p.open)-1].node
	}
	at := int32(-1)
	switch kind := elements[string(localName(t.name))]; {
	case len(p.open) == 0 && kind != elMPD:
		return errNoRoot
	case len(p.open) > 0 && parent < 0:
	case parent >= 0 && p.doc.nodes[parent].element == elSegmentTimeline:
		if string(localName(t.name)) == "S" {
			p.entry(parent, t.body)
		}
	case kind != 0:
		at = p.add(kind, t)
	}
	if t.kind == openToken {
		p.open = append(p.open, opened{t.name, at})
	}
	return nil
}

func (p *parser) add(kind element, t token) int32 {
	at := int32(len(p.doc.nodes))
	end := int32(p.pos)
	attrs := end - 1 - int32(len(t.body))
	if t.kind == emptyToken {
		attrs--
	}
	n := node{element: kind, attrs: attrs, attrEnd: attrs + int32(len(t.body)), text: end, textEnd: end, next: at + 1}
	if kind == elSegmentTimeline {
		n.text, n.textEnd = int32(len(p.doc.entries)), int32(len(p.doc.entries))
		p.merge = false
	}
	p.doc.nodes = append(p.doc.nodes, n)
	return at
}

func (p *parser) close(name []byte) error {
	last := len(p.open) - 1
	if last < 0 || !bytes.Equal(p.open[last].name, name) {
		return errCrossed
	}
	if at := p.open[last].node; at >= 0 {
		n := &p.doc.nodes[at]
		n.next = int32(len(p.doc.nodes))
		if n.element != elSegmentTimeline {
			n.textEnd = int32(p.pos)
		}
	}
	p.open = p.open[:last]
	return nil
}

// entry adds an S to a SegmentTimeline. One that only repeats the one before costs nothing.
func (p *parser) entry(at int32, body []byte) {
	if p.doc.broken[at] != nil {
		return
	}
	var e manifest.Entry
	ok := true
	for attrs := attributes(body); ; {
		name, value, more := attrs.next()
		if !more {
			break
		}
		var good bool
		switch string(name) {
		case "t":
			e.Time, good = parseTicks(value)
			e.HasTime = true
		case "d":
			e.Duration, good = parseTicks(value)
		case "r":
			e.Repeat, good = parseRepeat(value)
		case "k", "p":
			p.spoil(at, errSequence)
			return
		default:
			continue
		}
		ok = ok && good
	}
	n := &p.doc.nodes[at]
	switch {
	case !ok:
		p.spoil(at, errNumber)
	case p.merges(e):
		p.doc.entries[len(p.doc.entries)-1].Repeat += e.Repeat + 1
	case n.textEnd-n.text >= maxEntries:
		p.spoil(at, errEntries)
	default:
		if e.HasTime || n.textEnd == n.text {
			p.merge, p.end = true, e.Time
		}
		p.doc.entries = append(p.doc.entries, e)
		n.textEnd++
	}
	p.end += e.Duration * (uint64(e.Repeat) + 1)
	p.merge = p.merge && e.Repeat >= 0 && e.Duration > 0
}

// merges says whether an entry goes on where the last one ends, with segments of the same length.
func (p *parser) merges(e manifest.Entry) bool {
	if !p.merge || e.Repeat < 0 || e.HasTime && e.Time != p.end {
		return false
	}
	last := &p.doc.entries[len(p.doc.entries)-1]
	return last.Duration == e.Duration && last.Repeat < math.MaxInt32-e.Repeat
}

func (p *parser) spoil(at int32, err error) {
	if p.doc.broken == nil {
		p.doc.broken = map[int32]error{}
	}
	p.doc.broken[at] = err
}

// children are the nodes right below one.
func (d *document) children(n int32) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for c := n + 1; c < d.nodes[n].next; c = d.nodes[c].next {
			if !yield(c) {
				return
			}
		}
	}
}

// attributes are those of a node.
func (d *document) attributes(n int32) attributes {
	return attributes(d.src[d.nodes[n].attrs:d.nodes[n].attrEnd])
}

// attribute is the value of one; "" where there is none.
func (d *document) attribute(n int32, name string) string {
	attrs := d.attributes(n)
	for {
		switch found, value, ok := attrs.next(); {
		case !ok:
			return ""
		case string(found) == name:
			return strings.TrimSpace(text(value))
		}
	}
}

// text is what stands in an element, without what stands in its children and without the space around it.
func (d *document) text(n int32) (string, error) {
	l := lexer{src: d.src[d.nodes[n].text:d.nodes[n].textEnd]}
	if len(l.src) > maxText {
		return "", errText
	}
	var content []byte
	for depth := 0; depth >= 0; {
		t, err := l.next()
		switch {
		case err != nil || t.kind == endToken:
			return strings.TrimSpace(string(content)), nil
		case t.kind == openToken:
			depth++
		case t.kind == closeToken:
			depth--
		case depth == 0 && t.kind == textToken:
			content = append(content, text(t.body)...)
		case depth == 0 && t.kind == cdataToken:
			content = append(content, t.body...)
		}
	}
	return strings.TrimSpace(string(content)), nil
}
