package player

import (
	"context"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/abr"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/stream"
)

// ABR says how the quality of a film is chosen.
type ABR struct {
	Algorithm    string // of [abr.New]; "" is the best we know
	StartBitrate int64  // bits a second that the network is taken for before it was measured; 0 is a careful guess

	// MaxBitrate and MaxHeight bound what is chosen; 0 does not. Where everything is more than that, the least is chosen.
	MaxBitrate int64
	MaxHeight  int

	// AnySize also chooses pictures with more pixels than the element has.
	AnySize bool

	// Selector makes the selector of a track of kind "video" or "audio", instead of Algorithm.
	Selector func(kind string) abr.Selector
}

// Track is a track that can be chosen.
type Track struct {
	ID            string // unique in the Period
	Kind          string // "video", "audio", "text"
	Language      string // BCP 47, or ""
	Label         string
	Roles         []string
	Accessibility []manifest.Descriptor
	Active        bool // it is the one chosen
	Qualities     []Quality
}

// Quality is a Representation of a track.
type Quality struct {
	ID            string
	Bitrate       int64 // bits a second
	Width, Height int
	FrameRate     float64
	Codec         string
	Allowed       bool // nothing forbids it: neither the configuration nor a key, nor the size of the element
	Active        bool // it is what plays
}

// TracksChangeEvent lists the tracks of the Period that plays, whenever that or the choice changes.
type TracksChangeEvent struct {
	Tracks []Track
	Auto   bool // the quality of the video is chosen by the player
}

// EventType is "trackschange".
func (*TracksChangeEvent) EventType() string { return "trackschange" }

// QualityChangeEvent says that the playhead came to media of another Representation.
type QualityChangeEvent struct {
	Kind     string
	Quality  Quality
	Position time.Duration
}

// EventType is "qualitychange".
func (*QualityChangeEvent) EventType() string { return "qualitychange" }

// SelectTrack makes a track of the Period that plays the one that plays; other Periods follow with what is most like it. The id "" of kind "text" shows no
// subtitles. It takes effect within a segment. It fails with CONFIG_INVALID where there is no such track.
func (p *Player) SelectTrack(ctx context.Context, kind, id string) error {
	return p.ask(ctx, func(pb *playback) error { return pb.selectTrack(kind, id) })
}

// SelectQuality plays one Representation of the video (or, without video, of the sound) only; "" lets the player choose again. The next segments are replaced.
func (p *Player) SelectQuality(ctx context.Context, id string) error {
	return p.ask(ctx, func(pb *playback) error { return pb.selectQuality(id) })
}

// Buffered lists what is buffered of each kind of track, and in which quality; nil where nothing with qualities plays.
func (p *Player) Buffered() map[string][]BufferedMedia {
	current, _ := p.newest()
	if current == nil {
		return nil
	}
	out := map[string][]BufferedMedia{}
	for kind, track := range current.shared() {
		for _, m := range track.Media() {
			media := BufferedMedia{Start: m.Start, End: m.End}
			if m.Rendition != nil {
				media.Quality, media.Bitrate = m.Rendition.ID, m.Rendition.Bandwidth
			}
			out[kind] = append(out[kind], media)
		}
	}
	return out
}

// BufferedMedia is a stretch of buffered media of one quality; "" is a segment that could not be had.
type BufferedMedia struct {
	Start, End time.Duration
	Quality    string // its id, which another Period may give to another
	Bitrate    int64  // bits a second; 0 if unknown
}

// Throughput is what the network does, as far as the player has seen.
func (p *Player) Throughput() abr.Throughput { return p.meter.Throughput() }

// ask has the newest load do something on its own goroutine.
func (p *Player) ask(ctx context.Context, do func(*playback) error) error {
	current, err := p.newest()
	if err != nil {
		return err
	}
	if current == nil {
		return configError("Nothing is loaded", "Load a film first")
	}
	done := make(chan error, 1)
	current.inbox.Put(func() error {
		err := do(current)
		if err == nil {
			done <- nil
			return nil
		}
		own := *current.explain(err)
		done <- &own
		if own.Code == ConfigInvalid {
			return nil // nothing was touched
		}
		return err // what plays was taken down, and what should play in its place could not be opened
	})
	defer p.events.flush()
	select {
	case err := <-done:
		return err
	case <-current.over:
		select {
		case err := <-done: // it is over because of that
			return err
		default:
			return interruptedError(nil)
		}
	case <-ctx.Done():
		return interruptedError(ctx.Err())
	}
}

// chooseTracks chooses the tracks of all Periods.
func (pb *playback) chooseTracks() {
	for _, p := range pb.film.periods {
		p.choose(pb.wishes)
	}
}

