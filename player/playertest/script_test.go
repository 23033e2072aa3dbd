package playertest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

const (
	widevine  = "com.widevine.alpha"
	playReady = "com.microsoft.playready.recommendation"
	clearKey  = "org.w3.clearkey"
)

var (
	kid2 = [16]byte{0xa1, 0xa2, 0xa3, 0xa4, 0xb1, 0xb2, 0xc1, 0xc2, 0xd1, 0xd2, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6}
	both = map[[16]byte][16]byte{kid: key, kid2: {2}}

	ownBoxes = map[string][]byte{
		clearKey: playertest.CommonPSSH(kid), widevine: playertest.WidevinePSSH(kid), playReady: playertest.PlayReadyPSSH("4.2", kid),
	}
)

// theatre is a page whose key system is scripted, and the licence server that knows its formats.
type theatre struct {
	t      *testing.T
	ctx    context.Context
	host   *playertest.Host
	keys   platform.MediaKeys
	server playertest.LicenseServer
	heard  []string // what the server was asked, and what sessions told

	mu     sync.Mutex
	failed error // of the last update
}

func newTheatre(t *testing.T, system string, options playertest.Options) *theatre {
	options.CDM.KeySystems = []string{system}
	th := &theatre{t: t, ctx: t.Context(), host: playertest.NewHost(t, options), server: playertest.LicenseServer{Keys: both}}
	access, err := th.host.RequestMediaKeySystemAccess(th.ctx, system, []platform.MediaKeySystemConfiguration{{
		VideoCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: filmType}}}})
	th.must(err)
	th.keys, err = access.CreateMediaKeys(th.ctx)
	th.must(err)
	return th
}

func (th *theatre) must(err error) {
	th.t.Helper()
	if err != nil {
		th.t.Fatal(err)
	}
}

// session makes a session for the init data, and answers its messages as they come.
func (th *theatre) session(initDataType string, initData []byte) (platform.MediaKeySession, error) {
	s, err := th.keys.CreateSession("")
	if err != nil {
		return nil, err
	}
	s.Listen(func(e platform.SessionEvent) {
		if e.Type != "message" {
			th.heard = append(th.heard, strings.TrimSpace(e.Type+" "+e.Reason))
			return
		}
		request, err := playertest.ReadLicenseRequest(e.Message)
		th.must(err)
		line := request.Type
		if slices.Contains(request.KeyIDs, kid) {
			line += " 1"
		}
		if slices.Contains(request.KeyIDs, kid2) {
			line += " 2"
		}
		th.heard = append(th.heard, line)
		answer, err := th.server.Answer(e.Message)
		th.must(err)
		go func() {
			err := s.Update(th.ctx, answer)
			th.mu.Lock()
			defer th.mu.Unlock()
			th.failed = err
		}()
	})
	return s, s.GenerateRequest(th.ctx, initDataType, initData)
}

// pass lets time go by, and gives what was heard meanwhile.
func (th *theatre) pass(d time.Duration) string {
	time.Sleep(d)
	synctest.Wait()
	heard := strings.Join(th.heard, ", ")
	th.heard = nil
	return heard
}

func statuses(s platform.MediaKeySession) string {
	var all []string
	for _, k := range s.KeyStatuses() {
		name := map[string]string{string(kid[:]): "1", string(kid2[:]): "2"}[string(k.KeyID)]
		all = append(all, name+"="+k.Status)
	}
	return strings.Join(all, " ")
}

