package dash

import (
	"bytes"
	"slices"
	"strings"

	"github.com/keystream-player/keystream/player/manifest"
)

// schemeProtection is the one whose value is the encryption scheme, and whose default_KID is the key id.
const schemeProtection = "urn:mpeg:dash:mp4protection:2011"

// protect gives how an element is encrypted: what its own ContentProtections say over what those above it say; nil where none does. Those of a Period that
// have a refId count only where one further down refers to them.
//
// ISO/IEC 23009-1, 5.8.4.1; https://dashif.org/docs/IOP-Guidelines/DASH-IF-IOP-Part6-v5.0.0.pdf
func (r *reader) protect(above *manifest.Protection, n int32, onPeriod bool) *manifest.Protection {
	var p *manifest.Protection
	var own [][16]byte // systems that the element itself names
	for c := range r.doc.children(n) {
		if r.doc.nodes[c].element != elContentProtection || onPeriod && r.doc.attribute(c, "refId") != "" {
			continue
		}
		if p == nil {
			p = &manifest.Protection{Scheme: "cenc"}
			if above != nil {
				*p = *above
				p.Systems = slices.Clone(above.Systems)
			}
			if !r.spend(64 + 96*len(p.Systems)) {
				return nil
			}
		}
		if ref := r.doc.attribute(c, "ref"); ref != "" {
			if at, ok := r.referred(ref); ok {
				own = r.protection(p, at, own)
			}
		}
		own = r.protection(p, c, own)
	}
	if p == nil {
		return above
	}
	return p
}

// referred finds the ContentProtection of a refId, wherever it is.
func (r *reader) referred(id string) (int32, bool) {
	if r.shared == nil {
		r.shared = map[string]int32{}
		for i, n := range r.doc.nodes {
			if n.element != elContentProtection {
				continue
			}
			if id := r.doc.attribute(int32(i), "refId"); id != "" {
				r.shared[id] = int32(i)
			}
		}
	}
	n, ok := r.shared[id]
	return n, ok
}

// protection adds what one ContentProtection says. own are the systems that those before it on the same element name: what they said stands.
func (r *reader) protection(p *manifest.Protection, n int32, own [][16]byte) [][16]byte {
	scheme := strings.ToLower(r.doc.attribute(n, "schemeIdUri"))
	keyID, named := firstKeyID(r.doc.attribute(n, "default_KID"))
	if scheme == schemeProtection {
		if named {
			p.KeyID = keyID
		}
		switch value := strings.ToLower(r.doc.attribute(n, "value")); value {
		case "cenc", "cens", "cbc1", "cbcs":
			p.Scheme = value
		}
		return own
	}
	id, isUUID := parseUUID(strings.TrimPrefix(scheme, "urn:uuid:"))
	if !isUUID {
		return own
	}
	if named && p.KeyID == (manifest.KeyID{}) {
		p.KeyID = keyID
	}
	at := slices.IndexFunc(p.Systems, func(s manifest.System) bool { return s.ID == id })
	if at < 0 {
		if len(p.Systems) == maxSystems {
			return own
		}
		at = len(p.Systems)
		p.Systems = append(p.Systems, manifest.System{ID: id})
	}
	before := p.Systems[at].PSSH
	r.system(&p.Systems[at], n)
	if !slices.Contains(own, id) {
		return append(own, id)
	}
	if after := p.Systems[at].PSSH; len(before) > 0 && !bytes.Equal(before, after) && r.spend(len(before)+len(after)) {
		p.Systems[at].PSSH = slices.Concat(before, after)
	}
	return own
}

// system reads the children of a protection system's element. What it says replaces what was said above.
func (r *reader) system(s *manifest.System, n int32) {
	var boxes []byte
	for c := range r.doc.children(n) {
		switch kind := r.doc.nodes[c].element; kind {
		case elPSSH, elPRO:
			content, _ := r.doc.text(c)
			data, ok := parseBase64(content)
			switch {
			case !r.spend(len(data)):
				return
			case !ok:
				r.leaveOut(BadValue, errBase64)
			case kind == elPSSH:
				boxes = append(boxes, data...)
			default:
				s.PRO = data
			}
		case elLaurl:
			if kind := strings.ToLower(r.doc.attribute(c, "licenseType")); kind != "" && !strings.HasPrefix(kind, "license") && !strings.HasPrefix(kind, "eme") {
				continue // of group keys, or of what is not a licence
			}
			if url, err := r.licenseURL(c); err != nil {
				r.leaveOut(BadURL, errLicense)
			} else if url != "" && r.spend(len(url)) {
				s.LicenseURL = url
			}
		}
	}
	if boxes != nil {
		s.PSSH = boxes
	}
}

// licenseURL reads a Laurl, whose URL is its text, or an attribute of ms:laurl; "" where there is none.
func (r *reader) licenseURL(n int32) (string, error) {
	ref, err := r.doc.text(n)
	if err != nil {
		return "", err
	}
	if ref == "" {
		ref = r.doc.attribute(n, "licenseUrl")
	}
	if ref == "" {
		return "", nil
	}
	return manifest.ResolveURL(r.url, ref)
}

// firstKeyID reads a default_KID, which may list several.
func firstKeyID(s string) (manifest.KeyID, bool) {
	first, _, _ := strings.Cut(s, " ")
	return parseUUID(first)
}
