package player_test

import (
	"context"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// dashPage is the page with a network on which things go wrong, by what the seed says of each request.
type dashPage struct {
	*playertest.Host
	sim   *dashSim
	asked map[string][]bool // of each URL: whether a request went wrong. Guarded by sim.mu
}

// dashHash is a number that depends on its arguments alone: what happens to a request must not depend on the order of goroutines.
func dashHash(seed uint64, words ...string) uint64 {
	h := fnv.New64a()
	h.Write(strconv.AppendUint(nil, seed, 10))
	for _, word := range words {
		h.Write([]byte{0})
		h.Write([]byte(word))
	}
	sum := h.Sum64()
	sum ^= sum >> 33
	sum *= 0xff51afd7ed558ccd
	return sum ^ sum>>33
}

// Fetch lets a request go wrong before it is made. While the page is offline all do, but those for licences: their fetcher is the app's.
func (p *dashPage) Fetch(ctx context.Context, req platform.Request) (platform.Response, error) {
	if !p.Online() && req.URL != dashLicenseURL {
		p.sim.logf("offline: %s", req.URL)
		return nil, &platform.DOMError{Name: "TypeError", Message: "Failed to fetch"}
	}
	if fault, wrong := p.fault(req.URL, len(req.Header) > 0); wrong {
		p.sim.logf("%+v: %s", fault, req.URL)
		p.Network.Fault(req.URL, fault)
	}
	return p.Host.Fetch(ctx, req)
}

// fault says what happens to a request. Faults that pass are never more than two of four requests for one URL, so that four tries get through; those of
// a hard world may stay.
func (p *dashPage) fault(url string, ranged bool) (fault playertest.Fault, wrong bool) {
	s := p.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	before := p.asked[url]
	n := len(before)
	defer func() {
		p.asked[url] = append(before, wrong)
		if wrong {
			s.judge.faults++
		}
	}()
	if s.calm {
		return fault, false
	}
	if s.hard && dashHash(s.seed, "gone", url)%25 == 0 && !strings.HasSuffix(url, ".mpd") {
		return playertest.Fault{Status: []int{404, 503, 403}[dashHash(s.seed, "how", url)%3]}, true
	}
	lately := 0
	for _, bad := range before[max(0, n-3):] {
		if bad {
			lately++
		}
	}
	h := dashHash(s.seed, "fault", url, strconv.Itoa(n))
	if lately >= 2 || h%12 != 0 {
		return fault, false
	}
	h /= 12
	if url == dashLicenseURL { // playback waits for a key for ten seconds only
		return []playertest.Fault{{Status: 503}, {NetworkError: true}, {Delay: time.Second}}[h%3], true
	}
	if h%10 == 6 && !ranged {
		h++ // only of a range it is known for sure how long it is
	}
	return []playertest.Fault{
		{Status: 503}, {Status: 500}, {Status: 408},
		{Status: 429, Header: []platform.HeaderField{{Name: "Retry-After", Value: "2"}}},
		{NetworkError: true}, {Drop: true}, {Short: 10}, {Stall: true, StallAfter: 1000},
		{Delay: time.Duration(h>>8%6000) * time.Millisecond}, {Delay: 25 * time.Second},
	}[h%10], true
}
