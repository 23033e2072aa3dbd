package player

import (
	"context"
	"sync"
	"time"

	"github.com/keystream-player/keystream/player/abr"
	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/stream"
)

// span is the Periods that one MediaSource plays, one after the other: they have the same kinds of tracks, and of codecs where the browser cannot change
// those in a SourceBuffer.
type span struct {
	first, last int // periods, the last included
	start, end  time.Duration
	entering    int // the period of which media was asked for last that had none before

	cancel  context.CancelFunc
	ctx     context.Context
	workers sync.WaitGroup
	tracks  map[string]*stream.Track // by kind; of video and audio
}

// spanOf finds the span that a period belongs to.
func (f *film) spanOf(n int, changesType bool) *span {
	s := &span{first: n, last: n, tracks: map[string]*stream.Track{}}
	for s.first > 0 && f.continues(s.first-1, s.first, changesType) {
		s.first--
	}
	for s.last+1 < len(f.periods) && f.continues(s.last, s.last+1, changesType) {
		s.last++
	}
	s.start, s.end = f.periods[s.first].start, f.periods[s.last].end
	return s
}

// continues says whether one MediaSource can play both periods.
func (f *film) continues(a, b int, changesType bool) bool {
	x, y := f.periods[a], f.periods[b]
	if x.end == forever || y.start-x.end > gapMax || x.end-y.start > gapMax {
		return false
	}
	for _, kind := range kinds[:2] {
		before, after := x.chosen[kind], y.chosen[kind]
		switch {
		case (before == nil) != (after == nil):
			return false
		case before != nil && !changesType && !stream.Alike(before.renditions[0].Header.MIMEType(), after.renditions[0].Header.MIMEType()):
			return false
		}
	}
	return true
}

// openFilm plays the film from a position: it attaches a MediaSource for the span of that, and sets its tracks to work. All SourceBuffers exist before the
// first append, as browsers demand. Downloads need not wait for them, where it is clear what the span is.
func (pb *playback) openFilm(position time.Duration) error {
	if pb.attaching == nil {
		if err := pb.attach(); err != nil {
			return err
		}
	}
	media := pb.media
	n := pb.film.at(position)
	if n+1 < len(pb.film.periods) && position >= pb.film.periods[n].end {
		n++ // nothing plays between the two
		position = pb.film.periods[n].start
	}
	pb.opened = position
	s := pb.film.spanOf(n, true)
	early := position == 0 && pb.uniform(s)
	if early {
		pb.openTracks(s, n)
	}
	err := <-pb.attaching
	pb.attaching = nil
	if err != nil {
		return err
	}
	if pb.film.end != forever {
		if err := media.SetDuration(pb.film.end); err != nil {
			return err
		}
	}
	buffers, err := pb.addBuffers(media, n)
	if err != nil {
		return err
	}
	pb.element.stay()
	if !early {
		changesType := pb.changesType(n, buffers)
		if !changesType {
			s = pb.film.spanOf(n, false)
		}
		switch {
		case position == 0:
		case changesType:
			pb.element.SetCurrentTime(position)
		default: // the one browser that cannot is WebKitGTK
			pb.element.goLater(position)
		}
		pb.openTracks(s, n)
	}
	for kind, buffer := range buffers {
		s.tracks[kind].Use(buffer)
	}
	pb.feedText()
	pb.tellTracks()
	pb.stalled() // media may begin with a gap
	return nil
}

// openTracks sets the tracks of a span to work, which begins with period n.
func (pb *playback) openTracks(s *span, n int) {
	s.ctx, s.cancel = context.WithCancel(pb.ctx)
	pb.span, pb.tracks, pb.limits.told = s, nil, false
	for _, kind := range kinds[:2] {
		if set := pb.film.periods[n].chosen[kind]; set != nil {
			s.tracks[kind] = pb.newTrack(s, kind, set.renditions[0].Header.MIMEType())
			pb.tracks = append(pb.tracks, s.tracks[kind])
		}
	}
	if picture := s.tracks["video"]; picture != nil {
		picture.Beside = s.tracks["audio"]
	}
	pb.expect(pb.tracks)
	pb.show(s.tracks)
	pb.bar()
	if pb.quality != "" {
		s.tracks[pb.mainKind()].Fix(fixedTo(pb.quality))
	}
	for _, track := range s.tracks {
		pb.feed(s, track)
	}
}

// attach begins to make a new MediaSource the element's source.
func (pb *playback) attach() error {
	media, err := pb.newMediaSource()
	if err != nil {
		return err
	}
	attaching := make(chan error, 1)
	pb.attaching, pb.sourced = attaching, true
	pb.stopStreaming = media.ListenStreaming(pb.wakeTracks)
	pb.workers.Go(func() {
		attaching <- pb.guard(func() error { return pb.element.Attach(pb.ctx, media) })
	})
	return nil
}

func (pb *playback) newMediaSource() (platform.MediaSource, error) {
	media, err := pb.host.NewMediaSource()
	if err != nil {
		return nil, &Error{Code: MSEUnavailable, Stage: StageOpen, Fatal: true, Message: "This browser has no Media Source Extensions",
			Remedy: `Use mode "direct"`, cause: err}
	}
	pb.media = media
	return media, nil
}

