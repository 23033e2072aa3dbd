package playready

import (
	"strings"
	"unicode/utf8"
)

// Fault says that a licence server answered with a SOAP fault.
//
// https://learn.microsoft.com/en-us/playready/advanced/testservers/testing-server-exceptions
type Fault struct {
	StatusCode string // "0x8004c065"; "" where there is none
	Text       string // the first line of what the server says, at most 200 characters, without what may be a secret; "" where it says nothing
}

func (f *Fault) Error() string {
	s := "the PlayReady licence server refused"
	if f.Text != "" {
		s += ": " + f.Text
	}
	if f.StatusCode != "" {
		s += " (" + f.StatusCode + ")"
	}
	return s
}

// ParseFault finds the SOAP fault in a response; nil where there is none. Servers send it with HTTP status 500.
func ParseFault(response []byte) *Fault {
	document, _ := decode(response)
	s := &scanner{document: document}
	if !s.root() {
		return nil
	}
	return findFault(s)
}

// findFault looks for a Fault that is the root, where s stands, or the first element of the Body of an Envelope.
func findFault(s *scanner) *Fault {
	if s.name == "Envelope" {
		for s.name != "Body" {
			if !s.root() {
				return nil
			}
		}
		if !s.root() {
			return nil
		}
	}
	if s.name != "Fault" || s.kind == endTag {
		return nil
	}
	fault := &Fault{}
	for s.kind != emptyTag && s.root() && s.name != "Fault" {
		if s.kind == emptyTag {
			s.kind = nothing
		}
		switch s.name {
		case "faultstring", "Text":
			if content := s.content(); fault.Text == "" {
				fault.Text = harmless(content)
			}
		case "StatusCode":
			if content := s.content(); isCode(content) {
				fault.StatusCode = content
			}
		}
	}
	return fault
}

func isCode(s string) bool {
	for _, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 16
}

const (
	maxText = 200 // characters of a fault's text
	maxWord = 64  // what is longer may be a token or a key; no word of a sentence is
)

// harmless makes one short line of a server's words, for an error: the first line, without long words and without the queries of URLs.
func harmless(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	var words []string
	room := maxText
	for _, word := range strings.Fields(line) {
		word = strings.Map(func(r rune) rune {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == utf8.RuneError {
				return -1 // controls, and those that turn the direction of text
			}
			return r
		}, word)
		if strings.Contains(word, "://") {
			word, _, _ = strings.Cut(word, "?")
		}
		length := len([]rune(word))
		if length > maxWord {
			word, length = "…", 1
		}
		if room -= length + 1; room < 0 {
			words = append(words, "…")
			break
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}
