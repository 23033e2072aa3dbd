//go:build js && wasm

package main

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player"
	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/cdm"
	"github.com/keystream-player/keystream/player/drm"
)

var errInterrupted = &player.Error{Code: player.LoadInterrupted, Stage: player.StageConfigure, Message: "another load came first"}

// instance is one player of the page.
type instance struct {
	host   *browser.Host
	player *player.Player
	emit   safejs.Value
	loads  int // how many loads and unloads were asked for
}

func newInstance(bridge, video, config, emit safejs.Value) *instance {
	i := &instance{host: browser.New(video, bridge), emit: emit}
	i.host.Panicked = i.panicked
	settings := readConfig(config, i.host)
	settings.OnEvent = i.send
	i.player = player.New(cdm.NewHost(i.host), settings)
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

// unload ends playback, unless a newer load has begun it anew.
func (i *instance) unload(ticket int) (err error) {
	if ticket != i.loads {
		return nil
	}
	defer collect()
	defer i.rescue(&err)
	return i.player.Unload(context.Background())
}

func (i *instance) retryLicense() (err error) {
	defer i.rescue(&err)
	return i.player.RetryLicense(context.Background())
}

func (i *instance) selectTrack(kind, id string) (err error) {
	defer i.rescue(&err)
	return i.player.SelectTrack(context.Background(), kind, id)
}

func (i *instance) selectQuality(id string) (err error) {
	defer i.rescue(&err)
	return i.player.SelectQuality(context.Background(), id)
}

// buffered lists what of each kind of track is buffered.
func (i *instance) buffered() safejs.Value {
	var json browser.JSON
	for kind, list := range i.player.Buffered() {
		json.Open(kind, '[')
		for _, media := range list {
			json.Open("", '{')
			json.Number("start", media.Start.Seconds())
			json.Number("end", media.End.Seconds())
			json.Text("quality", media.Quality)
			json.Number("bitrate", float64(media.Bitrate))
			json.Close('}')
		}
		json.Close(']')
	}
	return i.host.Parse(&json)
}

// clock gives what turns times into those of performance.now.
func clock() func(time.Time) float64 {
	js, err := browser.Call(browser.Get(safejs.Global(), "performance"), "now")
	if err != nil {
		panic(err)
	}
	now, then := time.Now(), browser.Number(js)
	return func(t time.Time) float64 {
		if t.IsZero() {
			return 0
		}
		return then - milliseconds(now.Sub(t))
	}
}

// timings lists the steps of licensing on the clock of performance.now.
func (i *instance) timings() safejs.Value {
	at := clock()
	var json browser.JSON
	json.Open("timings", '[')
	for _, t := range i.player.Timings() {
		json.Open("", '{')
		json.Text("step", string(t.Step))
		json.Text("sessionId", t.SessionID)
		json.Texts("keyIds", keyIDs(t.KeyIDs))
		json.Number("start", at(t.Start))
		json.Number("duration", milliseconds(t.Took))
		json.Bool("failed", t.Failed)
		json.Close('}')
	}
	json.Close(']')
	return browser.Get(i.host.Parse(&json), "timings")
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// probe asks about key systems; it needs no player.
func (i *instance) probe(systems []drm.KeySystem) (report any, err error) {
	defer collect()
	defer i.host.Close()
	defer i.rescue(&err)
	var json browser.JSON
	writeReport(&json, drm.Probe(context.Background(), cdm.NewHost(i.host), systems, drm.Content{}))
	return i.host.Parse(&json), nil
}

func (i *instance) close() (err error) {
	defer collect()
	defer i.host.Close()
	defer i.rescue(&err)
	return i.player.Close(context.Background())
}

// promise runs f and settles a promise with its result: a rejection is an error detail.
func (i *instance) promise(bridge safejs.Value, f func() (any, error)) any {
	deferred, err := browser.Call(bridge, "deferred")
	if err != nil {
		panic(err)
	}
	go func() {
		settle := "resolve"
		result, err := f()
		if err != nil {
			settle, result = "reject", i.errorDetail(err)
		}
		if _, err := browser.Call(deferred, settle, result); err != nil {
			i.panicked(err)
		}
	}()
	return browser.Get(deferred, "promise")
}

// A collection comes so long after what calls for it: it holds the page up for 20 ms, between the first media of a film and its first picture.
const quiet = 5 * time.Second

var collecting atomic.Bool

// collect frees what Go holds of JavaScript and has let go of, soon: only a garbage collection does, and none may come by itself for long.
func collect() {
	if collecting.CompareAndSwap(false, true) {
		time.AfterFunc(quiet, func() {
			collecting.Store(false)
			runtime.GC()
		})
	}
}

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

// send gives the page an event; a probe has nobody to give it to.
func (i *instance) send(event player.Event) {
	if i.player == nil {
		return
	}
	defer func() {
		if value := recover(); value != nil {
			printPanic(value)
		}
	}()
	if _, err := browser.Call(i.emit, "call", nil, event.EventType(), i.detail(event)); err != nil {
		println("keystream: " + err.Error())
	}
}
