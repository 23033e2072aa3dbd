package drm

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
)

// maxJitter spreads the requests of all players of a live channel over time when its key changes; keys that are needed at once are not kept back.
const maxJitter = 3 * time.Second

// need asks for what the headers name, before the element finds it: it is the earliest moment, and the only one for content without a PSSH,
// which fires no "encrypted" event.
func (l *Load) need(content Content) {
	for _, header := range content.headers() {
		if !header.Encrypted() {
			continue
		}
		ids, server := header.KeyIDs(), l.namedServer(header.Tracks)
		for _, in := range l.named(header.PSSH, header.Tracks) {
			if len(in.keyIDs) == 0 {
				in.keyIDs = ids
			}
			in.licenseURL = cmp.Or(server, in.licenseURL)
			l.want(in, 0)
			ids = slices.DeleteFunc(slices.Clone(ids), func(id [16]byte) bool { return slices.Contains(in.keyIDs, id) })
		}
		if in, ok := l.narrow(ids); ok && len(ids) > 0 {
			in.licenseURL = server
			l.want(in, 0)
		}
	}
}

// named reads what a file's pssh boxes and a manifest's ContentProtection say to this key system.
func (l *Load) named(pssh []byte, tracks []manifest.Track) (all []initData) {
	if len(pssh) > 0 {
		if in, err := l.grant.vendor.read("cenc", pssh); err == nil {
			all = append(all, in)
		}
	}
	for _, system := range systemsOf(tracks) {
		if in, ok := l.grant.vendor.system(system); ok {
			all = append(all, in)
		}
	}
	return all
}

// encrypted wants what an "encrypted" event names. Init data of another key system stands for the keys that the content is known to need.
func (l *Load) encrypted(kind string, data []byte) {
	in, err := l.grant.vendor.read(kind, data)
	if err != nil || len(in.data) == 0 {
		known := l.content.KeyIDs()
		narrowed, ok := l.narrow(known)
		if !ok || len(known) == 0 {
			l.fail(&session{}, &Error{Reason: InitDataRejected, KeySystem: l.KeySystem(),
				Detail: "init data of type " + kind + " names no key that it can read", Cause: err})
			return
		}
		in = narrowed
	}
	l.want(in, 0)
}

// announced wants the keys of media that is about to be appended. There is time until it plays, and jitter uses a part of it.
func (l *Load) announced(pssh []byte, ids [][16]byte) {
	l.past = slices.DeleteFunc(l.past, func(id [16]byte) bool { return slices.Contains(ids, id) })
	delay := time.Duration(l.random() * float64(min(maxJitter, l.ahead()/4)))
	if len(pssh) > 0 {
		if in, err := l.grant.vendor.read("cenc", pssh); err == nil {
			l.want(in, delay)
			ids = slices.DeleteFunc(slices.Clone(ids), func(id [16]byte) bool { return slices.Contains(in.keyIDs, id) })
		}
	}
	if in, ok := l.narrow(ids); ok && len(ids) > 0 {
		l.want(in, delay)
	}
}

func (l *Load) random() float64 {
	if l.engine.config.Rand != nil {
		return l.engine.config.Rand()
	}
	return rand.Float64()
}

// ahead is how much media is buffered beyond the playhead.
func (l *Load) ahead() time.Duration {
	element := l.engine.host.Element()
	position := element.CurrentTime()
	for _, r := range element.Buffered() {
		if r.Start <= position && position < r.End {
			return r.End - position
		}
	}
	return 0
}

func (l *Load) want(in initData, delay time.Duration) {
	in.keyIDs = slices.DeleteFunc(slices.Clone(in.keyIDs), func(id [16]byte) bool { return id == [16]byte{} })
	for _, part := range l.apart(in) {
		l.wants = append(l.wants, want{part, time.Now().Add(delay)})
	}
}

// request opens sessions for what is wanted and due, and for no key that any session holds or is asking for.
func (l *Load) request() {
	now := time.Now()
	var due []initData
	l.wants = slices.DeleteFunc(l.wants, func(w want) bool {
		if w.at.After(now) && l.waiting.IsZero() {
			return false
		}
		due = append(due, w.in)
		return true
	})
	// What names the most keys comes first: it may bring those of the others.
	slices.SortStableFunc(due, func(a, b initData) int { return len(b.keyIDs) - len(a.keyIDs) })
	var plain []initData // what init data could be made for instead
	for _, in := range due {
		lacking, group := l.lacking(in), l.groups[in.licenseURL]
		switch {
		case l.known(in) || len(in.keyIDs) > 0 && len(lacking) == 0:
		case group != nil && l.vault.has(group):
			group.covers = append(group.covers, lacking...)
			l.use(group)
		case l.plain(in) && l.engine.config.LicensePer != PerInitData:
			plain = append(plain, in)
		default:
			l.openSession(l.only(in, lacking), nil)
		}
	}
	// Those come last: what cannot be divided may have asked for some of their keys.
	for len(plain) > 0 {
		server := plain[0].licenseURL
		l.requestTogether(slices.DeleteFunc(slices.Clone(plain), func(in initData) bool { return in.licenseURL != server }))
		plain = slices.DeleteFunc(plain, func(in initData) bool { return in.licenseURL == server })
	}
}

// requestTogether opens one session for what is lacking of init data for one server.
func (l *Load) requestTogether(all []initData) {
	var together [][16]byte
	for _, in := range all {
		for _, id := range l.lacking(in) {
			together = appendNew(together, id)
		}
	}
	if len(together) > 0 {
		l.openSession(l.whole(all, together), nil)
	}
}

