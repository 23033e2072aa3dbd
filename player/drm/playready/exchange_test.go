package playready_test

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/drm/playready"
	"github.com/keystream-player/keystream/player/platform"
)

const (
	action    = "http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense"
	challenge = `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>` +
		`<AcquireLicense xmlns="http://schemas.microsoft.com/DRM/2007/03/protocols"><challenge>é</challenge></AcquireLicense></soap:Body></soap:Envelope>`
)

// keyMessage is a message as https://learn.microsoft.com/en-us/previous-versions/windows/apps/dn457474(v=ieb.10) has it.
func keyMessage(header string) string {
	return `<PlayReadyKeyMessage type="LicenseAcquisition"><LicenseAcquisition Version="1"><Challenge encoding="base64encoded">` +
		base64.StdEncoding.EncodeToString([]byte(challenge)) + `</Challenge>` + header + `</LicenseAcquisition></PlayReadyKeyMessage>`
}

func headers(lines ...string) string {
	s := "<HttpHeaders>"
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		s += "<HttpHeader><name>" + name + "</name><value>" + value + "</value></HttpHeader>"
	}
	return s + "</HttpHeaders>"
}

func fields(lines ...string) (out []platform.HeaderField) {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		out = append(out, platform.HeaderField{Name: name, Value: value})
	}
	return out
}

func TestParseMessage(t *testing.T) {
	own := []string{"Content-Type: text/xml; charset=utf-8", `SOAPAction: "` + action + `"`}
	usual := fields("Content-Type: text/xml; charset=utf-8", "SOAPAction: "+action)
	wide := fields("Content-Type: text/xml; charset=utf-16", "SOAPAction: "+action)
	for name, test := range map[string]struct {
		message   []byte
		challenge string
		header    []platform.HeaderField
	}{
		"UTF-16":                   {le16(keyMessage(headers(own...))), challenge, fields(own...)},
		"UTF-16 with a mark":       {le16("\ufeff" + keyMessage(headers(own...))), challenge, fields(own...)},
		"UTF-16BE with a mark":     {swapped(le16("\ufeff" + keyMessage(headers(own...)))), challenge, fields(own...)},
		"UTF-16BE":                 {swapped(le16(keyMessage(headers(own...)))), challenge, fields(own...)},
		"UTF-8":                    {[]byte(keyMessage(headers(own...))), challenge, fields(own...)},
		"UTF-8 with a mark":        {[]byte("\ufeff" + keyMessage(headers(own...))), challenge, fields(own...)},
		"a declaration, a zero":    {le16(`<?xml version="1.0" encoding="utf-16"?>` + "\n" + keyMessage("") + "\x00"), challenge, usual},
		"a prefix":                 {[]byte(strings.NewReplacer("<PlayReady", "<p:PlayReady", "</PlayReady", "</p:PlayReady").Replace(keyMessage(""))), challenge, usual},
		"no headers":               {le16(keyMessage("")), challenge, usual},
		"another header":           {[]byte(keyMessage(headers("X-Key: a &amp; b"))), challenge, append(fields("X-Key: a & b"), usual...)},
		"no fields":                {[]byte(keyMessage(headers("X-A: a&#13;&#10;Cookie", "a b: c", ": d", "X-B: é"))), challenge, usual},
		"a header in other case":   {[]byte(keyMessage(headers("content-type: text/plain"))), challenge, fields("content-type: text/plain", "SOAPAction: "+action)},
		"no encoding":              {[]byte(strings.Replace(keyMessage(""), ` encoding="base64encoded"`, "", 1)), challenge, usual},
		"a bare challenge":         {[]byte(challenge), challenge, usual},
		"a bare UTF-16 challenge":  {le16(challenge), string(le16(challenge)), wide},
		"no XML at all":            {[]byte{1, 2, 3}, "\x01\x02\x03", usual},
		"nothing":                  {nil, "", usual},
		"XML that nobody can read": {[]byte("<!-- "), "<!-- ", usual},
	} {
		got, err := playready.ParseMessage(test.message)
		if err != nil || string(got.Challenge) != test.challenge || !reflect.DeepEqual(got.Header, test.header) {
			t.Errorf("%s: got %q %v, %v\nwant %q %v", name, got.Challenge, got.Header, err, test.challenge, test.header)
		}
	}
}

func swapped(p []byte) []byte {
	for i := 0; i+1 < len(p); i += 2 {
		p[i], p[i+1] = p[i+1], p[i]
	}
	return p
}

