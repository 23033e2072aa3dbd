package player

import "context"

// watchPage follows the page: it comes back from a frozen state, from the background, from being offline.
func (pb *playback) watchPage() (stop func()) {
	return pb.host.ListenPage(func(eventType string) {
		pb.inbox.Put(func() error { return pb.pageChanged(eventType) })
	}, "online", "visibilitychange", "pagehide", "pageshow")
}

func (pb *playback) pageChanged(eventType string) error {
	for _, track := range pb.filmTracks() {
		switch eventType {
		case "pagehide":
			track.Pause() // a download under way would keep the page out of the back/forward cache; a "visibilitychange" follows
		case "pageshow":
			track.Resume()
		case "online":
			track.Hurry()
		}
	}
	if eventType == "pageshow" && pb.span != nil && pb.media.ReadyState() == "closed" {
		return pb.reopen(pb.element.CurrentTime())
	}
	pb.wakeTracks()
	return nil
}

func (pb *playback) wakeTracks() {
	pb.inbox.Put(func() error {
		for _, track := range pb.tracks {
			track.Wake()
		}
		return nil
	})
}

// reconnect waits until the page is online, and says whether it was not. A load that waits says so: nothing else would tell why it does not end.
func (pb *playback) reconnect(ctx context.Context) (waited bool) {
	p := pb.player
	if p.host.Online() {
		return false
	}
	if pb.currentState() == StateLoading && !pb.offline.Swap(true) {
		p.events.send(&Error{Code: FetchNetwork, Stage: pb.stage(), Message: "The browser is offline: the load goes on as soon as it is not",
			Remedy: "Check the network"})
	}
	online := make(chan struct{}, 1)
	stop := p.host.ListenPage(func(string) {
		select {
		case online <- struct{}{}:
		default:
		}
	}, "online")
	defer stop()
	if p.host.Online() {
		return true
	}
	select {
	case <-online:
	case <-ctx.Done():
	}
	return true
}
