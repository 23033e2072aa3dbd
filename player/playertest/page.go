package playertest

import "slices"

// Online says whether the page believes that it is.
func (h *Host) Online() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.offline
}

// Visible says whether the page can be seen.
func (h *Host) Visible() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.hidden
}

// ListenPage listens to what [Host.SetOnline], [Host.SetVisible] and [Host.FirePage] tell.
func (h *Host) ListenPage(f func(eventType string), types ...string) (stop func()) {
	types = slices.Clone(types)
	return h.page.add(f, func(eventType string) bool { return slices.Contains(types, eventType) })
}

// SetOnline tells the page that the network has come or gone; it changes nothing of the network.
func (h *Host) SetOnline(online bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offline = !online
	if online {
		h.firePage("online")
	} else {
		h.firePage("offline")
	}
}

// SetVisible shows or hides the page.
func (h *Host) SetVisible(visible bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hidden = !visible
	h.firePage("visibilitychange")
}

// FirePage tells the page of "pagehide" and "pageshow".
func (h *Host) FirePage(eventType string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.firePage(eventType)
}

// firePage tells of an event. h.mu is held.
func (h *Host) firePage(eventType string) {
	h.page.fire(eventType, func(eventType string) string { return eventType })
}
