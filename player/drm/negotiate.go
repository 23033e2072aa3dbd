package drm

import (
	"context"
	"errors"
	"slices"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
)

// grant is a key system that the browser lets us use.
type grant struct {
	system        KeySystem // as the app configured it
	vendor        vendor
	access        platform.MediaKeySystemAccess
	name          string                               // the one of the key system's names that was granted
	configuration platform.MediaKeySystemConfiguration // what was granted
	asked         []capability                         // nil is content that nobody had read
	software      bool                                 // by our own CDM
	report        *Report                              // by which CDM, and why
}

// negotiate asks for each key system in the app's order until one is granted and of use: use is called with each grant in turn, and an error of its has
// the next CDM tried. Where that finds none, the error is the first one of use that is no refusal, or else an [*Error] of reason Refused with a [Report]
// about all of them.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-navigator-requestmediakeysystemaccess
func negotiate(ctx context.Context, host platform.Host, config Config, content Content, use func(*grant) error) (*grant, error) {
	systems := config.KeySystems
	if len(systems) == 0 {
		return nil, &Error{Reason: NoKeySystem, KeyIDs: content.KeyIDs()}
	}
	var failure error
	refusals := make([]error, len(systems))
	reports := make([]*SystemReport, len(systems))
	for _, c := range candidates(host, config.Software, systems, content) {
		g, err := request(ctx, c.keySystems, &systems[c.at], content)
		if err == nil {
			g.software = c.software
			err = use(g)
		}
		var own *Error
		switch {
		case err == nil:
			g.report = g.reportOn(ctx, host, config.Software, content, reports[c.at])
			return g, ctx.Err()
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.As(err, &own) && own.Reason == Refused && own.Report != nil:
			reports[c.at] = &own.Report.Systems[0]
		case g != nil && failure == nil:
			failure = err
		}
		if refusals[c.at] == nil {
			refusals[c.at] = err
		}
	}
	if failure != nil {
		return nil, failure
	}
	if errors.Is(refusals[0], platform.ErrNoEME) && !config.MayDecrypt(host) {
		systems = systems[:1] // it is no key system's fault
	}
	report := explain(ctx, host, config.Software, systems, content, reports)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, refusedError(systems, content, report, refusals)
}

// refusedError says that no key system was granted, in the words of the one that is to blame.
func refusedError(systems []KeySystem, content Content, report *Report, refusals []error) *Error {
	at := report.blamed()
	refused := report.Systems[at].Refused
	e := &Error{
		Reason: Refused, Insecure: !report.Secure, Report: report, Cause: refusals[at], Configuration: configurations(&systems[at], content)[0],
		Detail: systems[at].Name + " is refused: " + string(refused.Element) + " " + refused.Value,
	}
	for i := range systems {
		e.Refusals = append(e.Refusals, systems[i].Name)
	}
	if !report.EME && refused.Element.ofPage() {
		e.Reason, e.KeySystem, e.Refusals, e.Detail = NoEME, systems[at].Name, nil, ""
	}
	return e
}

// request asks for one key system by each of its names. Where its ladder of robustness is not the app's own, it asks without any in the end.
func request(ctx context.Context, from platform.KeySystems, system *KeySystem, content Content) (*grant, error) {
	var refusal error
	for _, configs := range configurations(system, content) {
		for _, name := range system.names() {
			g, err := ask(ctx, from, name, system, content, configs)
			if err == nil || ctx.Err() != nil || errors.Is(err, platform.ErrNoEME) {
				return g, err
			}
			if refusal == nil {
				refusal = err
			}
		}
	}
	return nil, refusal
}

// ask asks for a ladder of configurations under one name. A browser grants the first of which it can keep a part: where the part is too small for the
// content, each is asked for alone.
func ask(
	ctx context.Context, from platform.KeySystems, name string, system *KeySystem, content Content, configs []platform.MediaKeySystemConfiguration,
) (*grant, error) {
	var lacks capability
	for i := -1; i < len(configs); i++ {
		some := configs
		if i >= 0 {
			some = configs[i : i+1]
		}
		access, err := from.RequestMediaKeySystemAccess(ctx, name, some)
		switch {
		case err == nil:
		case i < 0:
			return nil, err
		default:
			continue
		}
		g := &grant{system: *system, access: access, name: name, configuration: access.Configuration()}
		if len(content.Sets) > 0 {
			g.asked = content.capabilities()
		}
		var ok bool
		if lacks, ok = content.lacking(g.grants); !ok {
			g.vendor, err = newVendor(*system)
			return g, err
		}
		if len(configs) == 1 {
			break
		}
	}
	return nil, errors.New("it grants nothing for " + lacks.contentType)
}

// configurations is what to ask for, with the content's own containers, codecs and schemes, audio and video apart: first the ladder of robustness,
// then without any where the ladder is not the app's own. Persistent state and identifiers are asked for only if the app does: they may cost the user's
// consent. Where nobody has read the content it is the commonest codecs of each container.
func configurations(system *KeySystem, content Content) [][]platform.MediaKeySystemConfiguration {
	video, audio, own := system.robustness()
	var shapes [][]capability
	if len(content.Sets) > 0 {
		shapes = [][]capability{content.capabilities()}
	} else {
		shapes = common
	}
	ladder := func(video, audio []string) (configs []platform.MediaKeySystemConfiguration) {
		if len(video) == 0 || !slices.ContainsFunc(shapes[0], isVideo) {
			video = []string{""}
		}
		for _, level := range video {
			for _, shape := range shapes {
				config := configuration(shape, level, audio)
				config.InitDataTypes = system.initDataTypes(content)
				config.PersistentState, config.DistinctiveIdentifier = system.PersistentState, system.DistinctiveIdentifier
				config.SessionTypes = system.SessionTypes
				configs = append(configs, config)
			}
		}
		return configs
	}
	attempts := [][]platform.MediaKeySystemConfiguration{ladder(video, audio)}
	if !own && len(video)+len(audio) > 0 {
		attempts = append(attempts, ladder(nil, nil))
	}
	return attempts
}

