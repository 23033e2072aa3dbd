package webm

import (
	"strconv"

	"github.com/keystream-player/keystream/player/manifest"
)

// encodings reads how a track's frames are encrypted; nil where they are not.
//
// https://www.webmproject.org/docs/webm-encryption/#41-contentencoding
func (r *reader) encodings(e *element) (*manifest.Protection, error) {
	var protection *manifest.Protection
	for c, err := range r.children(e) {
		if err != nil {
			return nil, err
		}
		if c.id != idContentEncoding {
			continue
		}
		p, err := r.encoding(c)
		if err != nil {
			return nil, err
		}
		if protection == nil {
			protection = p
		}
	}
	return protection, nil
}

func (r *reader) encoding(e *element) (p *manifest.Protection, err error) {
	kind := uint64(0)
	for c, err := range r.children(e) {
		if err != nil {
			return nil, err
		}
		switch c.id {
		case idContentEncType:
			kind = c.uint()
		case idContentEncryption:
			if p, err = r.encryption(c); err != nil {
				return nil, err
			}
		}
	}
	if kind != 1 || p == nil {
		return nil, e.fail("is not encryption; WebM has no other")
	}
	return p, nil
}

func (r *reader) encryption(e *element) (*manifest.Protection, error) {
	algorithm, mode := uint64(0), uint64(1)
	var keyID []byte
	for c, err := range r.children(e) {
		if err != nil {
			return nil, err
		}
		switch c.id {
		case idContentEncAlgo:
			algorithm = c.uint()
		case idContentEncKeyID:
			keyID = c.data
		case idContentEncSettings:
			if mode, err = r.cipherMode(c, mode); err != nil {
				return nil, err
			}
		}
	}
	switch {
	case algorithm != 5:
		return nil, e.fail("uses the algorithm " + strconv.FormatUint(algorithm, 10) + "; WebM has 5, AES, only")
	case mode != 1:
		return nil, e.fail("uses the cipher mode " + strconv.FormatUint(mode, 10) + "; WebM has 1, CTR, only")
	case len(keyID) != len(manifest.KeyID{}):
		return nil, e.fail("has a ContentEncKeyID of " + strconv.Itoa(len(keyID)) + " bytes, not 16")
	}
	return &manifest.Protection{Scheme: "cenc", KeyID: manifest.KeyID(keyID)}, nil
}

func (r *reader) cipherMode(settings *element, mode uint64) (uint64, error) {
	for c, err := range r.children(settings) {
		if err != nil {
			return 0, err
		}
		if c.id == idCipherMode {
			mode = c.uint()
		}
	}
	return mode, nil
}
