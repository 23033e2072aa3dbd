package playertest

import (
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

// Ladder is an AdaptationSet that is made up: a Film for each rung, in segments that all rungs cut at the same times. What it leaves out is as in
// most films.
type Ladder struct {
	ID        string // unique in its Period; "" is Kind and Language
	Kind      string // "video" (which "" is) or "audio"
	Container string // "mp4" (which "" is) or "webm"
	Language  string // BCP 47
	Label     string
	Roles     []string // of urn:mpeg:dash:role:2011
	Rungs     []Rung   // the lowest first
	Bitrates  []int64  // instead of Rungs: bits a second

	SegmentDuration time.Duration // 0 is two seconds; rounded to whole ticks
	Timescale       uint64        // ticks a second; 0 is 90,000 of video, 48,000 of audio. A WebM has 1,000 whatever it says
	FirstTime       uint64        // media time at the start of the Period, in ticks
	FrameRate       int           // of video; 0 is 25

	Muxed  string      // the codec of sound that video has within it
	Keys   []FilmKey   // of rungs that have none of their own; times are on the Period's clock. Several after one another are a rotation
	Scheme string      // "cenc" (which "" is), "cbcs"
	InBand bool        // a common PSSH is in the initialization segment, and in each fragment that a key begins at
	Told   []Protected // beside mp4protection, what the MPD tells of each key system

	// Shift moves the media of the nth segment by something that the MPD does not know: a hole, or an overlap. Nil moves none.
	Shift func(n int) (start, end time.Duration)

	films []*Film
}

// Rung is a Representation of a Ladder.
type Rung struct {
	Bitrate       int64 // bits a second
	Width, Height int
	Codec         string // RFC 6381
	Keys          []FilmKey
}

// Protected is a ContentProtection: what it tells beside the key ids.
type Protected struct {
	System     [16]byte
	PSSH, PRO  []byte
	LicenseURL string
}

// sizes are what is made of a bitrate where nobody says.
var sizes = []struct {
	upTo          int64
	width, height int
	codec         string
}{
	{400_000, 426, 240, "avc1.42c015"}, {1_000_000, 640, 360, "avc1.4d401e"}, {2_000_000, 854, 480, "avc1.4d401f"},
	{4_000_000, 1280, 720, "avc1.64001f"}, {math.MaxInt64, 1920, 1080, "avc1.640028"},
}

// fill gives everything that was left out its value.
func (l *Ladder) fill() {
	if l.Kind == "" {
		l.Kind = "video"
	}
	if l.Container == "" {
		l.Container = "mp4"
	}
	if l.ID == "" {
		l.ID = l.Kind + l.Language
	}
	if l.SegmentDuration == 0 {
		l.SegmentDuration = 2 * time.Second
	}
	if l.Container == "webm" {
		l.Timescale = 1000
	}
	if l.Timescale == 0 {
		l.Timescale = map[string]uint64{"video": 90_000, "audio": 48_000}[l.Kind]
	}
	if l.FrameRate == 0 {
		l.FrameRate = 25
	}
	if l.Scheme == "" {
		l.Scheme = "cenc"
	}
	for _, bitrate := range l.Bitrates {
		l.Rungs = append(l.Rungs, Rung{Bitrate: bitrate})
	}
	l.Bitrates = nil
	for i := range l.Rungs {
		l.fillRung(&l.Rungs[i])
	}
}

func (l *Ladder) fillRung(r *Rung) {
	i := 0
	for sizes[i].upTo < r.Bitrate {
		i++
	}
	codec := map[string]string{"video/mp4": sizes[i].codec, "video/webm": "vp9", "audio/mp4": "mp4a.40.2", "audio/webm": "opus"}[l.mimeType()]
	if r.Codec == "" {
		r.Codec = codec
	}
	if l.Kind == "video" && r.Width == 0 {
		r.Width, r.Height = sizes[i].width, sizes[i].height
	}
	if r.Keys == nil {
		r.Keys = l.Keys
	}
}

// mimeType is that of the AdaptationSet, without codecs.
func (l *Ladder) mimeType() string { return l.Kind + "/" + l.Container }

// codecs are those of a rung, its sound included.
func (l *Ladder) codecs(r Rung) string {
	if l.Muxed != "" {
		return r.Codec + "," + l.Muxed
	}
	return r.Codec
}

// segmentTicks is how long a segment is.
func (l *Ladder) segmentTicks() uint64 {
	return uint64(math.Round(l.SegmentDuration.Seconds() * float64(l.Timescale)))
}

// cut is a segment in ticks since the Period's start.
type cut struct{ start, length uint64 }

// cuts are the segments of a Period of that length.
func (l *Ladder) cuts(d time.Duration) (all []cut) {
	total := uint64(math.Round(d.Seconds() * float64(l.Timescale)))
	for at, step := uint64(0), l.segmentTicks(); at < total; at += step {
		all = append(all, cut{at, min(step, total-at)})
	}
	return all
}

// time is what a number of ticks of the Period is on the media's clock.
func (l *Ladder) time(ticks uint64) time.Duration {
	return manifest.Duration(l.FirstTime+ticks, l.Timescale)
}

// bytesOf is the size of a segment: what the bitrate says, and a quarter more or less, by what is going on in the scene, which is the same on all rungs.
func (l *Ladder) bytesOf(n int, r Rung, c cut) int64 {
	scene := float64(crc32.ChecksumIEEE(fmt.Append(nil, l.Kind, n)))/math.MaxUint32*2 - 1
	return int64(float64(r.Bitrate) / 8 * float64(c.length) / float64(l.Timescale) * (1 + scene/4))
}

// film makes the film of a rung. Its name, which no other has, makes its bytes what they are. With an index there is a sidx, or there are Cues.
func (l *Ladder) film(name string, r Rung, d time.Duration, index bool) *Film {
	f := &Film{Type: l.mimeType() + `; codecs="` + l.codecs(r) + `"`, Fragmented: true}
	first := l.time(0)
	for _, k := range r.Keys {
		k.Start += first
		if k.End != 0 {
			k.End += first
		}
		f.Keys = append(f.Keys, k)
	}
	if l.Kind == "video" {
		f.Frames = int(math.Round(d.Seconds() * float64(l.FrameRate)))
	}
	b := &filmBuilder{ladder: l, rung: r, film: f, name: name, cuts: l.cuts(d)}
	if l.Container == "webm" {
		b.webm(index)
	} else {
		b.mp4(index)
	}
	return f
}

// filmBuilder makes a film of a ladder.
type filmBuilder struct {
	ladder *Ladder
	rung   Rung
	film   *Film
	name   string
	cuts   []cut
	at     int64 // where the next part begins
}

// add puts a part at the end.
func (b *filmBuilder) add(head []byte, fill int64) {
	noiseAt := int64(crc32.ChecksumIEEE(fmt.Append(nil, b.name, b.at))) % int64(len(noise))
	b.film.parts = append(b.film.parts, part{b.at, head, fill, noiseAt})
	b.at += int64(len(head)) + fill
}

// segment says that the next part is a media segment.
func (b *filmBuilder) segment(n int) {
	l, c := b.ladder, b.cuts[n]
	s := FilmSegment{b.at, l.time(c.start), l.time(c.start + c.length)}
	if l.Shift != nil {
		start, end := l.Shift(n)
		s.Start, s.End = s.Start+start, s.End+end
	}
	b.film.Segments = append(b.film.Segments, s)
}

// keyAt is the key that is in force at the start of a segment, and whether it begins there; nil is the clear.
func (b *filmBuilder) keyAt(n int) (key *FilmKey, begins bool) {
	at := b.ladder.time(b.cuts[n].start)
	for i, k := range b.film.Keys {
		if k.Start <= at && (k.End == 0 || at < k.End) {
			return &b.film.Keys[i], n == 0 || k.Start > b.ladder.time(b.cuts[n-1].start)
		}
	}
	return nil, false
}

// tag tells a film, or a segment of it, from all others in its first bytes.
func (b *filmBuilder) tag(n int) uint32 { return crc32.ChecksumIEEE(fmt.Append(nil, b.name, " ", n)) }

// kinds lists what the rung's tracks are, with their codecs.
func (b *filmBuilder) kinds() (all []manifest.Track) {
	all = append(all, manifest.Track{Kind: b.ladder.Kind, Codec: b.rung.Codec})
	if b.ladder.Muxed != "" {
		all = append(all, manifest.Track{Kind: "audio", Codec: b.ladder.Muxed})
	}
	return all
}

// ids lists the film's key ids, each once.
func (f *Film) ids() (ids [][16]byte) {
	for _, k := range f.Keys {
		if !slices.Contains(ids, k.ID) {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

// extension is that of the ladder's files.
func (l *Ladder) extension(media bool) string {
	switch {
	case l.Container == "webm":
		return ".webm"
	case media:
		return ".m4s"
	}
	return ".mp4"
}

// uuid writes a key id or a system's as an MPD has it.
func uuid(id [16]byte) string {
	s := fmt.Sprintf("%x", id)
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}
