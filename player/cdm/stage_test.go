package cdm_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/cdm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

const filmType = `video/mp4; codecs="avc1.64001e"`

const forever = time.Duration(math.MaxInt64)

// id makes a key id, which is also its key.
func id(n byte) [16]byte { return [16]byte{n, 15: 1} }

// key is one of a film from a second up to another; 0 is its end.
func key(n byte, start, end int) playertest.FilmKey {
	return playertest.FilmKey{ID: id(n), Key: id(n), Start: time.Duration(start) * time.Second, End: time.Duration(end) * time.Second}
}

// film is 100 bytes of header and 900 of media: nine seconds, three fragments.
func film(name string, keys ...playertest.FilmKey) *playertest.Film {
	b := bytes.Repeat([]byte(name), 1000)[:1000]
	for i := range b {
		b[i] += byte(i >> 5)
	}
	f := &playertest.Film{Bytes: b, HeaderSize: 100, Type: filmType, Fragmented: true, Duration: 9 * time.Second, Frames: 216,
		Fragments: []int64{400, 700}, Keys: keys}
	for _, k := range keys {
		f.InitData = append(f.InitData, playertest.InitData{Type: "webm", Data: k.ID[:], End: max(100, int64(k.Start/time.Second)*100+100)})
	}
	return f
}

// stage is a page whose element has MediaKeys of our own CDM, and plays.
type stage struct {
	*testing.T
	ctx   context.Context
	page  *playertest.Host
	host  *cdm.Host
	keys  platform.MediaKeys
	film  *playertest.Film // the first of films
	films []*playertest.Film
	ms    platform.MediaSource
	sb    platform.SourceBuffer

	violations int // that the test makes on purpose

	mu   sync.Mutex
	seen []string
}

// play runs f with a page that has these films, the first of which has a buffer; afterwards it checks that nothing is left.
func play(t *testing.T, options playertest.Options, films []*playertest.Film, f func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		options.Films, options.CDM.NoEME = films, true
		s := &stage{T: t, ctx: t.Context(), page: playertest.NewHost(t, options), film: films[0], films: films}
		s.host = cdm.NewHost(s.page)
		defer func() {
			if t.Failed() {
				t.Log(s.page.Dump())
			}
		}()
		stop := s.host.Element().Listen(func(e platform.MediaEvent) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.seen = append(s.seen, e.Type)
		}, "loadedmetadata", "canplay", "playing", "waiting", "waitingforkey", "ended", "error", "encrypted")
		defer stop()
		s.keys = s.mediaKeys()
		s.must(s.host.Element().SetMediaKeys(s.ctx, s.keys))
		s.open()
		f(s)
		s.must(s.host.Element().SetSrc(""))
		s.ms.Close()
		if n := s.page.Decrypters(); n != 0 {
			t.Errorf("%d decrypters are left", n)
		}
		s.must(s.host.Element().SetMediaKeys(context.Background(), nil))
		synctest.Wait()
		if live, places, violations := s.page.Live(), s.page.Decryptions(), s.page.Violations(); live != 0 || places != 0 || len(violations) != s.violations {
			t.Errorf("%d bodies and %d decryptions are left; violations %v", live, places, violations)
		}
	})
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stage) mediaKeys() platform.MediaKeys {
	s.Helper()
	access, err := s.host.SoftwareKeySystems().RequestMediaKeySystemAccess(s.ctx, clearkey.Name, []platform.MediaKeySystemConfiguration{{
		InitDataTypes: []string{"webm"}, VideoCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: filmType}}}})
	s.must(err)
	keys, err := access.CreateMediaKeys(s.ctx)
	s.must(err)
	return keys
}

// open gives the element a source with a buffer, and plays: a new source pauses it.
func (s *stage) open() {
	s.Helper()
	ms, err := s.host.NewMediaSource()
	s.must(err)
	s.must(s.host.Element().Attach(s.ctx, ms))
	s.ms, s.sb = ms, s.buffer(ms)
	s.page.Video().Play()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = nil // it waits, as every element does that has nothing yet
}

func (s *stage) buffer(ms platform.MediaSource) platform.SourceBuffer {
	s.Helper()
	sb, err := ms.AddSourceBuffer(filmType)
	s.must(err)
	return sb
}

