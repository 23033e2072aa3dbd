package playertest

import (
	"math"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// timeupdateInterval is how often a playing element tells its time, to those that listen.
const timeupdateInterval = 250 * time.Millisecond

// Play does what the page's play button does. A film that has ended begins anew.
//
// https://html.spec.whatwg.org/multipage/media.html#internal-play-steps
func (e *Element) Play() {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	if e.ended {
		e.seek(0)
	}
	was := e.paused
	e.paused = false
	e.fireType("play")
	switch {
	case e.readyState >= platform.HaveFutureData:
		e.fireType("playing")
	case was:
		e.fireType("waiting")
	}
	e.update()
}

// Pause stops the clock.
func (e *Element) Pause() {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	e.paused = true
	e.update()
	e.fireType("pause")
}

// Seek moves the picture, as the page's seek bar does. Before there is any media, it sets the default playback start position.
//
// https://html.spec.whatwg.org/multipage/media.html#default-playback-start-position
func (e *Element) Seek(t time.Duration) {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	if e.readyState == platform.HaveNothing {
		e.begin = t
		return
	}
	e.update()
	e.seek(t)
}

// seek goes to a time, or to the nearest that there is. Where nothing is buffered it waits, and the element has no picture meanwhile. h.mu is held.
//
// https://html.spec.whatwg.org/multipage/media.html#dom-media-seek, https://www.w3.org/TR/media-source-2/#mediasource-seeking
func (e *Element) seek(t time.Duration) {
	if e.source != nil && e.readyState > platform.HaveNothing {
		if d, known := e.source.duration(); known {
			t = min(t, d)
		}
	}
	e.pos, e.ended, e.seeking, e.moving, e.waitingForKey = max(t, 0), false, true, false, false
	e.since = time.Now()
	e.fireType("seeking")
	e.update()
}

// SetCurrentTime is Seek, as the player calls it.
func (e *Element) SetCurrentTime(t time.Duration) { e.Seek(t) }

// Ended is HTMLMediaElement.ended.
func (e *Element) Ended() bool {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	return e.ended
}

// DecodedFrames counts the frames of the video from the start up to where the picture stands.
func (e *Element) DecodedFrames() int {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	frames := 0
	if e.source == nil || e.readyState < platform.HaveCurrentData {
		return 0
	}
	pos := e.position()
	for _, s := range e.source.spans() {
		if length := s.film.length(); length > 0 && s.start <= pos && pos <= s.end {
			frames = max(frames, int(float64(s.film.Frames)*float64(pos)/float64(length)))
		}
	}
	return frames
}

// fail ends playback with an error. The host's mutex is held.
func (e *Element) fail(code platform.MediaErrorCode, message string) {
	if e.err != nil {
		return
	}
	e.pos, e.since, e.moving = e.position(), time.Now(), false
	e.err = &platform.MediaError{Code: code, Message: message}
	e.fireType("error")
}

// update brings the element to the present, whatever has changed: time, data or keys. The host's mutex is held.
func (e *Element) update() {
	e.pos, e.since, e.moving = e.position(), time.Now(), false
	if e.timer != nil {
		e.timer.Stop()
	}
	if e.source == nil || e.err != nil || e.ended || !e.source.header() {
		return
	}
	if e.readyState == platform.HaveNothing {
		e.readyState = platform.HaveMetadata
		e.fireType("durationchange", "loadedmetadata")
		if e.begin > 0 {
			e.pos, e.begin, e.seeking = e.begin, 0, true
			e.fireType("seeking")
		}
	}
	end, have := e.dataEnd()
	if !have && e.source.complete() && e.pos >= lastEnd(e.source.buffered()) {
		e.finish()
		return
	}
	limit := end
	if have {
		var wrong bool
		limit, wrong = e.keyLimit(end)
		if limit <= e.pos && wrong {
			e.fail(platform.MediaErrDecode, "the decrypted samples cannot be decoded")
			return
		}
	}
	switch {
	case !have && e.source.broken():
		e.fail(platform.MediaErrDecode, "the media ends in the middle")
	case !have:
		e.starve()
	case limit <= e.pos:
		e.starve()
		if !e.waitingForKey && (e.keys != nil || e.host.options.Engine == Chromium) {
			e.waitingForKey = true
			e.fireType("waitingforkey")
		}
	default:
		e.waitingForKey = false
		e.advance(limit)
	}
}

// dataEnd is the end of the range that holds the picture.
func (e *Element) dataEnd() (end time.Duration, have bool) {
	for _, r := range e.source.buffered() {
		if r.Start-adjacent <= e.pos && e.pos < r.End {
			return r.End, true
		}
	}
	return 0, false
}

func lastEnd(ranges []platform.TimeRange) time.Duration {
	if len(ranges) == 0 {
		return 0
	}
	return ranges[len(ranges)-1].End
}

// keyLimit is the first time up to end at which a key is missing, or wrong. Firefox decodes what a wrong key yields without complaint.
func (e *Element) keyLimit(end time.Duration) (limit time.Duration, wrong bool) {
	limit = end
	for _, s := range e.source.spans() {
		for _, k := range s.film.Keys {
			from, to := max(k.Start+s.offset, s.start, e.pos), s.end
			if k.End != 0 {
				to = min(to, k.End+s.offset)
			}
			if from >= limit || from >= to {
				continue
			}
			key, usable := e.keys.find(k.ID)
			switch {
			case !usable:
				limit, wrong = from, false
			case usable && key != k.Key && e.host.options.Engine == Chromium:
				limit, wrong = from, true
			}
		}
	}
	return limit, wrong
}

// starve is for a picture that cannot go on.
func (e *Element) starve() {
	before := e.readyState
	if before >= platform.HaveFutureData {
		e.readyState = platform.HaveCurrentData
	}
	if e.seeking {
		e.readyState = platform.HaveMetadata
	}
	if before >= platform.HaveFutureData && !e.paused {
		e.fireType("waiting")
	}
}

// advance lets the picture go on to limit.
func (e *Element) advance(limit time.Duration) {
	e.enough()
	if e.paused {
		return
	}
	e.moving, e.stop = true, limit
	if e.rate <= 0 {
		return
	}
	pause := time.Duration(math.Ceil(float64(limit-e.pos) / e.rate))
	if e.listeners.wanted(platform.MediaEvent{Type: "timeupdate"}) && pause > timeupdateInterval {
		pause = timeupdateInterval
	}
	e.timer = e.host.after(pause, func() {
		e.fireType("timeupdate")
		e.update()
	})
}

// enough raises the ready state, with the events of each step.
func (e *Element) enough() {
	before := e.readyState
	e.readyState = platform.HaveEnoughData
	if !e.loaded {
		e.loaded = true
		e.fireType("loadeddata")
	}
	if e.seeking {
		e.seeking = false
		e.fireType("seeked")
	}
	if before >= platform.HaveFutureData {
		return
	}
	e.fireType("canplay")
	if e.host.options.Autoplay && !e.autoplayed && e.paused {
		e.autoplayed, e.paused = true, false
		e.fireType("play")
	}
	if !e.paused {
		e.fireType("playing")
	}
	e.fireType("canplaythrough")
}

// finish is for a picture at the end of all there is.
func (e *Element) finish() {
	e.enough()
	if e.paused {
		return
	}
	e.ended, e.paused = true, true
	if e.host.options.Engine == Firefox {
		e.readyState = platform.HaveCurrentData
	}
	e.fireType("timeupdate", "pause", "ended")
}
