package player_test

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/playertest"
)

// faultTest is one kind of bad input: it breaks the page, the server or the configuration, and says which error that makes.
type faultTest struct {
	film    string // "" is mp4-cenc
	options playertest.Options
	config  func(*stage) player.Config // nil is server
	break_  func(*stage)
	code    player.Code
	stage   player.Stage
	remedy  string // is in the remedy
	never   bool   // loading again cannot succeed: the browser or the film itself is what is wrong
}

func licenseFault(faults ...playertest.Fault) func(*stage) {
	return func(s *stage) { s.host.Network.Fault("license?token=secret", faults...) }
}

func mediaFault(fault playertest.Fault) func(*stage) {
	fault.Always = true
	return func(s *stage) { s.host.Network.Fault(s.urls[0], fault) }
}

// licenseBody lets the server answer with what edit makes of the right licence.
func licenseBody(edit func(s *stage, license string) string) func(*stage) {
	return func(s *stage) {
		s.host.Network.Handle("license?token=secret", func(ex playertest.Exchange) playertest.Reply {
			return playertest.Reply{Body: []byte(edit(s, string(s.license(ex.Body))))}
		})
	}
}

func replace(license string) func(*stage) {
	return licenseBody(func(*stage, string) string { return license })
}

func modeMSE(s *stage) player.Config {
	c := server(s)
	c.Mode = player.ModeMSE
	return c
}

func withKey(kid, key string) func(*stage) player.Config {
	return func(*stage) player.Config {
		return player.Config{DRM: drm.Config{KeySystems: []drm.KeySystem{{Name: clearkey.Name, Keys: map[string]string{kid: key}}}}}
	}
}

const otherKID = "00112233445566778899aabbccddeeff"

var always503 = playertest.Fault{Status: 503, Always: true}

