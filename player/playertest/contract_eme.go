package playertest

import (
	"bytes"
	"context"
	"encoding/base64"
	"slices"

	"github.com/keystream-player/keystream/player/platform"
)

const (
	psshFilm   = "mp4-cenc"
	noPSSHFilm = "mp4-cenc-no-pssh"
	avc        = `video/mp4; codecs="avc1.64001e"`
)

// ask is a configuration that every Clear Key grants, unless change spoils it.
func ask(change func(*platform.MediaKeySystemConfiguration)) platform.MediaKeySystemConfiguration {
	config := platform.MediaKeySystemConfiguration{
		InitDataTypes:     []string{"keyids", "cenc"},
		VideoCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: avc}},
	}
	change(&config)
	return config
}

func asIs(*platform.MediaKeySystemConfiguration) {}

func (c *contract) access(configs ...platform.MediaKeySystemConfiguration) (platform.MediaKeySystemAccess, error) {
	return c.keySystems.RequestMediaKeySystemAccess(c.ctx, clearKey, configs)
}

func (c *contract) mediaKeys() platform.MediaKeys {
	c.Helper()
	access, err := c.access(ask(asIs))
	c.must(err)
	keys, err := access.CreateMediaKeys(c.ctx)
	c.must(err)
	return keys
}

// session makes a session, and listens to it from the start.
func (c *contract) session(keys platform.MediaKeys) (platform.MediaKeySession, <-chan platform.SessionEvent) {
	c.Helper()
	s, err := keys.CreateSession("")
	c.must(err)
	events := make(chan platform.SessionEvent, 100)
	stop := s.Listen(func(e platform.SessionEvent) { events <- e })
	c.Cleanup(func() {
		stop()
		ctx, cancel := context.WithTimeout(context.Background(), watchdog)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			c.Errorf("closing the session: %v", err)
		}
	})
	return s, events
}

func keyIDsData(ids ...[16]byte) []byte {
	kids := make([][]byte, len(ids))
	for i := range ids {
		kids[i] = ids[i][:]
	}
	return bytes.Replace(licenseRequest(kids), []byte(`,"type":"temporary"`), nil, 1)
}

func licenseFor(id, key [16]byte) []byte {
	enc := base64.RawURLEncoding.EncodeToString
	return []byte(`{"keys":[{"kty":"oct","kid":"` + enc(id[:]) + `","k":"` + enc(key[:]) + `"}],"type":"temporary"}`)
}

// asked waits for the session's message, and wants it to be a request for these keys.
func (c *contract) asked(events <-chan platform.SessionEvent, ids ...[16]byte) {
	c.Helper()
	e := receive(c, events)
	if e.Type != "message" || e.MessageType != "license-request" || !bytes.HasPrefix(e.Message, keyIDsData(ids...)[:len(keyIDsData(ids...))-1]) {
		c.Errorf("%s %s %s, want a request for %s", e.Type, e.MessageType, e.Message, keyIDsData(ids...))
	}
}

// appendLocked appends a file whose key is not there yet. A browser takes it in at once; our own CDM may wait for the key, so appended must be called,
// when the append has a reason to end: with the error that one that waited ends with.
func (c *contract) appendLocked(ctx context.Context, sb platform.SourceBuffer, f *file) (appended func(want error)) {
	c.Helper()
	body := c.part(f, 0, int64(len(f.bytes)))
	if !c.env.Software {
		c.must(sb.AppendBuffer(c.ctx, body))
		return func(error) {}
	}
	result := make(chan error, 1)
	go func() { result <- sb.AppendBuffer(ctx, body) }()
	return func(want error) {
		c.Helper()
		if err := receive(c, result); err != want {
			c.Errorf("the append ends with %v, want %v", err, want)
		}
	}
}

// plays wants the element to be able to play.
func (c *contract) plays(canplay <-chan platform.MediaEvent) {
	c.Helper()
	receive(c, canplay)
	if s := c.host.Element().ReadyState(); s < platform.HaveFutureData {
		c.Errorf("ready state %d at canplay", s)
	}
}

