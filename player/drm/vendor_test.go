package drm

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/drm/playready"
	"github.com/keystream-player/keystream/player/drm/widevine"
	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
)

var (
	id1 = [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}
	id2 = [16]byte{2, 2, 3, 4, 5, 6, 7, 8, 9}
	id3 = [16]byte{3, 2, 3, 4, 5, 6, 7, 8, 9}
)

type ids = [][16]byte

func vendorOf(t *testing.T, name string) vendor {
	t.Helper()
	v, err := newVendor(KeySystem{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAVendorIsPickedByItsFamily(t *testing.T) {
	for name, want := range map[string]vendor{
		"com.widevine.alpha": widevineVendor{}, "com.widevine.alpha.experiment": widevineVendor{}, "com.microsoft.playready": playReady{},
		"com.microsoft.playready.recommendation.3000": playReady{}, "org.w3.clearkey": clearKey{}, "com.example.drm": opaque{}, "": opaque{},
	} {
		if got := vendorOf(t, name); reflect.TypeOf(got) != reflect.TypeOf(want) {
			t.Errorf("%q: got %T, want %T", name, got, want)
		}
	}
}

// wv is a Widevine box that names ids, with what else a packager says.
func wv(version int, rest string, names ...[16]byte) []byte {
	data := append(widevine.FormatInitData(names, ""), rest...)
	if version == 0 {
		return widevine.WrapInitData(data)
	}
	return mp4.BuildPSSH(widevine.SystemID, names, data)
}

func commonBox(names ...[16]byte) []byte { return mp4.BuildPSSH(mp4.SystemCommon, names, nil) }

func join(boxes ...[]byte) []byte { return bytes.Join(boxes, nil) }

func TestInitDataIsReadAsTheKeySystemTakesIt(t *testing.T) {
	const provider = "\x1a\x04test"
	pr := func(names ...[16]byte) []byte { return playready.BuildPSSH(names, "") }
	pr1 := func(named [16]byte, names ...[16]byte) []byte {
		return mp4.BuildPSSH(playready.SystemID, ids{named}, playready.BuildObject(names, ""))
	}
	own := func(names ...[16]byte) []byte { return mp4.BuildPSSH(systemClearKey, names, nil) }
	keyids := clearkey.KeyIDsInitData
	for name, test := range map[string]struct {
		system, kind string
		data         []byte
		want         initData
	}{
		"Widevine, one box":             {widevine.Name, "cenc", wv(0, provider, id1), initData{kind: "cenc", data: wv(0, provider, id1), keyIDs: ids{id1}}},
		"Widevine among others":         {widevine.Name, "cenc", join(commonBox(id1, id2), pr(id1), wv(0, provider, id1)), initData{kind: "cenc", data: wv(0, provider, id1), keyIDs: ids{id1}}},
		"Widevine twice":                {widevine.Name, "cenc", join(wv(0, "", id1), wv(0, "", id1)), initData{kind: "cenc", data: wv(0, "", id1), keyIDs: ids{id1}}},
		"Widevine in both versions":     {widevine.Name, "cenc", join(wv(1, "", id1), wv(0, "", id1)), initData{kind: "cenc", data: wv(0, "", id1), keyIDs: ids{id1}}},
		"Widevine of version 1":         {widevine.Name, "cenc", mp4.BuildPSSH(widevine.SystemID, ids{id2}, nil), initData{kind: "cenc", data: mp4.BuildPSSH(widevine.SystemID, ids{id2}, nil), keyIDs: ids{id2}}},
		"Widevine, alike but for keys":  {widevine.Name, "cenc", join(wv(0, provider, id2), wv(0, provider, id1)), initData{kind: "cenc", data: widevine.WrapInitData(append(widevine.FormatInitData(ids{id1, id2}, ""), provider...)), keyIDs: ids{id1, id2}}},
		"Widevine, two contents":        {widevine.Name, "cenc", join(wv(0, "\x22\x01b", id1), wv(0, "\x22\x01a", id1)), initData{kind: "cenc", data: join(wv(0, "\x22\x01a", id1), wv(0, "\x22\x01b", id1)), keyIDs: ids{id1}}},
		"Widevine without key ids":      {widevine.Name, "cenc", wv(0, provider), initData{kind: "cenc", data: wv(0, provider)}},
		"Widevine, not all ids known":   {widevine.Name, "cenc", join(wv(0, provider), wv(0, "", id1)), initData{kind: "cenc", data: join(wv(0, provider), wv(0, "", id1))}},
		"Widevine, unreadable data":     {widevine.Name, "cenc", widevine.WrapInitData([]byte("\x0b")), initData{kind: "cenc", data: widevine.WrapInitData([]byte("\x0b"))}},
		"Widevine, the zero id":         {widevine.Name, "cenc", wv(0, "", [16]byte{}, id1), initData{kind: "cenc", data: wv(0, "", [16]byte{}, id1), keyIDs: ids{id1}}},
		"Widevine of the common system": {widevine.Name, "cenc", join(commonBox(id2, [16]byte{}), commonBox(id1, id2)), initData{kind: "cenc", data: widevine.BuildPSSH(ids{id1, id2}, ""), keyIDs: ids{id1, id2}}},
		"Widevine of WebM":              {widevine.Name, "webm", id1[:], initData{kind: "webm", data: id1[:], keyIDs: ids{id1}}},
		"Widevine of an odd WebM":       {widevine.Name, "webm", id1[:5], initData{kind: "webm", data: id1[:5]}},
		"Widevine of keyids":            {widevine.Name, "keyids", keyids(ids{id1}), initData{kind: "cenc", data: widevine.BuildPSSH(ids{id1}, ""), keyIDs: ids{id1}}},
		"Widevine of another type":      {widevine.Name, "hls", []byte("x"), initData{kind: "hls", data: []byte("x")}},

		"PlayReady among others":         {playready.Name, "cenc", join(wv(0, "", id2), pr(id1), commonBox(id2)), initData{kind: "cenc", data: pr(id1), keyIDs: ids{id1}}},
		"PlayReady, two boxes":           {playready.Name, "cenc", join(pr(id2), pr(id1), pr(id2)), initData{kind: "cenc", data: join(pr(id1), pr(id2)), keyIDs: ids{id1, id2}}},
		"PlayReady, a GUID in the box":   {playready.Name, "cenc", pr1(playready.SwapKeyID(id1), id1), initData{kind: "cenc", data: pr1(playready.SwapKeyID(id1), id1), keyIDs: ids{id1}}},
		"PlayReady, another in the box":  {playready.Name, "cenc", pr1(id2, id1), initData{kind: "cenc", data: pr1(id2, id1), keyIDs: ids{id1, id2}}},
		"PlayReady of the common system": {playready.Name, "cenc", commonBox(id1), initData{kind: "cenc", data: pr(id1), keyIDs: ids{id1}}},
		"PlayReady of WebM":              {playready.Name, "webm", id1[:], initData{kind: "cenc", data: pr(id1), keyIDs: ids{id1}}},
		"PlayReady of keyids":            {playready.Name, "keyids", keyids(ids{id1, id2}), initData{kind: "cenc", data: pr(id1, id2), keyIDs: ids{id1, id2}}},
		"PlayReady, unreadable data":     {playready.Name, "cenc", playready.WrapObject([]byte{1}), initData{kind: "cenc", data: playready.WrapObject([]byte{1})}},
		"PlayReady of another type":      {playready.Name, "mspr", []byte("x"), initData{kind: "mspr", data: []byte("x")}},

		"Clear Key, one box":             {clearkey.Name, "cenc", commonBox(id1), initData{kind: "cenc", data: commonBox(id1), keyIDs: ids{id1}}},
		"Clear Key, two boxes":           {clearkey.Name, "cenc", join(commonBox(id1), commonBox(id2)), initData{kind: "keyids", data: keyids(ids{id1, id2}), keyIDs: ids{id1, id2}}},
		"Clear Key, zeros and doubles":   {clearkey.Name, "cenc", commonBox(id1, [16]byte{}, id1), initData{kind: "keyids", data: keyids(ids{id1}), keyIDs: ids{id1}}},
		"Clear Key's own box":            {clearkey.Name, "cenc", join(wv(0, "", id2), own(id1)), initData{kind: "keyids", data: keyids(ids{id1}), keyIDs: ids{id1}}},
		"Clear Key's own and the common": {clearkey.Name, "cenc", join(own(id1), commonBox(id1)), initData{kind: "cenc", data: join(own(id1), commonBox(id1)), keyIDs: ids{id1}}},

		"unknown system": {"com.example.drm", "cenc", []byte("anything"), initData{kind: "cenc", data: []byte("anything")}},
	} {
		in, err := vendorOf(t, test.system).read(test.kind, test.data)
		if err != nil || !reflect.DeepEqual(in, test.want) {
			t.Errorf("%s: got %+v, %v\nwant %+v", name, in, err, test.want)
		}
	}
}

func TestInitDataOfOthersIsRefused(t *testing.T) {
	foreign := mp4.BuildPSSH([16]byte{9}, ids{id1}, []byte("x"))
	for _, name := range []string{widevine.Name, playready.Name, clearkey.Name} {
		for kind, data := range map[string][]byte{
			"another system's boxes": foreign, "boxes that name nothing": mp4.BuildPSSH(mp4.SystemCommon, nil, nil), "only the zero id": commonBox([16]byte{}),
			"no box": []byte("junk"), "nothing": nil, "far too much": bytes.Repeat(commonBox(id1), 2000),
		} {
			if in, err := vendorOf(t, name).read("cenc", data); err == nil {
				t.Errorf("%s read %s as %+v", name, kind, in)
			}
		}
		if in, err := vendorOf(t, name).read("keyids", []byte(`{"kids":[]}`)); err == nil {
			t.Errorf("%s read empty keyids as %+v", name, in)
		}
		if in, ok := vendorOf(t, name).narrow(ids{{}}, "cenc"); ok {
			t.Errorf("%s asks for the zero id with %+v", name, in)
		}
	}
}

func TestAManifestIsReadWhereItSpeaksToTheKeySystem(t *testing.T) {
	pro := playready.BuildObject(ids{id1}, "cbcs")
	for name, test := range map[string]struct {
		system string
		says   manifest.System
		want   []byte
	}{
		"Widevine":                  {widevine.Name, manifest.System{ID: widevine.SystemID, PSSH: wv(0, "", id1)}, wv(0, "", id1)},
		"PlayReady's box":           {playready.Name, manifest.System{ID: playready.SystemID, PSSH: playready.WrapObject(pro), PRO: []byte("x")}, playready.WrapObject(pro)},
		"PlayReady's object":        {playready.Name, manifest.System{ID: playready.SystemID, PRO: pro}, playready.WrapObject(pro)},
		"PlayReady's, a broken box": {playready.Name, manifest.System{ID: playready.SystemID, PSSH: []byte("x"), PRO: pro}, playready.WrapObject(pro)},
		"Clear Key":                 {clearkey.Name, manifest.System{ID: systemClearKey, PSSH: commonBox(id1)}, commonBox(id1)},

		"another's, common box": {widevine.Name, manifest.System{ID: mp4.SystemCommon, PSSH: commonBox(id1)}, nil},
		"a URL only":            {widevine.Name, manifest.System{ID: widevine.SystemID, LicenseURL: "https://license.test"}, nil},
		"nothing for PlayReady": {playready.Name, manifest.System{ID: playready.SystemID}, nil},
		"Widevine's PlayReady":  {playready.Name, manifest.System{ID: widevine.SystemID, PRO: pro}, nil},
		"a URL for Clear Key":   {clearkey.Name, manifest.System{ID: systemClearKey}, nil},
		"an unknown system":     {"com.example.drm", manifest.System{ID: id1, PSSH: commonBox(id1)}, nil},
	} {
		in, ok := vendorOf(t, test.system).system(test.says)
		if ok != (test.want != nil) || ok && (!bytes.Equal(in.data, test.want) || !reflect.DeepEqual(in.keyIDs, ids{id1})) {
			t.Errorf("%s: got %+v, %t; want %x", name, in, ok, test.want)
		}
	}
}

func TestInitDataIsDividedWithAllThatItSays(t *testing.T) {
	const provider = "\x1a\x04test"
	for name, test := range map[string]struct {
		system, kind string
		data         []byte
		need         ids
		want         []byte
		keyIDs       ids
	}{
		"within a Widevine box":     {widevine.Name, "cenc", wv(0, provider, id1, id2, id3), ids{id3, id1}, wv(0, provider, id1, id3), ids{id1, id3}},
		"between Widevine boxes":    {widevine.Name, "cenc", join(wv(0, "\x22\x01a", id1), wv(0, "\x22\x01b", id2)), ids{id2}, wv(0, "\x22\x01b", id2), ids{id2}},
		"all of a Widevine box":     {widevine.Name, "cenc", wv(0, provider, id1), ids{id1, id2}, wv(0, provider, id1), ids{id1}},
		"Widevine without key ids":  {widevine.Name, "cenc", wv(0, provider), ids{id1}, wv(0, provider), nil},
		"Widevine, ids in the box":  {widevine.Name, "cenc", mp4.BuildPSSH(widevine.SystemID, ids{id1, id2}, []byte(provider)), ids{id1}, mp4.BuildPSSH(widevine.SystemID, ids{id1, id2}, []byte(provider)), ids{id1, id2}},
		"nothing that Widevine has": {widevine.Name, "cenc", wv(0, "", id1), ids{id2}, wv(0, "", id1), ids{id1}},
		"WebM":                      {widevine.Name, "webm", id1[:], ids{id2}, id1[:], ids{id1}},
		"between PlayReady boxes":   {playready.Name, "cenc", join(playready.BuildPSSH(ids{id1}, ""), playready.BuildPSSH(ids{id2}, "")), ids{id2}, playready.BuildPSSH(ids{id2}, ""), ids{id2}},
		"within a PlayReady header": {playready.Name, "cenc", playready.BuildPSSH(ids{id1, id2}, ""), ids{id2}, playready.BuildPSSH(ids{id1, id2}, ""), ids{id1, id2}},
		"nothing that it has":       {playready.Name, "cenc", playready.BuildPSSH(ids{id1}, ""), ids{id2}, playready.BuildPSSH(ids{id1}, ""), ids{id1}},
		"Clear Key":                 {clearkey.Name, "cenc", commonBox(id1, id2), ids{id2}, clearkey.KeyIDsInitData(ids{id2}), ids{id2}},
		"all of Clear Key":          {clearkey.Name, "cenc", commonBox(id1, id2), ids{id2, id1}, commonBox(id1, id2), ids{id1, id2}},
		"an unknown system":         {"com.example.drm", "cenc", []byte("x"), ids{id1}, []byte("x"), nil},
	} {
		v := vendorOf(t, test.system)
		in, err := v.read(test.kind, test.data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if part := v.part(in, test.need); !bytes.Equal(part.data, test.want) || !reflect.DeepEqual(part.keyIDs, test.keyIDs) {
			t.Errorf("%s: got %+v\nwant %x of %x", name, part, test.want, test.keyIDs)
		}
	}
}

func TestPlayReadysKeyIDsAreMatchedBothWays(t *testing.T) {
	known := func(id [16]byte) bool { return id == id1 }
	for _, test := range []struct {
		system    string
		given, is [16]byte
	}{
		{playready.Name, id1, id1}, {playready.Name, playready.SwapKeyID(id1), id1}, {playready.Name, id2, id2},
		{widevine.Name, playready.SwapKeyID(id1), playready.SwapKeyID(id1)}, {clearkey.Name, id1, id1}, {"com.example.drm", id2, id2},
	} {
		if got := vendorOf(t, test.system).keyID(test.given, known); got != test.is {
			t.Errorf("%s calls %x %x, want %x", test.system, test.given, got, test.is)
		}
	}
}

// answering is a licence fetcher that keeps what it was asked.
func answering(asked *LicenseRequest, answer string, err error) fetchFunc {
	return func(_ context.Context, req LicenseRequest) ([]byte, error) {
		*asked = req
		return []byte(answer), err
	}
}

func TestAMessageIsUnwrappedAndALicenceWrapped(t *testing.T) {
	soap := `<Envelope><Body/></Envelope>`
	message := `<PlayReadyKeyMessage><LicenseAcquisition><Challenge encoding="base64encoded">` + base64.StdEncoding.EncodeToString([]byte(soap)) +
		`</Challenge><HttpHeaders><HttpHeader><name>X-Own</name><value>yes</value></HttpHeader></HttpHeaders></LicenseAcquisition></PlayReadyKeyMessage>`
	text := field("Content-Type", "text/xml; charset=utf-8", "SOAPAction", "http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense")
	for name, test := range map[string]struct {
		system, message, answer string
		sent                    LicenseRequest
		license                 string
	}{
		"Widevine": {widevine.Name, "\x08\x01", "\x08\x02\x12\x01x", LicenseRequest{Message: []byte("\x08\x01"), Header: binary}, "\x08\x02\x12\x01x"},
		"Widevine, for a certificate": {widevine.Name, "\x08\x04", "\x08\x05\x12\x01x",
			LicenseRequest{Message: []byte("\x08\x04"), Header: binary, CertificateRequest: true}, "\x08\x05\x12\x01x"},
		"PlayReady": {playready.Name, message, soap, LicenseRequest{Message: []byte(soap), Header: slices.Concat(field("X-Own", "yes"), text)}, soap},
		"PlayReady, base64": {playready.Name, soap, base64.StdEncoding.EncodeToString([]byte(soap)),
			LicenseRequest{Message: []byte(soap), Header: text}, soap},
		"unknown system": {"com.example.drm", "any", "thing", LicenseRequest{Message: []byte("any")}, "thing"},
	} {
		var asked LicenseRequest
		license, err := vendorOf(t, test.system).license(t.Context(), LicenseRequest{Message: []byte(test.message)}, answering(&asked, test.answer, nil))
		if err != nil || string(license) != test.license || !reflect.DeepEqual(asked, test.sent) {
			t.Errorf("%s: asked with %+v and got %q, %v\nwant %+v and %q", name, asked, license, err, test.sent, test.license)
		}
	}
}

func TestWhatIsNoLicenceIsNamedBeforeTheCDMSeesIt(t *testing.T) {
	const fault = "<Envelope><Body><Fault><faultstring>no</faultstring><detail><StatusCode>0x8004c600</StatusCode></detail></Fault></Body></Envelope>"
	refused := &Error{Reason: FetchFailed, KeySystem: "x", Cause: &fetch.Error{Kind: fetch.License, Status: 500, Body: []byte(fault)}}
	cancelled := context.Canceled
	for name, test := range map[string]struct {
		system, message, answer string
		err                     error
		reason                  Reason
		want                    string
	}{
		"Widevine, a page":          {widevine.Name, "\x08\x01", "<html>secret", nil, BadLicense, "HTML"},
		"Widevine, an error":        {widevine.Name, "\x08\x01", "\x08\x03", nil, BadLicense, "licence server answered with an error"},
		"Widevine, nothing":         {widevine.Name, "\x08\x04", "", nil, BadLicense, "empty"},
		"PlayReady, JSON":           {playready.Name, "<Envelope/>", `{"secret":1}`, nil, BadLicense, "JSON"},
		"PlayReady, a fault":        {playready.Name, "<Envelope/>", fault, nil, BadLicense, "refused: no (0x8004c600)"},
		"PlayReady, a fault in 500": {playready.Name, "<Envelope/>", "", refused, FetchFailed, "refused: no (0x8004c600)"},
		"PlayReady, a bad message":  {playready.Name, "<PlayReadyKeyMessage/>", "", nil, BadLicense, "no Challenge"},
		"our own end":               {playready.Name, "<Envelope/>", "", cancelled, 0, "canceled"},
		"Clear Key, a bad message":  {clearkey.Name, "secret", "", nil, BadLicense, "the CDM's own message"},
	} {
		var asked LicenseRequest
		license, err := vendorOf(t, test.system).license(t.Context(), LicenseRequest{Message: []byte(test.message)}, answering(&asked, test.answer, test.err))
		var failure *Error
		if is := errors.As(err, &failure); is != (test.reason != 0) || is && failure.Reason != test.reason || err == nil || license != nil ||
			!strings.Contains(err.Error(), test.want) || strings.Count(err.Error(), test.want) > 1 || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %q, %v; want %q in the error, once", name, license, err, test.want)
		}
	}
	var server *widevine.ServerError
	_, err := vendorOf(t, widevine.Name).license(t.Context(), LicenseRequest{}, answering(new(LicenseRequest), "\x08\x03\x12\x02\x08\x02", nil))
	if !errors.As(err, &server) || server.Code != widevine.RevokedDeviceCertificate {
		t.Errorf("got %v, want a *widevine.ServerError", err)
	}
}

func TestClearKeysOwnKeysDoWithoutALicence(t *testing.T) {
	v, err := newVendor(KeySystem{Name: clearkey.Name, Keys: map[string]string{string(id1[:]): string(id3[:])}})
	if err != nil {
		t.Fatal(err)
	}
	none := &Error{Reason: NoKey}
	var asked LicenseRequest
	license, err := v.license(t.Context(), LicenseRequest{Message: clearkey.FormatRequest(ids{id1, id2})}, answering(&asked, "", none))
	if keys, _ := clearkey.ParseLicense(license); err != nil || !reflect.DeepEqual(keys, []clearkey.Key{{ID: id1, Value: id3}}) {
		t.Errorf("got %s, %v", license, err)
	}
	if !reflect.DeepEqual(asked.KeyIDs, ids{id2}) || !reflect.DeepEqual(asked.Header, field("Content-Type", "application/json")) {
		t.Errorf("asked with %+v", asked)
	}
	if _, err := v.license(t.Context(), LicenseRequest{Message: clearkey.FormatRequest(ids{id2})}, answering(&asked, "", none)); !errors.Is(err, none) {
		t.Errorf("got %v, want the fetcher's error", err)
	}
}

// FuzzRead holds every vendor to its word: what it reads, it reads again to the same, and a part of it is no more than it.
func FuzzRead(f *testing.F) {
	for _, seed := range [][]byte{join(commonBox(id1, id2), wv(0, "\x1a\x04test", id1), wv(1, "", id2)), playready.BuildPSSH(ids{id1, id2}, "cbcs"), wv(0, "")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, v := range []vendor{widevineVendor{}, playReady{}, clearKey{}} {
			in, err := v.read("cenc", data)
			if err != nil {
				continue
			}
			again, err := v.read(in.kind, in.data)
			if err != nil || !bytes.Equal(again.data, in.data) || !reflect.DeepEqual(again.keyIDs, in.keyIDs) {
				t.Errorf("%T: %x became %+v and that %+v, %v", v, data, in, again, err)
			}
			for _, id := range in.keyIDs {
				if part := v.part(in, ids{id}); !slices.Contains(part.keyIDs, id) && len(part.keyIDs) > 0 || len(part.keyIDs) > len(in.keyIDs) {
					t.Errorf("%T: the part of %+v for %x is %+v", v, in, id, part)
				}
			}
		}
	})
}
