package player_test

import (
	"context"
	"errors"
	"strings"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player"
)

// step lets the film play for a while, and then somebody do something.
func (s *dashSim) step() {
	time.Sleep(time.Duration(s.rand.IntN(6000)) * time.Millisecond)
	s.look()
	doings := []func(){s.seek, s.seek, s.seekTwice, s.pause, s.rate, s.selectTrack, s.selectTrack, s.selectQuality, s.chooseText, s.resize, s.reload}
	if !s.calm {
		doings = append(doings, s.offline, s.hide, s.background, s.stream, s.evict, s.kill, s.drop)
	}
	doings[s.rand.IntN(len(doings))]()
	s.look()
}

// somewhere is a time of the film: its very beginning and end, and the borders of its Periods, more often than others.
func (s *dashSim) somewhere() time.Duration {
	switch s.rand.IntN(8) {
	case 0:
		return 0
	case 1:
		return s.film.Duration()
	case 2:
		return s.film.Periods[0].Duration + time.Duration(s.rand.IntN(200)-100)*time.Millisecond
	}
	return time.Duration(s.rand.Int64N(int64(s.film.Duration())))
}

func (s *dashSim) seek() {
	to := s.somewhere()
	s.logf("seek to %v", to)
	s.moves++
	s.host.Video().Seek(to)
}

func (s *dashSim) seekTwice() {
	for range 2 + s.rand.IntN(4) {
		s.seek()
		time.Sleep(time.Duration(s.rand.IntN(60)) * time.Millisecond)
	}
}

func (s *dashSim) pause() {
	s.logf("pause or play")
	switch v := s.host.Video(); {
	case v.Paused():
		s.moves++ // a film that has ended begins anew
		v.Play()
	default:
		v.Pause()
	}
}

func (s *dashSim) rate() {
	rate := pick(s.rand, 0.5, 1, 1.5, 2, 4)
	s.logf("rate %v", rate)
	s.host.Video().SetPlaybackRate(rate)
}

func (s *dashSim) resize() {
	s.host.Video().SetSize(pick(s.rand, 0, 320, 1280), pick(s.rand, 0, 180, 720))
}

// tracks lists what was told of last.
func (s *dashSim) tracks() []player.Track {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.judge.tracks
}

func (s *dashSim) selectTrack() {
	tracks := s.tracks()
	if len(tracks) == 0 {
		return
	}
	track := pick(s.rand, tracks...)
	if track.Kind == "text" && s.chance(3) {
		track.ID = ""
	}
	s.moves++
	err := s.player.SelectTrack(context.Background(), track.Kind, track.ID)
	s.logf("select %s %s: %v", track.Kind, track.ID, err)
	s.allow(err)
}

func (s *dashSim) selectQuality() {
	id := ""
	for _, track := range s.tracks() {
		if track.Kind == "video" && s.chance(2) {
			id = pick(s.rand, track.Qualities...).ID
		}
	}
	s.moves++
	err := s.player.SelectQuality(context.Background(), id)
	s.logf("select quality %q: %v", id, err)
	s.allow(err)
}

// allow judges what a choice returns: it may come too late, when another Period plays, or no film does.
func (s *dashSim) allow(err error) {
	var e *player.Error
	if err != nil && (!errors.As(err, &e) || e.Code != player.ConfigInvalid && e.Code != player.LoadInterrupted) {
		s.note("a choice failed: %v", err)
	}
}

func (s *dashSim) chooseText() {
	if tracks := s.host.Video().TextTracks(); len(tracks) > 0 {
		mode := pick(s.rand, "showing", "hidden", "disabled")
		s.logf("the browser's controls: %s", mode)
		pick(s.rand, tracks...).Choose(mode)
	}
}

// reload loads the film anew, with or without an Unload before.
func (s *dashSim) reload() {
	if s.chance(2) {
		err := s.player.Unload(context.Background())
		s.logf("unload: %v", err)
		if err != nil {
			s.note("Unload: %v", err)
		}
	}
	s.moves++
	s.killed = false
	s.load()
}

