package playready

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/keystream-player/keystream/player/platform"
)

// soapAction asks a licence server for a licence.
const soapAction = "http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense"

// maxHeaders bounds what a message may want sent; those of CDMs want two.
const maxHeaders = 16

// Message is what a CDM wants sent to its licence server.
type Message struct {
	Challenge []byte
	Header    []platform.HeaderField // Content-Type and SOAPAction among them
}

// ParseMessage takes the challenge out of a PlayReadyKeyMessage, with the header that it wants. Anything else passes as it is, with the header
// that licence servers expect: newer CDMs send the bare SOAP challenge.
//
// https://learn.microsoft.com/en-us/previous-versions/windows/apps/dn457474(v=ieb.10)
func ParseMessage(message []byte) (m Message, err error) {
	document, as := decode(message)
	s := &scanner{document: document}
	if !s.root() || s.name != "PlayReadyKeyMessage" {
		m = Message{Challenge: message}
		m.complete(as)
		return m, nil
	}
	name := ""
	for s.next() {
		if s.kind != startTag {
			continue
		}
		switch s.name {
		case "Challenge":
			if err := m.challenge(s); err != nil {
				return Message{}, err
			}
		case "name":
			name = s.content()
		case "value":
			m.add(name, s.content())
		}
	}
	if err := s.err(); err != nil {
		return Message{}, errors.New("the CDM's PlayReadyKeyMessage is " + err.Error())
	}
	if len(m.Challenge) == 0 {
		return Message{}, errors.New("the CDM's PlayReadyKeyMessage has no Challenge")
	}
	_, as = decode(m.Challenge)
	m.complete(as)
	return m, nil
}

// challenge reads the element whose tag s has just read.
func (m *Message) challenge(s *scanner) (err error) {
	encoding, ok := s.attribute("encoding")
	content := s.content()
	if ok && encoding != "base64encoded" {
		m.Challenge = []byte(content)
		return nil
	}
	if m.Challenge, err = decodeBase64(content); err != nil {
		return errors.New("the Challenge in the CDM's PlayReadyKeyMessage is not base64")
	}
	return nil
}

// add takes a header field that fetch would take.
func (m *Message) add(name, value string) {
	if len(m.Header) < maxHeaders && isField(name, value) {
		m.Header = append(m.Header, platform.HeaderField{Name: name, Value: value})
	}
}

// complete adds what a licence server needs and the message did not name.
func (m *Message) complete(as encoding) {
	charset := "text/xml; charset=utf-8"
	if as != encodingUTF8 {
		charset = "text/xml; charset=utf-16"
	}
	m.want("Content-Type", charset)
	m.want("SOAPAction", soapAction)
}

func (m *Message) want(name, value string) {
	for i := range m.Header {
		if strings.EqualFold(m.Header[i].Name, name) {
			return
		}
	}
	m.Header = append(m.Header, platform.HeaderField{Name: name, Value: value})
}

// isField keeps what is no header field from fetch, which would reject the request for it.
//
// https://www.rfc-editor.org/rfc/rfc9110#name-field-names
func isField(name, value string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	for _, c := range []byte(value) {
		if c < ' ' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return name != "" && len(name)+len(value) <= 4096
}

// decodeBase64 reads either alphabet, padded or not, with white space anywhere.
func decodeBase64(s string) ([]byte, error) {
	s = strings.TrimRight(strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n':
			return -1
		case '-':
			return '+'
		case '_':
			return '/'
		}
		return r
	}, s), "=")
	return base64.RawStdEncoding.DecodeString(s)
}