var faultTests = map[string]faultTest{
	"no EME on an insecure page": {options: playertest.Options{Insecure: true, CDM: playertest.CDMOptions{NoEME: true}},
		code: player.EMEUnavailable, stage: player.StageNegotiate, remedy: "https", never: true},
	"no EME on a secure page": {options: playertest.Options{CDM: playertest.CDMOptions{NoEME: true}},
		code: player.EMEUnavailable, stage: player.StageNegotiate, remedy: "browser", never: true},
	"key system refused": {options: playertest.Options{CDM: playertest.CDMOptions{KeySystems: []string{"com.example"}}},
		code: player.KeySystemRefused, stage: player.StageNegotiate, never: true},
	"a scheme that the CDM refuses": {film: "mp4-cens", code: player.KeySystemRefused, stage: player.StageNegotiate, never: true},
	"no key system configured":      {config: nothing, code: player.KeySystemMissing, stage: player.StageNegotiate, never: true},
	"createMediaKeys fails": {options: playertest.Options{CDM: playertest.CDMOptions{CreateError: errors.New("no")}},
		code: player.MediaKeysFailed, stage: player.StageAttachKeys, never: true},
	"setMediaKeys fails": {options: playertest.Options{CDM: playertest.CDMOptions{SetMediaKeysError: errors.New("no")}},
		code: player.MediaKeysFailed, stage: player.StageAttachKeys, never: true},
	"generateRequest fails": {options: playertest.Options{CDM: playertest.CDMOptions{GenerateError: errors.New("no")}},
		code: player.InitDataRejected, stage: player.StageGenerateRequest, never: true},
	"update fails": {options: playertest.Options{CDM: playertest.CDMOptions{UpdateError: errors.New("no")}},
		code: player.LicenseRejected, stage: player.StageUpdate, never: true},

	"a key of a wrong length":       {config: withKey(otherKID, otherKID[:30]), code: player.ConfigInvalid, stage: player.StageConfigure, never: true},
	"a key for another key id only": {config: withKey(otherKID, otherKID), code: player.KeyMissing, stage: player.StageLicense, never: true},

	"licence 401":                {break_: licenseFault(playertest.Fault{Status: 401}), code: player.LicenseHTTP, stage: player.StageLicense, remedy: "credentials"},
	"licence 403":                {break_: licenseFault(playertest.Fault{Status: 403}), code: player.LicenseHTTP, stage: player.StageLicense, remedy: "token"},
	"licence 404":                {break_: licenseFault(playertest.Fault{Status: 404}), code: player.LicenseHTTP, stage: player.StageLicense, remedy: "URL"},
	"licence 500, three times":   {break_: licenseFault(playertest.Fault{Status: 500}, playertest.Fault{Status: 500}, playertest.Fault{Status: 500}), code: player.LicenseHTTP, stage: player.StageLicense, remedy: "log"},
	"licence server unreachable": {break_: licenseFault(playertest.Fault{NetworkError: true, Always: true}), code: player.LicenseNetwork, stage: player.StageLicense, never: true},
	"licence server hangs":       {break_: licenseFault(playertest.Fault{Hang: true, Always: true}), code: player.LicenseTimeout, stage: player.StageLicense, never: true},
	"licence is an HTML page":    {break_: replace("<!doctype html><h1>Log in</h1>"), code: player.LicenseInvalid, stage: player.StageLicense, never: true},
	"licence has no keys":        {break_: replace(`{"keys":[],"type":"temporary"}`), code: player.LicenseInvalid, stage: player.StageLicense, never: true},
	"licence with a BOM":         {break_: licenseBody(func(_ *stage, l string) string { return "\xef\xbb\xbf" + l }), code: player.LicenseInvalid, stage: player.StageLicense, never: true},
	"licence in standard base64": {break_: licenseBody(func(_ *stage, l string) string { return strings.ReplaceAll(l, `"}`, `=="}`) }), code: player.LicenseInvalid, stage: player.StageLicense, never: true},
	"licence of a megabyte":      {break_: replace(strings.Repeat(" ", 1<<20+1)), code: player.LicenseInvalid, stage: player.StageLicense, never: true},
	"licence for another key":    {break_: replace(string(clearkey.FormatLicense([]clearkey.Key{{ID: [16]byte{1}, Value: [16]byte{2}}}))), code: player.LicenseOtherKey, stage: player.StageLicense, never: true},
	"a key that may not be used": {options: playertest.Options{CDM: playertest.CDMOptions{Statuses: map[[16]byte]string{}}}, code: player.KeyUnusable, stage: player.StageUpdate, never: true},

	"file 404":                          {break_: mediaFault(playertest.Fault{Status: 404}), code: player.FetchHTTP, stage: player.StageFetch, never: true},
	"file 503, always":                  {break_: mediaFault(always503), code: player.FetchHTTP, stage: player.StageFetch, never: true},
	"file server unreachable":           {break_: mediaFault(playertest.Fault{NetworkError: true}), code: player.FetchNetwork, stage: player.StageFetch, never: true},
	"file server hangs":                 {break_: mediaFault(playertest.Fault{Hang: true}), code: player.FetchTimeout, stage: player.StageFetch, never: true},
	"the body never comes":              {break_: mediaFault(playertest.Fault{Stall: true}), code: player.FetchTimeout, stage: player.StageFetch, never: true},
	"the connection breaks each time":   {break_: mediaFault(playertest.Fault{Drop: true}), code: player.FetchNetwork, stage: player.StageFetch, never: true},
	"a body shorter than promised":      {break_: mediaFault(playertest.Fault{Short: 100}), code: player.FetchNetwork, stage: player.StageFetch, never: true},
	"a server without Range":            {break_: mediaFault(playertest.Fault{IgnoreRange: true}), code: player.RangeUnsupported, stage: player.StageFetch, remedy: "direct", never: true},
	"a wrong Content-Range":             {break_: mediaFault(playertest.Fault{Status: 206, Body: make([]byte, 9), Header: contentRange("bytes 5-13/1000")}), code: player.RangeWrong, stage: player.StageFetch, never: true},
	"an empty file":                     {break_: mediaFault(playertest.Fault{Status: 416}), code: player.SourceTruncated, stage: player.StageFetch, never: true},
	"an HTML page for a file":           {break_: mediaFault(htmlFile), code: player.SourceUnknown, stage: player.StageProbe, remedy: "address", never: true},
	"an HTML page without Range":        {break_: mediaFault(playertest.Fault{Status: 200, Body: []byte("<html>"), Header: []platformHeader{{Name: "Content-Type", Value: "text/html"}}}), code: player.SourceUnknown, stage: player.StageFetch, remedy: "address", never: true},
	"an empty file without Range":       {break_: mediaFault(playertest.Fault{Status: 200, Body: []byte{}, Header: []platformHeader{{Name: "Content-Length", Value: "0"}}}), code: player.SourceTruncated, stage: player.StageFetch, never: true},
	"a file that is not media":          {break_: mediaFault(fileOf(bytes.Repeat([]byte{0xff, 0xd8}, 100))), code: player.SourceUnknown, stage: player.StageProbe, never: true},
	"media that is garbage":             {film: "mp4-fragmented", break_: garbage, code: player.MediaInvalid, stage: player.StageAppend, never: true},
	"a file cut within its header":      {break_: mediaFault(playertest.Fault{Cut: 300}), code: player.SourceTruncated, stage: player.StageProbe, never: true},
	"codecs that the browser lacks":     {options: playertest.Options{Unsupported: []string{"avc1"}}, code: player.CodecUnsupported, stage: player.StageProbe, never: true},
	"an encrypted MP4 through src":      {film: "mp4-cenc-progressive", code: player.DirectEncryptedUnsupported, stage: player.StageDecode, remedy: "fragmented", never: true},
	"no MSE, forced":                    {options: playertest.Options{NoMSE: true}, config: modeMSE, code: player.CodecUnsupported, stage: player.StageProbe, never: true},
	"MSE forced for a progressive file": {film: "mp4-progressive", config: modeMSE, code: player.SourceNotFragmented, stage: player.StageProbe, remedy: "fragmented", never: true},
	"MSE forced, moov after mdat":       {film: "mp4-moov-last", config: modeMSE, code: player.SourceNotFragmented, stage: player.StageProbe, remedy: "fragmented", never: true},
}

