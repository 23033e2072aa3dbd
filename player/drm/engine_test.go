package drm_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/playertest"
)

var kidA, kidB, kidC, kidD = [16]byte{0xa}, [16]byte{0xb}, [16]byte{0xc}, [16]byte{0xd}

// desk is a DRM engine on a page in memory, the licence server that it asks, and the load that it serves.
type desk struct {
	t      *testing.T
	host   *playertest.Host
	engine *drm.Engine
	load   *drm.Load
	cancel context.CancelFunc
	result chan error

	mu     sync.Mutex
	server playertest.LicenseServer
	faults []error       // of the next requests; nil answers
	delay  time.Duration // of each answer
	asked  [][][16]byte  // the key ids of each request
	types  []string      // its message type
	events []drm.Event
	errors []*drm.Error
	barred [][16]byte
}

func (d *desk) DRMStep(drm.Step) {}

func (d *desk) DRMGranted(drm.Grant) {}

func (d *desk) DRMEvent(event drm.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, event)
}

func (d *desk) DRMError(err *drm.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.errors = append(d.errors, err)
}

func (d *desk) DRMBarred(ids [][16]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.barred = ids
}

// FetchLicense answers with the keys that the server has.
func (d *desk) FetchLicense(ctx context.Context, req drm.LicenseRequest) ([]byte, error) {
	d.mu.Lock()
	if req.CertificateRequest {
		req.MessageType = "certificate-request"
	} else if req.MessageType == "license-request" {
		d.asked = append(d.asked, req.KeyIDs)
	}
	d.types = append(d.types, req.MessageType)
	server, delay := d.server, d.delay
	var fault error
	if len(d.faults) > 0 {
		fault, d.faults = d.faults[0], d.faults[1:]
	}
	d.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(delay):
	}
	if fault != nil {
		return nil, fault
	}
	return server.Answer(req.Message)
}

// setup is what a test begins with. The zero value is Clear Key in Chromium.
type setup struct {
	options playertest.Options
	system  string // "" is Clear Key
	config  func(*drm.Config)
}

// work runs f with an engine, then closes it and checks that nothing is left.
func work(t *testing.T, s setup, f func(*desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if s.system == "" {
			s.system = clearkey.Name
		} else {
			s.options.CDM.KeySystems = []string{s.system}
		}
		d := &desk{t: t, host: playertest.NewHost(t, s.options)}
		d.server.Keys = map[[16]byte][16]byte{kidA: {1}, kidB: {2}, kidD: {4}}
		config := drm.Config{KeySystems: []drm.KeySystem{{Name: s.system, License: d}}, Rand: func() float64 { return 0.5 }}
		if s.config != nil {
			s.config(&config)
		}
		d.engine = drm.NewEngine(d.host, config)
		f(d)
		d.end(false)
		if err := d.engine.Close(t.Context()); err != nil {
			t.Errorf("close: %v", err)
		}
		if n := d.host.OpenSessions(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		if d.host.Video().HasMediaKeys() {
			t.Error("the element still has MediaKeys")
		}
		if v := d.host.Violations(); len(v) > 0 {
			t.Errorf("calls that the specification forbids: %q", v)
		}
	})
}

// play ends the load before, and begins one that has a second to get on.
func (d *desk) play(content drm.Content) {
	d.t.Helper()
	d.end(false)
	ctx, cancel := context.WithCancel(d.t.Context())
	load, err := d.engine.Open(ctx, content, d)
	if err != nil {
		d.t.Fatal(err)
	}
	d.load, d.cancel, d.result = load, cancel, make(chan error, 1)
	go func() {
		d.result <- load.Run(ctx)
		close(d.result)
	}()
	time.Sleep(time.Second)
	synctest.Wait()
}

// end ends the load, if there is one.
func (d *desk) end(failed bool) {
	if d.load == nil {
		return
	}
	d.cancel()
	for range d.result {
	}
	d.load.Close(failed)
	d.load = nil
}

func (d *desk) encrypted(kind string, data []byte) {
	d.load.Encrypted(kind, data)
	time.Sleep(time.Second)
	synctest.Wait()
}

// expectAsked checks the key ids of each licence request so far, in any order: sessions of one moment have none.
func (d *desk) expectAsked(want ...[][16]byte) {
	d.t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	inOrder := func(a, b [][16]byte) int { return bytes.Compare(a[0][:], b[0][:]) }
	slices.SortStableFunc(d.asked, inOrder)
	slices.SortStableFunc(want, inOrder)
	if !reflect.DeepEqual(d.asked, want) {
		d.t.Errorf("asked for %x, want %x", d.asked, want)
	}
}

// fail lets the server fail: with each of these for a request.
func (d *desk) fail(faults ...error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = faults
}

// expectTypes checks the message type of each request so far.
func (d *desk) expectTypes(want ...string) {
	d.t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.types, want) {
		d.t.Errorf("the messages are %q, want %q", d.types, want)
	}
}

// expectErrors checks the reasons of the errors that were survived so far.
func (d *desk) expectErrors(want ...drm.Reason) {
	d.t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	var got []drm.Reason
	for _, err := range d.errors {
		got = append(got, err.Reason)
	}
	if !slices.Equal(got, want) {
		d.t.Errorf("survived errors of reasons %v, want %v", got, want)
	}
}

func (d *desk) expectBarred(want ...[16]byte) {
	d.t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.barred, want) {
		d.t.Errorf("barred %x, want %x", d.barred, want)
	}
}

func (d *desk) expectAlive() {
	d.t.Helper()
	synctest.Wait()
	select {
	case err := <-d.result:
		d.t.Fatalf("the load ended with %v", err)
	default:
	}
}

func (d *desk) expectFailure(reason drm.Reason) *drm.Error {
	d.t.Helper()
	select {
	case err := <-d.result:
		var failure *drm.Error
		if !errors.As(err, &failure) || failure.Reason != reason {
			d.t.Fatalf("the load ended with %v, want reason %d", err, reason)
		}
		d.end(true)
		return failure
	case <-time.After(time.Hour):
		d.t.Fatal("the load goes on")
	}
	return nil
}

// track is the header of a cenc video with these pssh boxes.
func track(id [16]byte, boxes ...[]byte) *manifest.Header {
	return &manifest.Header{Container: "mp4", Fragmented: true, PSSH: bytes.Join(boxes, nil),
		Tracks: []manifest.Track{{Kind: "video", Codec: "avc1.42E01E", Protection: &manifest.Protection{Scheme: "cenc", KeyID: id}}}}
}

// contentOf is files that play together.
func contentOf(headers ...*manifest.Header) (content drm.Content) {
	for _, header := range headers {
		content.Sets = append(content.Sets, drm.Set{header})
	}
	return content
}

// ladder is Representations that can stand in for each other.
func ladder(headers ...*manifest.Header) drm.Content { return drm.Content{Sets: []drm.Set{headers}} }

func pssh(ids ...[16]byte) []byte { return mp4.BuildPSSH(mp4.SystemCommon, ids, nil) }

func kids(ids ...[16]byte) [][16]byte { return ids }

var bothEngines = []playertest.Engine{playertest.Chromium, playertest.Firefox}
