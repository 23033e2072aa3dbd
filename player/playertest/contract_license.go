package playertest

import (
	"bytes"
	"slices"

	"github.com/keystream-player/keystream/player/platform"
)

var (
	someID  = [16]byte([]byte("0123456789012345"))
	otherID = [16]byte([]byte("other-id-other-i"))
	someKey = [16]byte{0: 0xff, 1: 0xfe, 15: 1} // with - and _ in base64url
)

// requested is a session that has asked for someID.
func (c *contract) requested() (platform.MediaKeySession, <-chan platform.SessionEvent) {
	c.Helper()
	s, events := c.session(c.mediaKeys())
	c.must(s.GenerateRequest(c.ctx, "keyids", keyIDsData(someID)))
	c.asked(events, someID)
	return s, events
}

func (c *contract) statuses(s platform.MediaKeySession, ids ...[16]byte) {
	c.Helper()
	got := s.KeyStatuses()
	slices.SortFunc(got, func(a, b platform.KeyStatus) int { return bytes.Compare(a.KeyID, b.KeyID) })
	if len(got) != len(ids) {
		c.Fatalf("%d keys, want %d", len(got), len(ids))
	}
	for i, k := range got {
		if !bytes.Equal(k.KeyID, ids[i][:]) || k.Status != "usable" {
			c.Errorf("key %x is %s, want %x usable", k.KeyID, k.Status, ids[i])
		}
	}
}

