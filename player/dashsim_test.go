package player_test

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

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/playertest"
)

var (
	dashSimCount = flag.Uint64("dashsim.seeds", dashSimSeeds, "how many seeds the simulation of DASH films plays")
	dashSimFirst = flag.Uint64("dashsim.first", 1, "the first of them")
	dashSimOne   = flag.Uint64("dashsim.seed", 0, "the one seed to play, with a log")
)

// TestDASHSimulation plays presentations that are made up, in virtual time, through random faults of the network and random doings of people and
// browsers. [dashSim.finish] and [dashJudge] have the rules: a film whose faults pass plays to its end, which is told once; any other ends so or with
// one typed error; nothing is fetched again and again; no call is made that the specifications forbid, and nothing is left at the end. Where nothing
// goes wrong, no error is told, playback never stands still, and each key is asked for once.
func TestDASHSimulation(t *testing.T) {
	if *dashSimOne != 0 {
		// Goroutines of one instant are not ordered: a rare order may take a few tries.
		s := playSeed(t, *dashSimOne)
		for i := 0; i < 20 && len(s.findings) == 0; i++ {
			s = playSeed(t, *dashSimOne)
		}
		t.Logf("seed %d\n%s\n%s", *dashSimOne, s.host.Dump(), strings.Join(s.log, "\n"))
		for _, finding := range s.findings {
			t.Error(finding)
		}
		return
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // it makes much garbage, and little else
	var next, failed atomic.Uint64
	next.Store(*dashSimFirst)
	t.Run("seeds", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("worker", func(t *testing.T) {
				t.Parallel()
				for seed := next.Add(1) - 1; seed < *dashSimFirst+*dashSimCount && failed.Load() < 3; seed = next.Add(1) - 1 {
					if s := playSeed(t, seed); len(s.findings) > 0 {
						failed.Add(1)
						t.Errorf("seed %d (%s): %s\nreplay it with: go test ./player -run TestDASHSimulation -dashsim.seed %d -v\n%s\n%s", seed, s.about(),
							strings.Join(s.findings, "\n\t"), seed, s.host.Dump(), strings.Join(s.log, "\n"))
					}
				}
			})
		}
	})
}

// dashSim is one seed's world.
type dashSim struct {
	seed  uint64
	rand  *rand.Rand // the driver's own
	start time.Time

	calm     bool // nothing goes wrong
	hard     bool // what goes wrong may not pass
	software bool // our own CDM decrypts
	options  playertest.Options
	config   player.Config
	film     *playertest.Presentation
	server   playertest.LicenseServer
	lost     map[[16]byte]bool // keys that nobody has

	host   *playertest.Host
	page   *dashPage
	player *player.Player

	moves  int  // of the playhead, and changes of tracks and qualities: each may fetch anew
	killed bool // the place where media is decrypted has died
	loads  int

	mu       sync.Mutex // guards what follows
	judge    dashJudge
	log      []string
	findings []string
}

func (s *dashSim) chance(oneIn int) bool { return s.rand.IntN(oneIn) == 0 }

func (s *dashSim) logf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, fmt.Sprintf("%8dms  ", time.Since(s.start).Milliseconds())+fmt.Sprintf(format, args...))
}

// note is a broken rule.
func (s *dashSim) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.findings = append(s.findings, fmt.Sprintf("at %v: ", time.Since(s.start))+fmt.Sprintf(format, args...))
}

func (s *dashSim) found() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.findings) > 0
}

// about describes the seed's world.
func (s *dashSim) about() string {
	return fmt.Sprintf("%d periods of %v %q, engine %d, calm %v, hard %v, software %v, quota %d, trace %v, managed %v, no changeType %v", len(s.film.Periods),
		s.film.Duration(), s.film.Addressing, s.options.Engine, s.calm, s.hard, s.software, s.options.Quota, s.options.Trace, s.options.Managed, s.options.NoChangeType)
}

// dashLongest is how long a seed may take in real time: one that takes longer goes round in circles while no virtual time passes.
const dashLongest = 2 * time.Minute

// playSeed plays a seed. A deadlock names it, and so does one that does not end.
func playSeed(t *testing.T, seed uint64) *dashSim {
	s := &dashSim{seed: seed, rand: rand.New(rand.NewPCG(seed, 5)), lost: map[[16]byte]bool{}}
	defer time.AfterFunc(dashLongest, func() {
		what := "nothing of it has begun"
		if s.host != nil {
			what = s.host.Dump()
		}
		panic(fmt.Sprintf("seed %d does not end (%s)\n%s", seed, s.about(), what[max(0, len(what)-20_000):]))
	}).Stop()
	defer func() {
		if p := recover(); p != nil {
			panic(fmt.Sprintf("seed %d (%s): %v\n%s", seed, s.about(), p, strings.Join(s.log, "\n")))
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		s.build(t)
		if s.load() {
			for range s.rand.IntN(9) {
				if s.found() || s.over() {
					break
				}
				s.step()
			}
			s.finish()
		}
		s.close()
	})
	return s
}

// load loads the film. It says whether playback has begun.
func (s *dashSim) load() bool {
	s.loads++
	s.mu.Lock()
	s.judge.begin()
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	err := s.player.Load(ctx, player.Source{Tracks: []player.File{{URL: "film.mpd"}}})
	s.logf("load: %v", err)
	if err != nil {
		s.failed(err)
	}
	return err == nil
}

// close closes the player, and checks that nothing is left.
func (s *dashSim) close() {
	start := time.Now()
	err := s.player.Close(context.Background())
	synctest.Wait()
	if took := time.Since(start); err != nil || took > 10*time.Second {
		s.note("Close took %v: %v", took, err)
	}
	if n := s.host.OpenSessions(); n != 0 {
		s.note("%d key sessions are left", n)
	}
	if n := s.host.Live(); n != 0 {
		s.note("%d responses or bodies are left", n)
	}
	if s.host.Video().HasMediaKeys() || s.host.Decryptions() != 0 {
		s.note("the element still has MediaKeys")
	}
	if n := len(s.host.Video().TextTracks()); n != 0 {
		s.note("%d text tracks are left", n)
	}
	if v := s.host.Violations(); len(v) > 0 {
		s.note("calls that the specifications forbid: %q", v)
	}
}
