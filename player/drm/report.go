package drm

import (
	"strings"

	"github.com/keystream-player/keystream/player/platform"
)

// Report says why key systems were granted or refused. A browser says only that it refuses: the report asks again, bit by bit.
type Report struct {
	Secure    bool // the page is a secure context
	Permitted bool // the permissions policy lets it use encrypted media, as far as the browser tells
	EME       bool // there is a requestMediaKeySystemAccess

	Systems []SystemReport // in the order they were asked for
}

// SystemReport is about one key system.
type SystemReport struct {
	KeySystem     string                                // as the app names it
	Granted       string                                // the name that was granted; "" is refused
	Software      bool                                  // by our own CDM; Refused then says why not by the browser, unless the app did not want it asked
	Configuration *platform.MediaKeySystemConfiguration // what was granted
	Refused       *Refusal                              // the first element that was refused of those that are needed; nil where none was
	Findings      []Finding                             // every question, in the order they were asked
}

// Refusal is an element of a configuration that a browser does not grant, and what to do about it.
type Refusal struct {
	Element Element
	Value   string // "cens", "HW_SECURE_ALL", `video/mp4; codecs="hvc1.1.6.L93.B0"`, …
	Remedy  string
}

// Finding is one question and its answer.
type Finding struct {
	Element Element
	Value   string // as of a [Refusal]; a level of robustness that is asked for audio has " (audio)" behind it
	Granted bool
}

// Element is a part of a configuration.
type Element string

// The elements.
const (
	ElementContext     Element = "secure-context"
	ElementPermission  Element = "permissions-policy"
	ElementEME         Element = "eme"
	ElementKeySystem   Element = "key-system"
	ElementCodec       Element = "codec"
	ElementInitData    Element = "init-data-type"
	ElementScheme      Element = "encryption-scheme"
	ElementRobustness  Element = "robustness"
	ElementPersistence Element = "persistent-state"
	ElementIdentifier  Element = "distinctive-identifier"
	ElementSessionType Element = "session-type"
	ElementHDCP        Element = "hdcp"
	ElementSource      Element = "src" // the container, where media is played through the element's src
)

// ofPage says that an element is refused to the whole page, whatever it asks for.
func (e Element) ofPage() bool {
	return e == ElementContext || e == ElementPermission || e == ElementEME
}

// feature is what the permissions policy calls it.
const feature = "encrypted-media"

// remedies say what to do where one sentence does for all values of an element.
var remedies = [...]struct {
	element Element
	remedy  string
}{
	{ElementContext, "Serve the page over https, or from localhost: elsewhere browsers switch Encrypted Media Extensions off"},
	{ElementPermission, `Give the iframe allow="encrypted-media", and let no Permissions-Policy header forbid it`},
	{ElementEME, "Use a browser that has Encrypted Media Extensions; WebViews and some settings switch them off"},
	{ElementKeySystem, "Check the name, and that this browser has this key system"},
	{ElementCodec, "Offer the media in a codec that this key system decrypts here too, such as H.264 with AAC"},
	{ElementInitData, "Package the media with the PSSH of this key system, or with key ids"},
	{ElementRobustness, `Lower it: give a ladder that ends in a level that this device has, or in ""`},
	{ElementPersistence, "Leave persistentState out, unless licences have to outlive the page"},
	{ElementIdentifier, "Leave distinctiveIdentifier out, unless the licence server needs one"},
	{ElementSessionType, `Use "temporary": this key system keeps no licences here`},
	{ElementSource, "Package it as fragmented MP4: no browser decrypts an MP4 that is played through src"},
	{ElementHDCP, "Use a display and a cable with this HDCP version, or lower minHDCPVersion"},
}

func refusal(element Element, value, keySystem string) *Refusal {
	r := &Refusal{Element: element, Value: value}
	switch f := familyOf(keySystem); {
	case element == ElementKeySystem && f != nil:
		r.Remedy = f.missing
	case element == ElementScheme && (value == "cens" || value == "cbc1"):
		r.Remedy = "Package it as cenc or cbcs: browsers decrypt nothing else (Keystream itself does, for Clear Key: softwareClearKey)"
	case element == ElementScheme && value == "cenc":
		r.Remedy = "Package it as cbcs too: cenc is not decrypted here"
	case element == ElementScheme:
		r.Remedy = "Package it as cenc too: " + value + " is not decrypted here"
	}
	for i := range remedies {
		if r.Remedy == "" && remedies[i].element == element {
			r.Remedy = remedies[i].remedy
		}
	}
	return r
}

// together is the refusal where no part by itself is to blame.
func together(keySystem string) *Refusal {
	return &Refusal{ElementKeySystem, keySystem, "This browser grants each part of what is asked, and not all together: ask for less"}
}

func newReport(host platform.Host) *Report {
	return &Report{Secure: host.IsSecureContext(), Permitted: host.AllowsFeature(feature), EME: true}
}

// Blamed is the refusal that says most of why nothing was granted: of the key system that came furthest. It is nil where none was refused.
func (r *Report) Blamed() *Refusal {
	if len(r.Systems) == 0 {
		return nil
	}
	return r.Systems[r.blamed()].Refused
}

func (r *Report) blamed() int {
	for i := range r.Systems {
		if refused := r.Systems[i].Refused; refused != nil && refused.Element != ElementKeySystem && refused.Element != ElementContext {
			return i
		}
	}
	return 0
}

// String is the report for people, on several lines.
func (r *Report) String() string {
	var b strings.Builder
	line := func(parts ...string) {
		for _, part := range parts {
			b.WriteString(part)
		}
		b.WriteByte('\n')
	}
	line("secure context: ", yes(r.Secure), ", permitted: ", yes(r.Permitted), ", EME: ", yes(r.EME))
	for _, s := range r.Systems {
		switch {
		case s.Software && s.Refused != nil:
			line(s.KeySystem, ": decrypted in software, because the browser refuses ", string(s.Refused.Element), " ", s.Refused.Value)
		case s.Software:
			line(s.KeySystem, ": decrypted in software")
		case s.Granted != "" && s.Granted != s.KeySystem:
			line(s.KeySystem, ": granted as ", s.Granted)
		case s.Granted != "":
			line(s.KeySystem, ": granted")
		case s.Refused != nil:
			line(s.KeySystem, ": refused: ", string(s.Refused.Element), " ", s.Refused.Value, ". ", s.Refused.Remedy)
		default:
			line(s.KeySystem, ": refused")
		}
		for _, f := range s.Findings {
			line("  ", string(f.Element), " ", f.Value, ": ", yes(f.Granted))
		}
	}
	return b.String()
}

// add joins what our own CDM answered to what the browser did. Where the browser grants nothing to this page at all, ours says more.
func (s *SystemReport) add(own *SystemReport) {
	for _, f := range own.Findings {
		f.Value += " (software)"
		s.Findings = append(s.Findings, f)
	}
	if own.Refused != nil && (s.Refused == nil || s.Refused.Element.ofPage() || s.Refused.Element == ElementKeySystem) {
		s.Refused = own.Refused
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
