package drm_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// maxQuestions to one key system: by each of PlayReady's names, twice, and then 24 to explain.
const maxQuestions = 6 + 24

// wide is content in more codecs than anybody should be asked about one by one.
func wide() drm.Content {
	var video drm.Set
	for i := range 300 {
		video = append(video, representation("video", "avc1.42E"+strconv.Itoa(100+i), "cens"))
	}
	return setsOf(video, drm.Set{aac})
}

func TestARefusalNamesItsFirstElement(t *testing.T) {
	system := func(name string) drm.KeySystem { return drm.KeySystem{Name: name} }
	av1 := representation("video", "av01.0.04M.08", "cenc")
	film := setsOf(drm.Set{avc}, drm.Set{aac})
	scheme := func(scheme string) drm.Content {
		return setsOf(drm.Set{representation("video", "avc1.42E01E", scheme)}, drm.Set{aac})
	}
	cdm := func(name string, grant playertest.Grant) playertest.Options {
		return playertest.Options{CDM: playertest.CDMOptions{KeySystems: []string{name}, Grants: map[string]playertest.Grant{name: grant}}}
	}
	refused := &platform.DOMError{Name: "NotAllowedError"}
	for name, test := range map[string]struct {
		system  drm.KeySystem
		options playertest.Options
		content drm.Content
		element drm.Element
		value   string
		remedy  string // a part of it
	}{
		"no EME": {system(clearkey.Name), playertest.Options{CDM: playertest.CDMOptions{NoEME: true}}, film, drm.ElementEME,
			"requestMediaKeySystemAccess", "WebViews"},
		"an insecure page": {system(clearkey.Name), playertest.Options{Insecure: true, CDM: playertest.CDMOptions{NoEME: true}}, film,
			drm.ElementContext, "http", "https"},
		"insecure, with EME": {system(nameWidevine), playertest.Options{Insecure: true}, film, drm.ElementContext, "http", "https"},
		"an iframe": {system(clearkey.Name), playertest.Options{Denied: []string{"encrypted-media"}}, film, drm.ElementPermission, "encrypted-media",
			`allow="encrypted-media"`},
		"an iframe that cannot tell": {system(clearkey.Name), playertest.Options{CDM: playertest.CDMOptions{AccessError: refused}},
			film, drm.ElementPermission,
			"encrypted-media", `allow="encrypted-media"`},
		"Clear Key is missing": {system(clearkey.Name), cdm("none", playertest.Grant{}), film, drm.ElementKeySystem, clearkey.Name, "Safari"},
		"Widevine is missing":  {system(nameWidevine), cdm("none", playertest.Grant{}), film, drm.ElementKeySystem, nameWidevine, "Firefox"},
		"PlayReady is missing": {system(namePlayReady), cdm("none", playertest.Grant{}), film, drm.ElementKeySystem, namePlayReady, "Edge"},
		"a stranger is missing": {system("org.example"), cdm("none", playertest.Grant{}), film, drm.ElementKeySystem, "org.example",
			"Check the name"},
		"a codec": {system(nameWidevine), cdm(nameWidevine, playertest.Grant{Codecs: []string{"avc1"}}), film,
			drm.ElementCodec, `audio/mp4; codecs="mp4a.40.2"`, "codec"},
		"the only codec of one": {system(nameWidevine), cdm(nameWidevine, playertest.Grant{Codecs: []string{"avc1", "mp4a"}}),
			setsOf(drm.Set{avc, av1}, drm.Set{av1}), drm.ElementCodec, `video/mp4; codecs="av01.0.04M.08"`, "codec"},
		"init data": {system(nameWidevine), cdm(nameWidevine, playertest.Grant{InitDataTypes: []string{"sinf"}}), film,
			drm.ElementInitData, "cenc", "PSSH"},
		"cens": {system(clearkey.Name), playertest.Options{}, scheme("cens"), drm.ElementScheme, "cens",
			"Package it as cenc or cbcs"},
		"cbc1": {system(clearkey.Name), playertest.Options{}, scheme("cbc1"), drm.ElementScheme, "cbc1",
			"Package it as cenc or cbcs"},
		"cbcs": {system(nameWidevine), cdm(nameWidevine, playertest.Grant{Schemes: []string{"cenc"}}), scheme("cbcs"),
			drm.ElementScheme, "cbcs", "Package it as cenc too"},
		"cenc": {system(nameWidevine), cdm(nameWidevine, playertest.Grant{Schemes: []string{"cbcs"}}), film,
			drm.ElementScheme, "cenc", "Package it as cbcs too"},
		"video's robustness": {drm.KeySystem{Name: nameWidevine, VideoRobustness: []string{"HW_SECURE_ALL"}},
			cdm(nameWidevine, playertest.Grant{}), film, drm.ElementRobustness, "HW_SECURE_ALL", "Lower"},
		"audio's robustness": {drm.KeySystem{Name: namePlayReady, AudioRobustness: []string{"3000"}},
			cdm(namePlayReady, playertest.Grant{}), film, drm.ElementRobustness, "3000", "Lower"},
		"persistent state": {drm.KeySystem{Name: clearkey.Name, PersistentState: "required"}, playertest.Options{}, film,
			drm.ElementPersistence, "required", "Leave persistentState out"},
		"an identifier": {drm.KeySystem{Name: clearkey.Name, DistinctiveIdentifier: "required"}, playertest.Options{}, film,
			drm.ElementIdentifier, "required", "Leave distinctiveIdentifier out"},
		"a session type": {drm.KeySystem{Name: clearkey.Name, SessionTypes: []string{"temporary", "persistent-license"}},
			playertest.Options{}, film, drm.ElementSessionType, "persistent-license", "temporary"},
		"a scheme of 300 codecs": {system(clearkey.Name), playertest.Options{}, wide(), drm.ElementScheme, "cens", "cenc or cbcs"},
		"two wrongs, the first": {drm.KeySystem{Name: clearkey.Name, PersistentState: "required"}, playertest.Options{},
			scheme("cens"), drm.ElementScheme, "cens", "cenc or cbcs"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				page := &inquiry{Host: playertest.NewHost(t, test.options)}
				_, err := drm.NewEngine(page, drm.Config{KeySystems: []drm.KeySystem{test.system}}).Open(t.Context(), test.content, &grantObserver{})
				var failure *drm.Error
				if !errors.As(err, &failure) || failure.Reason != drm.Refused && failure.Reason != drm.NoEME || failure.Report == nil {
					t.Fatalf("got %v, want a refusal with a report", err)
				}
				got := failure.Report.Systems[0].Refused
				if got == nil || got.Element != test.element || got.Value != test.value || !strings.Contains(got.Remedy, test.remedy) {
					t.Errorf("got %+v, want %s %s: … %s …", got, test.element, test.value, test.remedy)
				}
				if failure.Reason == drm.Refused && !strings.Contains(err.Error(), test.value) {
					t.Errorf("the error %q does not name %s", err, test.value)
				}
				if len(page.asked) > maxQuestions {
					t.Errorf("%d questions were asked", len(page.asked))
				}
				if text := failure.Report.String(); !strings.Contains(text, test.value) || !strings.Contains(text, test.remedy) {
					t.Errorf("the report does not say so:\n%s", text)
				}
			})
		})
	}
}

