package playertest_test

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
	"github.com/keystream-player/keystream/player/webm"
)

var other = [16]byte{1, 2, 3}

// presentation is 21 s: three rungs of video, the highest with a key of its own, and sound that changes its key.
func presentation(addressing playertest.Addressing) *playertest.Presentation {
	return &playertest.Presentation{Addressing: addressing, Periods: []playertest.Period{{Duration: 21 * time.Second, Ladders: []*playertest.Ladder{
		{Rungs: []playertest.Rung{{Bitrate: 300_000}, {Bitrate: 800_000, Keys: own(kid)}, {Bitrate: 3_000_000, Keys: own(other)}}, InBand: true},
		{Kind: "audio", Language: "en", Bitrates: []int64{64_000, 128_000}, Timescale: 10_000_000, FirstTime: 1 << 54, InBand: true, Keys: []playertest.FilmKey{
			{ID: kid, Key: key, End: 10 * time.Second}, {ID: other, Key: other, Start: 10 * time.Second}}},
		{ID: "webm", Container: "webm", Bitrates: []int64{500_000}, Keys: own(kid)},
	}}}}
}

func own(id [16]byte) []playertest.FilmKey { return []playertest.FilmKey{{ID: id, Key: key}} }

var addressings = []playertest.Addressing{playertest.Number, playertest.Timeline, playertest.TimelineNumber, playertest.List, playertest.ListOfRanges,
	playertest.Base}

// fetched is the body of a URL, or of a range of it.
func (s *stage) fetched(url, ranged string) []byte {
	s.t.Helper()
	req := platform.Request{URL: url}
	if ranged != "" {
		req.Header = []platform.HeaderField{{Name: "Range", Value: "bytes=" + ranged}}
	}
	resp, err := s.host.Fetch(s.ctx, req)
	s.must(err)
	if resp.Status() > 206 {
		s.t.Fatalf("%s %s: status %d", url, ranged, resp.Status())
	}
	body, err := resp.ReadBody(s.ctx, 1<<30)
	s.must(err)
	defer body.Release()
	b, err := body.Bytes()
	s.must(err)
	return b
}

func TestHeadersOfALadderAreRealOnes(t *testing.T) {
	p := presentation(playertest.Number)
	for ladder, want := range []string{
		`video/mp4; codecs="avc1.42c015"`, `audio/mp4; codecs="mp4a.40.2"`, `video/webm; codecs="vp9"`,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, film("none"), playertest.Options{Films: p.Films()})
			p.Serve(s.host.Network, "dash/film.mpd")
			l := p.Periods[0].Ladders[ladder]
			extension := map[bool]string{true: ".webm", false: ".mp4"}[l.Container == "webm"]
			b := s.fetched("dash/p0/"+l.ID+"0/init"+extension, "")
			read := mp4.ReadHeader
			if l.Container == "webm" {
				read = webm.ReadHeader
			}
			h, err := read(bytes.NewReader(b), int64(len(b)))
			s.must(err)
			if h.MIMEType() != want || h.Size != int64(len(b)) || !h.Fragmented {
				t.Errorf("%s, %d bytes of %d, fragmented %v; want %s", h.MIMEType(), h.Size, len(b), h.Fragmented, want)
			}
			ids := map[bool][]manifest.KeyID{true: nil, false: {kid}}[ladder == 0]
			if !slices.Equal(h.KeyIDs(), ids) {
				t.Errorf("keys %x, want %x", h.KeyIDs(), ids)
			}
			if inBand := len(h.PSSH) > 0; inBand != (ladder == 1) {
				t.Errorf("PSSH %x", h.PSSH)
			}
		})
	}
}

func TestAKeyThatChangesIsToldInItsFragment(t *testing.T) {
	p := presentation(playertest.Number)
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, film("none"), playertest.Options{Films: p.Films()})
		p.Serve(s.host.Network, "film.mpd")
		for n, want := range map[int]string{0: "", 4: "", 5: "pssh, " + fmt.Sprintf("%x", other), 6: fmt.Sprintf("%x", other)} {
			segment := s.fetched(p.Segment(&p.Periods[0], p.Periods[0].Ladders[1], 1, n), "")
			var got string
			outline := mp4.Outline{Box: func(box []byte) {
				fragment, err := mp4.ReadFragment(box)
				s.must(err)
				if len(fragment.PSSH) > 0 {
					got = "pssh, "
				}
				for _, id := range fragment.KeyIDs {
					got += fmt.Sprintf("%x", id)
				}
			}}
			s.must(outline.Add(bytes.NewReader(segment), int64(len(segment))))
			if got != want || outline.Missing() != 0 {
				t.Errorf("segment %d tells %q, want %q", n, got, want)
			}
			at := bytes.Index(segment, []byte("tfdt"))
			if time := binary.BigEndian.Uint64(segment[at+8:]); time != 1<<54+uint64(n)*20_000_000 {
				t.Errorf("segment %d begins at %d", n, time)
			}
		}
	})
}