var licenseContract = []contractTest{
	{"a session has an id and sends a message once it has a request", func(c *contract) {
		s, events := c.session(c.mediaKeys())
		if id := s.SessionID(); id != "" || len(s.KeyStatuses()) != 0 {
			c.Errorf("id %q at first, and %d keys", id, len(s.KeyStatuses()))
		}
		c.must(s.GenerateRequest(c.ctx, "keyids", keyIDsData(otherID, someID)))
		if s.SessionID() == "" {
			c.Error("no id")
		}
		c.asked(events, otherID, someID)
	}},
	{"what happens before Listen is heard by it", func(c *contract) {
		keys := c.mediaKeys()
		s, err := keys.CreateSession("temporary")
		c.must(err)
		c.must(s.GenerateRequest(c.ctx, "keyids", keyIDsData(someID)))
		c.must(s.Update(c.ctx, licenseFor(someID, someKey)))
		events := make(chan platform.SessionEvent, 100)
		stop := s.Listen(func(e platform.SessionEvent) { events <- e })
		c.asked(events, someID)
		if e := receive(c, events); e.Type != "keystatuseschange" {
			c.Errorf("%s came, want keystatuseschange", e.Type)
		}
		c.must(s.Close(c.ctx))
		stop()
	}},
	{"a key id in the request of WebM is any string", func(c *contract) {
		s, events := c.session(c.mediaKeys())
		c.must(s.GenerateRequest(c.ctx, "webm", someID[:]))
		c.asked(events, someID)
	}},
	{"a session takes one request, right or wrong", func(c *contract) {
		keys := c.mediaKeys()
		for _, first := range []struct {
			initDataType string
			initData     []byte
			names        []string
		}{
			{"keyids", keyIDsData(someID), nil},
			{"keyids", []byte("nonsense"), []string{"TypeError"}},
			{"cenc", []byte("nonsense"), []string{"TypeError"}},
			{"cenc", foreignPSSH, []string{"NotSupportedError", "InvalidStateError"}},
			{"sinf", []byte("nonsense"), []string{"NotSupportedError"}},
			{"", []byte("nonsense"), []string{"TypeError"}},
			{"cenc", nil, []string{"TypeError"}},
		} {
			s, _ := c.session(keys)
			err := s.GenerateRequest(c.ctx, first.initDataType, first.initData)
			if first.names == nil {
				c.must(err)
			} else {
				c.fails(err, first.names...)
			}
			c.fails(s.GenerateRequest(c.ctx, "keyids", keyIDsData(someID)), "InvalidStateError")
		}
	}},
	{"a licence before the request is an InvalidStateError", func(c *contract) {
		s, _ := c.session(c.mediaKeys())
		c.fails(s.Update(c.ctx, licenseFor(someID, someKey)), "InvalidStateError")
	}},
	{"a licence that cannot be read is a TypeError, and the next may be right", func(c *contract) {
		s, _ := c.requested()
		good := licenseFor(someID, someKey)
		for name, license := range map[string][]byte{
			"nothing": nil, "HTML": []byte("<!doctype html>"), "no keys": []byte(`{"keys":[]}`), "a BOM": append([]byte("\xef\xbb\xbf"), good...),
			"an array": []byte("[]"), "a key without kid": []byte(`{"keys":[{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAA"}]}`),
			"another type": bytes.Replace(good, []byte("oct"), []byte("RSA"), 1), "too much of it": append(good, bytes.Repeat([]byte(" "), 1<<20)...),
		} {
			if err := s.Update(c.ctx, license); !platform.IsDOMError(err, "TypeError") {
				c.Errorf("%s gives %v", name, err)
			}
		}
		c.statuses(s)
		c.must(s.Update(c.ctx, good))
		c.statuses(s, someID)
	}},
	{"a licence for another key is taken as it is", func(c *contract) {
		s, events := c.requested()
		c.must(s.Update(c.ctx, licenseFor(otherID, someKey)))
		c.statuses(s, otherID)
		if e := receive(c, events); e.Type != "keystatuseschange" {
			c.Errorf("%s came", e.Type)
		}
	}},
	{"a second licence adds its keys", func(c *contract) {
		s, _ := c.requested()
		c.must(s.Update(c.ctx, licenseFor(someID, someKey)))
		c.must(s.Update(c.ctx, licenseFor(otherID, someKey)))
		c.statuses(s, someID, otherID)
	}},
	{"a session that is closed tells so, loses its keys and takes no more", func(c *contract) {
		s, events := c.requested()
		c.must(s.Update(c.ctx, licenseFor(someID, someKey)))
		if e := receive(c, events); e.Type != "keystatuseschange" {
			c.Errorf("%s came, want keystatuseschange", e.Type)
		}
		c.must(s.Close(c.ctx))
		if e := receive(c, events); e.Type != "closed" || e.Reason != "closed-by-application" && e.Reason != "" {
			c.Errorf("%s %s came, want closed", e.Type, e.Reason)
		}
		c.statuses(s)
		c.fails(s.Update(c.ctx, licenseFor(someID, someKey)), "InvalidStateError")
		c.fails(s.GenerateRequest(c.ctx, "keyids", keyIDsData(someID)), "InvalidStateError")
		c.must(s.Close(c.ctx))
	}},
	{"Clear Key's licences do not expire", func(c *contract) {
		s, _ := c.requested()
		c.must(s.Update(c.ctx, licenseFor(someID, someKey)))
		if t := s.Expiration(); !t.IsZero() {
			c.Errorf("they do at %v", t)
		}
	}},
	{"sessions know nothing of each other", func(c *contract) {
		keys := c.mediaKeys()
		one, _ := c.session(keys)
		other, _ := c.session(keys)
		for _, s := range []platform.MediaKeySession{one, other} {
			c.must(s.GenerateRequest(c.ctx, "keyids", keyIDsData(someID)))
			c.must(s.Update(c.ctx, licenseFor(someID, someKey)))
		}
		c.must(one.Close(c.ctx))
		c.statuses(other, someID)
		if one.SessionID() == other.SessionID() {
			c.Error("they share an id")
		}
	}},
	{"a session without a request can be closed", func(c *contract) {
		keys := c.mediaKeys()
		s, _ := c.session(keys)
		c.must(s.Close(c.ctx))
		c.must(s.Close(c.ctx))
		failed, _ := c.session(keys)
		c.fails(failed.GenerateRequest(c.ctx, "cenc", []byte("nonsense")), "TypeError")
		c.must(failed.Close(c.ctx))
	}},
	{"a session that is not listened to any more is silent", func(c *contract) {
		keys := c.mediaKeys()
		s, err := keys.CreateSession("")
		c.must(err)
		events := make(chan platform.SessionEvent, 100)
		stop := s.Listen(func(e platform.SessionEvent) { events <- e })
		c.must(s.GenerateRequest(c.ctx, "keyids", keyIDsData(someID)))
		c.asked(events, someID)
		stop()
		c.must(s.Update(c.ctx, licenseFor(someID, someKey)))
		c.must(s.Close(c.ctx))
		if len(events) != 0 {
			c.Errorf("%s came after it was stopped", (<-events).Type)
		}
		stop()
	}},
	{"init data and licences are copied before the call returns", func(c *contract) {
		s, events := c.session(c.mediaKeys())
		initData := keyIDsData(someID)
		c.must(s.GenerateRequest(c.ctx, "keyids", initData))
		clear(initData)
		c.asked(events, someID)
	}},
}

// foreignPSSH is a pssh box of Widevine's, with two bytes of data.
var foreignPSSH = []byte("\x00\x00\x00\x22pssh\x00\x00\x00\x00\xed\xef\x8b\xa9\x79\xd6\x4a\xce\xa3\xc8\x27\xdc\xd5\x1d\x21\xed\x00\x00\x00\x02\x08\x01")
