//go:build js && wasm

// Command cdm is cdm.wasm, the software CDM: content keys, and what decrypts with them. It runs in a Worker of its own, where a stranger's media can
// kill nothing else; sessions and licences stay on the page (package cdm). What crosses is in wasm/README.md; web/src/cdmworker.ts runs it.
package main

import (
	"context"
	"errors"
	"os"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/cenc"
)

// pieceSize is how much is decrypted at once: memory that stays, however long a segment is.
const pieceSize = 1 << 20

func main() {
	handshake := browser.Get(safejs.Global(), "__keystream")
	if handshake.Type() != safejs.TypeObject {
		println("keystream: cdm.wasm is started by keystream-cdm.js, which did not do so")
		return
	}
	p := &program{keys: keys{}, decrypters: map[int]*cenc.Decrypter{}, cipher: newCipher(), piece: make([]byte, pieceSize)}
	call, err := browser.FuncOf(die, p.call)
	if err == nil {
		_, err = browser.Call(handshake, "ready", call.Value())
	}
	if err != nil {
		println("keystream: " + err.Error())
		return
	}
	select {}
}

// die ends the program: after a panic nothing is known of a stream any more. The page starts another.
func die(value any) {
	println("keystream: " + browser.PanicText(value))
	os.Exit(2)
}

// program is what the Worker knows. The page's script lets one thing be done after the other.
type program struct {
	keys       keys
	decrypters map[int]*cenc.Decrypter
	cipher     cenc.Cipher
	piece      []byte // of input, again and again
}

// call is Go's one function for the Worker's script: (method, decrypter, goes on).
func (p *program) call(args []safejs.Value) any {
	method, id := browser.Text(args[0]), 0
	if len(args) > 1 {
		id = int(browser.Number(args[1]))
	}
	switch method {
	case "setKeys":
		p.setKeys()
	case "decrypt":
		goesOn := browser.Truthy(args[2])
		go func() {
			defer func() {
				if value := recover(); value != nil {
					die(value)
				}
			}()
			p.answer(p.decrypt(id, goesOn))
		}()
	case "reset":
		if d := p.decrypters[id]; d != nil {
			d.Reset()
		}
	case "free":
		delete(p.decrypters, id)
	case "crypted", "refused":
		p.cipher.(*webCrypto).settled <- method == "crypted"
	default:
		panic("keystream-cdm.js, of another version, calls " + method)
	}
	return nil
}

// decrypt does all that there is of input, or until a key lacks: what was not read then stays with the page's script. goesOn begins with what a
// key lacked for before.
func (p *program) decrypt(id int, goesOn bool) error {
	d := p.decrypters[id]
	if d == nil {
		d = cenc.NewDecrypter(p.keys, p.cipher)
		p.decrypters[id] = d
	}
	for next := p.next(goesOn); goesOn || len(next) > 0; next = p.next(false) {
		goesOn = false
		out, err := d.Decrypt(context.Background(), next)
		if err != nil {
			return err
		}
		write(start(out.Clear), len32(out.Clear))
		for _, data := range out.InitData {
			initData(data.Type, start(data.Data), len32(data.Data))
		}
		if len(out.Missing) > 0 {
			missing(start(out.Missing), 16*len32(out.Missing))
			break
		}
	}
	return nil
}

// next is more of the input, and nothing at its end.
func (p *program) next(goesOn bool) []byte {
	if goesOn {
		return nil
	}
	return p.piece[:read(start(p.piece), len32(p.piece))]
}

func (p *program) answer(err error) {
	var media *cenc.Error
	switch {
	case err == nil:
		decrypted()
	case errors.As(err, &media) && media.Unsupported:
		failed("unsupported", media.Error())
	default:
		failed("malformed", err.Error())
	}
}
