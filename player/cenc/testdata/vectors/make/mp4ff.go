package main

import (
	"bytes"
	"fmt"

	"github.com/Eyevinn/mp4ff/mp4"
)

// byMP4FF makes what mp4ff's encrypter can: cenc and cbcs.
func byMP4FF(w *writer) error {
	for _, v := range []struct {
		name, source, scheme string
		iv                   []byte
		shows                string
		rows                 string // joined by commas
	}{
		{"mp4ff-cenc-video", "avc", "cenc", iv16, "Subsamples of whole blocks, IVs of 16 bytes", "iv 16, several subsamples, senc"},
		{"mp4ff-cenc-video-iv-8", "avc", "cenc", iv8, "Subsamples of whole blocks; the IV that was given has 8 bytes", "several subsamples, senc"},
		{"mp4ff-cenc-audio", "aac", "cenc", iv16, "Whole samples, IVs of 16 bytes", "iv 16, full sample, senc"},
		{"mp4ff-cbcs-video", "avc", "cbcs", iv16, "Pattern 1:9, a constant IV, subsamples of any length",
			"constant iv 16, pattern 1:9, odd subsamples, several subsamples, senc"},
		{"mp4ff-cbcs-audio", "aac", "cbcs", iv16, "Whole samples under a constant IV", "constant iv 16, full sample, no auxiliary information"},
	} {
		data, err := w.encryptMP4FF(v.source, v.scheme, v.name, v.iv)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		err = w.add(vector{Name: v.name, Container: "mp4", Maker: mp4ff, Scheme: v.scheme, Shows: v.shows, Rows: rowsOf(v.scheme, v.rows),
			Keys:   keysOf(v.name),
			Tracks: []expected{w.whole(1, v.source)}}, data)
		if err != nil {
			return err
		}
	}
	return nil
}

// encryptMP4FF lays a source out in fragments, and has mp4ff encrypt them.
func (w *writer) encryptMP4FF(source, scheme, key string, iv []byte) ([]byte, error) {
	t := &track{name: source, entries: []*protection{nil}}
	f := w.film(t)
	f.start()
	for samples := t.source.samples; len(samples) > 0; {
		n := min(perFragment, len(samples))
		f.add(&fragment{trafs: []*traf{{track: t, runs: [][]coded{(&coder{}).code(samples[:n], 0)}}}})
		samples = samples[n:]
	}
	film, err := mp4.DecodeFile(bytes.NewReader(f.data))
	if err != nil {
		return nil, err
	}
	id, value := keyID(key), keyOf(key)
	protect, err := mp4.InitProtect(film.Init, value[:], iv, scheme, id[:], nil)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := film.Init.Encode(&out); err != nil {
		return nil, err
	}
	encrypter, err := protect.NewFragmentEncryptor(value[:], iv)
	if err != nil {
		return nil, err
	}
	for _, segment := range film.Segments {
		for _, fragment := range segment.Fragments {
			if err := encrypter.EncryptFragment(fragment); err != nil {
				return nil, err
			}
		}
		if err := segment.Encode(&out); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}