func TestAMessageThatIsWrongIsNamed(t *testing.T) {
	good := keyMessage(headers("A: b"))
	for name, test := range map[string]struct{ message, want string }{
		"no challenge":      {`<PlayReadyKeyMessage type="LicenseAcquisition"></PlayReadyKeyMessage>`, "no Challenge"},
		"not base64":        {`<PlayReadyKeyMessage><Challenge>a secret!</Challenge></PlayReadyKeyMessage>`, "not base64"},
		"an empty one":      {`<PlayReadyKeyMessage><Challenge/><Challenge></Challenge></PlayReadyKeyMessage>`, "no Challenge"},
		"cut off":           {good[:120], "malformed"},
		"cut off in a name": {good[:strings.Index(good, "<name>")+7], "malformed"},
	} {
		got, err := playready.ParseMessage([]byte(test.message))
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %+v, %v; want %q in the error", name, got, err, test.want)
		}
	}
}

// The response of a licence server, from the outside in.
const (
	envelopeOpen = `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>`
	bodyPart     = `<AcquireLicenseResponse xmlns="http://schemas.microsoft.com/DRM/2007/03/protocols"><AcquireLicenseResult>` + responsePart +
		`</AcquireLicenseResult></AcquireLicenseResponse>`
	responsePart = `<Response xmlns="http://schemas.microsoft.com/DRM/2007/03/protocols/messages">` +
		`<LicenseResponse xmlns="http://schemas.microsoft.com/DRM/2007/03/protocols"><Version>1</Version>` + licensesPart + `</LicenseResponse></Response>`
	licensesPart  = `<Licenses>` + licensePart + `</Licenses>`
	licensePart   = `<License>WE1SAAAAAAM=</License>`
	envelopeClose = `</soap:Body></soap:Envelope>`
	whole         = `<?xml version="1.0" encoding="utf-8"?>` + envelopeOpen + bodyPart + envelopeClose
)

