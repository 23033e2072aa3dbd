package widevine_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/drm/widevine"
	"github.com/keystream-player/keystream/player/mp4"
)

var (
	kidA = [16]byte([]byte("0123456789012345"))
	kidB = [16]byte([]byte("ABCDEFGHIJKLMNOP"))
)

// Written by hand as https://protobuf.dev/programming-guides/encoding/ says: a tag is field number × 8 + wire type.
const (
	namesA   = "1210" + "30313233343536373839303132333435" // 2: bytes
	namesB   = "1210" + "4142434445464748494a4b4c4d4e4f50"
	provider = "1a04" + "74657374"             // 3: "test"
	content  = "2202" + "beef"                 // 4
	period   = "38" + "05"                     // 7: varint
	cbcs     = "48" + "f3c6899b06"             // 9: 0x63626373
	entitled = "7214" + "0a00" + namesB        // 14: an EntitledKey whose key_id is B
	unknown  = "a10f" + "0102030405060708"     // 244: 64 bits
	odd      = "1204" + "01020304"             // a key id of 4 bytes
	group    = "0b" + "0c"                     // wire types 3 and 4, which are not read
	huge     = "22" + "ffffffffffffffffff01"   // a length that overflows an int
	license  = "0802" + "1203" + "010203"      // 1: LICENSE; 2
	failure  = "0803" + "1202" + "0802"        // 1: ERROR_RESPONSE; 2: a LicenseError of code 2
	untyped  = "1203" + "010203"               // a SignedMessage without a type
	cert     = "0805" + "1203" + "010203"      // 1: SERVICE_CERTIFICATE
	future   = "0863" + "1203" + "010203"      // 1: a type that nobody knows
	request  = "0801" + "1203" + "010203"      // 1: LICENSE_REQUEST
	bare     = "0ac802" + "08021210" + "00ff"  // a SignedDrmCertificate's beginning
	sent     = "0804"                          // 1: SERVICE_CERTIFICATE_REQUEST
	longer   = sent + "1200"                   // the same, with an empty message
	silent   = "0803"                          // an error that says nothing
	later    = "0803" + "1202" + "0803"        // SERVICE_UNAVAILABLE
	newError = "0803" + "1203" + "08" + "c801" // error 200
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseInitData(t *testing.T) {
	for name, test := range map[string]struct {
		data   string
		ids    [][16]byte
		scheme string
	}{
		"nothing":                  {"", nil, ""},
		"two key ids":              {namesA + namesB, [][16]byte{kidA, kidB}, ""},
		"all that a packager says": {"0801" + namesA + provider + content + period + cbcs, [][16]byte{kidA}, "cbcs"},
		"no key id":                {provider + content, nil, ""},
		"an entitled key":          {namesA + entitled, [][16]byte{kidA, kidB}, ""},
		"fields that nobody knows": {unknown + namesA, [][16]byte{kidA}, ""},
		"a key id of another size": {odd + namesA, [][16]byte{kidA}, ""},
	} {
		got, err := widevine.ParseInitData(unhex(t, test.data))
		if err != nil || !reflect.DeepEqual(got.KeyIDs, test.ids) || got.ProtectionScheme() != test.scheme {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	got, _ := widevine.ParseInitData(unhex(t, namesA+provider+content+period))
	if got.Provider() != "test" || !bytes.Equal(got.ContentID(), []byte{0xbe, 0xef}) || got.CryptoPeriod() != 5 {
		t.Errorf("got %+v", got)
	}
	for name, data := range map[string]string{"cut off": namesA[:20], "a group": group, "field 0": "0200", "a length past all": huge, "text": "3c68746d6c3e"} {
		if got, err := widevine.ParseInitData(unhex(t, data)); err == nil {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
}

func TestInitDataIsMadeAsPackagersWriteIt(t *testing.T) {
	if got := widevine.FormatInitData([][16]byte{kidA, kidB}, "cbcs"); !bytes.Equal(got, unhex(t, namesA+namesB+cbcs)) {
		t.Errorf("got %x", got)
	}
	boxes, err := mp4.ParsePSSH(widevine.BuildPSSH([][16]byte{kidA}, ""))
	if err != nil || len(boxes) != 1 || boxes[0].Version != 0 || boxes[0].SystemID != widevine.SystemID || !bytes.Equal(boxes[0].Data, unhex(t, namesA)) {
		t.Errorf("got %+v, %v", boxes, err)
	}
}

func TestInitDataNamesOtherKeysAndKeepsTheRest(t *testing.T) {
	one, _ := widevine.ParseInitData(unhex(t, "0801"+namesA+provider+content))
	same, _ := widevine.ParseInitData(unhex(t, "0801"+namesB+provider+content))
	other, _ := widevine.ParseInitData(unhex(t, "0801"+namesA+provider))
	if !one.Alike(same) || one.Alike(other) {
		t.Errorf("alike: %t and %t, want true and false", one.Alike(same), one.Alike(other))
	}
	if got := one.Naming([][16]byte{kidB}); !bytes.Equal(got, unhex(t, namesB+"0801"+provider+content)) {
		t.Errorf("got %x", got)
	}
}

func TestMessagesAreToldApart(t *testing.T) {
	for message, want := range map[string]bool{sent: true, longer: false, request: false, "": false} {
		if got := widevine.IsCertificateRequest(unhex(t, message)); got != want {
			t.Errorf("%s is a certificate request: %t", message, got)
		}
	}
	for message, want := range map[string]widevine.MessageType{license: widevine.License, cert: widevine.ServiceCertificate, future: 99, untyped: 0, "0b": 0} {
		if got, ok := widevine.TypeOf(unhex(t, message)); got != want || ok != (want != 0) {
			t.Errorf("%s is of type %d, %t; want %d", message, got, ok, want)
		}
	}
}

func TestALicenseThatACDMMightTakePasses(t *testing.T) {
	for _, message := range []string{license, cert, future, untyped, bare, "00", "ffff"} {
		if err := widevine.CheckLicense(unhex(t, message)); err != nil {
			t.Errorf("%s: %v", message, err)
		}
	}
}

func TestWhatSurelyIsNoLicenceIsNamed(t *testing.T) {
	for in, want := range map[string]string{
		"":                                     "empty",
		" \r\n":                                "empty",
		"<!doctype html>Log in":                "HTML",
		"\xef\xbb\xbf<html>":                   "HTML",
		`{"error":"secret"}`:                   "JSON",
		"[1]":                                  "JSON",
		"CAISAwECAw==\n":                       "base64",
		"Forbidden: secret":                    "text",
		string(unhex(t, request)):              "sent back",
		string(unhex(t, sent)):                 "sent back",
		string(unhex(t, failure)):              "REVOKED",
		string(unhex(t, later)):                "SERVICE_UNAVAILABLE",
		string(unhex(t, silent)):               "an error",
		string(unhex(t, newError)):             "error 200",
		string(unhex(t, "0803"+"1202"+"0801")): "INVALID_DEVICE",
		string(unhex(t, "0803"+"1205"+"08"+"ffffffff")): "an error",
	} {
		err := widevine.CheckLicense([]byte(in))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v, want %q in it", in, err, want)
		}
	}
	var server *widevine.ServerError
	if err := widevine.CheckLicense(unhex(t, failure)); !errors.As(err, &server) || server.Code != widevine.RevokedDeviceCertificate {
		t.Errorf("got %v, want a ServerError of code 2", err)
	}
}

// FuzzInitData holds the reader to its writer: what is read and written names the same keys, and nothing grows.
func FuzzInitData(f *testing.F) {
	for _, seed := range []string{namesA + namesB, "0801" + namesA + provider + content + period + cbcs, namesA + entitled, group, huge, unknown} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := widevine.ParseInitData(data)
		if err != nil {
			return
		}
		if 18*len(in.KeyIDs) > len(data) {
			t.Errorf("%d key ids in %d bytes", len(in.KeyIDs), len(data))
		}
		again, err := widevine.ParseInitData(in.Naming([][16]byte{kidA}))
		if err != nil || len(again.KeyIDs) == 0 || again.KeyIDs[0] != kidA || !again.Alike(in) {
			t.Errorf("%x became %+v, %v", data, again, err)
		}
	})
}

func FuzzCheckLicense(f *testing.F) {
	for _, seed := range []string{license, failure, bare, newError, huge} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		kind, ok := widevine.TypeOf(message)
		if err := widevine.CheckLicense(message); ok && kind == widevine.License && err != nil {
			t.Errorf("a licence is refused: %v", err)
		}
	})
}
