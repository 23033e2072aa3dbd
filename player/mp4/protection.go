package mp4

import "github.com/keystream-player/keystream/player/manifest"

// protection gives a sample entry's own format, before encryption changed its name, and how it is protected; nil where it is not.
func (r *reader) protection(entry sampleEntry) (format [4]byte, p *manifest.Protection, err error) {
	if !entry.is("encv") && !entry.is("enca") {
		return entry.kind, nil, nil
	}
	for b, err := range r.children(entry.box, entry.boxes) {
		if err != nil {
			return format, nil, err
		}
		if !b.is("sinf") || p != nil && isCommonEncryption(p.Scheme) {
			continue
		}
		if format, p, err = r.sinf(b); err != nil {
			return format, nil, err
		}
	}
	if p == nil {
		return format, nil, entry.fail("has no sinf")
	}
	return format, p, nil
}

func isCommonEncryption(scheme string) bool {
	return scheme == "cenc" || scheme == "cens" || scheme == "cbc1" || scheme == "cbcs"
}

// sinf reads a ProtectionSchemeInfoBox. The key id of a track that is clear by default, with encrypted groups of samples, is zero.
//
// ISO/IEC 23001-7, 8.2
func (r *reader) sinf(sinf *box) (format [4]byte, _ *manifest.Protection, err error) {
	frma, err := r.descend(sinf, "frma")
	if err != nil {
		return format, nil, err
	}
	content, err := r.payload(frma, 4)
	if err != nil {
		return format, nil, err
	}
	format = [4]byte(content)
	schm, err := r.descend(sinf, "schm")
	if err != nil {
		return format, nil, err
	}
	if content, err = r.payload(schm, 12); err != nil {
		return format, nil, err
	}
	p := &manifest.Protection{Scheme: printable([4]byte(content[4:]))}
	if !isCommonEncryption(p.Scheme) {
		return format, p, nil
	}
	tenc, err := r.descend(sinf, "schi", "tenc")
	if err != nil {
		return format, nil, err
	}
	if content, err = r.payload(tenc, 24); err != nil {
		return format, nil, err
	}
	if isProtected := content[6] != 0; isProtected {
		p.KeyID = manifest.KeyID(content[8:])
	}
	return format, p, nil
}