func TestEachKeySystemSpeaksItsOwnFormats(t *testing.T) {
	boxes := slices.Concat(playertest.CommonPSSH(kid), playertest.WidevinePSSH(kid), playertest.PlayReadyPSSH("4.0", kid))
	const one, two = "license-request 1, keystatuseschange", "license-request 1 2, keystatuseschange"
	const certificate, individualization = "certificate-request, ", "individualization-request, "
	for name, test := range map[string]struct {
		system string
		cdm    playertest.CDMOptions
		kind   string
		data   []byte
		heard  string
		keys   string
	}{
		"Clear Key":                   {clearKey, playertest.CDMOptions{}, "cenc", boxes, one, "1=usable"},
		"Clear Key, two":              {clearKey, playertest.CDMOptions{}, "cenc", playertest.CommonPSSH(kid, kid2), two, "1=usable 2=usable"},
		"Widevine":                    {widevine, playertest.CDMOptions{}, "cenc", boxes, one, "1=usable"},
		"Widevine, two":               {widevine, playertest.CDMOptions{}, "cenc", playertest.WidevinePSSH(kid, kid2), two, "1=usable 2=usable"},
		"Widevine in WebM":            {widevine, playertest.CDMOptions{}, "webm", kid[:], one, "1=usable"},
		"Widevine with a certificate": {widevine, playertest.CDMOptions{CertificateFirst: true}, "cenc", boxes, certificate + one, "1=usable"},
		"Widevine that is not at home": {widevine, playertest.CDMOptions{CertificateFirst: true, Individualization: true}, "cenc", boxes,
			individualization + certificate + one, "1=usable"},
		"PlayReady":                    {playReady, playertest.CDMOptions{}, "cenc", boxes, one, "1=usable"},
		"PlayReady 4.1":                {playReady, playertest.CDMOptions{}, "cenc", playertest.PlayReadyPSSH("4.1", kid), one, "1=usable"},
		"PlayReady 4.3":                {playReady, playertest.CDMOptions{}, "cenc", playertest.PlayReadyPSSH("4.3", kid, kid2), two, "1=usable 2=usable"},
		"PlayReady without a wrapping": {playReady, playertest.CDMOptions{PlainMessages: true}, "cenc", boxes, one, "1=usable"},
		"PlayReady's own order":        {playReady, playertest.CDMOptions{SwappedIDs: true}, "cenc", boxes, one, "=usable"},
		"PlayReady, individualized":    {playReady, playertest.CDMOptions{Individualization: true}, "cenc", boxes, individualization + one, "1=usable"},
		"a key that takes its time":    {widevine, playertest.CDMOptions{PendingFor: time.Second}, "cenc", boxes, one + ", keystatuseschange", "1=usable"},
		"a key that is restricted": {playReady, playertest.CDMOptions{Statuses: map[[16]byte]string{kid: "output-restricted"}}, "cenc", boxes, one,
			"1=output-restricted"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				th := newTheatre(t, test.system, playertest.Options{CDM: test.cdm})
				s, err := th.session(test.kind, test.data)
				th.must(err)
				if heard := th.pass(time.Minute); heard != test.heard || th.failed != nil {
					t.Errorf("heard %q, %v, want %q", heard, th.failed, test.heard)
				}
				if got := statuses(s); got != test.keys {
					t.Errorf("its keys are %q, want %q", got, test.keys)
				}
			})
		})
	}
}

func TestACDMTakesItsOwnInitDataAndLicencesOnly(t *testing.T) {
	for system := range ownBoxes {
		for foreign, box := range ownBoxes {
			synctest.Test(t, func(t *testing.T) {
				th := newTheatre(t, system, playertest.Options{})
				s, err := th.session("cenc", box)
				if system == foreign {
					th.must(err)
					for _, bad := range []string{"<html>", `{"keys":[]}`, "\x08\x02", "\x00"} {
						if err := s.Update(th.ctx, []byte(bad)); !platform.IsDOMError(err, "TypeError") {
							t.Errorf("%s takes %q: %v", system, bad, err)
						}
					}
				} else if !platform.IsDOMError(err, "NotSupportedError") {
					t.Errorf("%s asks with a box of %s: %v", system, foreign, err)
				}
			})
		}
	}
}

