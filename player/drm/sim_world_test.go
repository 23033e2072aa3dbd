package drm_test

import (
	"bytes"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/drm/playready"
	"github.com/keystream-player/keystream/player/drm/widevine"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/playertest"
)

// simFilm is a content, with all keys that it comes to need.
type simFilm struct {
	content  drm.Content
	initData [][]byte      // of its "encrypted" events
	kind     string        // of its init data
	needed   [][16]byte    // by what plays at first
	periods  []drm.Content // that follow
	turns    [][16]byte    // keys that its segments come to name
	all      [][16]byte
}

func simKey(film, n int) [16]byte {
	id := [16]byte{byte(film), byte(n)}
	for i := 2; i < 16; i++ {
		id[i] = byte(i*16 + film)
	}
	return id
}

// boxes is the init data of a key system for key ids, as a packager writes it.
func (s *sim) boxes(ids ...[16]byte) []byte {
	own := map[string]func() []byte{
		clearkey.Name:  func() []byte { return playertest.CommonPSSH(ids...) },
		widevine.Name:  func() []byte { return playertest.WidevinePSSH(ids...) },
		playready.Name: func() []byte { return playertest.PlayReadyPSSH("4.3", ids...) },
	}
	switch s.packaging {
	case 0: // for every key system
		return slices.Concat(own[widevine.Name](), own[clearkey.Name](), own[playready.Name]())
	case 1:
		return own[s.system]()
	case 2, 3: // for no key system: only tenc, seig and perhaps the manifest name keys
		return nil
	}
	return own[clearkey.Name]()
}

// protection is what a track and the manifest say of its key.
func (s *sim) protection(id [16]byte, all ...[16]byte) *manifest.Protection {
	p := &manifest.Protection{Scheme: "cenc", KeyID: id}
	ids := map[string][16]byte{clearkey.Name: mp4.SystemCommon, widevine.Name: widevine.SystemID, playready.Name: playready.SystemID}
	system := manifest.System{ID: ids[s.system]}
	if s.exchange == byManifest {
		system.LicenseURL = simLicenseURL
	}
	if s.packaging == 3 {
		switch s.system {
		case clearkey.Name:
			system.PSSH = playertest.CommonPSSH(all...)
		case widevine.Name:
			system.PSSH = playertest.WidevinePSSH(all...)
		case playready.Name:
			system.PRO = playertest.PlayReadyObject("4.2", all...)
		}
	}
	if s.exchange == byManifest || s.packaging == 3 {
		p.Systems = []manifest.System{system}
	}
	return p
}

// film makes a content with keys of its own.
func (s *sim) film(n int) *simFilm {
	f := &simFilm{kind: "cenc"}
	webm := s.rand.IntN(6) == 0 && s.system != playready.Name
	if webm {
		f.kind = "webm"
	}
	keys := 0
	key := func() [16]byte {
		keys++
		f.all = append(f.all, simKey(n, keys))
		return simKey(n, keys)
	}
	header := func(kind string, id [16]byte, all ...[16]byte) *manifest.Header {
		h := &manifest.Header{Container: "mp4", Fragmented: true, Tracks: []manifest.Track{{Kind: kind}}}
		h.Tracks[0].Codec = map[string]string{"video": "avc1.42E01E", "audio": "mp4a.40.2"}[kind]
		if webm {
			h.Container, h.Tracks[0].Codec = "webm", map[string]string{"video": "vp8", "audio": "opus"}[kind]
		}
		if id != ([16]byte{}) {
			h.Tracks[0].Protection = s.protection(id, all...)
			if !webm {
				h.PSSH = s.boxes(all...)
			}
		}
		return h
	}
	video, audio := key(), [16]byte{}
	if s.rand.IntN(3) > 0 {
		audio = video
		if s.rand.IntN(2) == 0 {
			audio = key()
		}
	}
	named := slices.DeleteFunc([][16]byte{video, audio}, func(id [16]byte) bool { return id == [16]byte{} })
	named = slices.Compact(named)
	f.needed = slices.Clone(named)
	if s.rand.IntN(3) == 0 {
		named = named[:1] // each file's box names its own key
	}
	videos := drm.Set{header("video", video, named...)}
	for range s.rand.IntN(3) * s.rand.IntN(2) {
		videos = append(videos, header("video", key(), simKey(n, keys)))
	}
	f.content.Sets = []drm.Set{videos, {header("audio", audio, slices.Compact([][16]byte{named[0], audio})...)}}
	for _, set := range f.content.Sets {
		for _, h := range set {
			switch p := h.Tracks[0].Protection; {
			case p == nil:
			case webm:
				f.initData = append(f.initData, p.KeyID[:])
			case h.PSSH != nil:
				f.initData = append(f.initData, h.PSSH)
			}
		}
	}
	for range s.rand.IntN(3) {
		id := key()
		f.periods = append(f.periods, drm.Content{Sets: []drm.Set{{header("video", id, id)}}})
	}
	for range s.rand.IntN(5) {
		f.turns = append(f.turns, key())
	}
	if s.rand.IntN(8) == 0 && f.initData != nil && s.exchange != byManifest {
		f.content, f.periods = drm.Content{}, nil // nobody could read it ahead
	}
	return f
}