// addBuffers makes the SourceBuffers of a period's tracks.
func (pb *playback) addBuffers(media platform.MediaSource, n int) (map[string]platform.SourceBuffer, error) {
	buffers := map[string]platform.SourceBuffer{}
	for _, kind := range kinds[:2] {
		set := pb.film.periods[n].chosen[kind]
		if set == nil {
			continue
		}
		mimeType := set.renditions[0].Header.MIMEType()
		buffer, err := media.AddSourceBuffer(mimeType)
		if platform.IsDOMError(err, "NotSupportedError") {
			return nil, unsupportedError(pb.manifestURL, mimeType)
		}
		if err != nil {
			return nil, err
		}
		buffers[kind] = buffer
	}
	return buffers, nil
}

// uniform says whether all Periods of a span have the same types.
func (pb *playback) uniform(s *span) bool {
	for kind, set := range pb.film.periods[s.first].chosen {
		for _, p := range pb.film.periods[s.first : s.last+1] {
			if kind != "text" && set != nil && !stream.Alike(set.renditions[0].Header.MIMEType(), p.chosen[kind].renditions[0].Header.MIMEType()) {
				return false
			}
		}
	}
	return true
}

// changesType says whether the SourceBuffers, made for period n, can take other types. A browser that cannot change says so before anything is appended.
func (pb *playback) changesType(n int, buffers map[string]platform.SourceBuffer) bool {
	for kind, buffer := range buffers {
		if buffer.ChangeType(pb.film.periods[n].chosen[kind].renditions[0].Header.MIMEType()) != nil {
			return false
		}
	}
	return true
}

// newTrack makes the track of a kind for all periods of a span.
func (pb *playback) newTrack(s *span, kind, mimeType string) *stream.Track {
	track := stream.NewTrack()
	for n := s.first; n <= s.last; n++ {
		p := pb.film.periods[n]
		part := &stream.Part{Start: p.start, End: p.end}
		if n < s.last {
			part.End = pb.film.periods[n+1].start
		}
		if set := p.chosen[kind]; set != nil {
			part.Renditions = set.renditions
		}
		track.Parts = append(track.Parts, part)
	}
	track.MIMEType, track.Kind = mimeType, fetch.Media
	track.Element, track.Fetch, track.Meter, track.Observer = pb.element, pb.fetch, pb.player.meter, pb
	track.Goals = stream.Goals(pb.player.config.Buffer)
	track.Wanted = pb.media.Streaming
	picture := s.tracks["video"]
	track.Selector = pb.selector(kind, picture != nil)
	if picture != nil {
		track.Share = soundShare
		track.MayGoOn = func() bool { return len(picture.Media()) > 0 || pb.currentState() != StateLoading }
	}
	if pb.keys != nil {
		track.Announce = pb.announced
	}
	return track
}

// soundShare is what of the network sound may count on beside a picture, which is what people look at first.
const soundShare = 0.2

// selector chooses among the renditions of a track: sound beside a picture by the throughput alone, for its buffer says nothing of what the picture needs.
func (pb *playback) selector(kind string, beside bool) abr.Selector {
	if make := pb.player.config.ABR.Selector; make != nil {
		return make(kind)
	}
	if beside {
		return abr.NewThroughput()
	}
	return abr.New(pb.player.config.ABR.Algorithm)
}

// feed runs a track until the span is over.
func (pb *playback) feed(s *span, track *stream.Track) {
	s.workers.Go(func() {
		err := pb.guard(func() error { return track.Run(s.ctx) })
		if err != nil && s.ctx.Err() == nil {
			pb.inbox.Put(func() error {
				if pb.span != s {
					return nil
				}
				return err
			})
		}
	})
}

// show lets other goroutines see the tracks that play.
func (pb *playback) show(tracks map[string]*stream.Track) {
	pb.mu.Lock()
	defer pb.mu.Unlock()
	pb.showing = tracks
}

// closeSpan ends what plays, and waits for it.
func (pb *playback) closeSpan() {
	if pb.stopStreaming != nil {
		pb.stopStreaming()
		pb.stopStreaming = nil
	}
	if pb.span == nil {
		return
	}
	pb.span.cancel()
	pb.span.workers.Wait()
	pb.closeText()
	pb.show(nil)
	pb.expect(nil)
	pb.span = nil
}

// cross goes on with the span that the playhead is in, where that is another.
func (pb *playback) cross() error {
	s := pb.span
	if s == nil {
		return nil
	}
	position := pb.element.CurrentTime()
	switch {
	case position < s.start-gapSlack && s.first > 0, position >= s.end && s.last+1 < len(pb.film.periods):
	case pb.atEnd(position, endMargin):
		position = pb.film.periods[s.last+1].start
	default:
		return nil
	}
	return pb.reopen(position)
}

// atEnd says whether the playhead has come to the end of all that a span has that another follows.
func (pb *playback) atEnd(position, margin time.Duration) bool {
	if pb.span.last+1 == len(pb.film.periods) || !pb.complete() {
		return false
	}
	buffered := pb.element.Buffered()
	return len(buffered) > 0 && position >= buffered[len(buffered)-1].End-margin
}

// endMargin is how close to the end of a span playback goes over to the next: decoders may stop a frame early.
const endMargin = 100 * time.Millisecond

// reopen plays on with a new MediaSource.
func (pb *playback) reopen(position time.Duration) error {
	playing, rate := !pb.element.Paused(), pb.element.PlaybackRate()
	pb.closeSpan()
	old := pb.media
	if err := pb.openFilm(position); err != nil {
		return err
	}
	old.Close()
	if playing {
		pb.element.Resume(rate)
	}
	return nil
}
