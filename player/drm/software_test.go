package drm_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/keystream-player/keystream/player/cdm"
	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// twoCDMs is a page with a CDM of its own beside the browser's. Both note what is asked of them.
type twoCDMs struct {
	*cdm.Host
	inquiry *inquiry
	own     *ownCDM
}

// ownCDM is what a page asks of its own CDM.
type ownCDM struct {
	platform.KeySystems
	page inquiry
}

func (o *ownCDM) RequestMediaKeySystemAccess(ctx context.Context, name string, configs []platform.MediaKeySystemConfiguration,
) (platform.MediaKeySystemAccess, error) {
	o.page.asked = append(o.page.asked, question{name, configs})
	access, err := o.KeySystems.RequestMediaKeySystemAccess(ctx, name, configs)
	return notedAccess{access, &o.page}, err
}

func (p *twoCDMs) SoftwareKeySystems() platform.KeySystems { return p.own }

func newTwoCDMs(t *testing.T, options playertest.Options) *twoCDMs {
	page := &inquiry{Host: playertest.NewHost(t, options)}
	host := cdm.NewHost(page)
	return &twoCDMs{Host: host, inquiry: page, own: &ownCDM{KeySystems: host.SoftwareKeySystems()}}
}

var cens = representation("video", "avc1.42E01E", "cens")

func direct(content drm.Content) drm.Content {
	content.Direct = true
	return content
}

