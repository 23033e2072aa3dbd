package playertest_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/manifest/dash"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/playertest"
	"github.com/keystream-player/keystream/player/webm"
)

const mpdURL = "https://page.test/dash/film.mpd"

// indexOf is what says where a Representation's segments are; that of a file is read from it.
func (s *stage) indexOf(r *manifest.Representation, file []byte) manifest.Index {
	s.t.Helper()
	if r.IndexSource == nil {
		return r.Index
	}
	read := func(in manifest.ByteRange) (io.ReaderAt, int64, int64) {
		return bytes.NewReader(file[in.Start : in.Start+in.Length]), in.Length, in.Start
	}
	if r.Header.Container == "webm" {
		var index webm.Index
		if next, err := index.Read(read(r.Init.Range)); err != nil {
			s.t.Fatalf("the header gives %v, %v", next, err)
		}
		if next, err := index.Read(read(r.IndexSource.Range)); err != nil || next != (manifest.ByteRange{}) {
			s.t.Fatalf("the Cues give %v, %v", next, err)
		}
		return manifest.NewFragmentIndex("", index.Timescale, r.PresentationTimeOffset*index.Timescale/r.Timescale, index.Fragments)
	}
	var index mp4.Index
	if next, err := index.Read(read(r.IndexSource.Range)); err != nil || next != (manifest.ByteRange{}) {
		s.t.Fatalf("the sidx gives %v, %v", next, err)
	}
	return manifest.NewFragmentIndex("", index.Timescale, r.PresentationTimeOffset, index.Fragments)
}

// The MPD, read as the player reads it, says of every segment where it is and when it plays.
func TestTheMPDTellsTheSegments(t *testing.T) {
	for _, addressing := range addressings {
		t.Run(string(addressing), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := presentation(addressing)
				s := newStage(t, film("none"), playertest.Options{Films: p.Films()})
				p.Serve(s.host.Network, mpdURL)
				m, err := dash.Read([]byte(p.MPD()), mpdURL)
				s.must(err)
				if m.Duration != 21*time.Second || len(m.LeftOut) != 0 || len(m.Periods[0].AdaptationSets) != 3 {
					t.Fatalf("%v, %d sets, left out %v", m.Duration, len(m.Periods[0].AdaptationSets), m.LeftOut)
				}
				for i, set := range m.Periods[0].AdaptationSets {
					for j := range set.Representations {
						s.compare(&set.Representations[j], p.FilmOf(0, i, j))
					}
				}
			})
		})
	}
}

// compare wants a Representation to be what the film is.
func (s *stage) compare(r *manifest.Representation, f *playertest.Film) {
	s.t.Helper()
	s.host.Network.ServeFilm("whole", f, 0, 0)
	whole := s.fetched("whole", "")
	bytesOf := func(segment manifest.Segment) []byte {
		var header string
		if in := segment.Range; in.Length > 0 {
			header = byteRange(in)
		}
		return s.fetched(resolved(r.BaseURLs[0], segment.URL), header)
	}
	if got := r.Header.MIMEType(); got != f.Type || !bytes.Equal(bytesOf(*r.Init), whole[:f.HeaderSize]) {
		s.t.Errorf("%s is %s, want %s, or has another header", r.ID, got, f.Type)
	}
	var ids []manifest.KeyID
	if len(f.Keys) > 0 {
		ids = []manifest.KeyID{f.Keys[0].ID}
	}
	if got := r.Header.KeyIDs(); len(got) != len(ids) || len(ids) > 0 && got[0] != ids[0] {
		s.t.Errorf("%s needs the keys %x, want %x", r.ID, got, ids)
	}
	segments := f.Segments
	if r.IndexSource != nil {
		segments = segments[1:]
	}
	index := s.indexOf(r, whole)
	if index.Len() != len(segments) {
		s.t.Fatalf("%s has %d segments, want %d", r.ID, index.Len(), len(segments))
	}
	for n, want := range segments {
		got, end := index.Segment(n), int64(len(whole))
		if n+1 < len(segments) {
			end = segments[n+1].Offset
		}
		first := segments[0].Start
		if !bytes.Equal(bytesOf(got), whole[want.Offset:end]) ||
			(got.Start-(want.Start-first)).Abs() > time.Microsecond || (got.End-(want.End-first)).Abs() > time.Microsecond {
			s.t.Errorf("%s: segment %d is %+v, want %v to %v", r.ID, n, got, want.Start-first, want.End-first)
		}
	}
}

func byteRange(in manifest.ByteRange) string {
	return fmt.Sprintf("%d-%d", in.Start, in.Start+in.Length-1)
}
