//go:build js && wasm

package browser

import (
	"strconv"

	"github.com/hack-pad/safejs"
)

// JSON writes an object that crosses as one text, which the bridge parses: an object built value by value costs a page several times the download
// and a crossing for each. The zero value begins an object. Names are written as they are; give none in an array.
type JSON struct{ text []byte }

// name begins a member, or an item of an array.
//
//go:noinline
func (j *JSON) name(name string) {
	switch {
	case len(j.text) == 0:
		j.text = append(j.text, '{')
	case j.text[len(j.text)-1] != '{' && j.text[len(j.text)-1] != '[':
		j.text = append(j.text, ',')
	}
	if name != "" {
		j.string(name)
		j.text = append(j.text, ':')
	}
}

func (j *JSON) string(s string) {
	const hex = "0123456789abcdef"
	j.text = append(j.text, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			j.text = append(j.text, '\\', c)
		case c < ' ':
			j.text = append(j.text, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			j.text = append(j.text, c)
		}
	}
	j.text = append(j.text, '"')
}

// Text writes a string.
//
//go:noinline
func (j *JSON) Text(name, value string) {
	j.name(name)
	j.string(value)
}

// Optional writes a string, and nothing where it is "".
//
//go:noinline
func (j *JSON) Optional(name, value string) {
	if value != "" {
		j.Text(name, value)
	}
}

// Number writes a finite number.
//
//go:noinline
func (j *JSON) Number(name string, value float64) {
	j.name(name)
	j.text = strconv.AppendFloat(j.text, value, 'g', -1, 64)
}

// Bool writes a boolean.
//
//go:noinline
func (j *JSON) Bool(name string, value bool) {
	j.name(name)
	j.text = strconv.AppendBool(j.text, value)
}

// Texts writes an array of strings.
//
//go:noinline
func (j *JSON) Texts(name string, list []string) {
	j.Open(name, '[')
	for _, s := range list {
		j.Text("", s)
	}
	j.Close(']')
}

// Open begins an object ('{') or an array ('['), which Close ends.
//
//go:noinline
func (j *JSON) Open(name string, bracket byte) {
	j.name(name)
	j.text = append(j.text, bracket)
}

// Close ends what Open began.
//
//go:noinline
func (j *JSON) Close(bracket byte) { j.text = append(j.text, bracket) }

// Parse gives the object to JavaScript. It fails only with the bridge itself, which goes to Panicked.
func (h *Host) Parse(j *JSON) safejs.Value {
	if len(j.text) == 0 {
		j.text = append(j.text, '{')
	}
	object, err := Call(h.bridge, "parse", string(append(j.text, '}')))
	if err != nil {
		h.panicked(err)
	}
	return object
}
