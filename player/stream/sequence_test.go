package stream_test

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
	"github.com/keystream-player/keystream/player/stream"
)

// TestTrackAnnouncesBeforeItAppends feeds a film of three fragments in pieces that end within moofs, to a buffer that is full once.
func TestTrackAnnouncesBeforeItAppends(t *testing.T) {
	file := slices.Concat(box("ftyp", nil), box("moov", nil))
	head := len(file)
	var ends []int // of moofs
	for _, name := range []string{"a", "b", "c"} {
		file = append(file, box("moof", box("pssh", []byte(name)))...)
		ends = append(ends, len(file))
		file = append(file, box("mdat", make([]byte, 30))...)
	}
	want := []string{"append " + strconv.Itoa(ends[0]-5), "announce a", "full", "append 10", "announce b", "announce c", "append " + strconv.Itoa(len(file)-ends[0]-5)}
	if head >= ends[0]-5 {
		t.Fatal("the first piece should end within a moof")
	}
	for _, again := range []bool{false, true} {
		page := &page{file: file, fullAt: 1}
		play(t, page, again, manifest.ByteRange{Length: int64(ends[0] - 5)}, manifest.ByteRange{Start: int64(ends[0] - 5), Length: 10},
			manifest.ByteRange{Start: int64(ends[0] + 5), Length: int64(len(file) - ends[0] - 5)})
		expected := want
		if again {
			expected = slices.Concat(want, []string{"finished"}, slices.DeleteFunc(slices.Clone(want), func(s string) bool { return s == "full" }))
		}
		if got := page.told; !slices.Equal(got, append(slices.Clone(expected), "finished")) {
			t.Errorf("again %v:\ngot  %q\nwant %q", again, got, expected)
		}
	}
}

// What the place of decryption knew of the stream is gone with it: the track begins again, once.
func TestTrackBeginsAgainWhereDecryptionWasLost(t *testing.T) {
	for _, test := range []struct {
		lostAt []int
		want   []string
		fails  bool
	}{
		{[]int{2}, []string{"append 20", "lost", "append 20", "append 30", "finished"}, false},
		{[]int{2, 4}, []string{"append 20", "lost", "append 20", "lost"}, true},
	} {
		page := &page{file: slices.Concat(box("moov", make([]byte, 12)), box("moof", make([]byte, 22))), fullAt: 9, lostAt: test.lostAt}
		err := run(t, page, false, manifest.ByteRange{Length: 20}, manifest.ByteRange{Start: 20, Length: 30})
		if !slices.Equal(page.told, test.want) || errors.Is(err, platform.ErrDecryptionLost) != test.fails {
			t.Errorf("lost at %v: %q, %v; want %q", test.lostAt, page.told, err, test.want)
		}
	}
}

// play runs a track over the pieces until it has finished, and once more from the start if it is to go back to media that is gone.
func play(t *testing.T, page *page, again bool, pieces ...manifest.ByteRange) {
	if err := run(t, page, again, pieces...); !errors.Is(err, context.Canceled) {
		t.Errorf("run: %v", err)
	}
}

func run(t *testing.T, page *page, again bool, pieces ...manifest.ByteRange) (err error) {
	synctest.Test(t, func(t *testing.T) {
		track := stream.NewSequence()
		track.Representation.Init = &manifest.Segment{URL: "film.mp4", Range: pieces[0]}
		for _, r := range pieces[1:] {
			track.Representation.Segments = append(track.Representation.Segments, manifest.Segment{URL: "film.mp4", Range: r})
		}
		track.SourceBuffer, track.Element, track.Observer = page, element{page: page}, page
		host := playertest.NewHost(t, playertest.Options{})
		host.Network.Serve("film.mp4", playertest.Resource{Body: page.file, Type: "video/mp4"})
		track.Fetch = &fetch.Client{Fetcher: host}
		track.Outline = new(mp4.Outline)
		track.Announce = func(pssh []byte, _ []manifest.KeyID) { page.tell("announce " + string(pssh[8:])) }
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() { over <- track.Run(ctx) }()
		settle := func() {
			time.Sleep(time.Minute) // of virtual time
			synctest.Wait()
		}
		settle()
		track.Wake()
		settle()
		if again {
			page.evicted = true
			track.Wake()
			settle()
		}
		cancel()
		err = <-over
	})
	return err
}

func box(kind string, content []byte) []byte {
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(8+len(content))), []byte(kind), content)
}

// page is a SourceBuffer that is full at one append, and who is told of it. The track's goroutine alone uses it, but while that waits.
type page struct {
	platform.SourceBuffer
	file    []byte
	fullAt  int
	lostAt  []int // appends at which the place of decryption dies
	appends int
	evicted bool
	told    []string
}

func (p *page) tell(what string)      { p.told = append(p.told, what) }
func (p *page) Fetching(stream.Feed)  {}
func (p *page) Appending(stream.Feed) {}
func (p *page) Finished(stream.Feed)  { p.tell("finished") }
func (p *page) Abort() error          { return nil }
func (p *page) Buffered() (r []platform.TimeRange) {
	if p.appends > 0 && !p.evicted {
		r = append(r, platform.TimeRange{End: 10 * time.Second})
	}
	return r
}

func (p *page) Remove(context.Context, time.Duration, time.Duration) error {
	p.evicted = false
	return nil
}

func (p *page) AppendBuffer(_ context.Context, body platform.Body) error {
	p.appends++
	if slices.Contains(p.lostAt, p.appends) {
		p.tell("lost")
		return platform.ErrDecryptionLost
	}
	if p.appends == 1+p.fullAt {
		p.tell("full")
		return &platform.DOMError{Name: "QuotaExceededError"}
	}
	p.tell("append " + strconv.FormatInt(body.Len(), 10))
	return nil
}

type element struct {
	platform.MediaElement
	page *page
}

func (e element) CurrentTime() time.Duration { return time.Second }

func (e element) ReadyState() platform.ReadyState {
	if e.page.evicted {
		return platform.HaveMetadata
	}
	return platform.HaveEnoughData
}
