package drm_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/playready"
)

// judge holds the engine to its promise never to ask twice. It sees the sessions, the messages and the licence requests, and what the CDM says
// of its keys:
//
//   - a session is opened for a key only if no other session of the same MediaKeys has it usable, or is still waiting for its licence;
//   - but for a session one of whose keys cannot be used any more, or whose licence ends within half a minute: one other session may ask for
//     its keys anew, unless the CDM itself is being answered about their renewal;
//   - and but for PlayReady's boxes of several keys, of which one is lacking: they cannot be divided;
//   - a licence is asked for at most once for each message, and for each key at most one at a time;
//   - a renewal only if the CDM has asked for one since the last licence;
//   - none is asked for while nothing plays;
//   - a key that only a load that has ended spoke of is not asked for, unless a session for it had been opened before.
type judge struct {
	sim *sim

	mu       sync.Mutex
	sessions []*simSession // that are not closed
	made     int           // sessions ever
	messages int
	asked    int
	flying   []flight
	opened   map[[16]byte]int       // sessions ever, by key
	late     map[[16]byte]time.Time // keys that must not be asked for after this
	failed   time.Time              // when a load failed last
	changed  time.Time              // when the CDM changed an expiration by itself last
	doubts   []doubt
	findings []string
}

// doubt is what is wrong, unless the other session was on its way out: a load has just failed, and what it used is dropped, or there is too little
// room.
type doubt struct {
	finding string
	unless  *simSession
	at      time.Time
}

// grace is how long it takes to close sessions that the CDM is not busy with.
const grace = 10 * time.Millisecond

// flight is a licence request that has no answer yet.
type flight struct {
	ctx context.Context
	req drm.LicenseRequest
}

func newJudge(s *sim) *judge {
	return &judge{sim: s, opened: map[[16]byte]int{}, late: map[[16]byte]time.Time{}}
}

// finds notes what is wrong. The judge's mutex is held.
func (j *judge) finds(format string, args ...any) {
	finding := fmt.Sprintf("after %v: ", time.Since(j.sim.start)) + fmt.Sprintf(format, args...)
	j.findings = append(j.findings, finding)
	j.sim.logf("!!! %s", finding)
}

func (j *judge) created(s *simSession) *simSession {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.made++
	s.number, s.createdAt = j.made, time.Now()
	j.sessions = append(j.sessions, s)
	return s
}

func (j *judge) requested(s *simSession, initDataType string, initData []byte) {
	ids := j.sim.host.InitDataKeyIDs(j.sim.name, initDataType, initData)
	j.mu.Lock()
	defer j.mu.Unlock()
	s.asked, s.initData, s.ids = true, bytes.Clone(initData), ids
	j.sim.logf("    %v asks with %s", s, initDataType)
	for i, id := range ids {
		if slices.Contains(ids[:i], id) || id == ([16]byte{}) {
			j.finds("%v names %x, which says nothing new", s, id)
		}
		j.opened[id]++
		if until, ok := j.late[id]; ok && s.createdAt.After(until) && j.opened[id] == 1 && !j.sim.tight.Load() {
			j.finds("%v is for a key of a load that is over", s)
		}
	}
	if j.indivisible(s) {
		return
	}
	for _, other := range j.sessions {
		if other != s && other.keys == s.keys && other.live() {
			j.compare(s, other)
		}
	}
}

// indivisible says whether a session asks with a box of the film's that PlayReady's format does not let one divide, and for the sake of a key that
// nothing else has or asks for.
func (j *judge) indivisible(s *simSession) bool {
	if !j.whole(s.initData) {
		return false
	}
	return slices.ContainsFunc(s.ids, func(id [16]byte) bool {
		return !slices.ContainsFunc(j.sessions, func(other *simSession) bool {
			return other != s && other.keys == s.keys && other.live() && (slices.Contains(other.ids, id) && !other.answered || decrypts(other.holds()[id]))
		})
	})
}

// whole says whether init data is PlayReady's own of a film.
func (j *judge) whole(initData []byte) bool {
	return j.sim.system == playready.Name && slices.ContainsFunc(j.sim.films, func(f *simFilm) bool { return f.names(initData) })
}

// doubt notes what is wrong about s beside other.
func (j *judge) doubt(other *simSession, format string, args ...any) {
	now := time.Now()
	if now.Sub(j.failed) > grace && !j.sim.tight.Load() {
		j.finds(format, args...)
		return
	}
	j.doubts = append(j.doubts, doubt{fmt.Sprintf(format, args...), other, now})
}

// decide turns doubts that are old enough into findings.
func (j *judge) decide() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.doubts = slices.DeleteFunc(j.doubts, func(d doubt) bool {
		if !d.unless.live() {
			return true
		}
		old := time.Since(d.at) > grace
		if old {
			j.finds("%s", d.finding)
		}
		return old
	})
}

