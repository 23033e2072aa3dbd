package playertest

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

const (
	playReadySystem    = "\x9a\x04\xf0\x79\x98\x40\x42\x86\xab\x92\xe6\x5b\xe0\x88\x5f\x95"
	playReadyProtocols = "http://schemas.microsoft.com/DRM/2007/03/protocols"
)

// playReady speaks in PlayReady's XML, without its cryptography: the licences that its answers carry hold a key id and a key in the clear.
type playReady struct{}

func (playReady) grant() Grant {
	return Grant{Schemes: []string{"cenc", "cbcs", "cbcs-1-9"}, InitDataTypes: []string{"cenc"}, SessionTypes: []string{"temporary"},
		VideoRobustness: []string{"150", "2000"}, AudioRobustness: []string{"150", "2000"}, PersistentState: "optional", DistinctiveIdentifier: "optional"}
}

// swapGUID turns the 16 bytes of a key id into a GUID as Microsoft's formats write it, little-endian in its first three numbers, and back.
func swapGUID(id []byte) []byte {
	return []byte{id[3], id[2], id[1], id[0], id[5], id[4], id[7], id[6], id[8], id[9], id[10], id[11], id[12], id[13], id[14], id[15]}
}

// PlayReadyPSSH is a PlayReady box, whose object's header names the keys. The version is that of the header, "4.0" to "4.3"; 4.0 names the first
// key only, and 4.1 too.
func PlayReadyPSSH(version string, ids ...[16]byte) []byte {
	return pssh(playReadySystem, nil, PlayReadyObject(version, ids...))
}

// PlayReadyObject is what stands in mspr:pro, and in the box: a length, a count of one, and a record of type 1 with the header.
//
// https://learn.microsoft.com/en-us/playready/specifications/playready-header-specification
func PlayReadyObject(version string, ids ...[16]byte) []byte {
	header := utf16LE(playReadyHeader(version, listed(ids)))
	p := binary.LittleEndian.AppendUint32(nil, uint32(10+len(header)))
	p = binary.LittleEndian.AppendUint16(p, 1)
	p = binary.LittleEndian.AppendUint16(p, 1)
	p = binary.LittleEndian.AppendUint16(p, uint16(len(header)))
	return append(p, header...)
}

func playReadyHeader(version string, ids [][]byte) string {
	var kids []string
	for _, id := range ids {
		kids = append(kids, base64.StdEncoding.EncodeToString(swapGUID(id)))
	}
	info := ""
	switch version {
	case "4.0":
		info = "<PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>" + kids[0] + "</KID>"
	case "4.1":
		info = `<PROTECTINFO><KID ALGID="AESCTR" VALUE="` + kids[0] + `"></KID></PROTECTINFO>`
	default:
		for _, kid := range kids {
			info += `<KID ALGID="AESCTR" VALUE="` + kid + `"></KID>`
		}
		info = "<PROTECTINFO><KIDS>" + info + "</KIDS></PROTECTINFO>"
	}
	return `<WRMHEADER xmlns="http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader" version="` + version + `.0.0"><DATA>` + info +
		"</DATA></WRMHEADER>"
}

func utf16LE(s string) []byte {
	var p []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		p = binary.LittleEndian.AppendUint16(p, unit)
	}
	return p
}

func fromUTF16LE(p []byte) string {
	units := make([]uint16, len(p)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(p[2*i:])
	}
	return string(utf16.Decode(units))
}

// keyIDs takes the objects of PlayReady's own boxes.
func (playReady) keyIDs(h *Host, _ string, data []byte) (ids [][]byte, err error) {
	boxes, ok := parseBoxes(data)
	if !ok {
		return nil, dom("TypeError", "initialization data for CENC is incorrect")
	}
	for _, box := range boxes {
		if box.system != playReadySystem {
			continue
		}
		header, ok := objectHeader(box.data)
		if !ok {
			return nil, dom("TypeError", "the PlayReady object cannot be read")
		}
		ids = append(ids, headerKeyIDs(header)...)
	}
	if len(ids) == 0 {
		return nil, dom("NotSupportedError", "No supported PSSH box found.")
	}
	return ids, nil
}

// objectHeader finds the header among an object's records.
func objectHeader(p []byte) (header string, ok bool) {
	if len(p) < 6 || int(binary.LittleEndian.Uint32(p)) != len(p) {
		return "", false
	}
	for p = p[6:]; len(p) >= 4; {
		kind, size := binary.LittleEndian.Uint16(p), int(binary.LittleEndian.Uint16(p[2:]))
		if size > len(p)-4 {
			return "", false
		}
		if kind == 1 {
			return fromUTF16LE(p[4 : 4+size]), true
		}
		p = p[4+size:]
	}
	return "", false
}

