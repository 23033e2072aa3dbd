package player

import "context"

// watchPage follows the page: it comes back from a frozen state, from the background, from being offline.
func (pb *playback) watchPage() (stop func()) {
	return pb.host.ListenPage(func(eventType string) {
		pb.inbox.Put(func() error { return pb.pageChanged(eventType) })
	}, "online", "visibilitychange", "pagehide", "pageshow")
}

func (pb *playback) pageChanged(eventType string) error {
	if eventType == "pagehide" {
		for _, track := range pb.filmTracks() {
			track.Pause() // a download under way would keep the page out of the back/forward cache
		}
		return nil
	}
	for _, track := range pb.filmTracks() {
		track.Resume()
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

// reconnect waits until the page is online, and says whether it was not.
func (p *Player) reconnect(ctx context.Context) (waited bool) {
	if p.host.Online() {
		return false
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
