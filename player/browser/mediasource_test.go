//go:build js && wasm

package browser_test

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/platform"
)

const avc = `video/mp4; codecs="avc1.64001e"`

// split downloads a fragmented MP4 and cuts it into its initialization segment and the rest.
func split(t *testing.T, host *browser.Host, url string) (initialization, media platform.Body) {
	t.Helper()
	file := download(t, host, url)
	at := bytes.Index(file, []byte("moof")) - 4
	return bodyOf(t, host, file[:at]), bodyOf(t, host, file[at:])
}

func openFor(t *testing.T, host *browser.Host, mimeType string) (platform.MediaSource, platform.SourceBuffer) {
	t.Helper()
	source := open(t, host)
	t.Cleanup(source.Close)
	buffer, err := source.AddSourceBuffer(mimeType)
	if err != nil {
		t.Fatal(err)
	}
	return source, buffer
}

func appended(t *testing.T, buffer platform.SourceBuffer, bodies ...platform.Body) {
	t.Helper()
	for _, body := range bodies {
		if err := buffer.AppendBuffer(watchdog(t), body); err != nil {
			t.Fatal(err)
		}
	}
}

// one is the only buffered range, to a tenth of a second: what a film's first frame is late by, and its last one long.
func one(t *testing.T, of interface{ Buffered() []platform.TimeRange }, start, end time.Duration) {
	t.Helper()
	got := of.Buffered()
	if len(got) != 1 || (got[0].Start-start).Abs() > time.Second/10 || (got[0].End-end).Abs() > time.Second/10 {
		t.Errorf("%v is buffered, want %v to %v", got, start, end)
	}
}

const film10 = 10 * time.Second // how long mp4-tracks-video.mp4 is

// An append copies: the same initialization segment goes before many others.
func TestAppendLeavesTheBody(t *testing.T) {
	host, _ := newHost(t)
	initialization, media := split(t, host, "/media/mp4-tracks-video.mp4")
	before, err := initialization.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	_, buffer := openFor(t, host, avc)
	appended(t, buffer, initialization, media, initialization, initialization)
	if err := buffer.SetTimestampOffset(film10); err != nil {
		t.Fatal(err)
	}
	appended(t, buffer, media)
	one(t, buffer, 0, 2*film10)
	if after, err := initialization.Bytes(); err != nil || !bytes.Equal(before, after) {
		t.Errorf("%d bytes became %d: %v", len(before), len(after), err)
	}
}

// Decryption does not copy: a body that is to be decrypted again needs a Clone.
func TestClone(t *testing.T) {
	host, _ := newHost(t)
	f := films[0]
	_, d := newDecrypter(t, host, f.key)
	b := f.initSegment(t, host)
	body := bodyOf(t, host, b)
	clone, err := body.Clone()
	if err != nil {
		t.Fatal(err)
	}
	defer clone.Release()
	out, err := d.Decrypt(watchdog(t), body)
	if err != nil {
		t.Fatal(err)
	}
	taken(t, out)
	if _, err := body.Bytes(); err == nil {
		t.Error("a body is left that was given away")
	}
	if _, err := body.Clone(); err == nil {
		t.Error("a body was cloned that had been given away")
	}
	if got, err := clone.Bytes(); err != nil || clone.Len() != int64(len(b)) || !bytes.Equal(got, b) {
		t.Errorf("the clone has %d of %d bytes: %v", len(got), len(b), err)
	}
	again, err := d.Decrypt(watchdog(t), clone)
	if err != nil || again.Body == nil || again.Body.Len() != out.Body.Len() {
		t.Fatal(again, err)
	}
	again.Body.Release()
}