var emeContract = []contractTest{
	{"a key system that is not there is a NotSupportedError", func(c *contract) {
		_, err := c.keySystems.RequestMediaKeySystemAccess(c.ctx, "test.keystream.none", []platform.MediaKeySystemConfiguration{ask(asIs)})
		c.fails(err, "NotSupportedError")
	}},
	{"no key system and no configuration are a TypeError", func(c *contract) {
		_, err := c.keySystems.RequestMediaKeySystemAccess(c.ctx, "", []platform.MediaKeySystemConfiguration{ask(asIs)})
		c.fails(err, "TypeError")
		_, err = c.access()
		c.fails(err, "TypeError")
	}},
	{"a configuration that Clear Key cannot keep is a NotSupportedError", func(c *contract) {
		for name, spoil := range map[string]func(*platform.MediaKeySystemConfiguration){
			"scheme":     func(m *platform.MediaKeySystemConfiguration) { m.VideoCapabilities[0].EncryptionScheme = "cbcs-2-8" },
			"robustness": func(m *platform.MediaKeySystemConfiguration) { m.VideoCapabilities[0].Robustness = "HW_SECURE_ALL" },
			"audio among video": func(m *platform.MediaKeySystemConfiguration) {
				m.VideoCapabilities[0].ContentType = `video/mp4; codecs="avc1.64001e,mp4a.40.2"`
			},
			"codec": func(m *platform.MediaKeySystemConfiguration) {
				m.VideoCapabilities[0].ContentType = `video/mp4; codecs="nonsense"`
			},
			"video among audio": func(m *platform.MediaKeySystemConfiguration) {
				m.AudioCapabilities = []platform.MediaKeySystemMediaCapability{{ContentType: avc}}
			},
			"no content type":    func(m *platform.MediaKeySystemConfiguration) { m.VideoCapabilities[0].ContentType = "" },
			"init data type":     func(m *platform.MediaKeySystemConfiguration) { m.InitDataTypes = []string{"sinf"} },
			"persistent-license": func(m *platform.MediaKeySystemConfiguration) { m.SessionTypes = []string{"persistent-license"} },
			"identifier":         func(m *platform.MediaKeySystemConfiguration) { m.DistinctiveIdentifier = "required" },
		} {
			if _, err := c.access(ask(spoil)); !platform.IsDOMError(err, "NotSupportedError") {
				c.Errorf("%s gives %v", name, err)
			}
		}
	}},
	{"no browser decrypts cens and cbc1, and our own CDM does", func(c *contract) {
		for _, scheme := range []string{"cens", "cbc1"} {
			access, err := c.access(ask(func(m *platform.MediaKeySystemConfiguration) { m.VideoCapabilities[0].EncryptionScheme = scheme }))
			switch {
			case !c.env.Software:
				c.fails(err, "NotSupportedError")
			case err != nil:
				c.Errorf("%s gives %v", scheme, err)
			case access.Configuration().VideoCapabilities[0].EncryptionScheme != scheme:
				c.Errorf("%s is granted as %+v", scheme, access.Configuration())
			}
		}
	}},
	{"the first configuration that can be kept is granted, without what cannot", func(c *contract) {
		access, err := c.access(
			ask(func(m *platform.MediaKeySystemConfiguration) { m.Label, m.InitDataTypes = "first", []string{"sinf"} }),
			ask(func(m *platform.MediaKeySystemConfiguration) {
				m.Label, m.InitDataTypes = "second", []string{"sinf", "cenc"}
				m.VideoCapabilities = append([]platform.MediaKeySystemMediaCapability{{ContentType: `video/mp4; codecs="nonsense"`},
					{ContentType: avc, EncryptionScheme: "cbcs"}}, m.VideoCapabilities...)
				m.AudioCapabilities = []platform.MediaKeySystemMediaCapability{{ContentType: `audio/mp4; codecs="mp4a.40.2"`, EncryptionScheme: "cenc"}}
				m.DistinctiveIdentifier, m.PersistentState, m.SessionTypes = "optional", "optional", []string{"temporary"}
			}),
			ask(func(m *platform.MediaKeySystemConfiguration) { m.Label = "third" }))
		c.must(err)
		got := access.Configuration()
		wantVideo := []platform.MediaKeySystemMediaCapability{{ContentType: avc, EncryptionScheme: "cbcs"}, {ContentType: avc}}
		wantAudio := []platform.MediaKeySystemMediaCapability{{ContentType: `audio/mp4; codecs="mp4a.40.2"`, EncryptionScheme: "cenc"}}
		if access.KeySystem() != clearKey || got.Label != "second" || !slices.Equal(got.InitDataTypes, []string{"cenc"}) ||
			!slices.Equal(got.VideoCapabilities, wantVideo) || !slices.Equal(got.AudioCapabilities, wantAudio) ||
			got.DistinctiveIdentifier != "not-allowed" || got.PersistentState != "not-allowed" || !slices.Equal(got.SessionTypes, []string{"temporary"}) {
			c.Errorf("granted %s: %+v", access.KeySystem(), got)
		}
		got.InitDataTypes[0] = "changed"
		if access.Configuration().InitDataTypes[0] != "cenc" {
			c.Error("the configuration does not belong to who asked")
		}
	}},
	{"only temporary sessions can be made", func(c *contract) {
		keys := c.mediaKeys()
		_, err := keys.CreateSession("persistent-license")
		c.fails(err, "NotSupportedError")
		_, err = keys.CreateSession("nonsense")
		c.fails(err, "TypeError")
	}},
	{"an encrypted film plays with a session made from key ids", func(c *contract) {
		f := c.file(noPSSHFilm)
		canplay := c.listen("canplay")
		keys := c.mediaKeys()
		c.must(c.host.Element().SetMediaKeys(c.ctx, keys))
		_, sb := c.openFor(f)
		appended := c.appendLocked(c.ctx, sb, f)
		s, events := c.session(keys)
		c.must(s.GenerateRequest(c.ctx, "keyids", keyIDsData(f.keyID)))
		c.asked(events, f.keyID)
		c.must(s.Update(c.ctx, licenseFor(f.keyID, f.key)))
		appended(nil)
		c.plays(canplay)
		if got := s.KeyStatuses(); len(got) != 1 || !bytes.Equal(got[0].KeyID, f.keyID[:]) || got[0].Status != "usable" {
			c.Errorf("key statuses %v", got)
		}
	}},
	{"an encrypted film plays with a session made from its encrypted event", func(c *contract) {
		f := c.file(psshFilm)
		encrypted, canplay := c.listen("encrypted"), c.listen("canplay")
		keys := c.mediaKeys()
		c.must(c.host.Element().SetMediaKeys(c.ctx, keys))
		_, sb := c.openFor(f)
		appended := c.appendLocked(c.ctx, sb, f)
		e := receive(c, encrypted)
		if e.Type != "encrypted" || e.InitDataType != "cenc" || len(e.InitData) == 0 {
			c.Errorf("%s %s, %d bytes", e.Type, e.InitDataType, len(e.InitData))
		}
		s, events := c.session(keys)
		c.must(s.GenerateRequest(c.ctx, e.InitDataType, e.InitData))
		c.asked(events, f.keyID)
		c.must(s.Update(c.ctx, licenseFor(f.keyID, f.key)))
		appended(nil)
		c.plays(canplay)
	}},
	{"an encrypted film waits for its key", func(c *contract) {
		f := c.file(psshFilm)
		waiting := c.listen("waitingforkey")
		canplay := c.listen("canplay")
		c.must(c.host.Element().SetMediaKeys(c.ctx, c.mediaKeys()))
		_, sb := c.openFor(f)
		ctx, cancel := context.WithCancel(c.ctx)
		defer cancel()
		appended := c.appendLocked(ctx, sb, f)
		receive(c, waiting)
		if s := c.host.Element().ReadyState(); s >= platform.HaveFutureData || len(canplay) > 0 {
			c.Errorf("ready state %d without a key", s)
		}
		cancel()
		appended(context.Canceled)
	}},
	{"Clear Key has no use for a server certificate", func(c *contract) {
		keys := c.mediaKeys()
		used, err := keys.SetServerCertificate(c.ctx, []byte("certificate"))
		c.must(err)
		if used {
			c.Error("it is used")
		}
		_, err = keys.SetServerCertificate(c.ctx, nil)
		c.fails(err, "TypeError")
	}},
	{"Clear Key plays whatever the display's link", func(c *contract) {
		keys := c.mediaKeys()
		for _, version := range []string{"1.0", "1.4"} {
			status, err := keys.StatusForPolicy(c.ctx, version)
			c.must(err)
			if status != "usable" {
				c.Errorf("HDCP %s gives %q", version, status)
			}
		}
		_, err := keys.StatusForPolicy(c.ctx, "9.9")
		c.fails(err, "TypeError")
	}},
	{"keys can be changed and taken away where no source is loaded", func(c *contract) {
		e := c.host.Element()
		c.must(e.SetMediaKeys(c.ctx, c.mediaKeys()))
		c.must(e.SetMediaKeys(c.ctx, c.mediaKeys()))
		c.must(e.SetMediaKeys(c.ctx, nil))
	}},
	{"every wait for the key system ends with the context", func(c *contract) {
		keys := c.mediaKeys()
		s, _ := c.session(keys)
		c.refuses("RequestMediaKeySystemAccess", func(ctx context.Context) error {
			_, err := c.keySystems.RequestMediaKeySystemAccess(ctx, clearKey, []platform.MediaKeySystemConfiguration{ask(asIs)})
			return err
		})
		c.refuses("SetServerCertificate", func(ctx context.Context) error {
			_, err := keys.SetServerCertificate(ctx, []byte("certificate"))
			return err
		})
		c.refuses("StatusForPolicy", func(ctx context.Context) error {
			_, err := keys.StatusForPolicy(ctx, "1.4")
			return err
		})
		c.refuses("CreateMediaKeys", func(ctx context.Context) error {
			access, err := c.access(ask(asIs))
			c.must(err)
			_, err = access.CreateMediaKeys(ctx)
			return err
		})
		c.refuses("SetMediaKeys", func(ctx context.Context) error { return c.host.Element().SetMediaKeys(ctx, keys) })
		c.refuses("GenerateRequest", func(ctx context.Context) error { return s.GenerateRequest(ctx, "keyids", keyIDsData([16]byte{1})) })
		s2, _ := c.session(keys)
		c.must(s2.GenerateRequest(c.ctx, "keyids", keyIDsData([16]byte{1})))
		c.refuses("Update", func(ctx context.Context) error { return s2.Update(ctx, licenseFor([16]byte{1}, [16]byte{2})) })
		c.refuses("Close", func(ctx context.Context) error { return s2.Close(ctx) })
	}},
}