// compare finds out whether a session may be opened beside another one.
func (j *judge) compare(s, other *simSession) {
	held, now := other.holds(), time.Now()
	for _, id := range s.ids {
		status, has := held[id]
		switch {
		case !has && !other.answered && !other.forsaken && !j.sim.tight.Load() && slices.Contains(other.ids, id):
			j.doubt(other, "%v is opened though %v is still waiting for a licence for %x", s, other, id[:2])
		case j.sim.tight.Load() && now.Sub(other.answeredAt) < 10*time.Second: // it may have waited for room since before that
		case status == "status-pending" && !other.renewable(now):
			j.doubt(other, "%v is opened though %x is pending in %v", s, id[:2], other)
		case !decrypts(status):
		case !other.renewable(now) && now.Sub(j.changed) > 10*time.Second:
			j.doubt(other, "%v is opened though %x is usable in %v", s, id[:2], other)
		case slices.ContainsFunc(s.ids, func(id [16]byte) bool { return held[id] == "" && !slices.Contains(other.ids, id) }):
			j.doubt(other, "%v is opened for more than to renew %v, which has %x usable", s, other, id[:2])
		case slices.ContainsFunc(j.flying, func(f flight) bool {
			return f.ctx.Err() == nil && f.req.MessageType == "license-renewal" && bytes.Equal(f.req.InitData, other.initData)
		}):
			j.doubt(other, "%v is opened though %v is being renewed by the CDM's own wish", s, other)
		}
	}
}

// expirationChanges notes that what was due to be renewed a moment ago may not be so any more.
func (j *judge) expirationChanges() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.changed = time.Now()
}

func (j *judge) over(s *simSession) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s.closed = true
	j.sessions = slices.DeleteFunc(j.sessions, func(have *simSession) bool { return have == s })
}

// forsake notes that a load has failed.
func (j *judge) forsake() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.failed = time.Now()
	for _, s := range j.sessions {
		s.forsaken = s.forsaken || !s.answered
	}
}

func (j *judge) message(s *simSession, messageType string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.messages++
	if messageType == "license-renewal" {
		s.unanswered = true
	}
}

// took notes a licence request; call the answer when it has one.
func (j *judge) took(ctx context.Context, req drm.LicenseRequest) (answered func(), number int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.asked++; j.asked > j.messages {
		j.finds("%d licences were asked for, by %d messages", j.asked, j.messages)
	}
	if idle := time.Duration(j.sim.idle.Load()); idle > 0 && time.Since(j.sim.start)-idle > grace {
		j.finds("a licence for %x is asked for, and nothing has played for %v", shorts(req.KeyIDs), time.Since(j.sim.start)-idle)
	}
	f := flight{ctx, req}
	if req.MessageType == "license-renewal" && j.needless(req) {
		j.finds("a renewal for %x is asked for, and the last one has been answered", shorts(req.KeyIDs))
	}
	for _, other := range j.flying {
		if other.ctx.Err() != nil || req.MessageType != "license-request" || other.req.MessageType != "license-request" ||
			j.whole(req.InitData) || j.whole(other.req.InitData) {
			continue
		}
		if slices.ContainsFunc(req.KeyIDs, func(id [16]byte) bool { return slices.Contains(other.req.KeyIDs, id) }) {
			j.finds("two licences are asked for at a time, for %x and %x", shorts(req.KeyIDs), shorts(other.req.KeyIDs))
		}
	}
	j.flying = append(j.flying, f)
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.flying = slices.DeleteFunc(j.flying, func(have flight) bool { return have.ctx == f.ctx && bytes.Equal(have.req.Message, f.req.Message) })
	}, j.asked
}

// needless says whether the sessions that a renewal may be for have all been answered.
func (j *judge) needless(req drm.LicenseRequest) bool {
	found := false
	for _, s := range j.sessions {
		if s.live() && bytes.Equal(s.initData, req.InitData) {
			if found = true; s.unanswered {
				return false
			}
		}
	}
	return found
}

// allUsable is the set of keys that decrypt.
func (j *judge) allUsable() map[[16]byte]bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := map[[16]byte]bool{}
	for _, s := range j.sessions {
		if s.live() && s.answered {
			s.each(func(id [16]byte, status string) {
				if decrypts(status) {
					all[id] = true
				}
			})
		}
	}
	return all
}

// openings counts the sessions ever opened for a key.
func (j *judge) openings(id [16]byte) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.opened[id]
}

func (j *judge) found() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.findings) > 0
}

// note is finds for those who do not hold the mutex.
func (j *judge) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.finds(format, args...)
}
