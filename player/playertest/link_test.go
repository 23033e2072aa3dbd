package playertest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// download is one that runs on a goroutine of its own.
type download struct {
	resp   platform.Response
	cancel context.CancelFunc
	over   chan struct{}
	took   time.Duration // since the host began
	err    error
}

func (s *stage) download(url string) *download {
	ctx, cancel := context.WithCancel(s.ctx)
	resp, err := s.host.Fetch(ctx, platform.Request{URL: url})
	s.must(err)
	d := &download{resp: resp, cancel: cancel, over: make(chan struct{})}
	began := s.began
	go func() {
		defer close(d.over)
		var body platform.Body
		if body, d.err = resp.ReadBody(ctx, 1<<30); d.err == nil {
			body.Release()
		}
		d.took = time.Since(began)
	}()
	synctest.Wait()
	return d
}

func traced(t *testing.T, trace []playertest.TracePeriod, test func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, film("none"), playertest.Options{Trace: trace, NetworkLatency: time.Nanosecond})
		s.began = time.Now()
		for name, size := range map[string]int{"a": 1_000_000, "b": 1_000_000, "small": 100_000, "none": 0} {
			s.host.Network.Serve(name, playertest.Resource{Body: make([]byte, size)})
		}
		test(s)
	})
}

func near(got, want time.Duration) bool { return (got - want).Abs() < time.Millisecond }

func TestATraceIsWhatDownloadsTake(t *testing.T) {
	trace := []playertest.TracePeriod{{Duration: 2 * time.Second, BitsPerSecond: 2_000_000, Latency: 100 * time.Millisecond},
		{Duration: time.Second}, {Duration: time.Second, BitsPerSecond: 8_000_000, Latency: 20 * time.Millisecond}}
	traced(t, trace, func(s *stage) {
		d := s.download("a") // 3.8 Mbit of 8 come in the first period, none in the second, the rest in 0.525 s
		s.pass(1100 * time.Millisecond)
		if got := d.resp.Received(); got != 275_000 {
			t.Errorf("%d bytes came in 1.1 s", got)
		}
		s.pass(1500 * time.Millisecond)
		if got := d.resp.Received(); got != 475_000 {
			t.Errorf("%d bytes came before the network stood still", got)
		}
		<-d.over
		if !near(d.took, 3525*time.Millisecond) || d.err != nil || d.resp.Received() != 1_000_000 {
			t.Errorf("the download took %v (%v), %d bytes", d.took, d.err, d.resp.Received())
		}
		d = s.download("none")
		<-d.over
		d = s.download("a") // from 3.565 s: 3.48 Mbit, then 4 of the trace's first period again, none, and the rest in 65 ms
		<-d.over
		if !near(d.took, 7065*time.Millisecond) {
			t.Errorf("the second one ended at %v", d.took)
		}
	})
}

func TestDownloadsShareTheNetwork(t *testing.T) {
	traced(t, []playertest.TracePeriod{{Duration: time.Second, BitsPerSecond: 8_000_000}}, func(s *stage) {
		a, small := s.download("a"), s.download("small")
		<-small.over
		if !near(small.took, 200*time.Millisecond) {
			t.Errorf("the small one took %v", small.took)
		}
		b := s.download("b")
		s.pass(400 * time.Millisecond) // each has had another 200 kB
		b.cancel()
		<-b.over
		if !errors.Is(b.err, context.Canceled) || b.resp.Received() != 200_000 {
			t.Errorf("the cancelled one has %d bytes, %v", b.resp.Received(), b.err)
		}
		<-a.over
		if !near(a.took, 1300*time.Millisecond) || a.err != nil {
			t.Errorf("the large one took %v, %v", a.took, a.err)
		}
	})
}

func TestABodyThatStallsLeavesTheNetworkToTheOthers(t *testing.T) {
	traced(t, []playertest.TracePeriod{{Duration: time.Second, BitsPerSecond: 8_000_000}}, func(s *stage) {
		s.host.Network.Fault("b", playertest.Fault{Stall: true, StallAfter: 100_000})
		stalled, a := s.download("b"), s.download("a")
		<-a.over
		if !near(a.took, 1100*time.Millisecond) || stalled.resp.Received() != 100_000 {
			t.Errorf("the other one took %v, and %d bytes came", a.took, stalled.resp.Received())
		}
		stalled.cancel()
		<-stalled.over
		if n := s.host.Live(); n != 0 {
			t.Errorf("%d bodies are left", n)
		}
	})
}

func TestReceivedWithoutATrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, film("none"), playertest.Options{Bandwidth: 100_000})
		s.host.Network.Serve("a", playertest.Resource{Body: make([]byte, 100_000)})
		a := s.download("a")
		s.pass(250 * time.Millisecond)
		if got := a.resp.Received(); got != 25_000 {
			t.Errorf("%d bytes came in a quarter of a second", got)
		}
		<-a.over
		if a.resp.Received() != 100_000 {
			t.Errorf("%d bytes came in the end", a.resp.Received())
		}
		s.host.Network.Fault("a", playertest.Fault{Stall: true, StallAfter: 10})
		a = s.download("a")
		s.pass(time.Minute)
		if got := a.resp.Received(); got != 10 {
			t.Errorf("%d bytes came of a body that stalls", got)
		}
		a.cancel()
		<-a.over
	})
}
