package cdm_test

import (
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// renditions are committed films of one kind, each under keys of its own.
func renditions(t *testing.T, names ...string) (films []*playertest.Film, keys []clearkey.Key) {
	t.Helper()
	entries := committed(t)
	for _, name := range names {
		for _, e := range entries {
			if e.Name != name {
				continue
			}
			films = append(films, e.read(t, 0))
			for _, k := range e.keys(t) {
				keys = append(keys, clearkey.Key{ID: k.ID, Value: k.Key})
			}
		}
	}
	return films, keys
}

// piecesOf are a film's header and its media segments.
func piecesOf(f *playertest.Film) (header []byte, segments [][]byte) {
	for i, at := range f.Fragments {
		end := int64(len(f.Bytes))
		if i+1 < len(f.Fragments) {
			end = f.Fragments[i+1]
		}
		segments = append(segments, f.Bytes[at:end])
	}
	return f.Bytes[:f.HeaderSize], segments
}

func (s *stage) appendBytes(p []byte) {
	s.Helper()
	s.must(s.append(s.page.NewBody(p)))
}

// What comes out of a switch is what each film is without its encryption, byte for byte: the page would take nothing else.
func TestRenditionsUnderDifferentKeysAlternate(t *testing.T) {
	films, keys := renditions(t, "mp4-cenc", "mp4-cbcs", "mp4-cenc-clear-lead", "mp4-cenc-no-pssh")
	play(t, playertest.Options{}, films, func(s *stage) {
		s.must(s.session().Update(s.ctx, clearkey.FormatLicense(keys)))
		var most int
		for _, f := range films {
			most = max(most, len(f.Fragments))
		}
		for n := range most {
			f := films[n%len(films)]
			header, segments := piecesOf(f)
			if n >= len(segments) {
				continue
			}
			s.appendBytes(header)
			s.appendBytes(segments[n])
			if n == 2 { // and once more, as after a seek
				s.must(s.sb.Abort())
				s.appendBytes(segments[0])
			}
		}
		if err := s.host.Element().Error(); err != nil {
			t.Errorf("the element has error %v", err)
		}
		s.buffered(s.sb, 10)
		s.settle()
		s.seen = nil
	})
}

// A film of one key waits for it, though the rendition before had its own.
func TestASwitchWaitsForTheKeyOfTheNewRendition(t *testing.T) {
	films := []*playertest.Film{film("low", key(1, 0, 0)), film("high", key(2, 0, 0))}
	play(t, playertest.Options{}, films, func(s *stage) {
		s.session(1)
		s.must(s.append(s.piece(0, 400)))
		s.appendBytes(films[0].Bytes[:100]) // no media goes between
		a := s.begin(s.sb, s.page.NewBody(films[1].Bytes[:100]))
		a.ends(nil)
		b := s.begin(s.sb, s.page.NewBody(films[1].Bytes[400:700]))
		b.waits()
		for _, err := range []error{s.sb.SetTimestampOffset(time.Second), s.sb.SetAppendWindow(0, time.Hour), s.sb.ChangeType(filmType)} {
			s.named(err, "InvalidStateError")
		}
		s.session(2)
		b.ends(nil)
		s.buffered(s.sb, 6)
		s.appendBytes(films[0].Bytes[:100])
		s.must(s.sb.SetTimestampOffset(time.Second))
		s.appendBytes(films[0].Bytes[700:])
		s.buffered(s.sb, 9)
		if r := s.sb.Buffered(); len(r) != 2 || r[1].Start != 7*time.Second {
			t.Errorf("%v is buffered", r)
		}
		s.settle()
		s.seen = nil
	})
}

func TestAChangeOfTypeBeginsAnotherContainer(t *testing.T) {
	films, keys := renditions(t, "mp4-cenc", "webm-vp9-opus-cenc-video")
	play(t, playertest.Options{}, films, func(s *stage) {
		s.must(s.session().Update(s.ctx, clearkey.FormatLicense(keys)))
		mp4Header, mp4Segments := piecesOf(films[0])
		s.appendBytes(films[0].Bytes[:films[0].Fragments[1]-100]) // not all of a segment
		s.named(s.sb.ChangeType("text/html"), "NotSupportedError")
		s.must(s.sb.ChangeType(films[1].Type))
		s.must(s.sb.SetTimestampOffset(time.Minute))
		s.appendBytes(films[1].Bytes)
		s.must(s.sb.ChangeType(films[0].Type))
		s.must(s.sb.SetTimestampOffset(0))
		s.appendBytes(mp4Header)
		s.appendBytes(mp4Segments[0])
		r := s.sb.Buffered()
		if len(r) != 2 || (r[1].End-r[1].Start-10*time.Second).Abs() > 100*time.Millisecond || r[1].Start != time.Minute {
			t.Errorf("%v is buffered", r)
		}
		if err := s.host.Element().Error(); err != nil {
			t.Errorf("the element has error %v", err)
		}
		s.settle()
		s.seen = nil
	})
}

// The films of a ladder, which are not really encrypted, are decrypted by what they say of themselves.
func TestRungsOfALadderAlternate(t *testing.T) {
	p := &playertest.Presentation{Periods: []playertest.Period{{Duration: 10 * time.Second, Ladders: []*playertest.Ladder{{Rungs: []playertest.Rung{
		{Bitrate: 300_000, Keys: []playertest.FilmKey{key(1, 0, 0)}}, {Bitrate: 900_000, Keys: []playertest.FilmKey{key(2, 0, 0)}}}}}}}}
	films := p.Films()
	play(t, playertest.Options{}, films, func(s *stage) {
		s.session(1, 2)
		for n := range 5 {
			f := films[n%2]
			end := int64(0)
			if n < 4 {
				end = f.Segments[n+1].Offset
			}
			s.page.Network.ServeFilm("init", f, 0, f.HeaderSize)
			s.page.Network.ServeFilm("segment", f, f.Segments[n].Offset, end)
			for _, url := range []string{"init", "segment"} {
				resp, err := s.page.Fetch(s.ctx, platform.Request{URL: url})
				s.must(err)
				body, err := resp.ReadBody(s.ctx, 1<<20)
				s.must(err)
				s.must(s.append(body))
			}
		}
		s.buffered(s.sb, 10)
		s.must(s.ms.EndOfStream())
		s.pass(10 * time.Second)
		if !s.page.Video().Ended() {
			t.Errorf("it does not play to the end: %v", s.host.Element().Error())
		}
		s.seen = nil
	})
}
