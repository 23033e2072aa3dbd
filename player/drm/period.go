package drm

import (
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

// period is a Period that is in play.
type period struct {
	sets  []Set
	since time.Time // zero of what the load was opened for
}

// play puts Periods in play, instead of those before.
func (l *Load) play(contents []Content) {
	old, named := l.periods, l.content.KeyIDs()
	var fresh Content
	l.periods, l.content.Sets = nil, nil
	for _, content := range contents {
		p := period{since: time.Now()}
		for _, set := range content.Sets {
			if at, known := find(old, set); known != nil {
				p.since = old[at].since
				p.sets = append(p.sets, known)
			} else {
				p.sets, fresh.Sets = append(p.sets, set), append(fresh.Sets, set)
			}
		}
		if l.engine.config.LicensePer == PerPeriod && !slices.ContainsFunc(old, func(o period) bool { return o.since.Equal(p.since) }) {
			clear(l.groups)
		}
		l.periods, l.content.Sets = append(l.periods, p), append(l.content.Sets, p.sets...)
	}
	l.leave(named)
	l.need(fresh)
}

// find gives a Set as it was put in play: narrowed to what can be decoded.
func find(periods []period, set Set) (at int, known Set) {
	for at, p := range periods {
		for _, known := range p.sets {
			if slices.ContainsFunc(set, func(h *manifest.Header) bool { return slices.Contains(known, h) }) {
				return at, known
			}
		}
	}
	return 0, nil
}

// leave is done with what the keys were for that were named before and are not any more, and with unnamed ones from before all that is in play. Their sessions
// become idle, as those of another load.
func (l *Load) leave(before [][16]byte) {
	named := l.content.KeyIDs()
	l.past = slices.DeleteFunc(append(l.past, before...), func(id [16]byte) bool { return slices.Contains(named, id) })
	slices.SortFunc(l.past, func(a, b [16]byte) int { return slices.Compare(a[:], b[:]) })
	l.past = slices.Compact(l.past)
	isNamed := func(id [16]byte) bool { return slices.Contains(named, id) }
	isPast := func(id [16]byte) bool { return slices.Contains(l.past, id) }
	over := func(ids [][16]byte) bool {
		return slices.ContainsFunc(ids, isPast) && !slices.ContainsFunc(ids, isNamed)
	}
	oldest := time.Now()
	for _, p := range l.periods {
		if p.since.Before(oldest) {
			oldest = p.since
		}
	}
	for _, s := range l.vault.sessions {
		ids := s.concerns()
		if s.replaces != nil {
			ids = append(ids, s.replaces.concerns()...)
		}
		if l.used[s] && (over(ids) || s.opened.Before(oldest) && !slices.ContainsFunc(ids, isNamed)) {
			delete(l.used, s)
			s.commands.Put(command{used: false})
		}
	}
	l.failures = slices.DeleteFunc(l.failures, func(f *failure) bool { return over(f.in.keyIDs) })
	l.wants = slices.DeleteFunc(l.wants, func(w want) bool { return over(w.in.keyIDs) })
	l.evicted = slices.DeleteFunc(l.evicted, func(in initData) bool { return over(in.keyIDs) })
}

// concerns lists the keys that a session was opened for, or holds.
func (s *session) concerns() [][16]byte {
	ids := slices.Concat(s.in.keyIDs, s.covers)
	for _, key := range s.keys {
		ids = append(ids, key.KeyID)
	}
	return ids
}