// mpd is what a test reads of one.
type mpd struct {
	BaseURL []string
	Period  []struct {
		BaseURL       string
		AdaptationSet []struct {
			ContentType     string    `xml:"contentType,attr"`
			SegmentTemplate *template `xml:"SegmentTemplate"`
			Representation  []struct {
				ID          string `xml:"id,attr"`
				BaseURL     string
				SegmentBase *struct {
					IndexRange     string `xml:"indexRange,attr"`
					Initialization struct {
						Range string `xml:"range,attr"`
					}
				}
				SegmentList *struct {
					Initialization struct {
						Range     string `xml:"range,attr"`
						SourceURL string `xml:"sourceURL,attr"`
					}
					SegmentURL []struct {
						Media      string `xml:"media,attr"`
						MediaRange string `xml:"mediaRange,attr"`
					}
				}
			}
		}
	}
}

type template struct {
	Duration       int    `xml:"duration,attr"`
	Timescale      int    `xml:"timescale,attr"`
	Offset         int64  `xml:"presentationTimeOffset,attr"`
	Initialization string `xml:"initialization,attr"`
	Media          string `xml:"media,attr"`
	S              []struct {
		T string `xml:"t,attr"`
		D int64  `xml:"d,attr"`
		R int    `xml:"r,attr"`
	} `xml:"SegmentTimeline>S"`
}

// names are the numbers or times of all segments of a template, for 21 s.
func (t *template) names() (all []string) {
	if t.S == nil {
		for n := range (21*t.Timescale + t.Duration - 1) / t.Duration {
			all = append(all, strconv.Itoa(n+1))
		}
		return all
	}
	at := t.Offset
	for _, s := range t.S {
		for range s.R + 1 {
			if strings.Contains(t.Media, "$Time$") {
				all = append(all, strconv.FormatInt(at, 10))
			} else {
				all = append(all, strconv.Itoa(len(all)+1))
			}
			at += s.D
		}
	}
	return all
}

// What the MPD names is there, and is the whole film, which plays.
func TestEveryAddressingLeadsToTheMedia(t *testing.T) {
	for _, addressing := range addressings {
		t.Run(string(addressing), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := presentation(addressing)
				p.BaseURLs = []string{"https://one.test/a/", "two/"}
				s := newStage(t, film("none"), playertest.Options{Films: p.Films(), CDM: playertest.CDMOptions{NoEME: true}})
				p.Serve(s.host.Network, "dash/film.mpd")
				var m mpd
				s.must(xml.Unmarshal(s.fetched("dash/film.mpd", ""), &m))
				for _, base := range m.BaseURL {
					base = resolved(resolved("https://page.test/dash/film.mpd", base), m.Period[0].BaseURL)
					for i, set := range m.Period[0].AdaptationSet {
						for j, r := range set.Representation {
							pieces := [][]byte{}
							fetch := func(url, ranged string) {
								pieces = append(pieces, s.fetched(resolved(resolved(base, r.BaseURL), url), ranged))
							}
							switch tmpl := set.SegmentTemplate; {
							case tmpl != nil:
								fill := strings.NewReplacer("$RepresentationID$", r.ID)
								fetch(fill.Replace(tmpl.Initialization), "")
								for _, name := range tmpl.names() {
									fetch(strings.NewReplacer("$RepresentationID$", r.ID, "$Number$", name, "$Time$", name).Replace(tmpl.Media), "")
								}
							case r.SegmentList != nil:
								fetch(r.SegmentList.Initialization.SourceURL, r.SegmentList.Initialization.Range)
								for _, u := range r.SegmentList.SegmentURL {
									fetch(u.Media, u.MediaRange)
								}
							default:
								fetch("", r.SegmentBase.Initialization.Range)
								_, end, _ := strings.Cut(r.SegmentBase.IndexRange, "-")
								from, err := strconv.Atoi(end)
								s.must(err)
								fetch("", strconv.Itoa(from+1)+"-")
							}
							s.film = p.FilmOf(0, i, j)
							s.open()
							for _, piece := range pieces {
								for chunk := range slices.Chunk(piece, 1<<20) {
									s.must(s.append(chunk))
								}
							}
							first := s.film.Segments[len(s.film.Segments)-11].Start
							want := platform.TimeRange{Start: first, End: first + 21*time.Second}
							if got := s.sb.Buffered(); len(got) != 1 || (got[0].Start-want.Start).Abs() > time.Microsecond || (got[0].End-want.End).Abs() > time.Microsecond {
								t.Errorf("%s%s: %v is buffered, want %v", base, r.ID, got, want)
							}
							s.ms.Close()
						}
					}
				}
			})
		})
	}
}

func resolved(base, ref string) string {
	from, err := url.Parse(base)
	if err != nil {
		panic(err)
	}
	to, err := from.Parse(ref)
	if err != nil {
		panic(err)
	}
	return to.String()
}

