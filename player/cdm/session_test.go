package cdm_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// hear notes the events of a session.
func (s *stage) hear(session platform.MediaKeySession) (heard func() string) {
	var mu sync.Mutex
	var all []string
	s.Cleanup(session.Listen(func(e platform.SessionEvent) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, e.Type+e.Reason)
	}))
	return func() string {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		defer func() { all = nil }()
		return strings.Join(all, " ")
	}
}

func TestOfTwoKeysWithOneIDTheNewerDecrypts(t *testing.T) {
	wrong := id(9)
	play(t, playertest.Options{}, one(film("one", key(1, 0, 0))), func(s *stage) {
		first, second := s.session(), s.session()
		for _, session := range []platform.MediaKeySession{first, second, first} {
			s.must(session.Update(s.ctx, clearkey.FormatLicense([]clearkey.Key{{ID: id(1), Value: wrong}, {ID: id(2), Value: wrong}})))
			s.license(session, 1)
		}
		if got := first.KeyStatuses(); len(got) != 2 || got[0].KeyID[0]+got[1].KeyID[0] != 3 {
			s.Errorf("key statuses %v", got)
		}
		s.must(second.Update(s.ctx, clearkey.FormatLicense([]clearkey.Key{{ID: id(1), Value: wrong}, {ID: id(1), Value: id(1)}})))
		s.must(s.append(s.piece(0, 400)))
		s.buffered(s.sb, 3)
		s.must(second.Close(s.ctx)) // and the key of the first remains
		s.holds(1, 2)
		s.must(s.append(s.piece(400, 1000)))
		s.buffered(s.sb, 9)
		if err := s.host.Element().Error(); err != nil {
			s.Error(err)
		}
	})
}

func TestALicenceThatCannotBeUsedIsExplained(t *testing.T) {
	play(t, playertest.Options{}, one(film("one")), func(s *stage) {
		session := s.session(1)
		heard := s.hear(session)
		heard()
		for license, want := range map[string]string{"": "empty", "<html>": "HTML", `{"keys":[]}`: "granted no key"} {
			err := session.Update(s.ctx, []byte(license))
			if !platform.IsDOMError(err, "TypeError") || !strings.Contains(err.Error(), want) {
				s.Errorf("%q gives %v, want %q in it", license, err, want)
			}
		}
		s.holds(1)
		if got := heard(); got != "" {
			s.Errorf("heard %s", got)
		}
	})
}

func TestInitDataNamesTheKeysThatAreAskedFor(t *testing.T) {
	play(t, playertest.Options{}, one(film("one")), func(s *stage) {
		for kind, data := range map[string][]byte{
			"cenc":   append(playertest.WidevinePSSH(id(3)), append(playertest.CommonPSSH(id(1)), playertest.CommonPSSH(id(2))...)...),
			"keyids": clearkey.KeyIDsInitData([][16]byte{id(1), id(2)}),
		} {
			session, err := s.keys.CreateSession("temporary")
			s.must(err)
			messages := make(chan platform.SessionEvent, 1)
			s.Cleanup(session.Listen(func(e platform.SessionEvent) { messages <- e }))
			s.must(session.GenerateRequest(s.ctx, kind, data))
			if e := <-messages; !bytes.Equal(e.Message, clearkey.FormatRequest([][16]byte{id(1), id(2)})) || e.MessageType != "license-request" {
				s.Errorf("%s: %s %s", kind, e.MessageType, e.Message)
			}
			s.must(session.Close(s.ctx))
		}
	})
}

func TestWhatASessionTellsComesInOrder(t *testing.T) {
	play(t, playertest.Options{}, one(film("one")), func(s *stage) {
		session := s.session(1)
		late, later := s.hear(session), s.hear(session)
		s.license(session, 2)
		s.must(session.Close(s.ctx))
		if got := late(); got != "message keystatuseschange keystatuseschange closedclosed-by-application keystatuseschange" {
			s.Errorf("heard %s", got)
		}
		if got := later(); got != "keystatuseschange closedclosed-by-application keystatuseschange" {
			s.Errorf("who came second heard %s", got)
		}
		s.holds()
	})
}

// Sessions are used from many goroutines at a time, while media is decrypted; -race looks on.
func TestSessionsComeAndGoWhileMediaIsDecrypted(t *testing.T) {
	play(t, playertest.Options{}, one(film("one", key(1, 0, 3), key(2, 3, 6), key(3, 6, 0))), func(s *stage) {
		var work sync.WaitGroup
		var heards []func() string
		for n := range byte(3) {
			for range 20 {
				session := s.session()
				heards = append(heards, s.hear(session))
				work.Go(func() {
					for _, license := range [][]clearkey.Key{{{ID: id(n + 1), Value: id(n + 1)}}, {{ID: id(9), Value: id(9)}}} {
						if err := session.Update(s.ctx, clearkey.FormatLicense(license)); err != nil {
							s.Error(err)
						}
						session.KeyStatuses()
					}
					if err := session.Close(s.ctx); err != nil {
						s.Error(err)
					}
				})
			}
		}
		for range 20 {
			a := s.begin(s.sb, s.piece(0, 1000))
			s.must(s.sb.Abort())
			<-a.over
		}
		work.Wait()
		s.holds()
		for _, heard := range heards {
			if got := heard(); got != "message keystatuseschange keystatuseschange closedclosed-by-application keystatuseschange" {
				s.Errorf("heard %s", got)
			}
		}
	})
}
