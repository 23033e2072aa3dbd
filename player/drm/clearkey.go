package drm

import (
	"context"
	"slices"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/manifest"
)

// clearKey is the Clear Key vendor: fixed keys first, the fetcher for the rest.
type clearKey struct {
	config KeySystem
	keys   map[[16]byte][16]byte
}

// parseKeys reads KeySystem.Keys. Its errors name key ids, never keys.
func parseKeys(system KeySystem) (map[[16]byte][16]byte, error) {
	keys := make(map[[16]byte][16]byte, len(system.Keys))
	for kid, key := range system.Keys {
		id, err := clearkey.ParseKey(kid)
		if err != nil {
			return nil, &Error{Reason: BadKeys, KeySystem: system.Name, Detail: "a key id in keys cannot be read: " + err.Error()}
		}
		if keys[id], err = clearkey.ParseKey(key); err != nil {
			return nil, &Error{Reason: BadKeys, KeySystem: system.Name, KeyIDs: [][16]byte{id}, Detail: "a key in keys cannot be read: " + err.Error()}
		}
	}
	return keys, nil
}

func (v clearKey) read(kind string, data []byte) (initData, error) {
	ids, direct, err := clearkey.InitDataKeyIDs(kind, data)
	in := initData{kind: kind, data: data, keyIDs: ids}
	if len(ids) > 0 && !direct {
		in, _ = v.narrow(ids)
	}
	return in, err
}

// system reads the common system's boxes; Clear Key's own (e2719d58) hold nothing more.
func (v clearKey) system(s manifest.System) (initData, bool) {
	in, err := v.read("cenc", s.PSSH)
	return in, err == nil && len(in.keyIDs) > 0
}

func (clearKey) keyID(id [16]byte, _ func([16]byte) bool) [16]byte { return id }

// narrow always asks with keyids: Clear Key needs nothing else, and takes no other system's PSSH.
func (clearKey) narrow(ids [][16]byte) (initData, bool) {
	return initData{kind: "keyids", data: clearkey.KeyIDsInitData(ids), keyIDs: ids}, true
}

func (v clearKey) license(ctx context.Context, req LicenseRequest, fetch fetchFunc) ([]byte, error) {
	asked, err := clearkey.ParseRequest(req.Message)
	if err != nil {
		return nil, &Error{Reason: BadLicense, KeySystem: v.config.Name, Detail: "the CDM's own message cannot be read: " + err.Error()}
	}
	var have []clearkey.Key
	var lack [][16]byte
	for _, id := range asked {
		if key, ok := v.keys[id]; ok {
			have = append(have, clearkey.Key{ID: id, Value: key})
		} else {
			lack = append(lack, id)
		}
	}
	if len(lack) > 0 && v.config.License != nil {
		req.KeyIDs = lack
		req.Message = clearkey.FormatRequest(lack)
		fetched, err := v.fetch(ctx, req, fetch)
		if err != nil {
			return nil, err
		}
		have = append(have, fetched...)
	}
	if len(have) == 0 {
		return nil, &Error{Reason: NoKey, KeySystem: v.config.Name, KeyIDs: asked}
	}
	return clearkey.FormatLicense(have), nil
}

// fetch asks for a licence and reads it before the CDM does, to be able to say what is wrong with it.
func (v clearKey) fetch(ctx context.Context, req LicenseRequest, fetch fetchFunc) ([]clearkey.Key, error) {
	license, err := fetch(ctx, req)
	if err != nil {
		return nil, err
	}
	defer clear(license)
	keys, err := clearkey.ParseLicense(license)
	if err != nil {
		return nil, &Error{Reason: BadLicense, KeySystem: v.config.Name, KeyIDs: req.KeyIDs, Detail: err.Error()}
	}
	if !slices.ContainsFunc(keys, func(k clearkey.Key) bool { return slices.Contains(req.KeyIDs, k.ID) }) {
		return nil, &Error{Reason: LicenseForOtherKey, KeySystem: v.config.Name, KeyIDs: req.KeyIDs}
	}
	return keys, nil
}
