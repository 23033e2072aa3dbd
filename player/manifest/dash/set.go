package dash

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

// Descriptor schemes that we know.
const (
	schemeRole      = "urn:mpeg:dash:role:2011"
	schemeSwitching = "urn:mpeg:dash:adaptation-set-switching:2016"
	schemeTrickMode = "http://dashif.org/guidelines/trickmode"
	schemeCICP      = "urn:mpeg:mpegB:cicp:"
)

// knownEssential are the schemes that an EssentialProperty may have without its element being left out; all that begin with schemeCICP may too: they describe
// the colours, which the decoder finds in the media.
var knownEssential = []string{
	schemeRole, schemeSwitching, schemeTrickMode, "urn:mpeg:dash:period-continuity:2015", "urn:mpeg:dash:period-connectivity:2015",
	"urn:dvb:dash:fontdownload:2014",
}

// scope is what an AdaptationSet or a Representation has from above.
type scope struct {
	period                time.Duration // how long it is
	base                  []string
	segments              segments
	protection            *manifest.Protection
	properties            properties
	sets, representations map[string]bool // ids that are taken in the Period
}

// properties are the attributes that an AdaptationSet hands down to its Representations, and theirs.
type properties struct {
	id, mimeType, codecs, contentType, language, link string
	width, height, channels                           int
	frameRate                                         float64
	bandwidth                                         int64
}

// read takes an element's attributes over those from above.
func (p *properties) read(attrs attributes) {
	p.id, p.bandwidth, p.link = "", 0, ""
	for {
		name, raw, ok := attrs.next()
		if !ok {
			return
		}
		if len(raw) > maxInherited && string(name) != "id" {
			continue
		}
		switch string(name) {
		case "id":
			p.id = text(raw)
		case "mimeType":
			p.mimeType = text(raw)
		case "codecs":
			p.codecs = text(raw)
		case "contentType":
			p.contentType = strings.TrimSpace(text(raw))
		case "lang":
			p.language = strings.TrimSpace(text(raw))
		case "href":
			p.link = text(raw)
		case "width":
			p.width = parseInt(raw)
		case "height":
			p.height = parseInt(raw)
		case "frameRate":
			p.frameRate = parseRate(text(raw))
		case "bandwidth":
			p.bandwidth = int64(parseInt(raw))
		}
	}
}

// readSet is false where there is nothing in the set that we play. Sets of images are left out without a word.
func (r *reader) readSet(n int32, above *scope) (set manifest.AdaptationSet, ok bool) {
	in := *above
	in.properties.read(r.doc.attributes(n))
	if in.properties.link == zeroLink || !r.spend(costOfSet) {
		return set, false
	}
	set.Language = in.properties.language
	if err := r.describe(n, &set, &in.properties); err != nil {
		r.leaveOut(Unsupported, err)
		return set, false
	}
	base, err := r.baseURLs(n, above.base)
	if err != nil {
		r.leaveOut(BadURL, err)
		return set, false
	}
	in.base = base
	in.segments.inherit(r.doc, n)
	in.protection = r.protect(above.protection, n, false)
	for c := range r.doc.children(n) {
		if r.doc.nodes[c].element != elRepresentation || r.broke != nil {
			continue
		}
		r.representation++
		r.readRepresentation(c, &in, &set)
	}
	r.representation = 0
	if len(set.Representations) == 0 {
		return set, false
	}
	set.ID = r.unique(in.properties.id, above.sets)
	slices.SortStableFunc(set.Representations, func(a, b manifest.Representation) int { return cmp.Compare(a.Bandwidth, b.Bandwidth) })
	return set, true
}

// describe reads a set's descriptors. It fails where one is essential that we do not know.
func (r *reader) describe(n int32, set *manifest.AdaptationSet, p *properties) error {
	for c := range r.doc.children(n) {
		switch kind := r.doc.nodes[c].element; kind {
		case elRole:
			if d := r.descriptor(c); d.SchemeID == schemeRole {
				set.Roles = append(set.Roles, d.Value)
			}
		case elAccessibility:
			set.Accessibility = append(set.Accessibility, r.descriptor(c))
		case elLabel:
			if set.Label == "" {
				set.Label, _ = r.doc.text(c)
			}
		case elAudioChannelConfiguration:
			p.channels = channels(r.descriptor(c))
		case elEssentialProperty, elSupplementalProperty:
			d := r.descriptor(c)
			switch {
			case kind == elSupplementalProperty:
				set.Supplemental = append(set.Supplemental, d)
			case !known(d):
				return errEssential
			default:
				set.Essential = append(set.Essential, d)
			}
			set.TrickPlay = set.TrickPlay || d.SchemeID == schemeTrickMode
			if d.SchemeID == schemeSwitching {
				for id := range strings.SplitSeq(d.Value, ",") {
					set.SwitchesWith = append(set.SwitchesWith, strings.TrimSpace(id))
				}
			}
		}
		if !r.spend(32) {
			break
		}
	}
	return nil
}

func (r *reader) descriptor(n int32) manifest.Descriptor {
	return manifest.Descriptor{SchemeID: r.doc.attribute(n, "schemeIdUri"), Value: r.doc.attribute(n, "value")}
}

func known(d manifest.Descriptor) bool {
	return slices.Contains(knownEssential, d.SchemeID) || strings.HasPrefix(d.SchemeID, schemeCICP)
}
