package drm

import (
	"errors"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/playertest"
)

func TestCertificate(t *testing.T) {
	for name, test := range map[string]struct {
		system KeySystem
		reply  playertest.Reply
		want   string
		fails  string
	}{
		"none":          {KeySystem{}, playertest.Reply{}, "", ""},
		"bytes":         {KeySystem{Certificate: []byte("own"), CertificateURL: "cert"}, playertest.Reply{Body: []byte("other")}, "own", ""},
		"a URL":         {KeySystem{CertificateURL: "cert"}, playertest.Reply{Body: []byte{8, 5, 0x12}}, "\x08\x05\x12", ""},
		"not there":     {KeySystem{CertificateURL: "cert"}, playertest.Reply{Status: 404}, "", "HTTP 404"},
		"a page":        {KeySystem{CertificateURL: "cert"}, playertest.Reply{Body: []byte(" <html>secret")}, "", "HTML"},
		"empty":         {KeySystem{CertificateURL: "cert"}, playertest.Reply{Body: []byte{}}, "", "empty"},
		"far too large": {KeySystem{CertificateURL: "cert"}, playertest.Reply{Body: make([]byte, 2<<20)}, "", "larger than its limit"},
	} {
		t.Run(name, func(t *testing.T) {
			online(t, func(t *testing.T, w *wire) {
				w.Network.Handle("cert", func(playertest.Exchange) playertest.Reply { return test.reply })
				got, err := certificate(t.Context(), w, test.system)
				if test.fails == "" {
					if err != nil || string(got) != test.want {
						t.Errorf("got %q, %v; want %q", got, err, test.want)
					}
					return
				}
				var failure *Error
				if !errors.As(err, &failure) || failure.Reason != CertificateFailed || !strings.Contains(err.Error(), test.fails) || strings.Contains(err.Error(), "secret") {
					t.Errorf("got %q, %v; want %q", got, err, test.fails)
				}
			})
		})
	}
}