func (pb *playback) selectTrack(kind, id string) error {
	if pb.span == nil {
		return configError("There are no tracks to choose from", "Choose once load has resolved")
	}
	p := pb.film.periods[pb.film.at(pb.element.CurrentTime())]
	i := slices.IndexFunc(p.sets, func(s *trackSet) bool { return s.Kind == kind && s.ID == id })
	wish := pb.wishes[kind]
	switch {
	case i >= 0 && pb.keys == nil && p.sets[i].encrypted():
		return configError("The "+kind+" track "+id+" is encrypted, and no key system is there for it", "Configure keySystems, or choose a track that is not encrypted")
	case i >= 0:
		wish.like, wish.none = p.sets[i].AdaptationSet, false
	case id == "" && kind == "text":
		wish.like, wish.none = nil, true
	default:
		return configError("There is no "+kind+" track "+id, "Choose one of those that trackschange lists")
	}
	pb.wishes[kind] = wish
	before := pb.types(kind)
	pb.chooseTracks()
	if kind == "text" {
		pb.switchText()
	} else if err := pb.switchTo(kind, before); err != nil {
		return err
	}
	pb.tellTracks()
	return nil
}

// types lists what the tracks of a kind are in the periods of the span; "" is none.
func (pb *playback) types(kind string) (types []string) {
	for _, p := range pb.film.periods[pb.span.first : pb.span.last+1] {
		mimeType := ""
		if set := p.chosen[kind]; set != nil {
			mimeType = set.renditions[0].Header.MIMEType()
		}
		types = append(types, mimeType)
	}
	return types
}

// switchTo goes over to another track. Where the SourceBuffer may not take its type, all begins anew at the playhead.
func (pb *playback) switchTo(kind string, before []string) error {
	s := pb.span
	track := s.tracks[kind]
	pb.licenseInPlay()
	for i, mimeType := range pb.types(kind) {
		if (mimeType == "") != (track == nil) || mimeType != "" && !stream.Alike(mimeType, before[i]) {
			return pb.reopen(pb.element.CurrentTime())
		}
	}
	if track == nil {
		return nil
	}
	for n := s.first; n <= s.last; n++ {
		set := pb.film.periods[n].chosen[kind]
		track.Select(n-s.first, set.renditions)
	}
	pb.bar()
	return nil
}

func (pb *playback) selectQuality(id string) error {
	if pb.span == nil {
		return configError("There are no qualities to choose from", "Choose once load has resolved")
	}
	track := pb.span.tracks[pb.mainKind()]
	if id == "" {
		pb.quality = ""
		pb.bar()
		track.Fix(nil)
		pb.tellTracks()
		return nil
	}
	set := pb.film.periods[pb.film.at(pb.element.CurrentTime())].chosen[pb.mainKind()]
	if set == nil || !slices.ContainsFunc(set.renditions, func(r *stream.Rendition) bool { return r.ID == id }) {
		return configError("There is no quality "+id, "Choose one of those that trackschange lists")
	}
	pb.quality = id
	pb.bar()
	track.Fix(fixedTo(id))
	pb.tellTracks()
	return nil
}

func fixedTo(id string) func(*stream.Rendition) bool {
	return func(r *stream.Rendition) bool { return r.ID == id }
}

// mainKind is the kind of track whose quality people choose.
func (pb *playback) mainKind() string {
	if pb.span.tracks["video"] != nil {
		return "video"
	}
	return "audio"
}

// filmTracks lists the tracks of a film that play.
func (pb *playback) filmTracks() (list []*stream.Track) {
	for _, feed := range pb.tracks {
		if track, ok := feed.(*stream.Track); ok {
			list = append(list, track)
		}
	}
	return list
}

// shared gives the tracks of what plays, by kind, to other goroutines.
func (pb *playback) shared() map[string]*stream.Track {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	return pb.showing
}

// tellTracks tells of the tracks of the Period that plays.
func (pb *playback) tellTracks() {
	n := pb.film.at(pb.element.CurrentTime())
	pb.told = n
	event := &TracksChangeEvent{Auto: pb.quality == ""}
	p := pb.film.periods[n]
	for _, set := range p.sets {
		track := Track{ID: set.ID, Kind: set.Kind, Language: set.Language, Label: set.Label, Roles: set.Roles, Accessibility: set.Accessibility,
			Active: p.chosen[set.Kind] == set}
		if set.Kind == "text" {
			track.Active = pb.texts.shows(set)
		}
		for _, r := range set.renditions {
			track.Qualities = append(track.Qualities, pb.describe(set.Kind, r))
		}
		event.Tracks = append(event.Tracks, track)
	}
	pb.player.events.send(event)
}

// describe is a Representation for people.
func (pb *playback) describe(kind string, r *stream.Rendition) Quality {
	main := r.Header.Tracks[0]
	return Quality{ID: r.ID, Bitrate: r.Bandwidth, Width: main.Width, Height: main.Height, FrameRate: r.FrameRate, Codec: main.Codec,
		Allowed: !pb.barred[r], Active: pb.plays[kind] == r}
}

// watchQuality tells of another quality, or another Period, that the playhead has come to.
func (pb *playback) watchQuality() {
	if pb.span == nil {
		return
	}
	pb.licenseInPlay()
	position := pb.element.CurrentTime()
	changed := pb.film.at(position) != pb.told
	for kind, track := range pb.span.tracks {
		if r := track.At(position); r != nil && r != pb.plays[kind] {
			pb.plays[kind] = r
			if kind == "video" {
				pb.countFrames()
			}
			pb.player.events.send(&QualityChangeEvent{Kind: kind, Quality: pb.describe(kind, r), Position: position})
			changed = true
		}
	}
	if changed {
		pb.tellTracks()
	}
}