// only is init data that asks for these of its keys, and no others if that can be.
func (l *Load) only(in initData, ids [][16]byte) initData {
	if len(ids) == len(in.keyIDs) {
		return in
	}
	made, ok := l.narrow(ids)
	if !ok || !l.plain(in) {
		made = l.grant.vendor.part(in, ids)
		made.keyIDs = among(made.keyIDs, in.keyIDs) // what cannot be divided may name another server's
	}
	made.licenseURL = in.licenseURL
	return made
}

// whole is init data for key ids: one that names just them, if there is one, or else a new one.
func (l *Load) whole(all []initData, ids [][16]byte) initData {
	for _, in := range all {
		if len(in.keyIDs) == len(ids) && slices.Equal(in.keyIDs, ids) {
			return in
		}
	}
	in, _ := l.narrow(ids)
	in.licenseURL = all[0].licenseURL
	return in
}

// narrow makes init data for key ids of this content.
func (l *Load) narrow(ids [][16]byte) (initData, bool) {
	scheme := ""
	for _, header := range l.content.headers() {
		for _, track := range header.Tracks {
			if track.Protection != nil {
				scheme = track.Protection.Scheme
			}
		}
	}
	return l.grant.vendor.narrow(ids, scheme)
}

// plain says whether init data says nothing but the key ids, so that it can be made anew for others: "keyids", or what narrow makes. An app's own
// init data may hold what its licence server needs.
func (l *Load) plain(in initData) bool {
	made, ok := l.narrow(in.keyIDs)
	return ok && len(in.keyIDs) > 0 && (made.kind == "keyids" || made.kind == in.kind && string(made.data) == string(in.data))
}

// known uses the session that was opened with this very init data, if there is one. Where the init data names keys, they decide.
func (l *Load) known(in initData) bool {
	if len(in.keyIDs) > 0 {
		return false
	}
	for _, s := range l.vault.sessions {
		if s.in.kind == in.kind && string(s.in.data) == string(in.data) {
			l.use(s)
			return true
		}
	}
	return slices.ContainsFunc(l.failures, func(f *failure) bool { return f.in.kind == in.kind && string(f.in.data) == string(in.data) })
}

// lacking lists the key ids of init data that nothing has asked for, and takes into use the sessions that hold the others. What earlier loads have
// left and does not work any more is of no use.
func (l *Load) lacking(in initData) (ids [][16]byte) {
	for _, id := range in.keyIDs {
		switch c := l.vault.condition(id, time.Now()); {
		case c.session != nil && (c.state >= Restricted || l.used[c.session] || c.session.renewing):
			l.use(c.session)
		case c.session != nil && !c.session.holds(Restricted):
			l.vault.drop(c.session)
			ids = appendNew(ids, id)
		case l.failureOf(id) == nil:
			ids = appendNew(ids, id)
		}
	}
	return ids
}

// use takes a session into this load's use.
func (l *Load) use(s *session) {
	l.vault.touch(s)
	if l.used[s] {
		return
	}
	l.used[s] = true
	l.lead(s)
	s.commands.Put(command{used: true})
	if len(s.keys) > 0 {
		l.observer.DRMEvent(&KeyStatusChangeEvent{KeySystem: l.KeySystem(), SessionID: s.id, Keys: s.keys})
	}
	for _, fresh := range slices.Clone(l.vault.sessions) {
		if fresh.replaces == s {
			l.use(fresh)
		}
	}
}

// lead makes a session the one that covers what its server has of the content or the period, where the app says that one does.
func (l *Load) lead(s *session) {
	group := l.groups[s.in.licenseURL]
	if per := l.engine.config.LicensePer; (per == PerContent || per == PerPeriod) && (group == nil || !l.vault.has(group)) {
		l.groups[s.in.licenseURL] = s
	}
}

// record takes what a session says of its keys.
func (l *Load) record(s *session, keys []platform.KeyStatus, updated bool) {
	s.keys = l.identify(s, keys)
	s.answered = s.answered || updated && len(s.keys) > 0
	l.expires(s)
	if s.answered {
		l.succeeded(s)
	}
	if l.used[s] {
		l.observer.DRMEvent(&KeyStatusChangeEvent{KeySystem: l.KeySystem(), SessionID: s.id, Keys: s.keys})
	}
}

// identify gives keys the ids that containers know them by. A CDM that was seen to write one in another byte order writes all so.
func (l *Load) identify(s *session, keys []platform.KeyStatus) (out []KeyStatus) {
	named, v := l.content.KeyIDs(), l.grant.vendor
	known := func(id [16]byte) bool { return slices.Contains(s.in.keyIDs, id) || slices.Contains(named, id) }
	for _, key := range keys {
		// Ids of another length name no key of any container that we play.
		if len(key.KeyID) == 16 {
			id := [16]byte(key.KeyID)
			l.vault.swaps = l.vault.swaps || v.keyID(id, known) != id
			out = append(out, KeyStatus{id, key.Status})
		}
	}
	for i := range out {
		id := out[i].KeyID
		if out[i].KeyID = v.keyID(id, known); l.vault.swaps && !known(out[i].KeyID) {
			out[i].KeyID = v.keyID(id, func(other [16]byte) bool { return other != id })
		}
	}
	return out
}