// names says whether init data is, or is a part of, what the film's own boxes say.
func (f *simFilm) names(initData []byte) bool {
	if slices.ContainsFunc(f.initData, func(own []byte) bool { return bytes.Contains(own, initData) }) {
		return true
	}
	says := func(s manifest.System) bool { return s.PRO != nil && bytes.Contains(initData, s.PRO) }
	for _, set := range f.content.Sets {
		for _, h := range set {
			if p := h.Tracks[0].Protection; p != nil && slices.ContainsFunc(p.Systems, says) {
				return true
			}
		}
	}
	return false
}

// delay gives the CDM's and the page's own pace.
func (s *sim) delay(longest time.Duration) time.Duration {
	if s.rand.IntN(2) == 0 {
		return 0
	}
	return time.Duration(s.rand.Int64N(int64(longest)))
}

// cdm turns the knobs.
func (s *sim) cdm() playertest.CDMOptions {
	o := playertest.CDMOptions{
		KeySystems: []string{s.name}, AccessDelay: s.delay(time.Second), CreateDelay: s.delay(time.Second), SetMediaKeysDelay: s.delay(time.Second),
		GenerateDelay: s.delay(2 * time.Second), UpdateDelay: s.delay(time.Second), CloseDelay: s.delay(time.Second), MessageDelay: s.delay(time.Second),
		MessageFirst: s.chance(4), Individualization: s.chance(8) && s.system != clearkey.Name, CertificateFirst: s.chance(3), PlainMessages: s.chance(3),
	}
	if s.software {
		return playertest.CDMOptions{}
	}
	s.swapped = s.system == playready.Name && s.chance(3)
	o.SwappedIDs = s.swapped
	if s.chance(4) {
		o.PendingFor = s.delay(2 * time.Second)
	}
	if s.chance(3) {
		o.ExpireAfter = time.Duration(20+s.rand.IntN(600)) * time.Second
		s.expires = true
		if s.chance(2) {
			o.RenewAfter, o.RenewRetry = o.ExpireAfter*3/5, o.ExpireAfter/10
		}
	}
	if s.calm {
		return o
	}
	if s.chance(3) {
		s.tight.Store(true)
		o.MaxSessions, o.QuotaAtRequest, o.Evict = 1+s.rand.IntN(5), s.chance(2), s.chance(3)
		if s.chance(4) {
			o.MaxKeys = 2 + s.rand.IntN(6)
		}
	}
	if s.chance(40) {
		s.hangs = true
		*[]*time.Duration{&o.SetMediaKeysDelay, &o.CloseDelay, &o.UpdateDelay, &o.GenerateDelay}[s.rand.IntN(4)] = time.Hour
	}
	return o
}

// config is what the app asks for.
func (s *sim) config() drm.Config {
	system := drm.KeySystem{Name: s.system, License: s}
	if s.exchange == byManifest {
		system.License = nil
	}
	if s.system == clearkey.Name && s.exchange != byManifest && s.chance(4) {
		system.Keys = map[string]string{}
		for id, key := range s.server.Keys {
			if s.chance(2) {
				system.Keys[string(id[:])] = string(key[:])
			}
		}
	}
	if s.system == widevine.Name && s.chance(3) {
		system.Certificate = []byte("certificate")
	}
	c := drm.Config{KeySystems: []drm.KeySystem{system}, Rand: func() float64 { return 0.5 }}
	c.LicensePer = []drm.LicensePer{drm.PerRequest, drm.PerRequest, drm.PerInitData, drm.PerPeriod, drm.PerContent}[s.rand.IntN(5)]
	s.server.All = c.LicensePer == drm.PerContent || c.LicensePer == drm.PerPeriod || s.chance(4)
	if c.LicensePer == drm.PerContent || c.LicensePer == drm.PerPeriod {
		c.KeySystems[0].Keys = nil // they would be no licence that holds all
	}
	if s.chance(3) {
		c.KeyTimeout = 3 * time.Second
	}
	if s.calm {
		return c
	}
	if s.chance(3) {
		c.MaxSessions = 1 + s.rand.IntN(4)
		s.tight.Store(true)
	}
	if s.chance(4) {
		c.MaxKeys = 2 + s.rand.IntN(6)
		s.tight.Store(true)
	}
	if s.chance(3) {
		c.Policies = map[string]drm.Policy{}
		for _, status := range []string{"expired", "output-restricted", "internal-error", "usable-in-future"} {
			if s.chance(2) {
				c.Policies[status] = []drm.Policy{drm.PolicyError, drm.PolicyContinue, drm.PolicyFallback, drm.PolicyRenew}[s.rand.IntN(4)]
			}
		}
	}
	return c
}
