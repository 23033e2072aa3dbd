package drm_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/drm/playready"
	"github.com/keystream-player/keystream/player/drm/widevine"
	"github.com/keystream-player/keystream/player/playertest"
)

var (
	simCount = flag.Uint64("sim.seeds", simSeeds, "how many seeds the simulation of the DRM engine plays")
	simFirst = flag.Uint64("sim.first", 1, "the first of them")
	simOne   = flag.Uint64("sim.seed", 0, "the one seed to play, with a log")
)

// TestSimulation plays films on the engine, in virtual time, through random interleavings of what pages, media, licence servers and CDMs do. [judge]
// has the rules about asking; the others are: every load ends by its context or with one typed error, every wait is bounded, no key is lost but
// by the CDM, a failure or for want of room, no call is made that the specification forbids, and nothing is left at the end. Where nothing goes
// wrong, no load fails, and each key is asked for once.
func TestSimulation(t *testing.T) {
	if *simOne != 0 {
		// Goroutines of one instant are not ordered: a rare order may take a few tries.
		s := play(t, *simOne, true)
		for i := 0; i < 30 && len(s.judge.findings) == 0; i++ {
			s = play(t, *simOne, true)
		}
		t.Logf("seed %d\n%s", *simOne, strings.Join(s.log, "\n"))
		for _, finding := range s.judge.findings {
			t.Error(finding)
		}
		return
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // it makes much garbage, and little else
	var next, failed atomic.Uint64
	next.Store(*simFirst)
	t.Run("seeds", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("worker", func(t *testing.T) {
				t.Parallel()
				for seed := next.Add(1) - 1; seed < *simFirst+*simCount && failed.Load() < 3; seed = next.Add(1) - 1 {
					if s := play(t, seed, false); len(s.judge.findings) > 0 {
						failed.Add(1)
						t.Errorf("seed %d (%s): %s\nreplay it with: go test ./player/drm -run TestSimulation -sim.seed %d -v", seed, s.about(),
							strings.Join(s.judge.findings, "\n\t"), seed)
					}
				}
			})
		}
	})
}

// sim is one seed's world.
type sim struct {
	seed  uint64
	rand  *rand.Rand // the driver's own
	start time.Time

	system     string // as the app names it
	name       string // of the CDM
	exchange   exchange
	browser    playertest.Engine
	packaging  int
	software   bool // our own CDM decrypts
	keyTimeout time.Duration

	calm    bool        // nothing goes wrong
	tight   atomic.Bool // there is too little room for all sessions
	hangs   bool        // a call of the CDM never answers
	expires bool
	swapped bool

	host   *playertest.Host
	judge  *judge
	engine *drm.Engine
	server playertest.LicenseServer
	films  []*simFilm
	load   *simLoad // that plays; nil where none does

	steps   int
	wake    chan struct{} // the CDM has said something
	dropped bool          // a load has failed, so that its sessions go
	idle    atomic.Int64  // since when no load plays, in ns since start; 0 while one does
	stuck   atomic.Bool   // the picture stands still for want of a key
	faulty  atomic.Int32  // per cent of licences that fail

	counts  sync.Mutex
	nths    map[uint64]int
	verbose bool
	logs    sync.Mutex
	log     []string
}

func (s *sim) chance(oneIn int) bool { return s.rand.IntN(oneIn) == 0 }

func (s *sim) logf(format string, args ...any) {
	if s.verbose {
		s.logs.Lock()
		defer s.logs.Unlock()
		s.log = append(s.log, fmt.Sprintf("%12v  ", time.Since(s.start))+fmt.Sprintf(format, args...))
	}
}

// about describes the seed's world.
func (s *sim) about() string {
	return fmt.Sprintf("%s, software %v, browser %d, packaging %d, exchange %d, calm %v, tight %v, hangs %v",
		s.name, s.software, s.browser, s.packaging, s.exchange, s.calm, s.tight.Load(), s.hangs)
}

// longest is how long a seed may take in real time: one that takes longer goes round in circles while no virtual time passes.
const longest = 2 * time.Minute

