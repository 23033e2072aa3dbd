package playertest

import (
	"encoding/xml"
	"strings"
)

// xmlElement is an element's own text and attributes.
type xmlElement struct {
	text       string
	attributes []xml.Attr
}

func (e xmlElement) attribute(name string) string {
	for _, a := range e.attributes {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// elements finds all elements of a local name, up to where the text is no XML.
func elements(text, name string) (found []xmlElement) {
	d := xml.NewDecoder(strings.NewReader(text))
	var open []int // for each open element, its place in found, or -1
	for {
		token, err := d.Token()
		if err != nil {
			return found
		}
		switch t := token.(type) {
		case xml.StartElement:
			open = append(open, -1)
			if t.Name.Local == name {
				open[len(open)-1] = len(found)
				found = append(found, xmlElement{attributes: t.Copy().Attr})
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 && open[len(open)-1] >= 0 {
				found[open[len(open)-1]].text += string(t)
			}
		}
	}
}
