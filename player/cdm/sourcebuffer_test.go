package cdm_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

func one(f *playertest.Film) []*playertest.Film { return []*playertest.Film{f} }

func TestAnAppendWaitsForItsKey(t *testing.T) {
	play(t, playertest.Options{}, one(film("one", key(1, 0, 0))), func(s *stage) {
		a := s.begin(s.sb, s.piece(0, 1000))
		a.waits()
		s.sees("encrypted loadedmetadata waitingforkey")
		s.session(2)
		a.waits()
		s.sees("")
		s.session(1)
		a.ends(nil)
		s.buffered(s.sb, 9)
		s.must(s.ms.EndOfStream())
		s.sees("canplay playing")
		s.pass(9 * time.Second)
		s.sees("ended")
	})
}

func TestWhatIsClearPlaysWithoutAKey(t *testing.T) {
	play(t, playertest.Options{}, []*playertest.Film{film("lead", key(1, 3, 6)), film("clear")}, func(s *stage) {
		a := s.begin(s.sb, s.piece(0, 1000))
		a.waits()
		s.buffered(s.sb, 3)
		s.sees("loadedmetadata encrypted canplay playing")
		s.session(1)
		a.ends(nil)
		s.buffered(s.sb, 9)
		s.must(s.append(s.page.NewBody(s.films[1].Bytes)))
		s.buffered(s.sb, 9)
		s.sees("")
	})
}

// A CDM that waits for the second key of a film plays as far as the first one reaches, and only then says that it waits.
func TestWaitingForKeyIsToldWhenThePictureStandsStill(t *testing.T) {
	play(t, playertest.Options{}, one(film("rotating", key(1, 0, 5), key(2, 5, 0))), func(s *stage) {
		s.session(1)
		a := s.begin(s.sb, s.piece(0, 1000))
		a.waits()
		s.buffered(s.sb, 5)
		s.sees("encrypted encrypted loadedmetadata canplay playing")
		s.pass(4 * time.Second)
		s.sees("")
		s.pass(time.Second)
		s.sees("waiting waitingforkey")
		s.pass(time.Minute)
		s.sees("")
		s.session(2)
		a.ends(nil)
		s.sees("canplay playing")
		s.must(s.ms.EndOfStream())
		s.pass(4 * time.Second)
		s.sees("ended")
	})
}

func TestEachStretchIsToldOnce(t *testing.T) {
	play(t, playertest.Options{}, one(film("rotating", key(1, 0, 5), key(2, 5, 0))), func(s *stage) {
		s.session(1)
		a := s.begin(s.sb, s.piece(0, 1000))
		s.pass(6 * time.Second)
		s.sees("encrypted encrypted loadedmetadata canplay playing waiting waitingforkey")
		s.host.Element().SetCurrentTime(4 * time.Second)
		s.sees("canplay playing")
		s.pass(2 * time.Second)
		s.sees("waiting waitingforkey")
		s.host.Element().SetCurrentTime(7 * time.Second) // and nothing is there
		s.sees("waitingforkey")
		s.session(2)
		a.ends(nil)
		s.sees("canplay playing")
	})
}

func TestTwoBuffersWaitForTheirOwnKeys(t *testing.T) {
	films := []*playertest.Film{film("video", key(1, 0, 0)), film("sound", key(2, 0, 0))}
	play(t, playertest.Options{}, films, func(s *stage) {
		sound := s.buffer(s.ms)
		a := s.begin(s.sb, s.piece(0, 1000))
		b := s.begin(sound, s.page.NewBody(films[1].Bytes))
		a.waits()
		b.waits()
		s.sees("encrypted waitingforkey encrypted loadedmetadata")
		first := s.session(2)
		b.ends(nil)
		s.buffered(sound, 9)
		a.waits()
		s.must(first.Close(s.ctx))
		s.holds()
		s.sees("")
		s.session(1)
		a.ends(nil)
		s.holds(1)
		s.sees("canplay playing")
	})
}

