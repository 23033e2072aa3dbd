package player_test

import (
	"slices"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/playertest"
)

// slow is a network that takes a moment for each segment, so that a seek is under way for some time.
var slow = playertest.Options{Trace: []playertest.TracePeriod{{Duration: time.Hour, BitsPerSecond: 8_000_000, Latency: 100 * time.Millisecond}}}

func TestDASHSeeks(t *testing.T) {
	for name, test := range map[string]struct {
		film    func() *playertest.Presentation
		options playertest.Options
		config  player.Config
		seeks   []time.Duration // 10 ms after one another, 10 s into the film
		at      time.Duration   // where it should be in the end, if elsewhere
		again   bool            // segments may be fetched again
		back    bool            // something of what is played was evicted before
	}{
		"into what is buffered":       {seeks: []time.Duration{20 * time.Second}},
		"back into what is buffered":  {seeks: []time.Duration{2 * time.Second}},
		"past what is buffered":       {seeks: []time.Duration{100 * time.Second}},
		"while seeking":               {seeks: []time.Duration{100 * time.Second, 50 * time.Second, 80 * time.Second}, again: true},
		"while seeking, and back":     {seeks: []time.Duration{100 * time.Second, 12 * time.Second}, again: true},
		"to where it is":              {seeks: []time.Duration{10 * time.Second}},
		"to the border of segments":   {seeks: []time.Duration{100 * time.Second}},
		"to just before one":          {seeks: []time.Duration{100*time.Second - 20*time.Millisecond}},
		"to the beginning":            {seeks: []time.Duration{0}},
		"to evicted media":            {seeks: []time.Duration{1 * time.Second}, config: player.Config{Buffer: player.Buffer{Behind: time.Millisecond}}, again: true, back: true},
		"far ahead and to evicted":    {seeks: []time.Duration{100 * time.Second, time.Second}, config: player.Config{Buffer: player.Buffer{Behind: time.Millisecond}}, again: true, back: true},
		"with a small buffer":         {seeks: []time.Duration{100 * time.Second, 3 * time.Second}, options: playertest.Options{Quota: 5 << 20}, again: true},
		"over a Period":               {film: periods, seeks: []time.Duration{100 * time.Second}},
		"over a Period, and back":     {film: periods, seeks: []time.Duration{100 * time.Second, 30 * time.Second}, again: true},
		"to the border of a Period":   {film: periods, seeks: []time.Duration{60 * time.Second}},
		"over a span":                 {film: spans, options: playertest.Options{NoChangeType: true}, seeks: []time.Duration{100 * time.Second}},
		"over a span, and back":       {film: spans, options: playertest.Options{NoChangeType: true}, seeks: []time.Duration{100 * time.Second, 30 * time.Second}, again: true},
		"to the border of a span":     {film: spans, options: playertest.Options{NoChangeType: true}, seeks: []time.Duration{60 * time.Second}},
		"to just before a span":       {film: spans, options: playertest.Options{NoChangeType: true}, seeks: []time.Duration{100 * time.Second, 59 * time.Second}, again: true},
		"over a change of codecs":     {film: spans, seeks: []time.Duration{100 * time.Second}},
		"… and back":                  {film: spans, seeks: []time.Duration{100 * time.Second, 2 * time.Second}, again: true},
		"where files have an index":   {film: indexed, seeks: []time.Duration{100 * time.Second}},
		"… while seeking":             {film: indexed, seeks: []time.Duration{100 * time.Second, 50 * time.Second, 80 * time.Second}, again: true},
		"to where the index is asked": {film: indexed, seeks: []time.Duration{119 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			film := ladder(120 * time.Second)
			if test.film != nil {
				film = test.film()
			}
			options := test.options
			options.Trace = slow.Trace
			playDASH(t, film, options, test.config, func(s *stage) {
				s.loadDASH()
				ended := s.hears()
				passes(12 * time.Second)
				if test.back && s.host.Video().Buffered()[0].Start == 0 {
					t.Error("nothing was evicted")
				}
				for _, to := range test.seeks {
					s.host.Video().Seek(to)
					passes(10 * time.Millisecond)
				}
				to := test.seeks[len(test.seeks)-1]
				passes(3 * time.Second)
				s.expectAt(to, to+3100*time.Millisecond)
				if s.host.Video().Seeking() || s.host.Video().CurrentTime() == to {
					t.Errorf("it does not play\n%s", s.host.Dump())
				}
				s.expectEnd(125*time.Second - to)
				if n := ended["ended"]; n != 1 {
					t.Errorf("it has ended %d times", n)
				}
				if !test.again {
					s.expectOnce()
				}
				s.expectCodes()
			})
		})
	}
}