// session has the licence of some keys, or none yet.
func (s *stage) session(ids ...byte) platform.MediaKeySession {
	s.Helper()
	session, err := s.keys.CreateSession("")
	s.must(err)
	s.must(session.GenerateRequest(s.ctx, "webm", []byte("0123456789012345")))
	if len(ids) > 0 {
		s.license(session, ids...)
	}
	return session
}

func (s *stage) license(session platform.MediaKeySession, ids ...byte) {
	s.Helper()
	var keys []clearkey.Key
	for _, n := range ids {
		keys = append(keys, clearkey.Key{ID: id(n), Value: id(n)})
	}
	s.must(session.Update(s.ctx, clearkey.FormatLicense(keys)))
}

func (s *stage) piece(from, to int) platform.Body { return s.page.NewBody(s.film.Bytes[from:to]) }

func (s *stage) append(body platform.Body) error {
	defer body.Release()
	return s.sb.AppendBuffer(s.ctx, body)
}

// begin appends on a goroutine of its own.
func (s *stage) begin(sb platform.SourceBuffer, body platform.Body) *appending {
	ctx, cancel := context.WithCancel(s.ctx)
	a := &appending{stage: s, cancel: cancel, over: make(chan struct{})}
	go func() {
		defer close(a.over)
		defer body.Release()
		a.err = sb.AppendBuffer(ctx, body)
	}()
	s.settle()
	return a
}

// twoBegin appends the beginning of two films to two buffers.
func (s *stage) twoBegin() (second platform.SourceBuffer) {
	s.Helper()
	second = s.buffer(s.ms)
	s.session(1)
	s.must(s.append(s.piece(0, 400)))
	body := s.page.NewBody(s.films[1].Bytes[:400])
	defer body.Release()
	s.must(second.AppendBuffer(s.ctx, body))
	return second
}

// appending is an append that may wait.
type appending struct {
	stage  *stage
	cancel context.CancelFunc
	over   chan struct{}
	err    error
}

func (a *appending) waits() {
	a.stage.Helper()
	a.stage.settle()
	select {
	case <-a.over:
		a.stage.Fatalf("the append does not wait, and ends with %v", a.err)
	default:
	}
}

func (a *appending) ends(want error) {
	a.stage.Helper()
	a.stage.settle()
	select {
	case <-a.over:
		if a.err != want {
			a.stage.Errorf("the append ends with %v, want %v", a.err, want)
		}
	default:
		a.stage.Fatal("the append still waits")
	}
}

func (a *appending) fails(name string) {
	a.stage.Helper()
	a.stage.settle()
	select {
	case <-a.over:
		a.stage.named(a.err, name)
	default:
		a.stage.Fatal("the append still waits")
	}
}

func (s *stage) named(err error, name string) {
	s.Helper()
	if !platform.IsDOMError(err, name) {
		s.Errorf("got %v, want %s", err, name)
	}
}

// settle lets what takes milliseconds be done.
func (s *stage) settle() { s.pass(20 * time.Millisecond) }

func (s *stage) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// sees wants these events since it was last asked. Those of one instant come from the page and from us, in no order.
func (s *stage) sees(want string) {
	s.Helper()
	s.settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.seen)
	words := strings.Fields(want)
	slices.Sort(words)
	if !slices.Equal(s.seen, words) {
		s.Errorf("events\n got %s\nwant %s", s.seen, words)
	}
	s.seen = nil
}

// buffered wants so many seconds, from 0 on.
func (s *stage) buffered(sb platform.SourceBuffer, want float64) {
	s.Helper()
	var got time.Duration
	for _, r := range sb.Buffered() {
		got += r.End - r.Start
	}
	if (got - time.Duration(want*float64(time.Second))).Abs() > 50*time.Millisecond {
		s.Errorf("%v is buffered, want %v s", got, want)
	}
}

// pieces counts what was decrypted since the page began.
func (s *stage) pieces() int { return strings.Count(s.page.Dump(), " become ") }

// holds wants these keys to be where media is decrypted, and no others.
func (s *stage) holds(ns ...byte) {
	s.Helper()
	var want [][16]byte
	for _, n := range ns {
		want = append(want, id(n))
	}
	if got := s.page.DecryptionKeys(); !slices.Equal(got, want) {
		s.Errorf("the keys are %s, want %s", fmt.Sprint(got), fmt.Sprint(want))
	}
}