func TestWhatFoundNoRoomIsAppendedLaterAndDecryptedOnce(t *testing.T) {
	play(t, playertest.Options{Quota: 700}, one(film("one", key(1, 0, 5), key(2, 5, 0))), func(s *stage) {
		s.session(1)
		s.must(s.append(s.piece(0, 400)))
		body := s.piece(400, 1000)
		defer body.Release()
		a := s.begin(s.sb, body)
		a.waits()
		s.buffered(s.sb, 5)
		s.session(2)
		a.fails("QuotaExceededError")
		s.named(s.sb.AppendBuffer(s.ctx, body), "QuotaExceededError")
		n := s.pieces()
		s.must(s.sb.Remove(s.ctx, 0, 3*time.Second)) // where a key frame is
		s.buffered(s.sb, 2)
		s.must(s.sb.AppendBuffer(s.ctx, body))
		s.buffered(s.sb, 6)
		if got := s.pieces(); got != n {
			s.Errorf("%d pieces were decrypted, and %d before", got, n)
		}
	})
}

// What found no room is followed by what lacks a key, which comes while nothing is being appended.
func TestAKeyThatComesBetweenTwoAppendsOfOneBodyIsNotMissed(t *testing.T) {
	play(t, playertest.Options{Quota: 400}, one(film("one", key(1, 0, 5), key(2, 5, 0))), func(s *stage) {
		s.session(1)
		s.must(s.append(s.piece(0, 400)))
		body := s.piece(400, 900)
		defer body.Release()
		s.named(s.sb.AppendBuffer(s.ctx, body), "QuotaExceededError") // for the 200 bytes of the first key
		s.session(2)
		s.must(s.sb.Remove(s.ctx, 0, forever))
		a := s.begin(s.sb, body)
		a.fails("QuotaExceededError") // for the 300 bytes of the second
		s.must(s.sb.Remove(s.ctx, 0, forever))
		s.must(s.sb.AppendBuffer(s.ctx, body))
		s.buffered(s.sb, 3)
	})
}

func TestWhatFoundNoRoomMayBeDropped(t *testing.T) {
	for name, drop := range map[string]func(*stage){
		"by Abort": func(s *stage) {
			s.must(s.sb.Abort())
			if n := s.page.Live(); n != 0 {
				s.Errorf("%d bodies are kept", n)
			}
		},
		"by another body": func(*stage) {}, // all that was appended before is whole segments
	} {
		t.Run(name, func(t *testing.T) {
			play(t, playertest.Options{Quota: 400}, one(film("one", key(1, 0, 0))), func(s *stage) {
				s.session(1)
				s.must(s.append(s.piece(0, 400)))
				s.named(s.append(s.piece(400, 700)), "QuotaExceededError")
				s.must(s.sb.Remove(s.ctx, 0, forever))
				drop(s)
				s.must(s.append(s.piece(700, 1000)))
				if got := s.sb.Buffered(); len(got) != 1 || got[0].Start != 6*time.Second {
					s.Errorf("%v is buffered", got)
				}
			})
		})
	}
}

func TestACancelledWaitGoesOnWithTheSameBody(t *testing.T) {
	play(t, playertest.Options{}, one(film("one", key(1, 0, 5), key(2, 5, 0))), func(s *stage) {
		s.session(1)
		body := s.piece(0, 1000)
		defer body.Release()
		a := s.begin(s.sb, body)
		a.waits()
		a.cancel()
		a.ends(context.Canceled)
		a = s.begin(s.sb, body)
		a.waits()
		s.pass(10 * time.Second)
		a.cancel()
		a.ends(context.Canceled)
		s.sees("encrypted encrypted loadedmetadata canplay playing waiting waitingforkey")
		s.session(2)
		s.must(s.sb.AppendBuffer(s.ctx, body))
		s.buffered(s.sb, 9)
	})
}

func TestACancelledAppendMayBeFollowedByAnother(t *testing.T) {
	for name, cancel := range map[string]func(*stage, *appending){
		"while it waits": func(s *stage, a *appending) {
			a.waits()
			a.cancel()
			a.ends(context.Canceled)
		},
		"by Abort": func(s *stage, a *appending) {
			a.waits()
			s.must(s.sb.Abort())
			a.fails("AbortError")
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, playertest.Options{}, one(film("one", key(1, 0, 2), key(2, 2, 3), key(1, 3, 0))), func(s *stage) {
				s.session(1)
				body := s.piece(0, 1000)
				defer body.Release()
				cancel(s, s.begin(s.sb, body))
				s.buffered(s.sb, 2)
				s.must(s.sb.Abort())
				s.must(s.append(s.piece(700, 1000))) // the decrypter knows the header still
				s.buffered(s.sb, 5)
				if err := s.sb.AppendBuffer(s.ctx, body); err == nil {
					s.Error("what was given up is appended after all")
				}
			})
		})
	}
}

