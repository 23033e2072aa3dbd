package drm

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
)

// systemClearKey is the system of Clear Key's own pssh boxes.
//
// https://dashif.org/identifiers/content_protection/
var systemClearKey = [16]byte{0xe2, 0x71, 0x9d, 0x58, 0xa9, 0x85, 0xb3, 0xc9, 0x78, 0x1a, 0xb0, 0x30, 0xaf, 0x78, 0xd3, 0x0e}

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

// read narrows what the CDM would not read as we do: several boxes (Chromium's reads only the first), doubles, zero ids, and Clear Key's own
// boxes (e2719d58), which no browser takes.
func (v clearKey) read(kind string, data []byte) (initData, error) {
	if len(data) > maxInitData {
		return initData{}, errors.New("init data of " + strconv.Itoa(len(data)) + " bytes is more than any CDM takes")
	}
	named, direct, err := clearkey.InitDataKeyIDs(kind, data)
	if err == nil && kind == "cenc" && len(named) == 0 {
		own, _, _ := ownBoxes(data, systemClearKey)
		named, direct = assemble(own).keyIDs, false
	}
	ids := distinct(named)
	switch {
	case err != nil:
		return initData{}, err
	case len(ids) == 0:
		return initData{}, errors.New("it names no key id, or does so for other key systems only")
	case !direct || len(ids) < len(named):
		in, _ := v.narrow(ids, "")
		return in, nil
	}
	return initData{kind: kind, data: data, keyIDs: ids}, nil
}

func (v clearKey) system(s manifest.System) (initData, bool) {
	in, err := v.read("cenc", s.PSSH)
	return in, err == nil
}

func (clearKey) keyID(id [16]byte, _ func([16]byte) bool) [16]byte { return id }

// narrow always asks with keyids: Clear Key needs nothing else, and takes no other system's PSSH.
func (clearKey) narrow(ids [][16]byte, _ string) (initData, bool) {
	ids = distinct(ids)
	return initData{kind: "keyids", data: clearkey.KeyIDsInitData(ids), keyIDs: ids}, len(ids) > 0
}

func (v clearKey) part(in initData, ids [][16]byte) initData {
	if narrowed, ok := v.narrow(among(in.keyIDs, ids), ""); ok && len(narrowed.keyIDs) < len(in.keyIDs) {
		return narrowed
	}
	return in
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
	if len(lack) > 0 {
		req.KeyIDs = lack
		req.Message = clearkey.FormatRequest(lack)
		req.Header = append(req.Header, platform.HeaderField{Name: "Content-Type", Value: "application/json"})
		fetched, err := v.fetch(ctx, req, fetch)
		if failure, ok := err.(*Error); err != nil && (!ok || failure.Reason != NoKey || len(have) == 0) {
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
