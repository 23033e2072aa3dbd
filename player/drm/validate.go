package drm

import (
	"slices"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/fetch"
)

// keyStatuses are the W3C's key statuses.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-mediakeystatus
var keyStatuses = []string{
	"usable", "expired", "released", "output-restricted", "output-downscaled", "usable-in-future", "status-pending", "internal-error",
}

var requirements = []string{"", "required", "optional", "not-allowed"}

// Validate reads what can be read of the configuration before anything is played. Its errors are *[Error] of reason BadKeys or BadConfig; they name
// what is wrong, and neither keys nor paths of URLs.
func Validate(config Config) error {
	for i := range config.KeySystems {
		if err := validateSystem(&config.KeySystems[i]); err != nil {
			return err
		}
	}
	switch config.Software {
	case SoftwareAuto, SoftwareNever:
	case SoftwareAlways:
		if slices.ContainsFunc(config.KeySystems, func(s KeySystem) bool { return s.Name == clearkey.Name && s.MinHDCPVersion != "" }) {
			return badConfig(clearkey.Name, "our own CDM cannot promise an HDCP version")
		}
	default:
		return badConfig("", "software decrypts always, never, or where it must, not "+string(config.Software))
	}
	switch config.LicensePer {
	case PerRequest, PerInitData, PerPeriod, PerContent:
	default:
		return badConfig("", "a licence covers a request, init-data, a period or content, not "+string(config.LicensePer))
	}
	for status, policy := range config.Policies {
		if !slices.Contains(keyStatuses, status) {
			return badConfig("", "there is no key status "+status)
		}
		switch policy {
		case PolicyError, PolicyContinue, PolicyFallback, PolicyRenew:
		default:
			return badConfig("", "what to do about a key that is "+status+" is error, continue, fallback or renew, not "+string(policy))
		}
	}
	if config.KeyTimeout < 0 || config.MaxSessions < 0 || config.MaxKeys < 0 {
		return badConfig("", "the key timeout, the most sessions and the most keys cannot be negative")
	}
	for _, url := range config.LicenseOrigins {
		if origin, ok := fetch.Origin(url); !ok || origin != url {
			return badConfig("", `a licence origin is a scheme, a host and nothing more, as in "https://license.example"`)
		}
	}
	return nil
}

func validateSystem(system *KeySystem) error {
	name := system.Name
	switch {
	case name == "":
		return badConfig("", "a key system has no name")
	case len(system.Keys) > 0 && name != clearkey.Name:
		return &Error{Reason: BadKeys, KeySystem: name, Detail: "only " + clearkey.Name + " takes keys; this key system needs a license"}
	case !slices.Contains(requirements, system.PersistentState):
		return badConfig(name, "persistent state is required, optional or not-allowed, not "+system.PersistentState)
	case !slices.Contains(requirements, system.DistinctiveIdentifier):
		return badConfig(name, "a distinctive identifier is required, optional or not-allowed, not "+system.DistinctiveIdentifier)
	case system.MinHDCPVersion != "" && !isVersion(system.MinHDCPVersion):
		return badConfig(name, `an HDCP version is two numbers, as in "2.2", not `+system.MinHDCPVersion)
	}
	for _, t := range system.SessionTypes {
		if t != "temporary" && t != "persistent-license" {
			return badConfig(name, "there is no session type "+t)
		}
	}
	_, err := parseKeys(*system)
	return err
}

func badConfig(keySystem, detail string) error {
	return &Error{Reason: BadConfig, KeySystem: keySystem, Detail: detail}
}

func isVersion(s string) bool {
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	return len(s) == 3 && digit(s[0]) && s[1] == '.' && digit(s[2])
}
