package cdm_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/cdm"
	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// Every committed encrypted film, really decrypted: cut in pieces, and its keys come as they are missed.
func TestTheCommittedFilmsPlay(t *testing.T) {
	for _, e := range committed(t) {
		if len(e.Keys) == 0 {
			continue
		}
		for _, size := range []int{1 << 20, 10_007} {
			t.Run(fmt.Sprint(e.Name, " by ", size), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { playFilm(t, e, size) })
			})
		}
	}
}

func playFilm(t *testing.T, e filmEntry, size int) {
	var films []*playertest.Film
	for i := range e.Files {
		films = append(films, e.read(t, i))
	}
	page := playertest.NewHost(t, playertest.Options{Films: films, Autoplay: true, CDM: playertest.CDMOptions{NoEME: true}})
	s := &stage{T: t, ctx: t.Context(), page: page, host: cdm.NewHost(page), film: films[0], films: films}
	element := s.host.Element()
	s.keys = s.mediaKeys()
	s.must(element.SetMediaKeys(s.ctx, s.keys))
	session, err := s.keys.CreateSession("")
	s.must(err)
	s.must(session.GenerateRequest(s.ctx, "webm", []byte("0123456789012345")))
	left := e.keys(t)
	waiting := make(chan platform.MediaEvent, 100)
	defer element.Listen(func(event platform.MediaEvent) { waiting <- event }, "waitingforkey")()

	ms, err := s.host.NewMediaSource()
	s.must(err)
	s.must(element.Attach(s.ctx, ms))
	over := make(chan error, len(films))
	var buffers []platform.SourceBuffer
	for _, f := range films {
		sb, err := ms.AddSourceBuffer(f.Type)
		s.must(err)
		buffers = append(buffers, sb)
	}
	for i, sb := range buffers {
		go func() { over <- s.appendAll(sb, films[i].Bytes, size) }()
	}
	ticker := time.NewTicker(5 * time.Second)
	defer ticker.Stop()
	for range films {
		for waits := true; waits; {
			select {
			case err := <-over:
				s.must(err)
				waits = false
			case <-ticker.C: // and the next key comes
				if len(left) == 0 {
					t.Fatal("an append waits though all keys are there")
				}
				s.must(session.Update(s.ctx, clearkey.FormatLicense([]clearkey.Key{{ID: left[0].ID, Value: left[0].Key}})))
				left = left[1:]
			}
		}
	}
	if len(left) > 0 || len(waiting) == 0 {
		t.Errorf("%d keys were not needed, %d times playback waited for one", len(left), len(waiting))
	}
	s.must(ms.EndOfStream())
	s.pass(time.Hour)
	if !page.Video().Ended() || element.Error() != nil || page.Video().DecodedFrames() != e.Frames {
		t.Errorf("ended %v with error %v after %d frames of %d\n%s",
			page.Video().Ended(), element.Error(), page.Video().DecodedFrames(), e.Frames, page.Dump())
	}
	s.must(element.SetSrc(""))
	ms.Close()
	s.must(element.SetMediaKeys(s.ctx, nil))
	if page.Live() != 0 || page.Decryptions() != 0 {
		t.Errorf("%d bodies and %d decryptions are left", page.Live(), page.Decryptions())
	}
}

// appendAll appends a file in pieces.
func (s *stage) appendAll(sb platform.SourceBuffer, file []byte, size int) error {
	for at := 0; at < len(file); at += size {
		body := s.page.NewBody(file[at:min(at+size, len(file))])
		err := sb.AppendBuffer(s.ctx, body)
		body.Release()
		if err != nil {
			return err
		}
	}
	return nil
}