func TestOurOwnCDMDecryptsWhatTheBrowserDoesNot(t *testing.T) {
	noEME := playertest.CDMOptions{NoEME: true}
	for name, test := range map[string]struct {
		page    playertest.Options
		mode    drm.Software
		content drm.Content // avc where it is empty

		software bool
		refused  drm.Element // of the browser's; "" is nothing
		value    string
		asked    bool // the browser
	}{
		"the browser can":              {asked: true},
		"the browser need not":         {mode: drm.SoftwareAlways, software: true},
		"a scheme":                     {content: setsOf(drm.Set{cens}), software: true, refused: drm.ElementScheme, value: "cens", asked: true},
		"a scheme of one of two":       {content: setsOf(drm.Set{cens, avc}), asked: true},
		"no EME":                       {page: playertest.Options{CDM: noEME}, software: true, refused: drm.ElementEME, value: "requestMediaKeySystemAccess", asked: true},
		"no secure context":            {page: playertest.Options{CDM: noEME, Insecure: true}, software: true, refused: drm.ElementContext, value: "http", asked: true},
		"an insecure context with EME": {page: playertest.Options{Insecure: true}, asked: true},
		"no Clear Key": {page: playertest.Options{CDM: playertest.CDMOptions{KeySystems: []string{nameWidevine}}}, software: true,
			refused: drm.ElementKeySystem, value: clearkey.Name, asked: true},
		"createMediaKeys fails": {page: playertest.Options{CDM: playertest.CDMOptions{CreateError: errors.New("no room")}}, software: true,
			refused: drm.ElementKeySystem, value: clearkey.Name, asked: true},
		"an MP4 through src": {content: direct(setsOf(drm.Set{avc})), software: true, refused: drm.ElementSource, value: "mp4"},
		"a WebM through src": {content: direct(setsOf(drm.Set{representation("video", "vp8", "cenc")})), asked: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				page, g := newTwoCDMs(t, test.page), &grantObserver{}
				if len(test.content.Sets) == 0 {
					test.content = setsOf(drm.Set{avc})
				}
				engine := drm.NewEngine(page, drm.Config{Software: test.mode, KeySystems: []drm.KeySystem{{Name: clearkey.Name, License: never}}})
				load, err := engine.Open(t.Context(), test.content, g)
				if err != nil {
					t.Fatal(err)
				}
				if load.Software() != test.software || g.Software != test.software || g.KeySystem != clearkey.Name {
					t.Errorf("software %v, told %v of %s", load.Software(), g.Software, g.KeySystem)
				}
				if (len(page.inquiry.asked) > 0) != test.asked || len(page.own.page.asked) > 0 != test.software {
					t.Errorf("the browser was asked %d times, our own CDM %d times", len(page.inquiry.asked), len(page.own.page.asked))
				}
				s := g.Report.Systems[0]
				if s.KeySystem != clearkey.Name || s.Granted != clearkey.Name || s.Software != test.software || s.Configuration == nil {
					t.Errorf("reported %+v", s)
				}
				switch {
				case test.refused == "" && s.Refused != nil:
					t.Errorf("refused %+v", s.Refused)
				case test.refused != "" && (s.Refused == nil || s.Refused.Element != test.refused || s.Refused.Value != test.value):
					t.Errorf("refused %+v, want %s %s", s.Refused, test.refused, test.value)
				}
				if strings.Contains(g.Report.String(), "in software") != test.software {
					t.Error(g.Report)
				}
				load.Close(false)
				if err := engine.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestOurOwnCDMIsNotTakenWhereItMayNot(t *testing.T) {
	noEME := playertest.Options{CDM: playertest.CDMOptions{NoEME: true}}
	for name, test := range map[string]struct {
		page    playertest.Options
		mode    drm.Software
		system  drm.KeySystem
		content drm.Content
		reason  drm.Reason
		element drm.Element
	}{
		"never, without EME":  {noEME, drm.SoftwareNever, drm.KeySystem{Name: clearkey.Name}, setsOf(drm.Set{avc}), drm.NoEME, drm.ElementEME},
		"never, for a scheme": {playertest.Options{}, drm.SoftwareNever, drm.KeySystem{Name: clearkey.Name}, setsOf(drm.Set{cens}), drm.Refused, drm.ElementScheme},
		"another key system":  {noEME, drm.SoftwareAuto, drm.KeySystem{Name: nameWidevine}, setsOf(drm.Set{avc}), drm.NoEME, drm.ElementEME},
		"HDCP":                {noEME, drm.SoftwareAuto, drm.KeySystem{Name: clearkey.Name, MinHDCPVersion: "1.4"}, setsOf(drm.Set{avc}), drm.NoEME, drm.ElementEME},
		"it cannot either": {noEME, drm.SoftwareAuto, drm.KeySystem{Name: clearkey.Name, DistinctiveIdentifier: "required"}, setsOf(drm.Set{avc}),
			drm.Refused, drm.ElementIdentifier},
		"what nobody has read": {noEME, drm.SoftwareAuto, drm.KeySystem{Name: clearkey.Name}, drm.Content{Direct: true}, drm.NoEME, drm.ElementEME},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.system.License = never
				engine := drm.NewEngine(newTwoCDMs(t, test.page), drm.Config{Software: test.mode, KeySystems: []drm.KeySystem{test.system}})
				_, err := engine.Open(t.Context(), test.content, &grantObserver{})
				var failure *drm.Error
				if !errors.As(err, &failure) || failure.Reason != test.reason || failure.Report.Blamed().Element != test.element {
					t.Errorf("%+v, blamed %+v", failure, failure.Report.Blamed())
				}
				if err := engine.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// The browser's CDM comes first in each load anew; what is always decrypted in software keeps its MediaKeys.
func TestEachLoadIsAskedAnewWhoDecrypts(t *testing.T) {
	for mode, want := range map[drm.Software]struct {
		software []bool
		made     int // MediaKeys of our own
	}{
		drm.SoftwareAuto:   {[]bool{true, true, false, true}, 2},
		drm.SoftwareAlways: {[]bool{true, true, true, true}, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			page := newTwoCDMs(t, playertest.Options{})
			engine := drm.NewEngine(page, drm.Config{Software: mode, KeySystems: []drm.KeySystem{{Name: clearkey.Name, License: never}}})
			var got []bool
			for _, film := range []drm.Set{{cens}, {cens}, {avc}, {cens}} {
				load, err := engine.Open(t.Context(), setsOf(film), &grantObserver{})
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, load.Software())
				load.Close(false)
			}
			if !slices.Equal(got, want.software) || page.own.page.made != want.made {
				t.Errorf("%q: software %v, want %v; %d MediaKeys of our own, want %d", mode, got, want.software, page.own.page.made, want.made)
			}
			if err := engine.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestProbeTellsOfOurOwnCDM(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		page := newTwoCDMs(t, playertest.Options{CDM: playertest.CDMOptions{NoEME: true}})
		report := drm.Probe(t.Context(), page, nil, drm.Content{})
		for _, s := range report.Systems {
			own := s.KeySystem == clearkey.Name
			if s.Software != own || (s.Granted != "") != own || s.Refused == nil || s.Refused.Element != drm.ElementEME {
				t.Errorf("%+v refused %+v", s, s.Refused)
			}
		}
	})
}
