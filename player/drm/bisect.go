package drm

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

const (
	maxQuestions   = 24              // to one key system
	explainTimeout = 5 * time.Second // for all of them: nobody plays meanwhile
)

// explain asks refused key systems bit by bit for what they refuse. Those with a report already are not asked again.
func explain(ctx context.Context, host platform.Host, mode Software, systems []KeySystem, content Content, known []*SystemReport) *Report {
	ctx, cancel := context.WithTimeout(ctx, explainTimeout)
	defer cancel()
	report := newReport(host)
	for i := range systems {
		if known[i] != nil {
			report.Systems = append(report.Systems, *known[i])
			continue
		}
		s := examine(ctx, report, host, host, &systems[i], content)
		if own := softwareFor(host, mode, &systems[i]); own != nil {
			s.add(examine(ctx, report, host, own, &systems[i], content))
		}
		if s.Refused == nil {
			s.Refused = together(systems[i].Name)
		}
		report.Systems = append(report.Systems, *s)
	}
	return report
}

// examination asks one key system for more and more.
type examination struct {
	ctx     context.Context
	host    platform.Host
	from    platform.KeySystems
	system  *KeySystem
	content Content
	name    string // that it is asked by
	report  SystemReport

	questions int
	spent     bool  // there is no time or no question left, so that the last answers are none
	barrier   error // the page cannot use encrypted media at all

	granted []capability // so far
	config  platform.MediaKeySystemConfiguration
}

// examine asks a CDM for the least that there is, then for each part of what the content and the app want, until one that is needed is refused. What it
// learns of the page goes into report.
func examine(ctx context.Context, report *Report, host platform.Host, from platform.KeySystems, system *KeySystem, content Content) *SystemReport {
	if len(content.Sets) == 0 {
		content = commonContent()
	}
	x := &examination{ctx: ctx, host: host, from: from, system: system, content: content, report: SystemReport{KeySystem: system.Name}}
	for _, step := range []func() *Refusal{x.exists, x.codecs, x.initData, x.schemes, x.robustness, x.state} {
		refused := step()
		if x.spent || refused != nil {
			if !x.spent {
				x.report.Refused = refused
			}
			break
		}
	}
	if x.barrier != nil {
		report.EME = !errors.Is(x.barrier, platform.ErrNoEME)
		report.Permitted = report.Permitted && !report.EME
	}
	return &x.report
}

// ask is one question.
func (x *examination) ask(configs ...platform.MediaKeySystemConfiguration) (granted platform.MediaKeySystemConfiguration, ok bool) {
	if x.questions == maxQuestions {
		x.spent = true
	}
	if x.spent || x.barrier != nil {
		return granted, false
	}
	x.questions++
	access, err := x.from.RequestMediaKeySystemAccess(x.ctx, x.name, configs)
	switch {
	case err == nil:
		return access.Configuration(), true
	case x.ctx.Err() != nil:
		x.spent = true
	case errors.Is(err, platform.ErrNoEME), platform.IsDOMError(err, "SecurityError"), platform.IsDOMError(err, "NotAllowedError"):
		x.barrier = err
	}
	return granted, false
}

// find notes an answer.
func (x *examination) find(element Element, value string, granted bool) {
	if !x.spent && x.barrier == nil {
		x.report.Findings = append(x.report.Findings, Finding{Element: element, Value: value, Granted: granted})
	}
}

func (x *examination) refuse(element Element, value string) *Refusal {
	return refusal(element, value, x.system.Name)
}

// exists asks each name for what the browser surely has.
func (x *examination) exists() *Refusal {
	least := []platform.MediaKeySystemConfiguration{configuration(common[0][:1], "", nil), configuration(common[1][:1], "", nil)}
	for _, x.name = range x.system.names() {
		_, ok := x.ask(least...)
		x.find(ElementKeySystem, x.name, ok)
		if ok {
			return nil
		}
	}
	switch {
	case errors.Is(x.barrier, platform.ErrNoEME) && x.host.IsSecureContext():
		return x.refuse(ElementEME, "requestMediaKeySystemAccess")
	case !x.host.AllowsFeature(feature) || x.barrier != nil && !errors.Is(x.barrier, platform.ErrNoEME):
		return x.refuse(ElementPermission, feature)
	case !x.host.IsSecureContext():
		return x.refuse(ElementContext, "http")
	}
	return x.refuse(ElementKeySystem, x.system.Name)
}

