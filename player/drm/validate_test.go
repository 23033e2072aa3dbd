package drm_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
)

func TestValidateNamesWhatIsWrong(t *testing.T) {
	const id, key = "000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff"
	with := func(system drm.KeySystem) drm.Config {
		system.Name = clearkey.Name
		return drm.Config{KeySystems: []drm.KeySystem{system}}
	}
	for name, test := range map[string]struct {
		config drm.Config
		reason drm.Reason // 0 is none
		detail string     // a part of it
	}{
		"nothing": {},
		"everything": {config: drm.Config{
			KeySystems: []drm.KeySystem{
				{Name: clearkey.Name, Keys: map[string]string{id: key}, PersistentState: "optional", DistinctiveIdentifier: "not-allowed",
					SessionTypes: []string{"temporary", "persistent-license"}, MinHDCPVersion: "2.2"},
				{Name: nameWidevine},
			},
			LicensePer: drm.PerContent, Policies: map[string]drm.Policy{"expired": drm.PolicyError, "output-restricted": drm.PolicyContinue},
			KeyTimeout: time.Second, MaxSessions: 1, MaxKeys: 1, LicenseOrigins: []string{"https://license.example", "http://localhost:8080"},
		}},
		"a nameless key system": {drm.Config{KeySystems: []drm.KeySystem{{}}}, drm.BadConfig, "no name"},
		"a key id":              {with(drm.KeySystem{Keys: map[string]string{"x": key}}), drm.BadKeys, "key id"},
		"a key":                 {with(drm.KeySystem{Keys: map[string]string{id: "x"}}), drm.BadKeys, "a key in keys"},
		"keys for Widevine": {drm.Config{KeySystems: []drm.KeySystem{{Name: nameWidevine, Keys: map[string]string{id: key}}}},
			drm.BadKeys, "only org.w3.clearkey"},
		"persistent state":          {with(drm.KeySystem{PersistentState: "yes"}), drm.BadConfig, "yes"},
		"an identifier":             {with(drm.KeySystem{DistinctiveIdentifier: "needed"}), drm.BadConfig, "needed"},
		"a session type":            {with(drm.KeySystem{SessionTypes: []string{"persistent"}}), drm.BadConfig, "session type persistent"},
		"an HDCP version":           {with(drm.KeySystem{MinHDCPVersion: "HDCP 2"}), drm.BadConfig, "HDCP 2"},
		"an HDCP version's letters": {with(drm.KeySystem{MinHDCPVersion: "2.x"}), drm.BadConfig, "2.x"},
		"when software decrypts":    {drm.Config{Software: "sometimes"}, drm.BadConfig, "sometimes"},
		"HDCP in software": {drm.Config{Software: drm.SoftwareAlways, KeySystems: []drm.KeySystem{{Name: clearkey.Name, MinHDCPVersion: "1.4"}}},
			drm.BadConfig, "HDCP"},
		"what a licence covers":     {drm.Config{LicensePer: "film"}, drm.BadConfig, "film"},
		"a status":                  {drm.Config{Policies: map[string]drm.Policy{"stale": drm.PolicyError}}, drm.BadConfig, "stale"},
		"a policy":                  {drm.Config{Policies: map[string]drm.Policy{"expired": "ignore"}}, drm.BadConfig, "ignore"},
		"a negative timeout":        {drm.Config{KeyTimeout: -1}, drm.BadConfig, "negative"},
		"a negative budget":         {drm.Config{MaxSessions: -1}, drm.BadConfig, "negative"},
		"a negative budget of keys": {drm.Config{MaxKeys: -1}, drm.BadConfig, "negative"},
		"an origin with a path":     {drm.Config{LicenseOrigins: []string{"https://license.example/get?token=secret"}}, drm.BadConfig, "origin"},
		"an origin without scheme":  {drm.Config{LicenseOrigins: []string{"license.example"}}, drm.BadConfig, "origin"},
		"an origin of files":        {drm.Config{LicenseOrigins: []string{"file:///"}}, drm.BadConfig, "origin"},
	} {
		t.Run(name, func(t *testing.T) {
			err := drm.Validate(test.config)
			var failure *drm.Error
			switch {
			case test.reason == 0:
				if err != nil {
					t.Error(err)
				}
			case !errors.As(err, &failure) || failure.Reason != test.reason || !strings.Contains(err.Error(), test.detail):
				t.Errorf("got %v, want an error that says %q", err, test.detail)
			case strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), key):
				t.Errorf("%v gives a secret away", err)
			}
		})
	}
}
