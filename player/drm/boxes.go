package drm

import (
	"errors"
	"slices"
	"strconv"

	"github.com/keystream-player/keystream/player/mp4"
)

// maxInitData bounds what init data is read: Chromium takes no more either.
const maxInitData = 64 << 10

// box is a pssh box of the vendor's own system.
type box struct {
	raw, data  []byte
	keyIDs     [][16]byte // none where it does not name them
	licenseURL string
}

// ownBoxes gives the boxes of one system in init data of type "cenc", in an order that depends on nothing but their content, each data once (a
// packager may write it in a box of either version: the older one is kept, with the key ids of both), and the key ids that boxes of the common
// system name.
func ownBoxes(data []byte, system [16]byte) (own []box, common [][16]byte, err error) {
	if len(data) > maxInitData {
		return nil, nil, errors.New("init data of " + strconv.Itoa(len(data)) + " bytes is more than any CDM takes")
	}
	all, err := mp4.ParsePSSH(data)
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]int{}
	for _, p := range sorted(all) {
		if p.SystemID == mp4.SystemCommon {
			common = append(common, p.KeyIDs...)
		}
		if p.SystemID != system {
			continue
		}
		content := p.Data
		if len(content) == 0 {
			content = p.Raw
		}
		at, ok := seen[string(content)]
		if !ok {
			at = len(own)
			seen[string(content)] = at
			own = append(own, box{raw: p.Raw, data: p.Data})
		}
		own[at].keyIDs = append(own[at].keyIDs, p.KeyIDs...)
	}
	return own, distinct(common), nil
}

// sorted orders boxes by version, size and content. There are few of them, so it inserts.
func sorted(boxes []mp4.PSSH) []*mp4.PSSH {
	out := make([]*mp4.PSSH, len(boxes))
	for i := range boxes {
		at := i
		for ; at > 0 && before(&boxes[i], out[at-1]); at-- {
			out[at] = out[at-1]
		}
		out[at] = &boxes[i]
	}
	return out
}

func before(a, b *mp4.PSSH) bool {
	if a.Version != b.Version {
		return a.Version < b.Version
	}
	if len(a.Raw) != len(b.Raw) {
		return len(a.Raw) < len(b.Raw)
	}
	return string(a.Raw) < string(b.Raw)
}

// assemble makes init data of boxes.
func assemble(boxes []box) initData {
	in := initData{kind: "cenc"}
	complete := true
	for _, b := range boxes {
		in.data = append(in.data, b.raw...)
		in.keyIDs = append(in.keyIDs, b.keyIDs...)
		if in.licenseURL == "" {
			in.licenseURL = b.licenseURL
		}
		complete = complete && len(b.keyIDs) > 0
	}
	if !complete {
		in.keyIDs = nil
	}
	in.keyIDs = distinct(in.keyIDs)
	return in
}

// distinct leaves out doubles and the zero id, which names no key.
func distinct(ids [][16]byte) [][16]byte {
	var out [][16]byte
	seen := map[[16]byte]bool{{}: true}
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// among gives those of ids that are in the list.
func among(ids, list [][16]byte) [][16]byte {
	var out [][16]byte
	for _, id := range ids {
		if slices.Contains(list, id) {
			out = append(out, id)
		}
	}
	return out
}

// webmKeyID is the key id that init data of type "webm" is.
//
// https://www.w3.org/TR/eme-initdata-webm/
func webmKeyID(data []byte) [][16]byte {
	if len(data) != 16 {
		return nil
	}
	return distinct([][16]byte{[16]byte(data)})
}