func (s *dashSim) offline() {
	s.logf("offline")
	s.host.SetOnline(false)
	time.Sleep(time.Duration(s.rand.IntN(20_000)) * time.Millisecond)
	s.logf("online")
	s.host.SetOnline(true)
}

func (s *dashSim) hide() {
	s.logf("pagehide")
	s.host.FirePage("pagehide")
	s.host.SetVisible(false)
	time.Sleep(time.Duration(s.rand.IntN(20_000)) * time.Millisecond)
	s.logf("pageshow")
	s.host.SetVisible(true)
	s.host.FirePage("pageshow")
}

func (s *dashSim) background() {
	s.host.SetVisible(false)
	time.Sleep(time.Duration(s.rand.IntN(5_000)) * time.Millisecond)
	s.host.SetVisible(true)
}

func (s *dashSim) stream() {
	s.host.Video().SetStreaming(false)
	time.Sleep(time.Duration(s.rand.IntN(10_000)) * time.Millisecond)
	s.host.Video().SetStreaming(true)
}

// evict is what a browser does with a ManagedMediaSource.
func (s *dashSim) evict() {
	if !s.options.Managed {
		return
	}
	from := s.somewhere()
	to := from + time.Duration(1+s.rand.IntN(10_000))*time.Millisecond
	s.moves++
	s.logf("the browser evicts %v to %v", from, to)
	s.host.Video().Evict(from, to)
}

// kill ends the place where media is decrypted, once a load.
func (s *dashSim) kill() {
	if s.software && !s.killed {
		s.killed = true
		s.moves++
		s.logf("decryption dies")
		s.host.KillDecryption()
	}
}

func (s *dashSim) drop() {
	s.host.Video().DropFrames(s.rand.IntN(1000))
}

// finish has the film play to its end.
func (s *dashSim) finish() {
	v := s.host.Video()
	v.SetStreaming(true)
	v.SetPlaybackRate(1)
	time.Sleep(time.Second)
	synctest.Wait()
	if s.over() || s.found() {
		return
	}
	if v.Ended() || s.chance(4) {
		to := time.Duration(s.rand.Int64N(int64(s.film.Duration() - 2*time.Second)))
		s.logf("last seek to %v", to)
		s.moves++
		v.Seek(to)
	}
	ended := s.endings()
	v.Play()
	s.logf("now to the end")
	limit := 10*(s.film.Duration()+20*time.Second) + 40*time.Second*time.Duration(s.faults())
	for start := time.Now(); !v.Ended() && !s.over(); time.Sleep(time.Second) {
		if time.Since(start) > limit {
			s.note("after %v the film has not ended: it is at %v, paused %v", limit, v.CurrentTime(), v.Paused())
			return
		}
		if v.Paused() && !v.Ended() {
			time.Sleep(100 * time.Millisecond) // a new source is paused until it is open
			if v.Paused() && !v.Ended() && !s.over() {
				s.note("it was paused at %v", v.CurrentTime())
				return
			}
		}
		s.look()
	}
	synctest.Wait()
	if s.over() {
		return
	}
	asked := s.mediaRequests()
	time.Sleep(10 * time.Second)
	synctest.Wait()
	if n := s.endings() - ended; n != 1 || !v.Ended() {
		s.note("it has ended %d times, and now %v", n, v.Ended())
	}
	if n := s.mediaRequests() - asked; n != 0 {
		s.note("%d requests after the end", n)
	}
	if at := v.CurrentTime(); at < s.film.Duration()-time.Second && !s.hard {
		s.note("it has ended at %v of %v", at, s.film.Duration())
	}
	s.expectThrift()
}

// mediaRequests counts all but those for text, which may be on its way still.
func (s *dashSim) mediaRequests() (n int) {
	for _, r := range s.host.Network.Requests() {
		if !strings.HasSuffix(r.URL, ".vtt") {
			n++
		}
	}
	return n
}
