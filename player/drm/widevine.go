package drm

import (
	"context"
	"errors"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/drm/widevine"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
)

// widevineVendor is the Widevine family.
type widevineVendor struct{ name string }

// read keeps Widevine's boxes and, where there is none, builds one from the key ids of common-system boxes or of keyids. "webm" it takes as it is.
func (v widevineVendor) read(kind string, data []byte) (initData, error) {
	switch kind {
	case "cenc":
		boxes, common, err := widevineBoxes(data)
		if err != nil {
			return initData{}, err
		}
		if in, ok := v.narrow(common, ""); ok && len(boxes) == 0 {
			return in, nil
		}
		if len(boxes) == 0 {
			return initData{}, errors.New("it holds no pssh box of Widevine, and none of the common system that names a key id")
		}
		return assemble(boxes), nil
	case "webm":
		return initData{kind: kind, data: data, keyIDs: webmKeyID(data)}, nil
	case "keyids":
		return readKeyIDs(v, data)
	}
	return initData{kind: kind, data: data}, nil
}

// readKeyIDs builds what a vendor asks with from init data of type "keyids".
func readKeyIDs(v vendor, data []byte) (initData, error) {
	if len(data) > maxInitData {
		return initData{}, errors.New("init data of type keyids is too long")
	}
	ids, _, err := clearkey.InitDataKeyIDs("keyids", data)
	if err != nil {
		return initData{}, err
	}
	in, ok := v.narrow(ids, "")
	if !ok {
		return initData{}, errors.New("init data of type keyids names no key id")
	}
	return in, nil
}

// widevineBoxes reads Widevine's boxes. Those that differ in key ids only become one: a CDM reads the first of several boxes, and no more.
func widevineBoxes(data []byte) (boxes []box, common [][16]byte, err error) {
	own, common, err := ownBoxes(data, widevine.SystemID)
	var parsed []widevine.InitData // of each of boxes
	var merged []bool
	for _, b := range own {
		in, _ := widevine.ParseInitData(b.data)
		b.keyIDs = append(in.KeyIDs[:len(in.KeyIDs):len(in.KeyIDs)], b.keyIDs...)
		twin := len(parsed) - 1
		for twin >= 0 && (len(in.KeyIDs) == 0 || len(parsed[twin].KeyIDs) == 0 || !in.Alike(parsed[twin])) {
			twin--
		}
		if twin < 0 {
			boxes, parsed, merged = append(boxes, b), append(parsed, in), append(merged, false)
			continue
		}
		boxes[twin].keyIDs, merged[twin] = append(boxes[twin].keyIDs, b.keyIDs...), true
	}
	for i := range boxes {
		if boxes[i].keyIDs = distinct(boxes[i].keyIDs); merged[i] {
			boxes[i] = widevineBox(parsed[i], boxes[i].keyIDs)
		}
	}
	return boxes, common, err
}

func widevineBox(in widevine.InitData, ids [][16]byte) box {
	data := in.Naming(ids)
	return box{raw: widevine.WrapInitData(data), data: data, keyIDs: ids}
}

func (v widevineVendor) system(s manifest.System) (initData, bool) {
	if s.ID != widevine.SystemID || len(s.PSSH) == 0 {
		return initData{}, false
	}
	in, err := v.read("cenc", s.PSSH)
	return in, err == nil
}

func (widevineVendor) narrow(ids [][16]byte, scheme string) (initData, bool) {
	ids = distinct(ids)
	if len(ids) == 0 {
		return initData{}, false
	}
	return initData{kind: "cenc", data: widevine.BuildPSSH(ids, scheme), keyIDs: ids}, true
}

// part keeps the boxes that name any of ids, and in each of them nothing but these.
func (widevineVendor) part(in initData, ids [][16]byte) initData {
	if in.kind != "cenc" {
		return in
	}
	boxes, _, err := widevineBoxes(in.data)
	if err != nil {
		return in
	}
	var needed []box
	for _, b := range boxes {
		wanted := among(b.keyIDs, ids)
		data, err := widevine.ParseInitData(b.data)
		switch {
		case len(b.keyIDs) == 0 || len(wanted) == len(b.keyIDs):
			needed = append(needed, b)
		case len(wanted) > 0 && (err != nil || len(data.KeyIDs) == 0):
			needed = append(needed, b)
		case len(wanted) > 0:
			needed = append(needed, widevineBox(data, wanted))
		}
	}
	if len(needed) == 0 {
		return in
	}
	return assemble(needed)
}

func (widevineVendor) keyID(id [16]byte, _ func([16]byte) bool) [16]byte { return id }

// license says which messages ask for a certificate, and finds what is no licence before the CDM rejects it without a word.
func (v widevineVendor) license(ctx context.Context, req LicenseRequest, fetch fetchFunc) ([]byte, error) {
	req.CertificateRequest = widevine.IsCertificateRequest(req.Message)
	req.Header = append(req.Header, platform.HeaderField{Name: "Content-Type", Value: "application/octet-stream"})
	license, err := fetch(ctx, req)
	if err != nil {
		return nil, err
	}
	if req.MessageType == "individualization-request" {
		return license, nil // what its server sends is the CDM's own affair
	}
	if err := widevine.CheckLicense(license); err != nil {
		clear(license)
		return nil, badLicense(v.name, req, err)
	}
	return license, nil
}

// badLicense keeps a vendor's error as the cause, for errors.As: it may be one of the server's.
func badLicense(system string, req LicenseRequest, err error) *Error {
	return &Error{Reason: BadLicense, KeySystem: system, KeyIDs: req.KeyIDs, Detail: err.Error(), Cause: err}
}
