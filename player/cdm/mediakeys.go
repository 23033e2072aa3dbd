package cdm

import (
	"context"
	"slices"
	"sync"

	"github.com/keystream-player/keystream/player/platform"
)

// mediaKeys are the sessions that an element decrypts with, and, while it is attached to one, the place where that is done: EME cannot close
// MediaKeys, and whoever has done with them detaches them.
type mediaKeys struct {
	host *Host

	mu         sync.Mutex          // guards what follows, and the state of the sessions
	sessions   []*session          // that have made their request and are not closed, the one that took a licence last at the end
	element    *element            // that it is attached to, or is being
	decryption platform.Decryption // nil while detached
	changed    chan struct{}       // closed when the keys have changed
}

func (k *mediaKeys) CreateSession(sessionType string) (platform.MediaKeySession, error) {
	switch sessionType {
	case "", temporary:
		return &session{keys: k}, nil
	case "persistent-license", "persistent-usage-record":
		return nil, dom("NotSupportedError", "the software CDM keeps nothing")
	}
	return nil, dom("TypeError", "there is no such session type")
}

func (k *mediaKeys) SetServerCertificate(ctx context.Context, certificate []byte) (used bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if len(certificate) == 0 {
		return false, dom("TypeError", "the certificate is empty")
	}
	return false, nil
}

// hdcpVersions are all that there are.
//
// https://www.w3.org/TR/encrypted-media-2/#hdcpversion-enum
var hdcpVersions = []string{"1.0", "1.1", "1.2", "1.3", "1.4", "2.0", "2.1", "2.2", "2.3"}

// StatusForPolicy knows nothing of displays: no policy restricts a key of Clear Key.
func (k *mediaKeys) StatusForPolicy(ctx context.Context, minHDCPVersion string) (status string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if !slices.Contains(hdcpVersions, minHDCPVersion) {
		return "", dom("TypeError", "there is no such version of HDCP")
	}
	return "usable", nil
}

// claim reserves the keys for an element; false says that another one has them.
func (k *mediaKeys) claim(e *element) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.element != nil && k.element != e {
		return false
	}
	k.element = e
	return true
}

// attach starts the place where media is decrypted.
func (k *mediaKeys) attach() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.decryption = k.host.NewDecryption()
	k.give()
}

// detach ends it.
func (k *mediaKeys) detach() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.element = nil
	if k.decryption != nil {
		k.decryption.Close()
		k.decryption = nil
	}
	k.give() // to nobody: what waits for a key finds that there is no place any more
}

// newDecrypter makes a decrypter of the attached keys; nil says that they were detached.
func (k *mediaKeys) newDecrypter() platform.Decrypter {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.decryption == nil {
		return nil
	}
	return k.decryption.NewDecrypter()
}

// changes gives a channel that is closed at the next change of the keys.
func (k *mediaKeys) changes() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.changed
}

// give hands over the keys of all sessions, and wakes what waits for one. k.mu is held.
func (k *mediaKeys) give() {
	if k.decryption != nil {
		lists := make([][]platform.ContentKey, len(k.sessions))
		for i, s := range k.sessions {
			lists[i] = s.held
		}
		all := newest(lists...)
		k.decryption.SetKeys(all)
		clear(all)
	}
	close(k.changed)
	k.changed = make(chan struct{})
}

// newest puts lists together. Of two keys with one id the later counts.
func newest(lists ...[]platform.ContentKey) []platform.ContentKey {
	n := 0
	for _, list := range lists {
		n += len(list)
	}
	all, at := make([]platform.ContentKey, 0, n), make(map[[16]byte]int, n)
	for _, list := range lists {
		for _, key := range list {
			i, ok := at[key.ID]
			if !ok {
				i, all = len(all), append(all, key)
			}
			at[key.ID], all[i] = i, key
		}
	}
	return all
}

// latest makes a session the one whose keys count. k.mu is held.
func (k *mediaKeys) latest(s *session) {
	k.forget(s)
	k.sessions = append(k.sessions, s)
}

// forget takes a session from those that are open. k.mu is held.
func (k *mediaKeys) forget(s *session) {
	k.sessions = slices.DeleteFunc(k.sessions, func(have *session) bool { return have == s })
}