func TestTimestampOffsetAndAppendWindow(t *testing.T) {
	host, _ := newHost(t)
	initialization, media := split(t, host, "/media/mp4-tracks-video.mp4")
	_, buffer := openFor(t, host, avc)
	place := func(offset, start, end time.Duration) {
		t.Helper()
		if err := errors.Join(buffer.SetTimestampOffset(offset), buffer.SetAppendWindow(start, end)); err != nil {
			t.Fatal(err)
		}
		appended(t, buffer, initialization, media)
	}
	clear := func() {
		t.Helper()
		if err := buffer.Remove(watchdog(t), 0, math.MaxInt64); err != nil {
			t.Fatal(err)
		}
	}
	place(time.Hour, 0, math.MaxInt64)
	one(t, buffer, time.Hour, time.Hour+film10)
	clear()
	// A window is left for one that begins behind its end, and one that ends before its start.
	place(0, 0, 4*time.Second)
	place(0, 6*time.Second, math.MaxInt64)
	if got := buffer.Buffered(); len(got) != 2 || got[0].End > 4*time.Second || got[1].Start < 6*time.Second || got[1].End < 9*time.Second {
		t.Errorf("%v is buffered", got)
	}
	place(0, 0, math.MaxInt64)
	one(t, buffer, 0, film10)
	clear()
	place(-5*time.Second, 0, math.MaxInt64)
	if got := buffer.Buffered(); len(got) != 1 || got[0].Start > 6*time.Second/5 /* the first key frame inside */ || (got[0].End-5*time.Second).Abs() > time.Second/10 {
		t.Errorf("%v is buffered of what was moved back by 5s", got)
	}
	if err := buffer.SetAppendWindow(time.Second, time.Second); !platform.IsDOMError(err, "TypeError") {
		t.Errorf("an empty window: %v", err)
	}
	if err := host.Element().SetSrc(""); err != nil {
		t.Fatal(err)
	}
	if err := buffer.SetTimestampOffset(0); !platform.IsDOMError(err, "InvalidStateError") {
		t.Errorf("an offset after the source is gone: %v", err)
	}
	if err := buffer.SetAppendWindow(0, time.Second); !platform.IsDOMError(err, "InvalidStateError") {
		t.Errorf("a window after the source is gone: %v", err)
	}
}

func TestChangeType(t *testing.T) {
	host, _ := newHost(t)
	initialization, media := split(t, host, "/media/mp4-tracks-video.mp4")
	other := fetched(t, host, "/media/webm-vp8-vorbis-cenc-video.webm")
	_, buffer := openFor(t, host, avc)
	appended(t, buffer, initialization, media)
	err := buffer.ChangeType(webm)
	if platform.IsDOMError(err, "NotSupportedError") && webkit {
		t.Skip("WebKitGTK cannot: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := buffer.SetTimestampOffset(film10); err != nil {
		t.Fatal(err)
	}
	appended(t, buffer, other)
	if got := buffer.Buffered(); len(got) == 0 || got[len(got)-1].End < film10+5*time.Second {
		t.Errorf("%v is buffered", got)
	}
	if err := buffer.ChangeType("video/unknown"); !platform.IsDOMError(err, "NotSupportedError") {
		t.Error(err)
	}
}

// hideMediaSource leaves the page with ManagedMediaSource alone, as Safari does on a telephone.
func hideMediaSource(t *testing.T) {
	t.Helper()
	plain := browser.Get(safejs.Global(), "MediaSource")
	if err := safejs.Global().Set("MediaSource", safejs.Undefined()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := safejs.Global().Set("MediaSource", plain); err != nil {
			t.Error(err)
		}
	})
}

func TestMediaSourceAlwaysStreams(t *testing.T) {
	host, video := newHost(t)
	source, err := host.NewMediaSource()
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	told := 0
	stop := source.ListenStreaming(func() { told++ })
	defer stop()
	if err := host.Element().Attach(watchdog(t), source); err != nil {
		t.Fatal(err)
	}
	if !source.Streaming() || told != 0 || browser.Truthy(browser.Get(video, "disableRemotePlayback")) {
		t.Errorf("streaming %v, told %d times", source.Streaming(), told)
	}
}

func TestManagedMediaSource(t *testing.T) {
	if !webkit {
		t.Skip("WebKit alone has it")
	}
	hideMediaSource(t)
	host, video := newHost(t)
	source, err := host.NewMediaSource()
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	streaming := make(chan bool, 100)
	stop := source.ListenStreaming(func() { streaming <- source.Streaming() })
	if err := host.Element().Attach(watchdog(t), source); err != nil {
		t.Fatal(err)
	}
	if !browser.Truthy(browser.Get(video, "disableRemotePlayback")) {
		t.Error("remote playback is left possible")
	}
	for !receive(t, streaming) {
	}
	initialization, media := split(t, host, "/media/mp4-tracks-video.mp4")
	buffer, err := source.AddSourceBuffer(avc)
	if err != nil {
		t.Fatal(err)
	}
	appended(t, buffer, initialization, media)
	for len(streaming) > 0 {
		<-streaming
	}
	// What we remove is told as what the browser evicts would be.
	if err := buffer.Remove(watchdog(t), 0, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	receive(t, streaming)
	stop()
	stop()
}