// askFor asks for capabilities at a level, video and audio in a question of their own: a refusal is one of all of them then, and what is granted says
// which of them are. Levels of robustness cannot share a question: a CDM is set up for one.
func (x *examination) askFor(list []capability, level string) (granted []capability) {
	for _, video := range []bool{true, false} {
		some := slices.DeleteFunc(slices.Clone(list), func(c capability) bool { return isVideo(c) != video })
		if len(some) == 0 {
			continue
		}
		if config, ok := x.ask(configuration(some, level, []string{level})); ok {
			g := grant{configuration: config}
			granted = append(granted, slices.DeleteFunc(some, func(c capability) bool { return !g.grants(c) })...)
		}
	}
	return granted
}

// codecs asks for the content types, under any scheme.
func (x *examination) codecs() *Refusal {
	var wanted []capability
	for _, c := range x.content.capabilities() {
		c.scheme = ""
		wanted = appendNew(wanted, c)
	}
	x.granted = x.askFor(wanted, "")
	for _, c := range wanted {
		x.find(ElementCodec, c.contentType, slices.Contains(x.granted, c))
	}
	if lacks, ok := x.content.lacking(x.hasType); ok {
		return x.refuse(ElementCodec, lacks.contentType)
	}
	return nil
}

// hasType says whether the type of a capability is granted under any scheme.
func (x *examination) hasType(c capability) bool {
	c.scheme = ""
	return slices.Contains(x.granted, c)
}

// initData asks for the types of init data; any will do.
func (x *examination) initData() *Refusal {
	config := configuration(x.granted, "", nil)
	config.InitDataTypes = x.system.initDataTypes(x.content)
	granted, _ := x.ask(config)
	for _, kind := range config.InitDataTypes {
		x.find(ElementInitData, kind, slices.Contains(granted.InitDataTypes, kind))
	}
	if x.config.InitDataTypes = granted.InitDataTypes; len(granted.InitDataTypes) == 0 {
		return x.refuse(ElementInitData, config.InitDataTypes[0])
	}
	return nil
}

// schemes asks for the encryption schemes of what is granted so far.
func (x *examination) schemes() *Refusal {
	wanted := slices.DeleteFunc(x.content.capabilities(), func(c capability) bool { return !x.hasType(c) })
	x.granted = x.askFor(wanted, "")
	var schemes []string
	for _, c := range wanted {
		if c.scheme != "" {
			schemes = appendNew(schemes, c.scheme)
		}
	}
	for _, scheme := range schemes {
		x.find(ElementScheme, scheme, slices.ContainsFunc(x.granted, func(c capability) bool { return c.scheme == scheme }))
	}
	if lacks, ok := x.content.lacking(x.has); ok {
		return x.refuse(ElementScheme, lacks.scheme)
	}
	return nil
}

func (x *examination) has(c capability) bool { return slices.Contains(x.granted, c) }

// robustness asks for each level. Of the app's own, one has to do for all of the content; the ladders of a family may be done without.
func (x *examination) robustness() *Refusal {
	video, audio, own := x.system.robustness()
	var chosen [2]string
	for i, levels := range [][]string{video, audio} {
		some := slices.DeleteFunc(slices.Clone(x.granted), func(c capability) bool { return isVideo(c) != (i == 0) })
		found := len(levels) == 0 || len(some) == 0
		for _, level := range levels {
			if len(some) == 0 || level == "" {
				found = found || level == ""
				continue
			}
			granted := x.askFor(some, level)
			_, lacks := x.content.lacking(func(c capability) bool { return isVideo(c) != (i == 0) || slices.Contains(granted, c) })
			x.find(ElementRobustness, level+[2]string{"", " (audio)"}[i], len(granted) > 0)
			if !lacks && !found {
				found, chosen[i] = true, level
			}
		}
		if !found && own {
			return x.refuse(ElementRobustness, levels[0])
		}
	}
	types := x.config.InitDataTypes
	x.config = configuration(x.granted, chosen[0], chosen[1:])
	x.config.InitDataTypes = types
	return nil
}

// state asks for what the app wants the CDM to be and to keep, on top of all else.
func (x *examination) state() *Refusal {
	more := func(element Element, value string) *Refusal {
		_, ok := x.ask(x.config)
		x.find(element, value, ok)
		if !ok {
			return x.refuse(element, value)
		}
		return nil
	}
	var refused *Refusal
	if x.config.PersistentState = x.system.PersistentState; x.config.PersistentState != "" {
		refused = more(ElementPersistence, x.config.PersistentState)
	}
	if x.config.DistinctiveIdentifier = x.system.DistinctiveIdentifier; x.config.DistinctiveIdentifier != "" && refused == nil {
		refused = more(ElementIdentifier, x.config.DistinctiveIdentifier)
	}
	for _, value := range x.system.SessionTypes {
		if refused == nil {
			x.config.SessionTypes = append(x.config.SessionTypes, value)
			refused = more(ElementSessionType, value)
		}
	}
	return refused
}
