package player

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/stream"
)

// texts are the text tracks of a film: native ones, so that the browser's own controls offer them. Those of several Periods that are alike are one.
type texts struct {
	list    []*textTrack
	current *textTrack // whose cues are fetched; nil is none
	stop    func()     // listening to what others choose

	feed    *stream.Track // of current, in this span
	cancel  context.CancelFunc
	workers sync.WaitGroup
}

// textTrack is a native text track.
type textTrack struct {
	platform.TextTrack
	like *manifest.AdaptationSet
}

// alikeText says whether two sets of different Periods are one track to people.
func alikeText(a, b *manifest.AdaptationSet) bool {
	return strings.EqualFold(a.Language, b.Language) && a.Label == b.Label && slices.Equal(a.Roles, b.Roles)
}

// shows says whether a set's cues are those that are shown.
func (x *texts) shows(set *trackSet) bool {
	return x.current != nil && alikeText(x.current.like, set.AdaptationSet)
}

// addTexts makes the text tracks of the film, and shows the one that the app prefers.
func (pb *playback) addTexts() error {
	x := &pb.texts
	for _, p := range pb.film.periods {
		for _, set := range p.of("text") {
			if slices.ContainsFunc(x.list, func(t *textTrack) bool { return alikeText(t.like, set.AdaptationSet) }) {
				continue
			}
			kind := "subtitles"
			if slices.Contains(set.Roles, "caption") {
				kind = "captions"
			}
			track, err := pb.element.AddTextTrack(platform.TextTrackOptions{Kind: kind, Label: set.Label, Language: set.Language})
			if err != nil {
				return err
			}
			x.list = append(x.list, &textTrack{track, set.AdaptationSet})
		}
	}
	if len(x.list) == 0 {
		return nil
	}
	for _, language := range pb.wishes["text"].languages {
		i := slices.IndexFunc(x.list, func(t *textTrack) bool { return speaks(t.like.Language, language) })
		if i >= 0 {
			pb.showText(x.list[i])
			break
		}
	}
	x.stop = pb.element.ListenTextTracks(func() { pb.inbox.Put(pb.textModeChanged) })
	return nil
}

// removeTexts takes the text tracks away.
func (pb *playback) removeTexts() {
	pb.closeText()
	if pb.texts.stop != nil {
		pb.texts.stop()
	}
	for _, t := range pb.texts.list {
		t.Close()
	}
	pb.texts.list, pb.texts.current, pb.texts.stop = nil, nil, nil
}

// showText shows one track, or none.
func (pb *playback) showText(current *textTrack) {
	pb.texts.current = current
	wish := pb.wishes["text"]
	wish.like, wish.none = nil, current == nil
	if current != nil {
		wish.like = current.like
	}
	pb.wishes["text"] = wish
	for _, t := range pb.texts.list {
		switch {
		case t == current:
			t.SetMode("showing")
		case t.Mode() == "showing":
			t.SetMode("disabled")
		}
	}
}

// textModeChanged follows what the browser's controls, or the page, have chosen.
func (pb *playback) textModeChanged() error {
	x := &pb.texts
	var chosen *textTrack
	for _, t := range x.list {
		if mode := t.Mode(); mode == "showing" && (chosen == nil || t != x.current) || mode == "hidden" && t == x.current && chosen == nil {
			chosen = t
		}
	}
	if chosen == x.current || pb.span == nil {
		return nil
	}
	pb.showText(chosen)
	pb.chooseTracks()
	pb.feedText()
	pb.tellTracks()
	return nil
}

// switchText shows what the wishes say.
func (pb *playback) switchText() {
	var chosen *textTrack
	if wish := pb.wishes["text"]; wish.like != nil && !wish.none {
		for _, t := range pb.texts.list {
			if alikeText(t.like, wish.like) {
				chosen = t
			}
		}
	}
	pb.showText(chosen)
	pb.feedText()
}

// feedText fetches the cues of the current track for the span that plays.
func (pb *playback) feedText() {
	pb.closeText()
	x, s := &pb.texts, pb.span
	if x.current == nil || s == nil {
		return
	}
	x.current.RemoveCues(0, forever)
	track := pb.newTrack(s, "text", "")
	track.Buffer = stream.NewCueBuffer(x.current)
	track.Kind, track.Selector, track.Wanted, track.Share = fetch.Text, nil, nil, 0
	for i, part := range track.Parts {
		part.Renditions = nil
		for _, set := range pb.film.periods[s.first+i].of("text") {
			if alikeText(set.AdaptationSet, x.current.like) {
				part.Renditions = set.renditions
			}
		}
	}
	x.feed = track
	pb.tracks = append(pb.tracks, track)
	ctx, cancel := context.WithCancel(s.ctx)
	x.cancel = cancel
	x.workers.Go(func() {
		err := pb.guard(func() error { return track.Run(ctx) })
		if err != nil && ctx.Err() == nil {
			pb.inbox.Put(func() error { return pb.textFailed(track, err) })
		}
	})
}

// textFailed is no reason to end playback.
func (pb *playback) textFailed(track *stream.Track, err error) error {
	if pb.texts.feed != track {
		return nil
	}
	report := pb.explain(err)
	report.Fatal = false
	pb.player.events.send(report)
	pb.showText(nil)
	pb.closeText()
	pb.tellTracks()
	return nil
}

// closeText fetches no more cues.
func (pb *playback) closeText() {
	x := &pb.texts
	if x.feed == nil {
		return
	}
	x.cancel()
	x.workers.Wait()
	pb.tracks = slices.DeleteFunc(pb.tracks, func(f stream.Feed) bool { return f == x.feed })
	x.feed = nil
}
