//go:build js && wasm

// Command player is player.wasm: package player behind two JavaScript functions, one that makes a player for an element and one that asks what
// the browser has of key systems. What crosses is in wasm/README.md; web/src/load.ts runs it.
package main

import (
	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
)

func main() {
	handshake := browser.Get(safejs.Global(), "__keystream")
	if handshake.Type() != safejs.TypeObject {
		println("keystream: player.wasm is started by keystream.js, which did not do so")
		return
	}
	_ = safejs.Global().Delete("__keystream")
	p := &page{bridge: browser.Get(handshake, "bridge"), instances: map[int]*instance{}}
	if err := p.open(handshake); err != nil {
		println("keystream: " + err.Error())
		return
	}
	select {}
}

// page holds the players of one page. It has three functions for all of them, so that a player leaves none behind.
type page struct {
	bridge    safejs.Value
	methods   browser.Func // of all players
	instances map[int]*instance
	last      int
}

func (p *page) open(handshake safejs.Value) (err error) {
	if p.methods, err = browser.FuncOf(printPanic, p.call); err != nil {
		return err
	}
	factory, err := browser.FuncOf(printPanic, p.newInstance)
	if err != nil {
		return err
	}
	probe, err := browser.FuncOf(printPanic, p.probe)
	if err != nil {
		return err
	}
	_, err = browser.Call(handshake, "ready", factory.Value(), probe.Value())
	return err
}

// printPanic is for the panics that belong to no player.
func printPanic(value any) { println("keystream: " + browser.PanicText(value)) }

// newInstance is the factory: (video, config, emit) to a player's face.
func (p *page) newInstance(args []safejs.Value) any {
	p.last++
	p.instances[p.last] = newInstance(p.bridge, args[0], args[1], args[2])
	face, err := browser.Call(p.bridge, "player", p.last, p.methods.Value())
	if err != nil {
		panic(err)
	}
	return face
}

// call is every method of every player: (id, method, argument) to its result. keystream.js lets nothing through once a player is closed.
func (p *page) call(args []safejs.Value) any {
	id := int(browser.Number(args[0]))
	i, open := p.instances[id]
	if !open {
		return nil
	}
	switch browser.Text(args[1]) {
	case "load":
		source := readSource(args[2])
		i.loads++
		ticket := i.loads
		return i.promise(p.bridge, func() (any, error) { return nil, i.load(source, ticket) })
	case "unload":
		i.loads++
		ticket := i.loads
		return i.promise(p.bridge, func() (any, error) { return nil, i.unload(ticket) })
	case "retryLicense":
		return i.promise(p.bridge, func() (any, error) { return nil, i.retryLicense() })
	case "selectTrack":
		kind, id := text(args[2], "kind"), text(args[2], "id")
		return i.promise(p.bridge, func() (any, error) { return nil, i.selectTrack(kind, id) })
	case "selectQuality":
		id := browser.Text(args[2])
		return i.promise(p.bridge, func() (any, error) { return nil, i.selectQuality(id) })
	case "buffered":
		return i.buffered()
	case "throughput":
		if measured := i.player.Throughput(); measured.Measured {
			return float64(measured.BitsPerSecond)
		}
		return 0
	case "timings":
		return i.timings()
	case "close":
		return i.promise(p.bridge, func() (any, error) {
			defer delete(p.instances, id)
			return nil, i.close()
		})
	}
	return nil
}

// probe is (keySystems) to a promise of a report. The element that a host must have is one of its own.
func (p *page) probe(args []safejs.Value) any {
	video, err := browser.Call(browser.Get(safejs.Global(), "document"), "createElement", "video")
	if err != nil {
		panic(err)
	}
	i := &instance{host: browser.New(video, p.bridge)}
	i.host.Panicked = i.panicked
	systems := readKeySystems(args[0], i.host)
	return i.promise(p.bridge, func() (any, error) { return i.probe(systems) })
}
