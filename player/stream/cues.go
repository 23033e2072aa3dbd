package stream

import (
	"context"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/text"
)

// cueBuffer is a text track as a SourceBuffer, so that subtitles are planned and fetched as media is.
type cueBuffer struct {
	track   platform.TextTrack
	offset  time.Duration
	window  Range
	segment Range // the one that is appended next
	held    []platform.TimeRange
	seen    text.Seen
}

// NewCueBuffer makes a buffer whose media is WebVTT.
func NewCueBuffer(track platform.TextTrack) platform.SourceBuffer {
	return &cueBuffer{track: track, window: Range{0, forever}}
}

// AppendBuffer reads a WebVTT file. A cue that goes on into the next segment is repeated there.
func (b *cueBuffer) AppendBuffer(_ context.Context, body platform.Body) error {
	data, err := body.Bytes()
	if err != nil {
		return err
	}
	file, err := text.ReadVTT(data)
	if err != nil {
		return err
	}
	var cues []platform.Cue
	for _, cue := range file.Cues {
		cue.Start, cue.End = max(cue.Start+b.offset, b.window.Start), min(cue.End+b.offset, b.window.End)
		if cue.Start < cue.End {
			cues = append(cues, cue)
		}
	}
	b.held = append(b.held, platform.TimeRange(b.segment))
	return b.track.AddCues(b.seen.New(cues))
}

// Remove takes out the cues of a time.
func (b *cueBuffer) Remove(_ context.Context, start, end time.Duration) error {
	b.track.RemoveCues(start, end)
	b.seen.Forget(start, end)
	var held []platform.TimeRange
	for _, r := range b.held {
		if before := (platform.TimeRange{Start: r.Start, End: min(r.End, start)}); before.Start < before.End {
			held = append(held, before)
		}
		if after := (platform.TimeRange{Start: max(r.Start, end), End: r.End}); after.Start < after.End {
			held = append(held, after)
		}
	}
	b.held = held
	return nil
}

// Abort has nothing to end.
func (b *cueBuffer) Abort() error { return nil }

// SetTimestampOffset moves the cues that come.
func (b *cueBuffer) SetTimestampOffset(d time.Duration) error {
	b.offset = d
	return nil
}

// SetAppendWindow cuts the cues that come.
func (b *cueBuffer) SetAppendWindow(start, end time.Duration) error {
	b.window = Range{start, end}
	return nil
}

// ChangeType changes nothing: what is not WebVTT cannot be read.
func (b *cueBuffer) ChangeType(string) error { return nil }

// Buffered lists the segments whose cues are there.
func (b *cueBuffer) Buffered() []platform.TimeRange { return b.held }
