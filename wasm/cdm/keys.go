//go:build js && wasm

package main

import (
	"unsafe"

	"github.com/keystream-player/keystream/player/cenc"
)

// keys are the content keys by id.
type keys map[[16]byte]*cenc.Key

// Key implements [cenc.Keys].
func (k keys) Key(id [16]byte) *cenc.Key { return k[id] }

// setKeys reads all the keys there are from the input, and wipes those that are gone.
func (p *program) setKeys() {
	const size = 32 // an id and a key
	kept := map[[16]byte]bool{}
	pair := make([]byte, size)
	for read(start(pair), size) == size {
		id, value := [16]byte(pair[:16]), [16]byte(pair[16:])
		kept[id] = true
		if old := p.keys[id]; old == nil || old.Value != value {
			p.wipe(id)
			p.keys[id] = cenc.NewKey(id, value)
		}
		clear(value[:])
	}
	clear(pair)
	for id := range p.keys {
		if !kept[id] {
			p.wipe(id)
		}
	}
}

func (p *program) wipe(id [16]byte) {
	if key := p.keys[id]; key != nil {
		forget(unsafe.Pointer(&key.Value))
		key.Wipe()
		delete(p.keys, id)
	}
}
