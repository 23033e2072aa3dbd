package playertest

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/keystream-player/keystream/player/cenc"
)

// learnClear makes the clear film that an encrypted one becomes, and has the host know it. The host's mutex is held.
func (h *Host) learnClear(f *Film) {
	if len(f.Keys) == 0 || h.clear[f] != nil {
		return
	}
	var clear *Film
	if f.real {
		clear = f.decrypted()
	} else {
		clear = f.scrambled()
	}
	if clear != nil {
		h.clear[f] = clear
	}
}

// films lists all that the host knows, clear ones too.
func (h *Host) films() []*Film {
	all := slices.Clone(h.options.Films)
	for _, f := range h.options.Films {
		if clear := h.clear[f]; clear != nil {
			all = append(all, clear)
		}
	}
	return all
}

// decrypted is a real film without its encryption; nil where package cenc cannot take it away.
func (f *Film) decrypted() *Film {
	f.decrypt.Do(func() {
		keys := keyRing{}
		for _, k := range f.Keys {
			keys[k.ID] = cenc.NewKey(k.ID, k.Key)
		}
		g := genuine{cenc.NewDecrypter(keys, nil)}
		if clear, _, missing, err := g.decrypt(f.Bytes); err == nil && len(missing) == 0 {
			f.clear = RealFilm(slices.Clone(clear), f.Type, f.Duration, f.Frames)
			f.clear.findQuiet()
		}
	})
	return f.clear
}

type keyRing map[[16]byte]*cenc.Key

func (r keyRing) Key(id [16]byte) *cenc.Key { return r[id] }

// scrambled stands for the clear film of one that is not really encrypted: other bytes, and as many.
func (f *Film) scrambled() *Film {
	clear := *f
	clear.Bytes, clear.Keys, clear.InitData = bytes.Clone(f.Bytes), nil, nil
	const other = 0xa5
	for i := range clear.Bytes {
		clear.Bytes[i] ^= other
	}
	clear.mask ^= other
	return &clear
}

// findQuiet tells what is no media: a decrypter without a key gives all that stands before the first sample.
func (f *Film) findQuiet() {
	if f.webm() {
		for _, at := range f.starts() {
			f.quiet = append(f.quiet, byteSpan{at, at + clusterHead(f.segmentAt(at))})
		}
		return
	}
	for at := f.HeaderSize; at+8 <= int64(len(f.Bytes)); {
		size := max(int64(binary.BigEndian.Uint32(f.Bytes[at:])), 8)
		head := size
		if string(f.Bytes[at+4:at+8]) == "mdat" {
			head = 8
		}
		f.quiet = append(f.quiet, byteSpan{at, at + head})
		at += size
	}
}

// clusterHead is how many bytes of a Cluster come before its first block.
func clusterHead(p []byte) int64 {
	const id, timestamp, void = 4, 0xe7, 0xec
	vint := func(at int) int { return bits.LeadingZeros8(p[at]) + 1 }
	at := id + vint(id)
	for p[at] == timestamp || p[at] == void {
		n := vint(at + 1)
		size := uint64(p[at+1]) & (1<<(8-n) - 1)
		for _, b := range p[at+2 : at+1+n] {
			size = size<<8 | uint64(b)
		}
		at += 1 + n + int(size)
	}
	return int64(at)
}
