//go:build js && wasm

// Command program keeps the loader's side of the border as player.wasm does, and dies when asked to: the unit tests of web/ run it.
package main

import (
	"strings"
	"syscall/js"
)

func main() {
	keystream := js.Global().Get("__keystream")
	js.Global().Delete("__keystream")
	ready := keystream.Get("ready")
	ready.Invoke(js.FuncOf(func(_ js.Value, args []js.Value) any { return player(args[1], args[2]) }))
	select {}
}

func player(config, emit js.Value) js.Value {
	load := js.FuncOf(func(_ js.Value, args []js.Value) any {
		track := args[0].Get("tracks").Index(0)
		emit.Invoke("statechange", map[string]any{"state": "loading", "mode": "mse", "keySystem": config.Get("keySystems").Index(0).Get("name")})
		url := track.Get("url").String()
		how := track.Get("type").String()
		if how == "" {
			_, how, _ = strings.Cut(url, "#")
		}
		switch how {
		case "resolve":
			return promise().Call("resolve")
		case "reject":
			failure := map[string]any{"code": "SOURCE_UNKNOWN", "fatal": true, "stage": "probe", "message": "no", "remedy": "none"}
			emit.Invoke("error", failure)
			return promise().Call("reject", failure)
		case "license":
			return config.Get("keySystems").Index(0).Get("license").Invoke(url)
		case "hang":
			return promise().New(js.FuncOf(func(js.Value, []js.Value) any { return nil }))
		case "panic":
			go panic("asked to")
		case "overflow":
			overflow(0)
		case "trap":
			// A getter that throws unwinds Go's stack: syscall/js catches what calls throw, not what reads do.
			js.Global().Get("Map").Get("prototype").Get("size")
		case "late":
			js.Global().Call("setTimeout", js.FuncOf(func(js.Value, []js.Value) any { panic("asked to, later") }), 0)
			return promise().New(js.FuncOf(func(js.Value, []js.Value) any { return nil }))
		}
		return nil
	})
	shut := js.FuncOf(func(js.Value, []js.Value) any {
		emit.Invoke("statechange", map[string]any{"state": "closed"})
		return promise().Call("resolve")
	})
	return js.ValueOf(map[string]any{"load": load, "close": shut})
}

func promise() js.Value { return js.Global().Get("Promise") }

func overflow(n int) int { return overflow(n+1) + 1 }
