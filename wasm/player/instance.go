//go:build js && wasm

package main

import (
	"context"
	"runtime"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/browser"
)

var errInterrupted = &player.Error{Code: player.LoadInterrupted, Stage: player.StageConfigure, Message: "another load came first"}

// instance is one player of the page.
type instance struct {
	host   *browser.Host
	player *player.Player
	emit   safejs.Value
	loads  int // how many were asked for
}

func newInstance(bridge, video, config, emit safejs.Value) *instance {
	i := &instance{host: browser.New(video, bridge), emit: emit}
	i.host.Panicked = i.panicked
	settings := readConfig(config, i.host)
	settings.OnEvent = i.send
	i.player = player.New(i.host, settings)
	return i
}

// load plays a source, unless a newer call has overtaken this one: goroutines need not start in the order in which they were made.
func (i *instance) load(source player.Source, ticket int) (err error) {
	if ticket != i.loads {
		return errInterrupted
	}
	defer collect()
	defer i.rescue(&err)
	return i.player.Load(context.Background(), source)
}

func (i *instance) close() (err error) {
	defer collect()
	defer i.host.Close()
	defer i.rescue(&err)
	return i.player.Close(context.Background())
}

// promise runs f and settles a promise with its result: a rejection is an error detail.
func (i *instance) promise(bridge safejs.Value, f func() error) any {
	deferred, err := browser.Call(bridge, "deferred")
	if err != nil {
		panic(err)
	}
	go func() {
		settle, result := "resolve", safejs.Undefined()
		if err := f(); err != nil {
			settle, result = "reject", i.errorDetail(err)
		}
		if _, err := browser.Call(deferred, settle, result); err != nil {
			i.panicked(err)
		}
	}()
	return browser.Get(deferred, "promise")
}

// collect frees what Go holds of JavaScript and has let go of: only a garbage collection does, and none may come for long.
func collect() { go runtime.GC() }

// rescue makes an error of a panic of the player's, and tells of it. Defer it.
func (i *instance) rescue(err *error) {
	if value := recover(); value != nil {
		*err = i.internal(value)
	}
}

func (i *instance) panicked(value any) { i.internal(value) }

func (i *instance) internal(value any) *player.Error {
	text := browser.PanicText(value)
	println("keystream: " + text)
	err := &player.Error{
		Code: player.Internal, Fatal: true,
		Message: "Keystream met a bug of its own", Remedy: "Load again. The browser's console says where it was; please report it.",
	}
	go i.send(err)
	return err
}

// send gives the page an event.
func (i *instance) send(event player.Event) {
	defer func() {
		if value := recover(); value != nil {
			printPanic(value)
		}
	}()
	if _, err := browser.Call(i.emit, "call", nil, event.EventType(), i.detail(event)); err != nil {
		println("keystream: " + err.Error())
	}
}