func contentRange(v string) []platformHeader {
	return []platformHeader{{Name: "Content-Range", Value: v}}
}

// garbage keeps the header of the file and spoils all that follows.
func garbage(s *stage) {
	spoilt := bytes.Clone(s.bytes)
	for i := 4096; i < len(spoilt); i++ {
		spoilt[i] = 0xa5
	}
	s.host.Network.Serve(s.urls[0], playertest.Resource{Body: spoilt})
}

func fileOf(body []byte) playertest.Fault {
	return playertest.Fault{Status: 206, Body: body, Header: contentRange("bytes 0-" + strconv.Itoa(len(body)-1) + "/" + strconv.Itoa(len(body)))}
}

var htmlFile = fileOf([]byte("<!doctype html><title>Not found</title>"))

func TestBadInputGetsATypedError(t *testing.T) {
	for name, test := range faultTests {
		t.Run(name, func(t *testing.T) {
			film, config := test.film, test.config
			if film == "" {
				film = "mp4-cenc"
			}
			if config == nil {
				config = server
			}
			if test.options.CDM.Statuses != nil {
				for _, id := range filmKeyIDs(t, film) {
					test.options.CDM.Statuses[id] = "internal-error"
				}
			}
			play(t, film, test.options, config, func(s *stage) {
				if test.break_ != nil {
					test.break_(s)
				}
				err := s.load()
				s.expectError(err, test.code, test.stage)
				var e *player.Error
				if errors.As(err, &e) && !strings.Contains(e.Remedy, test.remedy) {
					t.Errorf("the remedy is %q, want %q in it", e.Remedy, test.remedy)
				}
				s.events = nil
				if !test.never {
					s.playToEnd()
				} else if err := s.load(); err == nil {
					t.Error("the second load succeeded: the fault is not what the test says")
				}
			})
		})
	}
}

func TestAWrongKeyIsNamedAsSuch(t *testing.T) {
	config := func(s *stage) player.Config {
		c := keys(s)
		wrong := map[string]string{}
		for kid := range s.film.Keys {
			wrong[kid] = otherKID
		}
		c.DRM.KeySystems[0].Keys = wrong
		return c
	}
	play(t, "mp4-cenc", playertest.Options{}, config, func(s *stage) {
		s.expectError(s.load(), player.KeyProbablyWrong, player.StageDecode)
	})
}

func TestATruncatedFilePlaysWhatIsThere(t *testing.T) {
	for _, film := range []string{"mp4-fragmented", "webm-vp8-vorbis"} {
		t.Run(film, func(t *testing.T) {
			play(t, film, playertest.Options{}, nothing, func(s *stage) {
				s.host.Network.Fault(s.urls[0], playertest.Fault{Cut: 100_000, Always: true})
				if err := s.load(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				if !s.host.Video().Ended() {
					t.Errorf("the film did not end\n%s", s.host.Dump())
				}
				errs := s.errors()
				if len(errs) != 1 || errs[0].Code != player.SourceTruncated || errs[0].Fatal {
					t.Errorf("the errors are %v, want one SOURCE_TRUNCATED that is not fatal", errs)
				}
			})
		})
	}
}

func TestAPassingFaultIsNotNoticed(t *testing.T) {
	for name, break_ := range map[string]func(*stage){
		"licence 503 twice": licenseFault(playertest.Fault{Status: 503}, playertest.Fault{Status: 503}),
		"licence 429 once":  licenseFault(playertest.Fault{Status: 429, Header: []platformHeader{{Name: "Retry-After", Value: "2"}}}),
		"licence slow":      licenseFault(playertest.Fault{Delay: 5 * time.Second}),
		"media 503 three times": func(s *stage) {
			s.host.Network.Fault(s.urls[0], playertest.Fault{Status: 503}, playertest.Fault{Status: 503}, playertest.Fault{Status: 503})
		},
		"media drops once": func(s *stage) { s.host.Network.Fault(s.urls[0], playertest.Fault{}, playertest.Fault{Drop: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, "mp4-cenc", playertest.Options{}, server, func(s *stage) {
				break_(s)
				s.playToEnd()
			})
		})
	}
}
