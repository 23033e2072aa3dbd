package drm

import (
	"context"
	"errors"
	"slices"

	"github.com/keystream-player/keystream/player/drm/playready"
	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/manifest"
)

// playReady is the PlayReady family.
type playReady struct{ name string }

// read keeps PlayReady's boxes and, where there is none, builds one from the key ids of common-system boxes, of keyids or of WebM.
func (v playReady) read(kind string, data []byte) (initData, error) {
	switch kind {
	case "cenc":
		boxes, common, err := playReadyBoxes(data)
		if err != nil {
			return initData{}, err
		}
		if in, ok := v.narrow(common, ""); ok && len(boxes) == 0 {
			return in, nil
		}
		if len(boxes) == 0 {
			return initData{}, errors.New("it holds no pssh box of PlayReady, and none of the common system that names a key id")
		}
		return assemble(boxes), nil
	case "webm":
		if in, ok := v.narrow(webmKeyID(data), ""); ok {
			return in, nil
		}
		return initData{}, errors.New("init data of type webm is a key id of 16 bytes")
	case "keyids":
		return readKeyIDs(v, data)
	}
	return initData{kind: kind, data: data}, nil
}

// playReadyBoxes reads PlayReady's boxes. What a box of version 1 names as a GUID, as some packagers write, is the key id of its header.
func playReadyBoxes(data []byte) (boxes []box, common [][16]byte, err error) {
	boxes, common, err = ownBoxes(data, playready.SystemID)
	for i := range boxes {
		b := &boxes[i]
		header, _ := playready.ParseObject(b.data)
		ids := slices.Clone(header.KeyIDs)
		named := make(map[[16]byte]bool, len(ids))
		for _, id := range ids {
			named[id] = true
		}
		for _, id := range b.keyIDs {
			if !named[playready.SwapKeyID(id)] {
				ids = append(ids, id)
			}
		}
		b.keyIDs, b.licenseURL = distinct(ids), header.LicenseURL
	}
	return boxes, common, err
}

func (v playReady) system(s manifest.System) (initData, bool) {
	if s.ID != playready.SystemID {
		return initData{}, false
	}
	if len(s.PSSH) > 0 {
		if in, err := v.read("cenc", s.PSSH); err == nil {
			return in, true
		}
	}
	if len(s.PRO) == 0 || len(s.PRO) > maxInitData {
		return initData{}, false
	}
	in, err := v.read("cenc", playready.WrapObject(s.PRO))
	return in, err == nil
}

func (playReady) narrow(ids [][16]byte, scheme string) (initData, bool) {
	ids = distinct(ids)
	pssh := playready.BuildPSSH(ids, scheme)
	return initData{kind: "cenc", data: pssh, keyIDs: ids}, pssh != nil
}

// part keeps the boxes that name any of ids. A header is not divided: it is the packager's, with attributes that the licence server may look at.
func (playReady) part(in initData, ids [][16]byte) initData {
	if in.kind != "cenc" {
		return in
	}
	boxes, _, err := playReadyBoxes(in.data)
	var needed []box
	for _, b := range boxes {
		if len(b.keyIDs) == 0 || len(among(b.keyIDs, ids)) > 0 {
			needed = append(needed, b)
		}
	}
	if err != nil || len(needed) == 0 {
		return in
	}
	return assemble(needed)
}

// keyID swaps the bytes of an id where that is the one that a container names: some CDMs give it as a GUID.
func (playReady) keyID(id [16]byte, known func([16]byte) bool) [16]byte {
	if swapped := playready.SwapKeyID(id); !known(id) && known(swapped) {
		return swapped
	}
	return id
}

// license unwraps the message and wraps the response.
func (v playReady) license(ctx context.Context, req LicenseRequest, fetch fetchFunc) ([]byte, error) {
	message, err := playready.ParseMessage(req.Message)
	if err != nil {
		return nil, badLicense(v.name, req, err)
	}
	req.Message, req.Header = message.Challenge, append(req.Header, message.Header...)
	response, err := fetch(ctx, req)
	if err != nil {
		return nil, explainFault(err)
	}
	license, err := playready.License(response)
	if err != nil {
		clear(response)
		return nil, badLicense(v.name, req, err)
	}
	return license, nil
}

// explainFault adds what the server says to the failure of a request: SOAP faults come with HTTP status 500.
func explainFault(err error) error {
	var failure *Error
	var failed *fetch.Error
	if !errors.As(err, &failure) || !errors.As(err, &failed) {
		return err
	}
	if fault := playready.ParseFault(failed.Body); fault != nil {
		explained := *failure
		explained.Detail = fault.Error()
		return &explained
	}
	return err
}