func TestAnAppendThatIsCancelledWhileItIsDecryptedIsGivenUp(t *testing.T) {
	play(t, playertest.Options{Decryption: playertest.DecryptionOptions{StartDelay: time.Minute}}, one(film("one")), func(s *stage) {
		a := s.begin(s.sb, s.piece(0, 1000))
		a.cancel()
		a.ends(context.Canceled)
		s.pass(time.Hour)
		s.must(s.append(s.piece(0, 1000)))
		s.buffered(s.sb, 9)
	})
}

func TestKeysThatGoAreMissedAgain(t *testing.T) {
	play(t, playertest.Options{}, one(film("one", key(1, 0, 0))), func(s *stage) {
		session := s.session(1)
		s.must(s.append(s.piece(0, 400)))
		s.must(session.Close(s.ctx))
		s.holds()
		a := s.begin(s.sb, s.piece(400, 700))
		a.waits()
		other := s.session(2)
		s.must(other.Close(s.ctx)) // while the append waits
		a.waits()
		s.session(1)
		a.ends(nil)
		s.buffered(s.sb, 6)
	})
}

func TestASourceThatIsTakenAwayEndsItsAppends(t *testing.T) {
	for name, take := range map[string]func(*stage){
		"nothing": func(s *stage) { s.must(s.host.Element().SetSrc("")) },
		"a URL":   func(s *stage) { s.must(s.host.Element().SetSrc("film.mp4")) },
		"another": func(s *stage) { s.open() },
		"closed":  func(s *stage) { s.ms.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, playertest.Options{}, one(film("one", key(1, 0, 0))), func(s *stage) {
				sb := s.sb
				a := s.begin(sb, s.piece(0, 1000))
				a.waits()
				take(s)
				a.fails("InvalidStateError")
				body := s.piece(0, 1000)
				defer body.Release()
				s.named(sb.AppendBuffer(s.ctx, body), "InvalidStateError")
				s.named(sb.Abort(), "InvalidStateError")
			})
		})
	}
}

func TestABufferThatWaitsIsUpdating(t *testing.T) {
	play(t, playertest.Options{}, one(film("one", key(1, 0, 0))), func(s *stage) {
		a := s.begin(s.sb, s.piece(0, 1000))
		a.waits()
		s.named(s.ms.EndOfStream(), "InvalidStateError")
		s.named(s.ms.SetDuration(time.Hour), "InvalidStateError")
		s.named(s.sb.Remove(s.ctx, 0, forever), "InvalidStateError")
		body := s.piece(0, 1000)
		defer body.Release()
		s.named(s.sb.AppendBuffer(s.ctx, body), "InvalidStateError")
		s.session(1)
		a.ends(nil)
		s.must(s.ms.SetDuration(time.Hour))
		s.must(s.ms.EndOfStream())
		s.must(s.sb.AppendBuffer(s.ctx, body)) // and the stream begins anew
		if state := s.ms.ReadyState(); state != "open" {
			s.Errorf("the source is %s", state)
		}
	})
}