func TestTheKeySystemThatCameFurthestIsBlamed(t *testing.T) {
	content := setsOf(drm.Set{representation("video", "avc1.42E01E", "cens")})
	err := negotiated(t, playertest.Options{}, []drm.KeySystem{{Name: nameWidevine}, {Name: clearkey.Name}, {Name: namePlayReady}}, content, nil)
	var failure *drm.Error
	if !errors.As(err, &failure) || !strings.Contains(failure.Detail, clearkey.Name) || !strings.Contains(failure.Detail, "cens") {
		t.Fatalf("got %v, want Clear Key blamed for cens", err)
	}
	if got := failure.Report.Blamed(); got == nil || got.Value != "cens" {
		t.Errorf("%+v is blamed, want cens", got)
	}
	if want := []string{nameWidevine, clearkey.Name, namePlayReady}; !slices.Equal(failure.Refusals, want) || len(failure.Report.Systems) != 3 {
		t.Errorf("%q were refused, with %d reports; want %q", failure.Refusals, len(failure.Report.Systems), want)
	}
}

func TestAnExplanationThatTakesTooLongIsCutShort(t *testing.T) {
	options := playertest.Options{CDM: playertest.CDMOptions{KeySystems: []string{"none"}, AccessDelay: 3 * time.Second}}
	start, took := time.Time{}, time.Duration(0)
	synctest.Test(t, func(t *testing.T) {
		host := playertest.NewHost(t, options)
		start = time.Now()
		_, err := drm.NewEngine(host, drm.Config{KeySystems: []drm.KeySystem{{Name: namePlayReady}}}).Open(t.Context(),
			setsOf(drm.Set{avc}), &grantObserver{})
		took = time.Since(start)
		var failure *drm.Error
		if !errors.As(err, &failure) || failure.Reason != drm.Refused || failure.Report.Systems[0].Refused == nil {
			t.Errorf("got %v, want a refusal", err)
		}
	})
	// Six requests to be granted at all, then the explanation.
	if want := 6*3*time.Second + 5*time.Second; took > want+time.Second {
		t.Errorf("it took %v, want at most %v", took, want)
	}
}

