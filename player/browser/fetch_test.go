//go:build js && wasm

package browser_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/platform"
)

func TestFetchSends(t *testing.T) {
	host, _ := newHost(t)
	res, err := host.Fetch(watchdog(t), platform.Request{
		URL: "/echo", Method: "POST", Body: []byte("body"),
		Header: []platform.HeaderField{{Name: "X-A", Value: "1"}, {Name: "Range", Value: "bytes=0-1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	header := map[string]string{}
	for _, name := range []string{"x-ONE", "X-two", "x-three"} {
		header[name] = res.Header(name)
	}
	if want := map[string]string{"x-ONE": "a: b", "X-two": "b", "x-three": ""}; !maps.Equal(header, want) {
		t.Errorf("%v, want %v", header, want)
	}
	body, err := res.ReadBody(watchdog(t), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Release()
	text, err := body.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var echo struct {
		Method, Body string
		Headers      map[string]string
	}
	if err := json.Unmarshal(text, &echo); err != nil {
		t.Fatal(err)
	}
	if echo.Method != "POST" || echo.Body != "body" || echo.Headers["x-a"] != "1" || echo.Headers["range"] != "bytes=0-1" {
		t.Errorf("%+v", echo)
	}
}

func TestFetchAnswers(t *testing.T) {
	for _, test := range []struct {
		url    string
		status int
		ends   string
	}{
		{"/echo", 200, "/echo"},
		{"/redirect", 200, "/echo?redirected"},
		{"/missing", 404, "/missing"},
	} {
		host, _ := newHost(t)
		res, err := host.Fetch(watchdog(t), platform.Request{URL: test.url})
		if err != nil {
			t.Fatal(err)
		}
		if res.Status() != test.status || !strings.HasPrefix(res.URL(), "http://localhost:") || !strings.HasSuffix(res.URL(), test.ends) {
			t.Errorf("%s: %d %s", test.url, res.Status(), res.URL())
		}
		res.Cancel()
		res.Cancel()
		if _, err := res.ReadBody(watchdog(t), 1); err == nil {
			t.Error("a cancelled body was read")
		}
	}
}

func TestFetchFails(t *testing.T) {
	for _, test := range []struct {
		name string
		req  platform.Request
		ctx  func(*testing.T) context.Context
		dom  string
		is   error
	}{
		{"nobody listens", platform.Request{URL: "http://localhost:1/"}, watchdog, "TypeError", nil},
		{"no URL", platform.Request{URL: "http://"}, watchdog, "TypeError", nil},
		{"a bad header", platform.Request{URL: "/echo", Header: []platform.HeaderField{{Name: "a b"}}}, watchdog, "TypeError", nil},
		{"no answer", platform.Request{URL: "/hang"}, soon, "", context.DeadlineExceeded},
		{"the body is cut", platform.Request{URL: "/cut"}, watchdog, "TypeError", nil},
		{"the body stalls", platform.Request{URL: "/stall"}, soon, "", context.DeadlineExceeded},
		{"the body is too large", platform.Request{URL: "/zeros?bytes=100001"}, watchdog, "", platform.ErrTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			host, _ := newHost(t)
			ctx := test.ctx(t)
			res, err := host.Fetch(ctx, test.req)
			if err == nil {
				_, err = res.ReadBody(ctx, 100_000)
			}
			if test.is != nil && !errors.Is(err, test.is) || test.dom != "" && !platform.IsDOMError(err, test.dom) {
				t.Fatalf("%#v", err)
			}
		})
	}
}

func TestBody(t *testing.T) {
	host, _ := newHost(t)
	const size = 200_001 // more than crosses at once
	res, err := host.Fetch(watchdog(t), platform.Request{URL: "/zeros?bytes=200001"})
	if err != nil {
		t.Fatal(err)
	}
	body, err := res.ReadBody(watchdog(t), size)
	if err != nil || body.Len() != size {
		t.Fatal(body.Len(), err)
	}
	for _, test := range []struct {
		off  int64
		len  int
		n    int
		fail bool
		err  error
	}{
		{0, 10, 10, false, nil},
		{size - 10, 10, 10, false, nil},
		{1, size - 1, size - 1, false, nil},
		{size - 3, 10, 3, true, io.EOF},
		{size, 1, 0, true, io.EOF},
		{1 << 60, 1, 0, true, io.EOF},
		{-1, 1, 0, true, nil},
	} {
		p := make([]byte, test.len)
		for i := range p {
			p[i] = 1
		}
		n, err := body.ReadAt(p, test.off)
		if n != test.n || (err != nil) != test.fail || test.err != nil && !errors.Is(err, test.err) {
			t.Errorf("ReadAt(%d bytes, %d) = %d, %v", test.len, test.off, n, err)
		}
		if got := strings.Count(string(p), "\x00"); got != n {
			t.Errorf("ReadAt(%d bytes, %d) wrote %d bytes and said %d", test.len, test.off, got, n)
		}
	}
	body.Release()
	body.Release()
	if _, err := body.ReadAt(make([]byte, 1), 0); err == nil {
		t.Error("a released body was read")
	}
	if _, err := body.Bytes(); err == nil {
		t.Error("a released body gave its bytes")
	}
}

// A response is there with its header, and Received follows its body.
func TestReceived(t *testing.T) {
	host, _ := newHost(t)
	res, err := host.Fetch(watchdog(t), platform.Request{URL: "/drip?received"})
	if err != nil {
		t.Fatal(err)
	}
	if n := res.Received(); n != 0 {
		t.Errorf("%d bytes have come of a body that nobody reads", n)
	}
	read := make(chan platform.Body, 1)
	go func() {
		body, err := res.ReadBody(watchdog(t), 10_000)
		if err != nil {
			t.Error(err)
		}
		read <- body
	}()
	until(t, "the first bytes are there", func() bool { return res.Received() == 1000 })
	for n := int64(2000); n <= 3000; n += 1000 {
		if !send(t, host, "received") {
			t.Fatal("the server has not heard of the request that it has answered")
		}
		until(t, "the bytes are there", func() bool { return res.Received() == n })
	}
	body(t, host, platform.Request{URL: "/drip/end?received"})
	whole := receive(t, read)
	if whole.Len() != 3000 || res.Received() != 3000 {
		t.Errorf("%d bytes came, and %d are told", whole.Len(), res.Received())
	}
	whole.Release()
	if n := res.Received(); n != 3000 {
		t.Errorf("%d bytes are told after the release", n)
	}
}

// What came before a download was given up counts, too.
func TestReceivedOfACancelledBody(t *testing.T) {
	host, _ := newHost(t)
	res, err := host.Fetch(watchdog(t), platform.Request{URL: "/drip?cancelled"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(watchdog(t))
	go func() {
		until(t, "the bytes are there", func() bool { return res.Received() == 1000 })
		cancel()
	}()
	if _, err := res.ReadBody(ctx, 10_000); !errors.Is(err, context.Canceled) || res.Received() != 1000 {
		t.Errorf("%d bytes, %v", res.Received(), err)
	}
	body(t, host, platform.Request{URL: "/drip/gone?cancelled"})
}
