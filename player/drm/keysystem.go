package drm

import (
	"strings"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/drm/playready"
	"github.com/keystream-player/keystream/player/drm/widevine"
)

// family is a key system under all of its names.
type family struct {
	name    string
	aliases []string // asked before the name itself, the strictest first

	// What to ask for where the app does not say, the strictest first; where none of it is granted, none is asked for. Audio is decrypted in
	// software everywhere.
	video, audio []string

	missing string // what to do where a browser does not have it
}

// families are the key systems that Keystream knows.
//
// PlayReady's names: https://learn.microsoft.com/en-us/playready/overview/key-system-strings. Its oldest one ignores robustness.
var families = [...]family{
	{
		name:    widevine.Name,
		video:   []string{"HW_SECURE_ALL", "HW_SECURE_DECODE", "HW_SECURE_CRYPTO", "SW_SECURE_DECODE", "SW_SECURE_CRYPTO"},
		audio:   []string{"SW_SECURE_CRYPTO"},
		missing: "Widevine is in Chrome, Edge and Firefox (where settings can switch it off), not in Safari or plain Chromium: offer another key system too",
	},
	{
		name:    playready.Name,
		aliases: []string{playready.Name + ".recommendation.3000", playready.Name + ".recommendation"},
		video:   []string{"3000", "2000", "150"},
		audio:   []string{"2000", "150"},
		missing: "PlayReady is in Edge on Windows, on Xbox and on TVs: offer another key system too",
	},
	{name: clearkey.Name, missing: "Clear Key is in all desktop browsers but Safari: offer another key system too"},
}

// familyOf finds the family of a key system's name, its aliases and whatever else its vendor puts behind the family's name; nil is a stranger.
func familyOf(name string) *family {
	for i := range families {
		if rest, ok := strings.CutPrefix(name, families[i].name); ok && (rest == "" || rest[0] == '.') {
			return &families[i]
		}
	}
	return nil
}

// names lists what to ask for, in order.
func (s *KeySystem) names() []string {
	if f := familyOf(s.Name); f != nil && f.name == s.Name {
		return append(f.aliases[:len(f.aliases):len(f.aliases)], f.name)
	}
	return []string{s.Name}
}

// robustness gives the levels to ask for, in order. Where they are not the app's own, they may be left out when none is granted.
func (s *KeySystem) robustness() (video, audio []string, own bool) {
	video, audio = s.VideoRobustness, s.AudioRobustness
	if f := familyOf(s.Name); f != nil {
		if video == nil {
			video = f.video
		}
		if audio == nil {
			audio = f.audio
		}
	}
	return video, audio, s.VideoRobustness != nil || s.AudioRobustness != nil
}

// sessionType is what sessions are created as.
func (s *KeySystem) sessionType() string {
	if len(s.SessionTypes) == 0 {
		return ""
	}
	return s.SessionTypes[0]
}
