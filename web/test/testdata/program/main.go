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
	factory := js.FuncOf(func(_ js.Value, args []js.Value) any { return player(args[1], args[2]) })
	ready.Invoke(factory, js.FuncOf(func(_ js.Value, args []js.Value) any { return probe(args[0]) }))
	select {}
}

func player(config, emit js.Value) js.Value {
	how := ""
	load := js.FuncOf(func(_ js.Value, args []js.Value) any {
		track := args[0].Get("tracks").Index(0)
		emit.Invoke("statechange", map[string]any{"state": "loading", "mode": "mse", "keySystem": config.Get("keySystems").Index(0).Get("name")})
		url := track.Get("url").String()
		how = track.Get("type").String()
		if how == "" {
			_, how, _ = strings.Cut(url, "#")
		}
		switch how {
		case "resolve", "fragile":
			return promise().Call("resolve")
		case "reject":
			failure := map[string]any{"code": "SOURCE_UNKNOWN", "fatal": true, "stage": "probe", "message": "no", "remedy": "none"}
			emit.Invoke("error", failure)
			return promise().Call("reject", failure)
		case "config":
			emit.Invoke("config", config)
			return promise().Call("resolve")
		case "license":
			return config.Get("keySystems").Index(0).Get("license").Invoke(map[string]any{"initDataType": url, "headers": []any{[]any{"SOAPAction", "ask"}}})
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
	become := func(state string) js.Func {
		return js.FuncOf(func(js.Value, []js.Value) any {
			if how == "fragile" {
				panic("asked to")
			}
			emit.Invoke("statechange", map[string]any{"state": state})
			return promise().Call("resolve")
		})
	}
	retry := js.FuncOf(func(js.Value, []js.Value) any {
		return promise().Call("reject", map[string]any{"code": "CLOSED", "fatal": false, "stage": "license", "message": "no", "remedy": "none"})
	})
	timings := js.FuncOf(func(js.Value, []js.Value) any {
		if how == "fragile" {
			panic("asked to")
		}
		return []any{map[string]any{"step": "license"}}
	})
	return js.ValueOf(map[string]any{
		"load": load, "unload": become("idle"), "retryLicense": retry, "timings": timings, "close": become("closed"),
	})
}

// probe promises a report that names the key systems it was asked about, and dies of the key system "panic".
func probe(systems js.Value) any {
	names := []any{}
	for n := range systems.Length() {
		name := systems.Index(n).Get("name")
		if name.String() == "panic" {
			panic("asked to")
		}
		names = append(names, map[string]any{"keySystem": name})
	}
	return promise().Call("resolve", map[string]any{"systems": names})
}

func promise() js.Value { return js.Global().Get("Promise") }

func overflow(n int) int { return overflow(n+1) + 1 }
