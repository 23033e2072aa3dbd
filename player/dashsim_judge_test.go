package player_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/fetch"
)

// dashJudge is what was told of a load. It is guarded by dashSim.mu.
type dashJudge struct {
	tracks  []player.Track
	state   player.State
	fatal   *player.Error
	stalls  int
	endings int // all of them
	faults  int // likewise
	bytes   int64
	keys    map[[16]byte]int // how often each was asked for
}

func (j *dashJudge) begin() {
	j.fatal, j.stalls, j.bytes, j.keys = nil, 0, 0, map[[16]byte]int{}
}

// heard is an event of the element.
func (s *dashSim) heard(eventType string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if eventType == "ended" {
		s.judge.endings++
	}
}

// told is an event of the player.
func (s *dashSim) told(event player.Event) {
	switch e := event.(type) {
	case *player.RequestEvent:
		s.mu.Lock()
		if e.Kind == fetch.Media {
			s.judge.bytes += e.Bytes
		}
		s.mu.Unlock()
		return
	case *player.Error:
		s.logf("error: %v (fatal %v)", e, e.Fatal)
		s.judgeError(e)
	case *player.StallEvent:
		s.logf("stall: %q at %v", e.Cause, e.Position)
		slow := e.Cause == player.StallNetwork && s.options.Bandwidth > 0 // a seek may find only the end of a segment
		if s.calm && e.Cause != player.StallNone && e.Cause != player.StallKey && !slow {
			s.note("playback stands still: %q at %v", e.Cause, e.Position)
		}
		s.mu.Lock()
		s.judge.stalls++
		s.mu.Unlock()
	case *player.TracksChangeEvent:
		s.mu.Lock()
		s.judge.tracks = e.Tracks
		s.mu.Unlock()
	case *player.QualityChangeEvent:
		s.logf("quality: %s %s at %v", e.Kind, e.Quality.ID, e.Position)
	case *player.StateChangeEvent:
		s.mu.Lock()
		s.judge.state = e.State
		s.mu.Unlock()
	}
}

// dashFailures are the codes that a network may justify which never gets well.
var dashFailures = map[player.Code]bool{
	player.FetchHTTP: true, player.FetchNetwork: true, player.FetchTimeout: true, player.LicenseHTTP: true, player.LicenseNetwork: true,
	player.LicenseTimeout: true, player.KeyTimeout: true,
}

func (s *dashSim) judgeError(e *player.Error) {
	about := e.Code == player.KeyMissing || e.Code == player.LicenseOtherKey || e.Code == player.LicenseInvalid || e.Code == player.LicenseHTTP
	switch {
	case e.Fatal:
		s.failed(e)
	case s.hard && dashFailures[e.Code]:
	case len(s.lost) > 0 && about:
	default:
		s.note("an error without a cause: %v", e)
	}
}

// failed judges what ended a load.
func (s *dashSim) failed(err error) {
	var e *player.Error
	if !errors.As(err, &e) {
		s.note("not typed: %v", err)
		return
	}
	s.mu.Lock()
	told := s.judge.fatal == e
	s.judge.fatal = e
	s.mu.Unlock()
	if !told && (!s.hard || !dashFailures[e.Code]) {
		s.note("a fatal error without a cause: %s at %s: %v", e.Code, e.Stage, e)
	}
}

// over says whether the load has failed.
func (s *dashSim) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.judge.fatal != nil
}

func (s *dashSim) endings() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.judge.endings
}

func (s *dashSim) faults() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.judge.faults
}

// look checks what must hold at any time.
func (s *dashSim) look() {
	for kind, list := range s.player.Buffered() {
		for i, m := range list {
			if m.End <= m.Start || i > 0 && m.Start < list[i-1].End {
				s.note("%s: %+v", kind, list)
				break
			}
		}
	}
	for _, track := range s.host.Video().TextTracks() {
		seen := map[string]bool{}
		for _, cue := range track.Cues() {
			name := fmt.Sprint(cue.Start, cue.End, cue.Text)
			if seen[name] {
				s.note("a cue is there twice: %s", name)
			}
			seen[name] = true
		}
	}
}

// expectThrift checks that nothing was fetched, or asked for, more often than what people and faults have done explains.
func (s *dashSim) expectThrift() {
	s.mu.Lock()
	got, faults, stalls := s.judge.bytes, int64(s.judge.faults), s.judge.stalls
	s.mu.Unlock()
	all, largest := s.sizes()
	allowed := all/20 + all*int64(1+s.moves) + faults*largest
	if len(s.options.Trace) > 0 || s.options.Quota > 0 {
		allowed += all // downloads that were given up, and media for which there was no room
	}
	if got > allowed {
		s.note("%d bytes of media were fetched, of a film of %d, with %d moves and %d faults", got, all, s.moves, faults)
	}
	if len(s.options.Trace) == 0 && stalls > 4*(2+s.moves+int(faults)+len(s.film.Periods)) {
		s.note("%d stalls with %d moves and %d faults", stalls, s.moves, faults)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, n := range s.judge.keys {
		if n > 1 && !s.lost[id] {
			s.findings = append(s.findings, fmt.Sprintf("key %x was asked for %d times", id, n))
		}
	}
}

// sizes are the bytes of the film, the best of its qualities in one language, and those of its largest segment.
func (s *dashSim) sizes() (all, largest int64) {
	for _, period := range s.film.Periods {
		kinds := map[string]bool{}
		for _, l := range period.Ladders {
			bitrate := l.Rungs[len(l.Rungs)-1].Bitrate
			largest = max(largest, bitrate/8*5/4*int64(l.SegmentDuration/time.Millisecond)/1000)
			if !kinds[l.Kind] {
				kinds[l.Kind] = true
				all += bitrate / 8 * int64(period.Duration/time.Millisecond) / 1000
			}
		}
	}
	return all*5/4 + 3*largest, largest
}
