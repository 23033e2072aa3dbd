package player

import (
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// errorGrace is how much later than the element's own error what a track says of it may come.
const errorGrace = 20 * time.Millisecond

// heard acts on an event of the element.
func (pb *playback) heard(event platform.MediaEvent) (err error) {
	switch event.Type {
	case "encrypted", "waitingforkey":
		err = pb.heardOfKeys(event)
	case "waiting", "timeupdate", "seeking":
		err = pb.heardOfPosition(event.Type)
	case "error":
		// A SourceBuffer that refused its bytes says more than the element, and says it first.
		if err = pb.drain(); err != nil {
			return err
		}
		if e := pb.element.Error(); e != nil {
			err = pb.elementError(e)
		}
		if pb.span != nil && err != nil {
			last, media := err, pb.media
			time.AfterFunc(errorGrace, func() {
				pb.inbox.Put(func() error {
					if pb.media != media {
						return nil // it was cured meanwhile
					}
					return last
				})
			})
			return nil
		}
	default:
		pb.heardOfProgress(event.Type)
	}
	if err != nil {
		return err
	}
	for _, track := range pb.tracks {
		track.Wake()
	}
	return nil
}

// heardOfKeys acts on an event of EME.
func (pb *playback) heardOfKeys(event platform.MediaEvent) error {
	if event.Type == "waitingforkey" {
		if pb.keys != nil {
			pb.keys.WaitingForKey()
		}
		return nil
	}
	pb.encrypted = true
	pb.player.events.send(&EncryptedEvent{InitDataType: event.InitDataType, InitData: event.InitData})
	if pb.keys == nil {
		if err := pb.license(); err != nil {
			return err
		}
	}
	pb.keys.Encrypted(event.InitDataType, event.InitData)
	return nil
}

// heardOfPosition acts on an event of a playhead that has moved, or should.
func (pb *playback) heardOfPosition(eventType string) error {
	switch eventType {
	case "waiting":
		pb.stalled()
	case "timeupdate":
		pb.watchQuality()
		pb.watchLimits()
	case "seeking":
		if pb.element.moved() {
			pb.element.stay()
		}
		if pb.span != nil {
			pb.stalled() // it may be into a gap
		}
		for _, track := range pb.filmTracks() {
			track.Jumped()
		}
	}
	return pb.cross()
}

// heardOfProgress acts on an event of an element that plays, or could, or is made to stop.
func (pb *playback) heardOfProgress(eventType string) {
	switch eventType {
	case "seeked":
		if pb.film != nil {
			pb.resumed()
		}
	case "pause":
		pb.resumed()
	case "canplay":
		pb.moving()
		pb.succeed()
	case "ended":
		pb.enter(StateEnded, pb.stage())
	case "playing":
		pb.moving()
		if pb.currentState() == StateEnded {
			pb.enter(StateReady, pb.stage())
		}
	}
}
