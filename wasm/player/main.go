//go:build js && wasm

// Command player is player.wasm: package player behind one JavaScript function, which makes a player for an element. What crosses is in
// wasm/README.md; web/src/load.ts runs it.
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
	bridge      safejs.Value
	load, close browser.Func
	instances   map[int]*instance
	last        int
}

func (p *page) open(handshake safejs.Value) (err error) {
	if p.load, err = browser.FuncOf(printPanic, p.loadInstance); err != nil {
		return err
	}
	if p.close, err = browser.FuncOf(printPanic, p.closeInstance); err != nil {
		return err
	}
	factory, err := browser.FuncOf(printPanic, p.newInstance)
	if err != nil {
		return err
	}
	_, err = browser.Call(handshake, "ready", factory.Value())
	return err
}

// printPanic is for the panics that belong to no player.
func printPanic(value any) { println("keystream: " + browser.PanicText(value)) }

// newInstance is the factory: (video, config, emit) to {load, close}.
func (p *page) newInstance(args []safejs.Value) any {
	p.last++
	p.instances[p.last] = newInstance(p.bridge, args[0], args[1], args[2])
	face, err := browser.Call(p.bridge, "player", p.last, p.load.Value(), p.close.Value())
	if err != nil {
		panic(err)
	}
	return face
}

// loadInstance is load: (id, source) to a promise. keystream.js lets nothing through once a player is closed.
func (p *page) loadInstance(args []safejs.Value) any {
	i := p.instances[int(browser.Number(args[0]))]
	source := readSource(args[1])
	i.loads++
	ticket := i.loads
	return i.promise(p.bridge, func() error { return i.load(source, ticket) })
}

// closeInstance is close: (id) to a promise.
func (p *page) closeInstance(args []safejs.Value) any {
	id := int(browser.Number(args[0]))
	i := p.instances[id]
	return i.promise(p.bridge, func() error {
		defer delete(p.instances, id)
		return i.close()
	})
}