func TestADecryptionThatDiesBeginsAnewWithItsKeys(t *testing.T) {
	again := func(s *stage, second platform.SourceBuffer) {
		s.must(s.sb.Remove(s.ctx, 0, forever))
		s.must(s.sb.Abort())
		s.must(s.append(s.piece(0, 1000)))
		s.buffered(s.sb, 9)
		body := s.page.NewBody(s.films[1].Bytes[400:])
		defer body.Release()
		if err := second.AppendBuffer(s.ctx, body); err != platform.ErrDecryptionLost {
			s.Errorf("the other buffer, which lost its stream too, gets %v", err)
		}
		body = s.page.NewBody(s.films[1].Bytes)
		defer body.Release()
		s.must(second.AppendBuffer(s.ctx, body))
		s.holds(1, 2)
	}
	films := []*playertest.Film{film("video", key(1, 0, 6), key(2, 6, 0)), film("sound")}
	t.Run("between two pieces", func(t *testing.T) {
		play(t, playertest.Options{}, films, func(s *stage) {
			second := s.twoBegin()
			s.page.KillDecryption()
			if err := s.append(s.piece(400, 700)); err != platform.ErrDecryptionLost {
				s.Errorf("got %v", err)
			}
			s.session(2)
			again(s, second)
		})
	})
	t.Run("within a piece", func(t *testing.T) {
		play(t, playertest.Options{Decryption: playertest.DecryptionOptions{Deaths: []int{3}}}, films, func(s *stage) {
			second := s.twoBegin()
			if err := s.append(s.piece(400, 700)); err != platform.ErrDecryptionLost {
				s.Errorf("got %v", err)
			}
			s.session(2)
			again(s, second)
		})
	})
	t.Run("while it waits", func(t *testing.T) {
		play(t, playertest.Options{}, films, func(s *stage) {
			second := s.twoBegin()
			a := s.begin(s.sb, s.piece(400, 1000))
			a.waits()
			s.page.KillDecryption()
			a.waits()
			s.session(2)
			a.ends(platform.ErrDecryptionLost)
			again(s, second)
		})
	})
}

// As with a browser's CDM, a wrong key makes what cannot be decoded; nothing more is taken in then.
func TestAWrongKeyFailsTheElement(t *testing.T) {
	play(t, playertest.Options{}, one(film("one", key(1, 0, 0))), func(s *stage) {
		s.must(s.session().Update(s.ctx, clearkey.FormatLicense([]clearkey.Key{{ID: id(1), Value: id(2)}})))
		s.must(s.append(s.piece(0, 100)))
		_ = s.append(s.piece(100, 400))
		if err := s.host.Element().Error(); err == nil || err.Code != platform.MediaErrDecode {
			s.Fatalf("the element has error %v", err)
		}
		n := s.pieces()
		s.named(s.append(s.piece(400, 700)), "InvalidStateError")
		if got := s.pieces(); got != n {
			s.Error("it is decrypted first")
		}
	})
}

func TestADecryptionThatCannotStartSaysWhy(t *testing.T) {
	why := &platform.DecryptionError{Reason: "unavailable", URL: "cdm.wasm", Message: "404"}
	play(t, playertest.Options{Decryption: playertest.DecryptionOptions{StartError: why}}, one(film("one")), func(s *stage) {
		if err := s.append(s.piece(0, 1000)); err != error(why) {
			s.Errorf("got %v", err)
		}
	})
}

func TestMediaThatMakesNoSenseIsRefusedAndTheNextIsNot(t *testing.T) {
	play(t, playertest.Options{}, one(film("one", key(1, 0, 0))), func(s *stage) {
		s.session(1)
		for _, nonsense := range [][]byte{[]byte("nonsense, from the beginning"), append(s.film.Bytes[:250:250], "nonsense"...)} {
			err := s.append(s.page.NewBody(nonsense))
			if failure, ok := errors.AsType[*platform.DecryptionError](err); !ok || failure.Reason == "unavailable" {
				s.Errorf("got %v", err)
			}
			s.must(s.sb.Abort())
		}
		s.must(s.append(s.piece(0, 1000)))
		s.buffered(s.sb, 9)
		s.sees("encrypted loadedmetadata canplay playing")
	})
}

// What was appended before there were keys went by the decrypter: it must begin anew.
func TestABufferThatJoinsLateBeginsAnew(t *testing.T) {
	play(t, playertest.Options{}, one(film("one", key(1, 0, 0))), func(s *stage) {
		s.must(s.host.Element().SetSrc(""))
		s.must(s.host.Element().SetMediaKeys(s.ctx, nil))
		s.open()
		s.must(s.append(s.piece(0, 400)))
		s.session(1)
		s.must(s.host.Element().SetMediaKeys(s.ctx, s.keys))
		if err := s.append(s.piece(400, 700)); err != platform.ErrDecryptionLost {
			s.Errorf("got %v", err)
		}
		s.must(s.append(s.piece(0, 1000)))
		s.buffered(s.sb, 9)
	})
}
