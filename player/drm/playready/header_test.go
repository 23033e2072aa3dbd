package playready_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/keystream-player/keystream/player/drm/playready"
	"github.com/keystream-player/keystream/player/mp4"
)

// Two key ids, and the same as GUIDs in base64: the first three fields turned.
var (
	kidA = [16]byte{0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f}
	kidB = [16]byte{0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff}
)

const (
	guidA = "ExIREBUUFxYYGRobHB0eHw=="
	guidB = "8/Lx8PX09/b4+fr7/P3+/w=="
	start = `<WRMHEADER xmlns="http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader" version="`
)

// The headers of https://learn.microsoft.com/en-us/playready/specifications/playready-header-specification#3-playready-header-prh, with our ids.
const (
	header40 = start + `4.0.0.0"><DATA><PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>` + guidA + `</KID>` +
		`<CHECKSUM>xNvWVxoWk04=</CHECKSUM><LA_URL>https://pr.test/rightsmanager.asmx?a=1&amp;b=2</LA_URL>` +
		`<CUSTOMATTRIBUTES><KID>` + guidB + `</KID><LA_URL>https://no.test/</LA_URL></CUSTOMATTRIBUTES></DATA></WRMHEADER>`
	header41 = start + `4.1.0.0"><DATA><PROTECTINFO><KID ALGID="AESCTR" CHECKSUM="xNvWVxoWk04=" VALUE="` + guidA + `"></KID></PROTECTINFO></DATA></WRMHEADER>`
	header42 = start + `4.2.0.0"><DATA><PROTECTINFO><KIDS><KID ALGID="AESCTR" CHECKSUM="xNvWVxoWk04=" VALUE="` + guidA + `"></KID>` +
		`<KID ALGID="AESCTR" VALUE="` + guidB + `"></KID></KIDS></PROTECTINFO><LA_URL>https://pr.test/</LA_URL></DATA></WRMHEADER>`
	header43 = start + `4.3.0.0"><DATA><PROTECTINFO LICENSEREQUESTED="true"><KIDS><KID ALGID="AESCBC" VALUE="` + guidA + `"></KID></KIDS></PROTECTINFO></DATA></WRMHEADER>`
)

// le16 is text in UTF-16LE, without a byte order mark.
func le16(text string) (out []byte) {
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}

type record struct {
	kind  uint16
	value []byte
}

// object is a PlayReady Object.
func object(records ...record) []byte {
	var body []byte
	for _, r := range records {
		body = binary.LittleEndian.AppendUint16(body, r.kind)
		body = binary.LittleEndian.AppendUint16(body, uint16(len(r.value)))
		body = append(body, r.value...)
	}
	p := binary.LittleEndian.AppendUint32(nil, uint32(6+len(body)))
	p = binary.LittleEndian.AppendUint16(p, uint16(len(records)))
	return append(p, body...)
}

func of(header string) []byte { return object(record{1, le16(header)}) }

func TestSwapKeyID(t *testing.T) {
	raw, _ := base64.StdEncoding.DecodeString(guidA)
	if got := playready.SwapKeyID([16]byte(raw)); got != kidA || playready.SwapKeyID(got) != [16]byte(raw) {
		t.Errorf("got %x, want %x and back", got, kidA)
	}
}

func TestParseObject(t *testing.T) {
	license := record{3, []byte("XMR\x00license")}
	for name, test := range map[string]struct {
		pro  []byte
		want playready.Header
	}{
		"4.0, with custom attributes": {of(header40),
			playready.Header{Version: "4.0.0.0", KeyIDs: [][16]byte{kidA}, LicenseURL: "https://pr.test/rightsmanager.asmx?a=1&b=2"}},
		"4.1":                       {of(header41), playready.Header{Version: "4.1.0.0", KeyIDs: [][16]byte{kidA}}},
		"4.2":                       {of(header42), playready.Header{Version: "4.2.0.0", KeyIDs: [][16]byte{kidA, kidB}, LicenseURL: "https://pr.test/"}},
		"4.3":                       {of(header43), playready.Header{Version: "4.3.0.0", KeyIDs: [][16]byte{kidA}}},
		"after an embedded licence": {object(license, record{1, le16(header43)}), playready.Header{Version: "4.3.0.0", KeyIDs: [][16]byte{kidA}}},
		"an embedded licence only":  {object(license), playready.Header{}},
		"padding behind":            {append(of(header41), 0, 0, 0), playready.Header{Version: "4.1.0.0", KeyIDs: [][16]byte{kidA}}},
		"with a byte order mark":    {of("\ufeff" + header41), playready.Header{Version: "4.1.0.0", KeyIDs: [][16]byte{kidA}}},
		"a zero at the end":         {of(header41 + "\x00"), playready.Header{Version: "4.1.0.0", KeyIDs: [][16]byte{kidA}}},
		"white space and comments": {of("<!-- a > b -->\n<WRMHEADER version = '4.2.0.0' >\n<KID\n VALUE='" + guidA + "' /></WRMHEADER>"),
			playready.Header{Version: "4.2.0.0", KeyIDs: [][16]byte{kidA}}},
		"a key id of another size": {of(strings.Replace(header42, guidA, "AAAA", 1)),
			playready.Header{Version: "4.2.0.0", KeyIDs: [][16]byte{kidB}, LicenseURL: "https://pr.test/"}},
	} {
		if got, err := playready.ParseObject(test.pro); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v, %v\nwant %+v", name, got, err, test.want)
		}
	}
}

