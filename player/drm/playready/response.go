package playready

import (
	"errors"
	"strings"
)

// level is an element of a licence response, around those that come after it.
type level struct{ name, open, close string }

// envelope is what a licence response consists of, from the outside in. A licence server may send the inner part alone.
//
// https://www.w3.org/TR/2000/NOTE-SOAP-20000508/#_Toc478383494
var envelope = []level{
	{"Envelope", `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>`, `</soap:Body></soap:Envelope>`},
	{"AcquireLicenseResponse", `<AcquireLicenseResponse xmlns="http://schemas.microsoft.com/DRM/2007/03/protocols">`, `</AcquireLicenseResponse>`},
	{"AcquireLicenseResult", `<AcquireLicenseResult>`, `</AcquireLicenseResult>`},
	{"Response", `<Response xmlns="http://schemas.microsoft.com/DRM/2007/03/protocols/messages">`, `</Response>`},
	{"LicenseResponse", `<LicenseResponse xmlns="http://schemas.microsoft.com/DRM/2007/03/protocols"><Version>1</Version>`, `</LicenseResponse>`},
	{"Licenses", `<Licenses>`, `</Licenses>`},
	{"License", "", ""},
}

// License makes of a licence server's response what a CDM takes: a SOAP envelope as it is, an inner part of one with the rest put around it, and
// either out of base64. What else might be a licence passes as it is; what surely is none is an error, a *[Fault] where the server says why. Errors
// repeat nothing of a licence.
func License(response []byte) ([]byte, error) {
	document, _ := decode(response)
	document = strings.TrimSpace(document)
	switch {
	case document == "":
		return nil, errors.New("it is empty")
	case document[0] == '{' || document[0] == '[':
		return nil, errors.New("it is JSON, where the CDM takes SOAP: a response filter can take the licence out of it")
	case document[0] != '<':
		raw, err := decodeBase64(document)
		if err != nil {
			return response, nil
		}
		if document, _ = decode(raw); !strings.HasPrefix(strings.TrimSpace(document), "<") {
			return response, nil
		}
		response = raw
	}
	s := &scanner{document: document}
	switch found := s.root(); {
	case !found || s.kind == endTag:
		return nil, errors.New("it is XML that is cut off or malformed")
	case strings.EqualFold(s.name, "html"):
		return nil, errors.New("it is an HTML page, not a licence: is the URL right, and is the page logged in?")
	}
	root := *s
	if fault := findFault(s); fault != nil {
		return nil, fault
	}
	for depth := range envelope {
		if depth > 0 && envelope[depth].name == root.name {
			return wrap(document[root.start:], envelope[:depth]), nil
		}
	}
	return response, nil
}

func wrap(inner string, around []level) []byte {
	before, after := `<?xml version="1.0" encoding="utf-8"?>`, ""
	for i := range around {
		before += around[i].open
		after = around[i].close + after
	}
	return []byte(before + inner + after)
}