// periods is a film of two Periods that share a MediaSource.
func periods() *playertest.Presentation {
	p := ladder(60*time.Second, playertest.FilmKey{ID: kidA, Key: keyA})
	p.Periods = append(p.Periods, ladder(60*time.Second, playertest.FilmKey{ID: kidB, Key: keyB}).Periods...)
	return p
}

// spans is a film whose second Period has other codecs.
func spans() *playertest.Presentation {
	p := periods()
	for _, l := range p.Periods[1].Ladders {
		l.Container = "webm"
	}
	return p
}

func indexed() *playertest.Presentation {
	p := ladder(120 * time.Second)
	p.Addressing = playertest.Base
	return p
}

func TestDASHSeeksToTheVeryEnd(t *testing.T) {
	for _, film := range []func() *playertest.Presentation{func() *playertest.Presentation { return ladder(120 * time.Second) }, periods, spans, indexed} {
		for _, noChangeType := range []bool{false, true} {
			playDASH(t, film(), playertest.Options{NoChangeType: noChangeType}, player.Config{}, func(s *stage) {
				s.loadDASH()
				ended := s.hears()
				passes(5 * time.Second)
				s.host.Video().Seek(120 * time.Second)
				s.expectEnd(3 * time.Second)
				s.expectAt(120*time.Second, 120*time.Second)
				if d, _ := s.host.Video().Duration(); d != 120*time.Second || ended["ended"] != 1 {
					t.Errorf("it lasts %v now, and has ended %d times\n%s", d, ended["ended"], s.host.Dump())
				}
			})
		}
	}
}

func TestDASHEndsOnceEachTime(t *testing.T) {
	for _, test := range []struct {
		film    func() *playertest.Presentation
		options playertest.Options
	}{
		{func() *playertest.Presentation { return ladder(120 * time.Second) }, playertest.Options{}}, {periods, playertest.Options{}}, {spans, playertest.Options{}},
		{spans, playertest.Options{NoChangeType: true}}, {indexed, playertest.Options{}}, {periods, playertest.Options{Engine: playertest.Firefox}},
	} {
		playDASH(t, test.film(), test.options, player.Config{}, func(s *stage) {
			s.loadDASH()
			ended := s.hears()
			s.expectEnd(121 * time.Second)
			for n, to := range []time.Duration{110 * time.Second, 0, 119900 * time.Millisecond, 61 * time.Second} {
				if ended["ended"] != n+1 {
					t.Errorf("it has ended %d times, want %d\n%s", ended["ended"], n+1, s.host.Dump())
				}
				s.host.Video().Seek(to)
				passes(time.Second)
				if s.host.Video().Ended() {
					t.Errorf("it has ended at %v", s.host.Video().CurrentTime())
				}
				s.host.Video().Play()
				s.expectEnd(121*time.Second - to)
			}
			if ended["ended"] != 5 {
				t.Errorf("it has ended %d times, want 5\n%s", ended["ended"], s.host.Dump())
			}
			states := eventsOf[*player.StateChangeEvent](s)
			if n := len(slices.DeleteFunc(states, func(e *player.StateChangeEvent) bool { return e.State != player.StateEnded })); n != 5 {
				t.Errorf("the state became ended %d times, want 5", n)
			}
		})
	}
}

// A seek that the page makes while a MediaSource of another span is being opened counts.
func TestDASHSeeksWhileASpanOpens(t *testing.T) {
	for _, wait := range []time.Duration{0, time.Millisecond, 2 * time.Millisecond, 50 * time.Millisecond, 300 * time.Millisecond} {
		options := slow
		options.NoChangeType = true
		playDASH(t, spans(), options, player.Config{}, func(s *stage) {
			s.loadDASH()
			passes(5 * time.Second)
			s.host.Video().Seek(100 * time.Second)
			passes(wait)
			s.host.Video().Seek(30 * time.Second)
			passes(4 * time.Second)
			if wait > 2*time.Millisecond {
				s.expectAt(30*time.Second, 34*time.Second)
			}
			s.expectEnd(120 * time.Second)
		})
	}
}
