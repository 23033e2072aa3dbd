package drm

import (
	"cmp"
	"slices"

	"github.com/keystream-player/keystream/player/manifest"
)

// follows says whether messages are answered by the servers that the manifest or the init data names: the app itself answers none.
func (l *Load) follows() bool {
	return l.grant.system.License == nil && len(l.grant.system.Keys) == 0
}

// licenseFor finds out who answers the CDM's messages: the app, or else the server that is named, if the app lets it.
func (l *Load) licenseFor(in initData) (LicenseFetcher, error) {
	if !l.follows() || in.licenseURL == "" {
		return l.grant.system.License, nil
	}
	server, err := manifestServer(l.engine.host, in.licenseURL, l.engine.config.LicenseOrigins)
	if err != nil {
		return nil, err
	}
	return server, nil
}

// apart divides init data by the servers that its keys are asked of, so that none hears of another's. What cannot be divided goes to each of them, for the sake
// of its own keys.
func (l *Load) apart(in initData) (parts []initData) {
	if !l.follows() {
		in.licenseURL = ""
		return []initData{in}
	}
	if len(in.keyIDs) == 0 {
		in.licenseURL = cmp.Or(in.licenseURL, l.anyServer())
		return []initData{in}
	}
	for _, id := range in.keyIDs {
		server := cmp.Or(l.serverOf(id), in.licenseURL, l.anyServer())
		i := slices.IndexFunc(parts, func(p initData) bool { return p.licenseURL == server })
		if i < 0 {
			i, parts = len(parts), append(parts, initData{licenseURL: server})
		}
		parts[i].keyIDs = append(parts[i].keyIDs, id)
	}
	for i, p := range parts {
		parts[i] = l.only(in, p.keyIDs)
		parts[i].keyIDs, parts[i].licenseURL = p.keyIDs, p.licenseURL
	}
	return parts
}

// serverOf is the licence server that the manifest names for a key; "" is none.
func (l *Load) serverOf(id [16]byte) string {
	for _, header := range l.content.headers() {
		for _, track := range header.Tracks {
			if track.Protection != nil && track.Protection.KeyID == id {
				if server := l.namedServer([]manifest.Track{track}); server != "" {
					return server
				}
			}
		}
	}
	return ""
}

// anyServer is the licence server that the manifest names last: the best guess for a key of which it says nothing.
func (l *Load) anyServer() (server string) {
	for _, header := range l.content.headers() {
		server = cmp.Or(l.namedServer(header.Tracks), server)
	}
	return server
}

// namedServer is the licence server that the manifest names for tracks; "" is none.
func (l *Load) namedServer(tracks []manifest.Track) string {
	for _, s := range systemsOf(tracks) {
		if s.LicenseURL != "" && owns(l.grant.vendor, s.ID) {
			return s.LicenseURL
		}
	}
	return ""
}