// play plays a seed. A deadlock names it, and so does one that does not end.
func play(t *testing.T, seed uint64, verbose bool) *sim {
	defer time.AfterFunc(longest, func() { panic(fmt.Sprintf("seed %d does not end", seed)) }).Stop()
	defer func() {
		if p := recover(); p != nil {
			panic(fmt.Sprintf("seed %d: %v", seed, p))
		}
	}()
	s := &sim{seed: seed, rand: rand.New(rand.NewPCG(seed, 3)), verbose: verbose, nths: map[uint64]int{}}
	synctest.Test(t, func(t *testing.T) {
		s.build(t)
		for s.steps = 0; s.steps < s.length() && !s.judge.found(); s.steps++ {
			s.step()
		}
		s.finish()
	})
	return s
}

// build makes the world. A fifth of all worlds is calm, and in a sixth our own CDM decrypts.
func (s *sim) build(t *testing.T) {
	s.start, s.wake = time.Now(), make(chan struct{}, 1)
	s.system = []string{clearkey.Name, widevine.Name, playready.Name}[s.rand.IntN(3)]
	s.browser = []playertest.Engine{playertest.Chromium, playertest.Firefox}[s.rand.IntN(2)]
	s.name = s.system
	if s.system == playready.Name {
		s.name += []string{"", ".recommendation", ".recommendation.3000"}[s.rand.IntN(3)]
	}
	s.packaging = s.rand.IntN(5)
	s.exchange = []exchange{byApp, byApp, byServer, byManifest}[s.rand.IntN(4)]
	s.calm = s.chance(5)
	s.software = s.system == clearkey.Name && s.chance(2)
	s.judge = newJudge(s)
	s.server.Keys = map[[16]byte][16]byte{}
	for n := range 1 + s.rand.IntN(4) {
		film := s.film(n + 1)
		s.films = append(s.films, film)
		for _, id := range film.all {
			s.server.Keys[id] = [16]byte{1, id[0], id[1]}
		}
	}
	s.host = playertest.NewHost(t, playertest.Options{Engine: s.browser, CDM: s.cdm()})
	s.host.Network.Handle(simLicenseURL, func(ex playertest.Exchange) playertest.Reply { return s.server.Handle(ex) })
	config := s.config()
	s.keyTimeout = config.KeyTimeout
	if s.keyTimeout == 0 {
		s.keyTimeout = 10 * time.Second
	}
	if !s.calm && s.chance(2) {
		s.faulty.Store(int32(s.rand.IntN(60)))
	}
	s.engine = drm.NewEngine(s.page(&config), config)
	s.logf("%s, %d films, %+v", s.about(), len(s.films), config.LicensePer)
}

// length is how many steps of one to three events the seed has: few as a rule, never more than 500 events.
func (s *sim) length() int {
	switch {
	case s.seed%50 == 0:
		return 160
	case s.seed%5 == 0:
		return 80
	}
	return 30
}

// finish closes the engine, and checks that nothing is left.
func (s *sim) finish() {
	s.end()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	start := time.Now()
	err := s.engine.Close(ctx)
	took := time.Since(start)
	synctest.Wait()
	s.logf("closed: %v", err)
	switch {
	case took > 30*time.Second && !s.hangs, took > time.Minute+time.Second:
		s.judge.note("Close took %v", took)
	case err != nil && !s.hangs:
		s.judge.note("Close: %v", err)
	}
	if n := s.host.OpenSessions(); n != 0 && !s.hangs {
		s.judge.note("%d sessions are left", n)
	}
	if n := len(s.judge.allUsable()); n != 0 && s.software {
		s.judge.note("%d keys are left", n)
	}
	if (s.host.Video().HasMediaKeys() || s.host.Decryptions() != 0) && !s.hangs {
		s.judge.note("the element still has MediaKeys")
	}
	if n := s.host.Live(); n != 0 {
		s.judge.note("%d responses are left", n)
	}
	if v := s.host.Violations(); len(v) > 0 && !(s.hangs && strings.HasPrefix(v[0], "setMediaKeys: another")) {
		s.judge.note("calls that the specification forbids: %q", v)
	}
	if n := len(s.engine.Timings()); n > 200 {
		s.judge.note("%d timings are kept", n)
	}
}