// headerKeyIDs reads the KID elements of all versions: the id is their text or their VALUE.
func headerKeyIDs(text string) (ids [][]byte) {
	for _, e := range elements(text, "KID") {
		for _, s := range []string{e.text, e.attribute("VALUE")} {
			if guid, err := base64.StdEncoding.DecodeString(s); err == nil && len(guid) == 16 {
				ids = append(ids, swapGUID(guid))
			}
		}
	}
	return ids
}

// message is a PlayReadyKeyMessage in UTF-16, around a SOAP challenge in base64 and the headers to send with it; or the challenge itself.
//
// https://learn.microsoft.com/en-us/previous-versions/windows/apps/dn457474(v=ieb.10)
func (playReady) message(h *Host, messageType string, ids [][]byte) []byte {
	if messageType == individualizationMessage {
		return []byte(messageType)
	}
	renewal := ""
	if messageType == licenseRenewalMessage {
		renewal = "<LicenseRenewal/>"
	}
	challenge := `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>` +
		`<AcquireLicense xmlns="` + playReadyProtocols + `"><challenge><Challenge xmlns="` + playReadyProtocols + `/messages"><LA><ContentHeader>` +
		playReadyHeader("4.3", ids) + `</ContentHeader>` + renewal + `</LA></Challenge></challenge></AcquireLicense></soap:Body></soap:Envelope>`
	if h.options.CDM.PlainMessages {
		return []byte(challenge)
	}
	var headers strings.Builder
	for _, f := range [][2]string{{"Content-Type", "text/xml; charset=utf-8"}, {"SOAPAction", `"` + playReadyProtocols + `/AcquireLicense"`}} {
		headers.WriteString("<HttpHeader><name>" + f[0] + "</name><value>" + f[1] + "</value></HttpHeader>")
	}
	return utf16LE(`<PlayReadyKeyMessage type="LicenseAcquisition"><LicenseAcquisition Version="1"><Challenge encoding="base64encoded">` +
		base64.StdEncoding.EncodeToString([]byte(challenge)) + `</Challenge><HttpHeaders>` + headers.String() +
		`</HttpHeaders></LicenseAcquisition></PlayReadyKeyMessage>`)
}

// requestedFromPlayReady reads a challenge, or the message that wraps it.
func requestedFromPlayReady(message []byte) (request LicenseRequest, ok bool) {
	text := string(message)
	if len(message) > 1 && message[1] == 0 {
		text = fromUTF16LE(message)
	}
	for _, e := range elements(text, "Challenge") {
		if challenge, err := base64.StdEncoding.DecodeString(e.text); err == nil && e.attribute("encoding") == "base64encoded" {
			text = string(challenge)
		}
	}
	request.Type = licenseRequestMessage
	if len(elements(text, "LicenseRenewal")) > 0 {
		request.Type = licenseRenewalMessage
	}
	request.ids = headerKeyIDs(text)
	return request, len(elements(text, "AcquireLicense")) > 0
}

// xmr is what a licence's bytes begin with; a key id and a key follow here.
const xmr = "XMR\x00\x00\x00\x00\x03"

func (playReady) license(_ *Host, response []byte) (keys []heldKey, err error) {
	for _, e := range elements(string(response), "License") {
		p, err := base64.StdEncoding.DecodeString(e.text)
		if err == nil && len(p) == len(xmr)+32 && strings.HasPrefix(string(p), xmr) {
			keys = append(keys, heldKey{id: swapGUID(p[len(xmr):]), key: [16]byte(p[len(xmr)+16:])})
		}
	}
	if len(keys) == 0 || len(elements(string(response), "AcquireLicenseResponse")) == 0 {
		return nil, dom("TypeError", "the response is no license")
	}
	return keys, nil
}

func playReadyLicenseOf(keys []heldKey) []byte {
	licenses := ""
	for _, k := range keys {
		p := append(append([]byte(xmr), swapGUID(k.id)...), k.key[:]...)
		licenses += "<License>" + base64.StdEncoding.EncodeToString(p) + "</License>"
	}
	return []byte(`<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>` +
		`<AcquireLicenseResponse xmlns="` + playReadyProtocols + `"><AcquireLicenseResult><Response xmlns="` + playReadyProtocols + `/messages">` +
		`<LicenseResponse><Version>1</Version><Licenses>` + licenses + `</Licenses></LicenseResponse></Response></AcquireLicenseResult>` +
		`</AcquireLicenseResponse></soap:Body></soap:Envelope>`)
}

func (playReady) takesCertificate() bool  { return false }
func (playReady) certificate([]byte) bool { return false }
