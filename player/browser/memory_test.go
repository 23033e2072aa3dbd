//go:build js && wasm

package browser_test

import (
	"runtime"
	"testing"

	"github.com/keystream-player/keystream/player/platform"
)

// Everything that a film uses, many times over, leaves Go's memory as it was; newHost counts functions and numbers.
func TestMemoryStaysFlat(t *testing.T) {
	needEME(t)
	memory := func() int {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int(stats.Sys)
	}
	const warmUp, loads = 20, 200
	for range warmUp {
		t.Run("warm-up", play)
	}
	before := memory()
	for range loads {
		t.Run("load", play)
	}
	if grown := memory() - before; grown > 1<<20 {
		t.Errorf("%d loads took %d bytes more", loads, grown)
	}
}

func play(t *testing.T) {
	host, _ := newHost(t)
	body := fetched(t, host, "/zeros?bytes=1000000")
	source := open(t, host)
	defer source.Close()
	buffer, err := source.AddSourceBuffer(webm)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Element().Listen(func(platform.MediaEvent) {}, "encrypted", "error")()
	head := make([]byte, 1000)
	if _, err := body.ReadAt(head, 0); err != nil {
		t.Fatal(err)
	}
	if err := buffer.AppendBuffer(watchdog(t), body); err == nil {
		t.Fatal("zeros are media")
	}
	session := createSession(t, host)
	defer session.Listen(func(platform.SessionEvent) {})()
	if err := session.GenerateRequest(watchdog(t), "keyids", []byte(keyIDs)); err != nil {
		t.Fatal(err)
	}
	if err := session.Close(watchdog(t)); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
}