func TestParseObjectErrors(t *testing.T) {
	whole := of(header41)
	short := slices.Clone(whole)
	short[0] -= 20
	for name, test := range map[string]struct {
		pro  []byte
		want string
	}{
		"nothing":               {nil, "cut off"},
		"cut off":               {whole[:len(whole)-1], "its length"},
		"an impossible size":    {[]byte{2, 0, 0, 0, 1, 0}, "its length"},
		"a record cut off":      {short, "a record"},
		"a missing record":      {[]byte{6, 0, 0, 0, 1, 0}, "a record"},
		"malformed XML":         {of(header41[:80]), "malformed XML"},
		"an open KID":           {of(`<WRMHEADER version="4.0.0.0"><KID>` + guidA), "malformed XML"},
		"another document":      {of("<html></html>"), "not a WRMHEADER"},
		"the box, not its data": {playready.WrapObject(whole), "its length"},
		"far too long":          {make([]byte, 1<<20), "15,000"},
	} {
		if got, err := playready.ParseObject(test.pro); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %+v, %v; want %q in the error", name, got, err, test.want)
		}
	}
}

func TestAnObjectIsBuiltInTheOldestVersionThatCanSayIt(t *testing.T) {
	for _, test := range []struct {
		ids     [][16]byte
		scheme  string
		version string
	}{
		{[][16]byte{kidA}, "", "4.0.0.0"}, {[][16]byte{kidA}, "cenc", "4.0.0.0"}, {[][16]byte{kidA, kidB}, "cenc", "4.2.0.0"},
		{[][16]byte{kidA}, "cbcs", "4.3.0.0"}, {[][16]byte{kidA, kidB}, "cbc1", "4.3.0.0"}, {make([][16]byte, 400), "cbcs", "4.3.0.0"},
	} {
		pro := playready.BuildObject(test.ids, test.scheme)
		got, err := playready.ParseObject(pro)
		if want := (playready.Header{Version: test.version, KeyIDs: test.ids}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%d ids of %q: got %+v, %v; want %+v", len(test.ids), test.scheme, got, err, want)
		}
		if int(binary.LittleEndian.Uint32(pro)) != len(pro) {
			t.Errorf("%d ids: the length field says %d of %d bytes", len(test.ids), binary.LittleEndian.Uint32(pro), len(pro))
		}
		var any struct{ XMLName xml.Name }
		text := string(utf16.Decode(units(pro[10:])))
		if err := xml.Unmarshal([]byte(text), &any); err != nil || any.XMLName.Local != "WRMHEADER" {
			t.Errorf("encoding/xml reads %q: %v", text, err)
		}
		if cbc := strings.HasPrefix(test.scheme, "cbc"); strings.Contains(text, "AESCBC") != cbc || strings.Contains(text, "AESCTR") == cbc {
			t.Errorf("the algorithm of %q: %s", test.scheme, text)
		}
	}
	if playready.BuildObject(nil, "") != nil || playready.BuildPSSH(make([][16]byte, 401), "") != nil {
		t.Error("an object of no ids, or of too many, was built")
	}
}

func units(p []byte) (out []uint16) {
	for ; len(p) >= 2; p = p[2:] {
		out = append(out, binary.LittleEndian.Uint16(p))
	}
	return out
}

func TestBuildPSSH(t *testing.T) {
	boxes, err := mp4.ParsePSSH(playready.BuildPSSH([][16]byte{kidA}, ""))
	if err != nil || len(boxes) != 1 || boxes[0].Version != 0 || hex.EncodeToString(boxes[0].SystemID[:]) != "9a04f07998404286ab92e65be0885f95" ||
		!bytes.Equal(boxes[0].Data, playready.BuildObject([][16]byte{kidA}, "")) {
		t.Errorf("got %+v, %v", boxes, err)
	}
}

func FuzzPRO(f *testing.F) {
	for _, header := range []string{header40, header41, header42, header43} {
		f.Add(of(header))
	}
	f.Add([]byte{6, 0, 0, 0, 255, 255})
	f.Fuzz(func(t *testing.T, pro []byte) {
		got, err := playready.ParseObject(pro)
		if err != nil {
			return
		}
		if 24*len(got.KeyIDs)+len(got.LicenseURL) > 2*len(pro) {
			t.Errorf("%d bytes hold %d key ids and a URL of %d bytes", len(pro), len(got.KeyIDs), len(got.LicenseURL))
		}
		if len(got.KeyIDs) == 0 || len(got.KeyIDs) > 400 {
			return
		}
		again, err := playready.ParseObject(playready.BuildObject(got.KeyIDs, ""))
		if err != nil || !reflect.DeepEqual(again.KeyIDs, got.KeyIDs) {
			t.Errorf("%x became %x, %v", got.KeyIDs, again.KeyIDs, err)
		}
	})
}
