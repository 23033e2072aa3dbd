package playertest

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"
)

// trackKeys is what a moov says of one track's keys: a key id, or nil for the clear, for each sample entry and each group of "seig".
type trackKeys struct {
	entries, groups [][]byte
	entry           uint32 // that a fragment's samples have unless it says otherwise, from 1 on
}

// schedule gives each of a fragmented MP4's keys the stretch that it is needed in, as the file tells it: the tenc of a fragment's sample entry,
// or what its first "seig" group says instead. A key that has a Start or an End already is left alone, and so are the others then.
func (f *Film) schedule() {
	tracks := f.trackKeys()
	if len(tracks) == 0 || slices.ContainsFunc(f.Keys, func(k FilmKey) bool { return k.Start != 0 || k.End != 0 }) {
		return
	}
	values := map[[16]byte][16]byte{}
	for _, k := range f.Keys {
		values[k.ID] = k.Key
	}
	f.Keys = nil
	for i, at := range f.Fragments {
		start, end := f.timeAt(at), time.Duration(0)
		if i == 0 {
			start = 0
		}
		if i+1 < len(f.Fragments) {
			end = f.timeAt(f.Fragments[i+1])
		}
		for _, id := range fragmentKeys(f.segmentAt(at), tracks) {
			f.need(FilmKey{ID: [16]byte(id), Key: values[[16]byte(id)], Start: start, End: end})
		}
	}
}

// need adds a stretch, or makes the one that ends where it begins longer.
func (f *Film) need(k FilmKey) {
	for i, old := range f.Keys {
		if old.ID == k.ID && old.End == k.Start {
			f.Keys[i].End = k.End
			return
		}
	}
	f.Keys = append(f.Keys, k)
}

// mp4Box is a box by its type; body is what is in it.
type mp4Box struct {
	kind string
	body []byte
}

func mp4Boxes(p []byte) (boxes []mp4Box) {
	for len(p) >= 8 {
		size := int(binary.BigEndian.Uint32(p))
		if size < 8 || size > len(p) {
			break
		}
		boxes = append(boxes, mp4Box{string(p[4:8]), p[8:size]})
		p = p[size:]
	}
	return boxes
}

// within finds the bodies of all boxes at a path.
func within(p []byte, path ...string) (found [][]byte) {
	for _, box := range mp4Boxes(p) {
		switch {
		case box.kind != path[0]:
		case len(path) == 1:
			found = append(found, box.body)
		default:
			found = append(found, within(box.body, path[1:]...)...)
		}
	}
	return found
}

// trackKeys reads the moov, by track id.
func (f *Film) trackKeys() map[uint32]*trackKeys {
	tracks := map[uint32]*trackKeys{}
	for _, trak := range within(f.Bytes[:f.HeaderSize], "moov", "trak") {
		track := &trackKeys{entry: 1}
		for _, tkhd := range within(trak, "tkhd") {
			at := 12 // of the track id, after the flags and two times
			if tkhd[0] == 1 {
				at = 20
			}
			tracks[binary.BigEndian.Uint32(tkhd[at:])] = track
		}
		for _, stbl := range within(trak, "mdia", "minf", "stbl") {
			for _, stsd := range within(stbl, "stsd") {
				for _, entry := range mp4Boxes(stsd[8:]) {
					track.entries = append(track.entries, entryKey(entry))
				}
			}
			track.groups = append(track.groups, seigKeys(stbl)...)
		}
	}
	for _, trex := range within(f.Bytes[:f.HeaderSize], "moov", "mvex", "trex") {
		if track := tracks[binary.BigEndian.Uint32(trex[4:])]; track != nil {
			track.entry = binary.BigEndian.Uint32(trex[8:])
		}
	}
	return tracks
}

// entryKey is the default key id of a sample entry, nil for a clear one.
func entryKey(entry mp4Box) []byte {
	head := map[string]int{"encv": 78, "enca": 28}[entry.kind]
	if head == 0 {
		return nil
	}
	for _, tenc := range within(entry.body[head:], "sinf", "schi", "tenc") {
		if tenc[6] == 1 {
			return tenc[8:24]
		}
	}
	return nil
}

// seigKeys lists the key ids of a box's "seig" sample groups, nil for a group that is clear.
func seigKeys(p []byte) (keys [][]byte) {
	for _, sgpd := range within(p, "sgpd") {
		if string(sgpd[4:8]) != "seig" {
			continue
		}
		size, at := 20, 8
		if sgpd[0] > 0 {
			size, at = int(binary.BigEndian.Uint32(sgpd[8:])), 12
		}
		if sgpd[0] > 1 {
			at += 4
		}
		entries := sgpd[at+4:]
		for range binary.BigEndian.Uint32(sgpd[at:]) {
			own := size
			if size == 0 {
				own, entries = int(binary.BigEndian.Uint32(entries)), entries[4:]
			}
			if entry := entries[:own]; entry[2] == 1 {
				keys = append(keys, entry[4:20])
			} else {
				keys = append(keys, nil)
			}
			entries = entries[own:]
		}
	}
	return keys
}

// fragmentKeys lists the keys that a fragment's tracks begin with.
func fragmentKeys(segment []byte, tracks map[uint32]*trackKeys) (keys [][]byte) {
	const localGroup = 0x10000 // groups of the fragment's own are counted from here
	for _, traf := range within(segment, "moof", "traf") {
		for _, tfhd := range within(traf, "tfhd") {
			track := tracks[binary.BigEndian.Uint32(tfhd[4:])]
			if track == nil {
				continue
			}
			entry, at := track.entry, 8
			if tfhd[3]&1 != 0 {
				at += 8
			}
			if tfhd[3]&2 != 0 {
				entry = binary.BigEndian.Uint32(tfhd[at:])
			}
			key := track.entries[entry-1]
			for _, sbgp := range within(traf, "sbgp") {
				if at := 8 + 4*int(sbgp[0]); string(sbgp[4:8]) == "seig" {
					switch group := binary.BigEndian.Uint32(sbgp[at+8:]); {
					case group > localGroup:
						key = seigKeys(traf)[group-localGroup-1]
					case group > 0:
						key = track.groups[group-1]
					}
				}
			}
			if key != nil && !slices.ContainsFunc(keys, func(have []byte) bool { return bytes.Equal(have, key) }) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}