func TestAResponseIsWrappedAsTheCDMWantsIt(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, test := range map[string]struct{ response, want string }{
		"an envelope":               {whole, whole},
		"an envelope of SOAP 1.2":   {`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>`, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>`},
		"an envelope with a mark":   {"\ufeff" + whole, "\ufeff" + whole},
		"an envelope in UTF-16":     {string(le16(whole)), string(le16(whole))},
		"an envelope in base64":     {b64(whole), whole},
		"base64 on lines":           {b64(whole)[:76] + "\r\n" + b64(whole)[76:] + "\r\n", whole},
		"AcquireLicenseResponse":    {bodyPart, whole},
		"Response":                  {responsePart, whole},
		"Licenses":                  {licensesPart, whole},
		"License":                   {licensePart, whole},
		"a declaration before it":   {`<?xml version="1.0" encoding="utf-16"?> <!-- x --> ` + licensePart, whole},
		"a licence in UTF-16":       {string(le16(licensePart)), whole},
		"a licence in base64":       {b64(licensePart), whole},
		"a licence without XML":     {"XMR\x00\x00\x00\x00\x03", "XMR\x00\x00\x00\x00\x03"},
		"a licence in base64 alone": {"WE1SAAAAAAM=", "WE1SAAAAAAM="},
		"XML that nobody knows":     {"<Other/>", "<Other/>"},
		"text":                      {"what a CDM may know", "what a CDM may know"},
	} {
		got, err := playready.License([]byte(test.response))
		if err != nil || string(got) != test.want {
			t.Errorf("%s: got %q, %v\nwant %q", name, got, err, test.want)
		}
	}
	decoder := xml.NewDecoder(strings.NewReader(whole))
	for _, err := decoder.Token(); err != io.EOF; _, err = decoder.Token() {
		if err != nil {
			t.Fatalf("what is wrapped is no XML: %v", err)
		}
	}
}

// fault is the example of https://learn.microsoft.com/en-us/playready/advanced/testservers/testing-server-exceptions
const fault = `<?xml version="1.0" encoding="utf-8" ?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault>` +
	"<faultcode>soap:Server</faultcode><faultstring>\n System.Web.Services.Protocols.SoapException: Device Certificate Revoked.\n" +
	" at Microsoft.Media.Drm.RightsManager.AcquireLicense(XmlDocument challenge)</faultstring><faultactor>http://pr.test/?secret</faultactor>" +
	"<detail><Exception><StatusCode>0x8004c065</StatusCode><CustomData>secret</CustomData></Exception></detail></soap:Fault></soap:Body></soap:Envelope>"

func TestAFaultIsNamed(t *testing.T) {
	long := strings.Repeat("secret", 20)
	text := func(s string) string {
		return "<s:Envelope><s:Header><Fault/></s:Header><s:Body><s:Fault><s:Reason><s:Text xml:lang='en'>" + s + "</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"
	}
	for name, test := range map[string]struct {
		response string
		want     playready.Fault
	}{
		"Microsoft's example": {fault, playready.Fault{StatusCode: "0x8004c065", Text: "System.Web.Services.Protocols.SoapException: Device Certificate Revoked."}},
		"in UTF-16":           {string(le16(text("no"))), playready.Fault{Text: "no"}},
		"in base64":           {base64.StdEncoding.EncodeToString([]byte(text("no"))), playready.Fault{Text: "no"}},
		"without an envelope": {"<Fault><faultstring><![CDATA[a <b>]]></faultstring></Fault>", playready.Fault{Text: "a <b>"}},
		"that says nothing":   {"<Fault/>", playready.Fault{}},
		"with a long word":    {text("token " + long + " end"), playready.Fault{Text: "token … end"}},
		"with a URL":          {text("see https://pr.test/a?secret now"), playready.Fault{Text: "see https://pr.test/a now"}},
		"that is very long":   {text(strings.Repeat("word ", 1000)), playready.Fault{Text: strings.Repeat("word ", 40) + "…"}},
		"with controls":       {text("a&#8238;b&#1;c"), playready.Fault{Text: "abc"}},
		"with a strange code": {"<Fault><StatusCode>a secret</StatusCode></Fault>", playready.Fault{}},
	} {
		_, err := playready.License([]byte(test.response))
		var got *playready.Fault
		if !errors.As(err, &got) || *got != test.want || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %+v", name, err, test.want)
		}
	}
	if got := playready.ParseFault([]byte(fault)); got == nil || got.Error() !=
		"the PlayReady licence server refused: System.Web.Services.Protocols.SoapException: Device Certificate Revoked. (0x8004c065)" {
		t.Errorf("got %v", got)
	}
	for _, response := range []string{"", "<html>", whole, "{}", "<!--", "<Envelope><Body></Body></Envelope>", "<Envelope><Other>"} {
		if got := playready.ParseFault([]byte(response)); got != nil {
			t.Errorf("%q: got %v", response, got)
		}
	}
}

func TestWhatIsNoLicenceIsNamed(t *testing.T) {
	for response, want := range map[string]string{
		"": "empty", " \r\n": "empty", "\ufeff": "empty", `{"error":"secret"}`: "JSON", "[]": "JSON",
		"<!DOCTYPE html><html><body>secret</body></html>": "HTML", "<HTML>": "HTML", "<License": "malformed", "<!-- secret": "malformed", "<>": "malformed",
	} {
		got, err := playready.License([]byte(response))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %q, %v; want %q in the error", response, got, err, want)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(keyMessage(headers("A: b"))))
	f.Add(le16(keyMessage("")))
	f.Add([]byte(challenge))
	f.Add([]byte("<a b='>'><![CDATA[&#x41;]]>&lt;&unknown;"))
	f.Fuzz(func(t *testing.T, message []byte) {
		got, err := playready.ParseMessage(message)
		if err != nil {
			return
		}
		if len(got.Challenge) > 3*len(message) || len(got.Header) > 18 {
			t.Errorf("%d bytes became %d with %d fields", len(message), len(got.Challenge), len(got.Header))
		}
		for _, field := range got.Header {
			if field.Name == "" || strings.ContainsAny(field.Name+field.Value, "\r\n\x00") {
				t.Errorf("a field %q", field)
			}
		}
	})
}

func FuzzResponse(f *testing.F) {
	for _, seed := range []string{whole, licensePart, fault, base64.StdEncoding.EncodeToString([]byte(bodyPart)), "<html>", "{}"} {
		f.Add([]byte(seed))
		f.Add(le16(seed))
	}
	f.Fuzz(func(t *testing.T, response []byte) {
		got, err := playready.License(response)
		if len(got) > 3*len(response)+1000 {
			t.Errorf("%d bytes became %d", len(response), len(got))
		}
		if err != nil {
			var fault *playready.Fault
			if errors.As(err, &fault) && len([]rune(fault.Text)) > 202 {
				t.Errorf("a fault of %d characters", len(fault.Text))
			}
			return
		}
		if again, err := playready.License(got); err != nil || string(again) != string(got) {
			t.Errorf("%q became %q, and that %q, %v", response, got, again, err)
		}
	})
}