func TestProbeTellsWhatThereIs(t *testing.T) {
	options := playertest.Options{Unsupported: []string{"av01"}, CDM: playertest.CDMOptions{
		KeySystems: []string{clearkey.Name, namePlayReady + ".recommendation"}, HDCPStatuses: map[string]string{"2.2": "output-restricted"}}}
	synctest.Test(t, func(t *testing.T) {
		page := &inquiry{Host: playertest.NewHost(t, options)}
		report := drm.Probe(t.Context(), page, nil, drm.Content{})
		if !report.Secure || !report.Permitted || !report.EME || len(report.Systems) != 3 {
			t.Fatalf("the report is\n%s", report)
		}
		for _, system := range report.Systems {
			want := map[string]string{clearkey.Name: clearkey.Name, namePlayReady: namePlayReady + ".recommendation",
				nameWidevine: ""}[system.KeySystem]
			if system.Granted != want || (system.Configuration == nil) != (want == "") || (system.Refused == nil) != (want != "") {
				t.Errorf("%s: granted %q, refused %+v; want %q", system.KeySystem, system.Granted, system.Refused, want)
			}
		}
		clear := report.Systems[2]
		for _, want := range []drm.Finding{
			{drm.ElementKeySystem, clearkey.Name, true},
			{drm.ElementCodec, `video/mp4; codecs="avc1.42E01E"`, true},
			{drm.ElementCodec, `video/mp4; codecs="av01.0.04M.08"`, false},
			{drm.ElementCodec, `audio/webm; codecs="opus"`, true},
			{drm.ElementInitData, "keyids", true},
			{drm.ElementScheme, "cenc", true},
			{drm.ElementScheme, "cbcs", true},
		} {
			if !slices.Contains(clear.Findings, want) {
				t.Errorf("Clear Key's findings lack %+v:\n%s", want, report)
			}
		}
		if want := (drm.Finding{Element: drm.ElementRobustness, Value: "3000"}); !slices.Contains(report.Systems[1].Findings, want) {
			t.Errorf("PlayReady's findings lack %+v", want)
		}
		if len(page.asked) > 3*maxQuestions || page.made != 0 {
			t.Errorf("%d questions were asked, %d MediaKeys made", len(page.asked), page.made)
		}
		hdcp := drm.Probe(t.Context(), page, []drm.KeySystem{{Name: clearkey.Name, MinHDCPVersion: "2.2"}}, setsOf(drm.Set{avc}))
		if s := hdcp.Systems[0]; s.Granted != "" || s.Refused == nil || s.Refused.Element != drm.ElementHDCP {
			t.Errorf("with an HDCP version that the display lacks: %+v", s)
		}
		page.Turn(func(o *playertest.CDMOptions) { o.NoEME = true })
		if report := drm.Probe(t.Context(), page, nil, drm.Content{}); report.EME || report.Systems[0].Refused.Element != drm.ElementEME {
			t.Errorf("without EME: %s", report)
		}
	})
}

func TestProbeEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := playertest.NewHost(t, playertest.Options{CDM: playertest.CDMOptions{AccessDelay: time.Hour}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		report := drm.Probe(ctx, host, nil, drm.Content{})
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %v", took)
		}
		for _, system := range report.Systems {
			if system.Granted != "" || system.Refused != nil || len(system.Findings) > 0 {
				t.Errorf("without an answer, %+v is reported", system)
			}
		}
	})
}

func TestAReportIsForPeople(t *testing.T) {
	report := &drm.Report{Secure: true, Permitted: true, EME: true, Systems: []drm.SystemReport{
		{KeySystem: namePlayReady, Granted: namePlayReady + ".recommendation"},
		{KeySystem: clearkey.Name, Refused: &drm.Refusal{Element: drm.ElementScheme, Value: "cens", Remedy: "Package it as cenc or cbcs"},
			Findings: []drm.Finding{{drm.ElementKeySystem, clearkey.Name, true}, {drm.ElementScheme, "cens", false}}},
	}}
	want := `secure context: yes, permitted: yes, EME: yes
com.microsoft.playready: granted as com.microsoft.playready.recommendation
org.w3.clearkey: refused: encryption-scheme cens. Package it as cenc or cbcs
  key-system org.w3.clearkey: yes
  encryption-scheme cens: no
`
	if got := report.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// framed is a page that is not permitted, in a browser that tells nothing but in its policy.
type framed struct{ *playertest.Host }

func (framed) AllowsFeature(string) bool { return false }

func TestThePermissionsPolicyIsBlamedForARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := framed{playertest.NewHost(t, playertest.Options{CDM: playertest.CDMOptions{KeySystems: []string{"none"}}})}
		report := drm.Probe(t.Context(), host, []drm.KeySystem{{Name: clearkey.Name}}, drm.Content{})
		if got := report.Systems[0].Refused; report.Permitted || got == nil || got.Element != drm.ElementPermission {
			t.Errorf("got %+v in\n%s", got, report)
		}
	})
}
