package clearkey

import (
	"encoding/hex"
	"strings"
	"testing"
)

const (
	kid = "30313233343536373839303132333435"
	key = "ebdd62f16814d27b68ef122afce4ae3c"
)

func unhex(t *testing.T, s string) [16]byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 16 {
		t.Fatalf("bad test value %q", s)
	}
	return [16]byte(b)
}

func TestParseKeyTakesEveryWayOfWritingOne(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"hex":                {key, key},
		"upper-case hex":     {strings.ToUpper(key), key},
		"UUID":               {"ebdd62f1-6814-d27b-68ef-122afce4ae3c", key},
		"base64":             {"691i8WgU0nto7xIq/OSuPA==", key},
		"base64, not padded": {"691i8WgU0nto7xIq/OSuPA", key},
		"base64url":          {"691i8WgU0nto7xIq_OSuPA", key},
		"base64url, padded":  {"691i8WgU0nto7xIq_OSuPA==", key},
		"raw bytes":          {"0123456789012345", kid},
	} {
		got, err := ParseKey(test.in)
		if err != nil || got != unhex(t, test.want) {
			t.Errorf("%s: got %x, %v; want %s", name, got, err, test.want)
		}
	}
}

func TestParseKeySaysWhatIsWrongAndNeverRepeatsTheKey(t *testing.T) {
	for in, want := range map[string]string{
		key[:31]:                  "base64",
		key[:30]:                  "30 hex digits",
		key + "00":                "34 hex digits",
		"691i8WgU0nto7xIq_OSu":    "15 bytes",
		"":                        "0 hex digits",
		"not a key, by any means": "neither hex",
	} {
		_, err := ParseKey(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q in it", in, err, want)
		} else if in != "" && strings.Contains(err.Error(), in) {
			t.Errorf("%q: the error repeats the key: %v", in, err)
		}
	}
}
