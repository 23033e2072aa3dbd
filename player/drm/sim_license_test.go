package drm_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// exchange is how licences are asked for.
type exchange int

const (
	byApp      exchange = iota // a function of the app's
	byServer                   // an HTTP server that the app names
	byManifest                 // one that the manifest names
)

const simLicenseURL = "/license"

const appsBug = "a bug of the app's"

// FetchLicense is the licence server at the end of a network: slow, failing or wrong as often as the seed says.
func (s *sim) FetchLicense(ctx context.Context, req drm.LicenseRequest) ([]byte, error) {
	answered, number := s.judge.took(ctx, req)
	defer answered()
	// The outcome must not depend on which goroutine comes first.
	random := rand.New(rand.NewPCG(s.seed, s.nth(req)))
	wait := time.Duration(random.IntN(300_000)) * time.Microsecond
	fault := -1
	if s.faulty.Load() > 0 && random.IntN(100) < int(s.faulty.Load()) {
		fault = random.IntN(8)
	}
	switch fault {
	case 0:
		wait += time.Duration(random.IntN(20)) * time.Second
	case 1:
		wait = time.Hour
	}
	s.logf("    licence request %d (%s) for %x: fault %d", number, req.MessageType, shorts(req.KeyIDs), fault)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
	}
	switch fault {
	case 2, 3:
		return nil, errors.New("the licence server is out of order")
	case 4:
		return []byte("<!doctype html><title>Log in</title>"), nil
	case 5:
		return nil, nil
	case 6:
		if random.IntN(4) == 0 {
			panic(appsBug)
		}
	case 7:
		if s.exchange == byServer {
			s.host.Network.Fault(simLicenseURL, playertest.Fault{Status: 503}, playertest.Fault{Drop: true}, playertest.Fault{NetworkError: true})
			break
		}
		some := playertest.LicenseServer{Keys: map[[16]byte][16]byte{}}
		for id, key := range s.server.Keys {
			if len(req.KeyIDs) > 0 && id == req.KeyIDs[0] {
				some.Keys[id] = key
			}
		}
		return some.Answer(req.Message)
	}
	if s.exchange == byServer {
		server := drm.LicenseServer{Fetcher: s.host, URL: simLicenseURL, Header: []platform.HeaderField{{Name: "X-Token", Value: "secret"}}}
		return server.FetchLicense(ctx, req)
	}
	return s.server.Answer(req.Message)
}

// nth numbers the requests for the same keys.
func (s *sim) nth(req drm.LicenseRequest) uint64 {
	sum := uint64(len(req.MessageType))
	for _, id := range req.KeyIDs {
		sum = sum*31 + uint64(id[0])<<8 + uint64(id[1])
	}
	s.counts.Lock()
	defer s.counts.Unlock()
	s.nths[sum]++
	return sum*1000 + uint64(s.nths[sum])
}