func TestACertificateThatIsSetIsNotAskedFor(t *testing.T) {
	const asked = "certificate-request, license-request 1, keystatuseschange"
	for name, test := range map[string]struct {
		cdm  playertest.CDMOptions
		used bool
		want string
	}{
		"used":    {playertest.CDMOptions{CertificateFirst: true}, true, "license-request 1, keystatuseschange"},
		"unused":  {playertest.CDMOptions{CertificateFirst: true, NoCertificate: true}, false, asked},
		"refused": {playertest.CDMOptions{CertificateFirst: true, CertificateError: errors.New("no")}, false, asked},
	} {
		synctest.Test(t, func(t *testing.T) {
			th := newTheatre(t, widevine, playertest.Options{CDM: test.cdm})
			if used, err := th.keys.SetServerCertificate(th.ctx, []byte("certificate")); used != test.used || err != test.cdm.CertificateError {
				t.Errorf("%s: used %v, %v", name, used, err)
			}
			_, err := th.session("cenc", playertest.WidevinePSSH(kid))
			th.must(err)
			if heard := th.pass(time.Minute); heard != test.want {
				t.Errorf("%s: heard %q, want %q", name, heard, test.want)
			}
		})
	}
}

func TestALicenceEndsUnlessItIsRenewed(t *testing.T) {
	for _, system := range []string{clearKey, widevine, playReady} {
		renewal := "license-renewal 1"
		if system == clearKey {
			renewal = "license-request 1"
		}
		synctest.Test(t, func(t *testing.T) {
			th := newTheatre(t, system, playertest.Options{CDM: playertest.CDMOptions{ExpireAfter: time.Minute, RenewAfter: 50 * time.Second}})
			s, err := th.session("cenc", ownBoxes[system])
			th.must(err)
			th.pass(time.Second)
			if left := time.Until(s.Expiration()).Round(time.Second); left != 59*time.Second {
				t.Errorf("%s: it ends in %v", system, left)
			}
			if heard := th.pass(55 * time.Second); heard != renewal+", keystatuseschange" || th.failed != nil {
				t.Errorf("%s: heard %q, %v", system, heard, th.failed)
			}
			th.host.Turn(func(o *playertest.CDMOptions) { o.UpdateError, o.RenewRetry = errors.New("no"), 4*time.Second })
			want := strings.Repeat(renewal+", ", 3) + "keystatuseschange, " + renewal
			if heard := th.pass(time.Minute); heard != want {
				t.Errorf("%s: heard %q", system, heard)
			}
			if got := statuses(s); got != "1=expired" {
				t.Errorf("%s: its keys are %s", system, got)
			}
		})
	}
}

func TestAnExpirationCanChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newTheatre(t, widevine, playertest.Options{})
		s, err := th.session("cenc", playertest.WidevinePSSH(kid))
		th.must(err)
		th.pass(time.Second)
		for _, never := range []bool{true, false} {
			th.host.SetExpiration(kid, time.Now().Add(time.Minute))
			if never {
				th.host.SetExpiration(kid, time.Time{})
			}
			want := map[bool]string{true: "1=usable", false: "1=expired"}[never]
			if th.pass(2 * time.Minute); statuses(s) != want || s.Expiration().IsZero() != never {
				t.Errorf("its keys are %s, expiring at %v, want %s", statuses(s), s.Expiration(), want)
			}
		}
		if got := th.host.KeyStatuses(kid); !slices.Equal(got, []string{"expired"}) {
			t.Errorf("the page's key is %v", got)
		}
	})
}

func TestACDMHasRoomForSoMuch(t *testing.T) {
	for name, test := range map[string]struct {
		cdm  playertest.CDMOptions
		want string // what the third session meets
		open int
	}{
		"createSession":   {playertest.CDMOptions{MaxSessions: 2}, "QuotaExceededError", 2},
		"generateRequest": {playertest.CDMOptions{MaxSessions: 2, QuotaAtRequest: true}, "QuotaExceededError", 2},
		"eviction":        {playertest.CDMOptions{MaxSessions: 2, Evict: true}, "", 2},
		"keys":            {playertest.CDMOptions{MaxKeys: 2}, "", 3},
		"no limit":        {playertest.CDMOptions{}, "", 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			th := newTheatre(t, clearKey, playertest.Options{CDM: test.cdm})
			var err error
			for range 3 {
				_, err = th.session("webm", kid[:])
				th.pass(time.Second)
			}
			if test.want == "" && err != nil || test.want != "" && !platform.IsDOMError(err, test.want) {
				t.Errorf("%s: the third session gets %v", name, err)
			}
			if full := name == "keys"; full != platform.IsDOMError(th.failed, "QuotaExceededError") {
				t.Errorf("%s: the last update gets %v", name, th.failed)
			}
			if n := th.host.OpenSessions(); n != test.open {
				t.Errorf("%s: %d sessions are open, want %d", name, n, test.open)
			}
		})
	}
}

func TestErrorsComeInTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		th := newTheatre(t, clearKey, playertest.Options{CDM: playertest.CDMOptions{GenerateErrors: []error{broken, nil, broken}}})
		for i, want := range []error{broken, nil, broken, nil} {
			if _, err := th.session("webm", kid[:]); err != want {
				t.Errorf("request %d gets %v, want %v", i, err, want)
			}
			th.pass(time.Second)
		}
	})
}

func TestWhatAKeySystemGrants(t *testing.T) {
	asked := func(change func(*platform.MediaKeySystemConfiguration)) platform.MediaKeySystemConfiguration {
		c := platform.MediaKeySystemConfiguration{InitDataTypes: []string{"cenc"}, VideoCapabilities: []platform.MediaKeySystemMediaCapability{
			{ContentType: filmType, Robustness: "SW_SECURE_DECODE", EncryptionScheme: "cenc"}}}
		change(&c)
		return c
	}
	asIs := func(*platform.MediaKeySystemConfiguration) {}
	hardware := func(c *platform.MediaKeySystemConfiguration) { c.VideoCapabilities[0].Robustness = "HW_SECURE_ALL" }
	for name, test := range map[string]struct {
		grant   playertest.Grant
		change  func(*platform.MediaKeySystemConfiguration)
		granted bool
	}{
		"all":                {playertest.Grant{}, asIs, true},
		"another robustness": {playertest.Grant{}, hardware, false},
		"that robustness":    {playertest.Grant{VideoRobustness: []string{"HW_SECURE_ALL"}}, hardware, true},
		"none": {playertest.Grant{RobustnessNeeded: true},
			func(c *platform.MediaKeySystemConfiguration) { c.VideoCapabilities[0].Robustness = "" }, false},
		"another scheme":         {playertest.Grant{Schemes: []string{"cbcs"}}, asIs, false},
		"another codec":          {playertest.Grant{Codecs: []string{"vp09"}}, asIs, false},
		"another init data type": {playertest.Grant{InitDataTypes: []string{"webm"}}, asIs, false},
		"no identifier": {playertest.Grant{DistinctiveIdentifier: "not-allowed"},
			func(c *platform.MediaKeySystemConfiguration) { c.DistinctiveIdentifier = "required" }, false},
		"an identifier": {playertest.Grant{}, func(c *platform.MediaKeySystemConfiguration) { c.DistinctiveIdentifier = "required" }, true},
		"state it needs": {playertest.Grant{PersistentState: "required"},
			func(c *platform.MediaKeySystemConfiguration) { c.PersistentState = "not-allowed" }, false},
		"session type": {playertest.Grant{}, func(c *platform.MediaKeySystemConfiguration) { c.SessionTypes = []string{"persistent-license"} }, false},
		"a type it grants": {playertest.Grant{SessionTypes: []string{"persistent-license"}},
			func(c *platform.MediaKeySystemConfiguration) { c.SessionTypes = []string{"persistent-license"} }, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			cdm := playertest.CDMOptions{KeySystems: []string{widevine}, Grants: map[string]playertest.Grant{widevine: test.grant}}
			host := playertest.NewHost(t, playertest.Options{CDM: cdm})
			_, err := host.RequestMediaKeySystemAccess(t.Context(), widevine, []platform.MediaKeySystemConfiguration{asked(test.change)})
			if test.granted && err != nil || !test.granted && !platform.IsDOMError(err, "NotSupportedError") {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestAPermissionsPolicyIsChromiumsAffair(t *testing.T) {
	for engine, want := range map[playertest.Engine]string{playertest.Chromium: "SecurityError", playertest.Firefox: ""} {
		synctest.Test(t, func(t *testing.T) {
			host := playertest.NewHost(t, playertest.Options{Engine: engine, Denied: []string{"encrypted-media"}})
			_, err := host.RequestMediaKeySystemAccess(t.Context(), clearKey, []platform.MediaKeySystemConfiguration{{
				VideoCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: filmType}}}})
			if want == "" && err != nil || want != "" && !platform.IsDOMError(err, want) || host.AllowsFeature("encrypted-media") != (want == "") {
				t.Errorf("engine %d: %v, allowed %v", engine, err, host.AllowsFeature("encrypted-media"))
			}
		})
	}
}

func TestALicenceServerRefuses(t *testing.T) {
	server := playertest.LicenseServer{Keys: both}
	unknown := []byte(`{"kids":["AAAAAAAAAAAAAAAAAAAAAA"]}`)
	for body, want := range map[string]int{
		string(unknown): 403, "<html>": 400, "": 400, "\x08\x05": 400, "\x08\x04": 0, "individualization-request": 0,
	} {
		if reply := server.Handle(playertest.Exchange{Body: []byte(body)}); reply.Status != want {
			t.Errorf("%q gives %d, want %d", body, reply.Status, want)
		}
	}
	server.All = true
	answer, err := server.Answer([]byte(`{"kids":["` + "MDEyMzQ1Njc4OTAxMjM0NQ" + `"]}`))
	if err != nil || strings.Count(string(answer), "kid") != 2 {
		t.Errorf("a licence for all is %s, %v", answer, err)
	}
}

func TestSessionsOfKeysThatNobodyHasAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newTheatre(t, clearKey, playertest.Options{})
		_, err := th.session("webm", kid[:])
		th.must(err)
		dropped := th.keys
		th.keys = nil
		th.pass(time.Second)
		if n := th.host.OpenSessions(); n != 1 || dropped == nil {
			t.Errorf("%d sessions are open", n)
		}
		th.host.CloseSessions("resource-evicted", kid2)
		if heard := th.pass(time.Second); heard != "" {
			t.Errorf("a session heard %q of another key", heard)
		}
		th.host.CloseSessions("resource-evicted", kid)
		if heard := th.pass(time.Second); heard != "closed resource-evicted, keystatuseschange" || th.host.OpenSessions() != 0 {
			t.Errorf("the session heard %q, %d are open", heard, th.host.OpenSessions())
		}
	})
}

func TestDecodingInfoSaysWhatItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		smooth := platform.MediaCapabilitiesInfo{Supported: true, Smooth: true}
		host := playertest.NewHost(t, playertest.Options{Engine: playertest.Firefox,
			DecodingInfo: func(m platform.MediaDecodingConfiguration) (platform.MediaCapabilitiesInfo, error) {
				if m.Width > 1920 {
					return platform.MediaCapabilitiesInfo{}, nil
				}
				return smooth, nil
			}})
		ask := platform.MediaDecodingConfiguration{Type: "media-source", ContentType: filmType, Width: 1920, Height: 1080, FrameRate: 25}
		wide, unsized := ask, ask
		wide.Width, unsized.Width = 3840, 0
		for _, test := range []struct {
			media platform.MediaDecodingConfiguration
			want  platform.MediaCapabilitiesInfo
			fails bool
		}{{ask, smooth, false}, {wide, platform.MediaCapabilitiesInfo{}, false}, {unsized, platform.MediaCapabilitiesInfo{}, true}} {
			got, err := host.DecodingInfo(t.Context(), test.media)
			if got != test.want || platform.IsDOMError(err, "TypeError") != test.fails {
				t.Errorf("%d wide: %+v, %v", test.media.Width, got, err)
			}
		}
	})
}