// The index of a file is one that leads to its segments.
func TestASidxSaysWhereTheSegmentsAre(t *testing.T) {
	p := presentation(playertest.Base)
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, film("none"), playertest.Options{Films: p.Films()})
		p.Serve(s.host.Network, "film.mpd")
		b := s.fetched("p0/audioen1.mp4", "")
		f := p.FilmOf(0, 1, 1)
		sidx := b[f.HeaderSize:f.Segments[1].Offset]
		if string(sidx[4:8]) != "sidx" || int(binary.BigEndian.Uint32(sidx)) != len(sidx) {
			t.Fatalf("the index is %x", sidx[:8])
		}
		at, refs := f.Segments[1].Offset, sidx[40:]
		for n, segment := range f.Segments[1:] {
			if at != segment.Offset || string(b[at+4:at+8]) != "styp" {
				t.Errorf("segment %d is at %d, and the index says %d", n, segment.Offset, at)
			}
			at += int64(binary.BigEndian.Uint32(refs[12*n:]))
		}
		if at != int64(len(b)) || len(refs) != 12*11 {
			t.Errorf("the index ends at %d of %d", at, len(b))
		}
	})
}

func TestALadderHasTheBitratesThatItSays(t *testing.T) {
	p := &playertest.Presentation{Periods: []playertest.Period{{Duration: 10 * time.Minute, Ladders: []*playertest.Ladder{
		{Bitrates: []int64{300_000, 6_000_000}, SegmentDuration: 4 * time.Second}}}}}
	for rung, bitrate := range []float64{300_000, 6_000_000} {
		f := p.FilmOf(0, 0, rung)
		sizes := map[int64]bool{}
		for i := range len(f.Segments) - 1 {
			sizes[f.Segments[i+1].Offset-f.Segments[i].Offset] = true
		}
		all := float64(f.Segments[len(f.Segments)-1].Offset) * 8 / (600 - 4)
		if all < bitrate*0.9 || all > bitrate*1.1 || len(sizes) < 100 {
			t.Errorf("%.0f bits a second are %.0f, in segments of %d sizes", bitrate, all, len(sizes))
		}
	}
}

func TestTextIsServedWholeAndInSegments(t *testing.T) {
	cues := []platform.Cue{platform.NewCue("1", time.Second, 3*time.Second, "One"), platform.NewCue("", 9*time.Second, 11*time.Second, "Two <b>words</b>")}
	p := &playertest.Presentation{Periods: []playertest.Period{{Duration: 20 * time.Second, Texts: []*playertest.Text{
		{Language: "en", Cues: cues}, {Language: "de", Cues: cues, SegmentDuration: 10 * time.Second}}}}}
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, film("none"), playertest.Options{})
		p.Serve(s.host.Network, "film.mpd")
		second := "\n\n00:00:09.000 --> 00:00:11.000\nTwo <b>words</b>\n"
		first := "WEBVTT\n\n1\n00:00:01.000 --> 00:00:03.000\nOne\n" + second
		for url, want := range map[string]string{"p0/texten.vtt": first, "p0/textde/1.vtt": first, "p0/textde/2.vtt": "WEBVTT\n" + second} {
			if got := string(s.fetched(url, "")); got != want {
				t.Errorf("%s is %q, want %q", url, got, want)
			}
		}
	})
}

// Every codec that a ladder knows has a header that tells it.
func TestCodecsOfALadder(t *testing.T) {
	for _, l := range []playertest.Ladder{
		{Rungs: []playertest.Rung{{Bitrate: 1e6, Codec: "avc1.64001f"}}, Muxed: "mp4a.40.5"},
		{Rungs: []playertest.Rung{{Bitrate: 1e6, Codec: "avc3.640028", Keys: own(kid)}}, Scheme: "cbcs"},
		{Rungs: []playertest.Rung{{Bitrate: 1e6, Codec: "vp09.00.31.08"}}},
		{Rungs: []playertest.Rung{{Bitrate: 1e6, Codec: "av01.0.04M.08"}}},
		{Kind: "audio", Rungs: []playertest.Rung{{Bitrate: 1e5, Codec: "opus"}}},
		{Kind: "audio", Rungs: []playertest.Rung{{Bitrate: 1e5, Codec: "flac"}}},
		{Container: "webm", Rungs: []playertest.Rung{{Bitrate: 1e6, Codec: "vp8", Keys: own(kid)}}, Muxed: "vorbis"},
		{Kind: "audio", Container: "webm", Bitrates: []int64{96_000}},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &playertest.Presentation{Periods: []playertest.Period{{Duration: 3 * time.Second, Ladders: []*playertest.Ladder{&l}}}}
			s := newStage(t, film("none"), playertest.Options{Films: p.Films()})
			f := p.FilmOf(0, 0, 0)
			s.host.Network.ServeFilm("init", f, 0, f.HeaderSize)
			read := mp4.ReadHeader
			if l.Container == "webm" {
				read = webm.ReadHeader
			}
			h, err := read(bytes.NewReader(s.fetched("init", "")), f.HeaderSize)
			s.must(err)
			if h.MIMEType() != f.Type || h.Encrypted() != (len(f.Keys) > 0) || !s.host.IsTypeSupported(f.Type) {
				t.Errorf("%s (encrypted %v), want %s", h.MIMEType(), h.Encrypted(), f.Type)
			}
			if p := h.Tracks[0].Protection; l.Scheme == "cbcs" && p.Scheme != "cbcs" {
				t.Errorf("scheme %s", p.Scheme)
			}
		})
	}
}
