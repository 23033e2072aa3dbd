package playertest

import (
	"context"
	"fmt"
	"slices"

	"github.com/keystream-player/keystream/player/platform"
)

type mediaKeys struct {
	host      *Host
	cdm       cdm
	config    platform.MediaKeySystemConfiguration
	element   *Element // that it is attached to
	sessions  []*session
	certified bool // a server certificate was set
}

func (k *mediaKeys) CreateSession(sessionType string) (platform.MediaKeySession, error) {
	h := k.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if sessionType == "" {
		sessionType = "temporary"
	}
	switch {
	case sessionType != "temporary" && sessionType != "persistent-license":
		return nil, h.violation("TypeError", "createSession: no session type %q", sessionType)
	case !slices.Contains(k.config.SessionTypes, sessionType):
		return nil, dom("NotSupportedError", "createSession: unsupported session type")
	case !h.options.CDM.QuotaAtRequest && !h.room():
		h.logf(emeLane, "createSession: no room")
		return nil, dom("QuotaExceededError", "createSession: too many sessions")
	}
	h.sessions++
	s := &session{keys: k, number: h.sessions, lane: fmt.Sprintf("session %d", h.sessions)}
	s.listeners.host = h
	k.sessions = append(k.sessions, s)
	h.logf(s.lane, "created")
	return s, nil
}

// room says whether the CDM takes one more session, and makes it where it evicts. The host's mutex is held.
func (h *Host) room() bool {
	limit := h.options.CDM.MaxSessions
	if limit == 0 || h.open+h.initialising < limit {
		return true
	}
	open := h.openSessions()
	if !h.options.CDM.Evict || len(open) == 0 {
		return false
	}
	slices.MinFunc(open, func(a, b *session) int { return a.number - b.number }).evict("resource-evicted")
	return true
}

// openSessions lists those that made a request and are not closed.
func (h *Host) openSessions() (open []*session) {
	for _, k := range h.keys {
		for _, s := range k.sessions {
			if s.state == "callable" || s.state == "closing" {
				open = append(open, s)
			}
		}
	}
	return open
}

// OpenSessions counts the sessions of this page that made a request and are not closed, whichever MediaKeys they belong to and whether or not
// anyone still knows them.
func (h *Host) OpenSessions() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open
}

// SetServerCertificate is of use to Widevine only.
func (k *mediaKeys) SetServerCertificate(ctx context.Context, certificate []byte) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if len(certificate) == 0 {
		return false, dom("TypeError", "setServerCertificate: the certificate is empty")
	}
	used := false
	err := k.host.async(ctx, latency, func() error {
		options := &k.host.options.CDM
		if options.CertificateError != nil {
			k.host.logf(emeLane, "setServerCertificate failed")
			return options.CertificateError
		}
		used = k.cdm.takesCertificate() && !options.NoCertificate
		k.certified = k.certified || used
		k.host.logf(emeLane, "setServerCertificate: %v", used)
		return nil
	})
	if err != nil {
		return false, err
	}
	return used, nil
}

// hdcpVersions are all that there are.
//
// https://www.w3.org/TR/encrypted-media-2/#hdcpversion-enum
var hdcpVersions = []string{"1.0", "1.1", "1.2", "1.3", "1.4", "2.0", "2.1", "2.2", "2.3"}

// StatusForPolicy says what the options say. Firefox knows of no version after 2.1 for its Clear Key.
func (k *mediaKeys) StatusForPolicy(ctx context.Context, minHDCPVersion string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if !slices.Contains(hdcpVersions, minHDCPVersion) {
		return "", dom("TypeError", "getStatusForPolicy: there is no HDCP "+minHDCPVersion)
	}
	status := ""
	err := k.host.async(ctx, latency, func() error {
		statuses := k.host.options.CDM.HDCPStatuses
		if statuses == nil && k.host.options.Engine == Firefox && k.cdm == (clearKeyCDM{}) {
			statuses = map[string]string{"2.2": "output-restricted", "2.3": "output-restricted"}
		}
		if status = statuses[minHDCPVersion]; status == "" {
			status = "usable"
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return status, nil
}

// find gives the content key of that id, if a session has it usable. The host's mutex is held; k may be nil.
func (k *mediaKeys) find(id [16]byte) (key [16]byte, usable bool) {
	if k == nil {
		return key, false
	}
	for _, s := range k.sessions {
		for _, own := range s.held {
			if string(own.id) == string(id[:]) && (own.status == "usable" || own.status == "output-downscaled") {
				return own.key, true
			}
		}
	}
	return key, false
}

// changed lets the element see that a key came or went. The host's mutex is held.
func (k *mediaKeys) changed() {
	if k.element != nil {
		k.element.update()
	}
}