// common is what unread content may be.
var common = [][]capability{
	{{kind: "video", contentType: `video/mp4; codecs="avc1.42E01E"`}, {kind: "audio", contentType: `audio/mp4; codecs="mp4a.40.2"`}},
	{{kind: "video", contentType: `video/webm; codecs="vp8"`}, {kind: "audio", contentType: `audio/webm; codecs="vorbis"`}},
	{{kind: "video", contentType: `video/webm; codecs="vp9"`}, {kind: "audio", contentType: `audio/webm; codecs="opus"`}},
}

func isVideo(c capability) bool { return c.kind == "video" }

// configuration asks for capabilities at one level for video, and at any of some for audio: audio has no say in how a CDM is set up.
func configuration(list []capability, video string, audio []string) (config platform.MediaKeySystemConfiguration) {
	if len(audio) == 0 {
		audio = []string{""}
	}
	for _, level := range audio {
		for _, c := range list {
			if !isVideo(c) {
				config.AudioCapabilities = append(config.AudioCapabilities,
					platform.MediaKeySystemMediaCapability{ContentType: c.contentType, Robustness: level, EncryptionScheme: c.scheme})
			}
		}
	}
	for _, c := range list {
		if isVideo(c) {
			config.VideoCapabilities = append(config.VideoCapabilities,
				platform.MediaKeySystemMediaCapability{ContentType: c.contentType, Robustness: video, EncryptionScheme: c.scheme})
		}
	}
	return config
}

// initDataTypes lists what init data may come as: from the files, or as made of a manifest or of key ids. A browser drops what it does not have.
func (s *KeySystem) initDataTypes(content Content) (types []string) {
	made := "cenc"
	if s.Name == clearkey.Name {
		made = "keyids"
	}
	if len(content.Sets) == 0 {
		return appendNew([]string{"cenc", "webm"}, made)
	}
	for _, header := range content.headers() {
		if header.Container == "webm" {
			types = appendNew(types, "webm")
		} else {
			types = appendNew(types, "cenc")
		}
	}
	return appendNew(types, made)
}

// grants says whether a capability was granted. Browsers that know nothing of schemes leave them out of what they grant.
func (g *grant) grants(c capability) bool {
	list := g.configuration.AudioCapabilities
	if isVideo(c) {
		list = g.configuration.VideoCapabilities
	}
	return slices.ContainsFunc(list, func(have platform.MediaKeySystemMediaCapability) bool {
		return have.ContentType == c.contentType && (have.EncryptionScheme == c.scheme || have.EncryptionScheme == "")
	})
}

// allows says whether a Representation may be used.
func (g *grant) allows(header *manifest.Header) bool {
	return g.asked == nil || !slices.ContainsFunc(capabilitiesOf(header, false), func(c capability) bool { return !g.grants(c) })
}

// covers says whether the grant is what asking for the content would bring.
func (g *grant) covers(content Content) bool {
	if len(content.Sets) == 0 || g.asked == nil {
		return len(content.Sets) == 0 && g.asked == nil
	}
	if slices.ContainsFunc(content.capabilities(), func(c capability) bool { return !slices.Contains(g.asked, c) }) {
		return false
	}
	_, lacks := content.lacking(g.grants)
	return !lacks
}

// lasts says whether what was granted for an earlier load is what this one would be granted too. A display may have been changed since, and what our
// own CDM had to decrypt says nothing of what the browser's can.
func (g *grant) lasts(mode Software, content Content) bool {
	return g.system.MinHDCPVersion == "" && (mode == SoftwareAlways || !g.software && !content.directMP4()) && g.covers(content)
}

// sessionType is what to create sessions as.
func (g *grant) sessionType() string { return g.system.sessionType() }

// sameKeys says whether the MediaKeys made for a serve b too: the CDM is set up by the name, the state it may keep and the strictest level asked for
// video. Audio has no say in that, and content without video makes do with any.
func sameKeys(a, b *grant) bool {
	x, y := a.configuration, b.configuration
	level := func(of platform.MediaKeySystemConfiguration, robustness string) bool {
		return slices.ContainsFunc(of.VideoCapabilities, func(c platform.MediaKeySystemMediaCapability) bool { return c.Robustness == robustness })
	}
	for _, c := range y.VideoCapabilities {
		if !level(x, c.Robustness) && (c.Robustness != "" || len(x.VideoCapabilities) > 0) {
			return false
		}
	}
	return a.name == b.name && a.software == b.software && x.PersistentState == y.PersistentState && x.DistinctiveIdentifier == y.DistinctiveIdentifier &&
		!slices.ContainsFunc(y.SessionTypes, func(t string) bool { return !slices.Contains(x.SessionTypes, t) })
}
