//go:build js && wasm

package browser_test

import (
	"context"
	"errors"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/platform"
)

func TestJSON(t *testing.T) {
	for _, test := range []struct {
		name  string
		write func(*browser.JSON)
		want  string
	}{
		{"nothing", func(*browser.JSON) {}, `{}`},
		{"what is left out", func(j *browser.JSON) { j.Optional("a", ""); j.Optional("b", "c") }, `{"b":"c"}`},
		{"text", func(j *browser.JSON) { j.Text("a", "\"\\\x00\x1f\n\x7fé\u2028\U0001F511"); j.Text("b", "") },
			"{\"a\":\"\\\"\\\\\\u0000\\u001f\\n\x7fé\u2028\U0001F511\",\"b\":\"\"}"},
		{"bytes that are no text", func(j *browser.JSON) { j.Text("a", "x\xff") }, "{\"a\":\"x\uFFFD\"}"},
		{"numbers", func(j *browser.JSON) { j.Number("a", -1.5); j.Number("b", 1e21); j.Number("c", 2.5e-7) }, `{"a":-1.5,"b":1e+21,"c":2.5e-7}`},
		{"booleans", func(j *browser.JSON) { j.Bool("a", true); j.Bool("b", false) }, `{"a":true,"b":false}`},
		{"nesting", func(j *browser.JSON) {
			j.Texts("a", nil)
			j.Open("b", '[')
			j.Texts("", []string{"x", "y"})
			j.Open("", '{')
			j.Text("c", "d")
			j.Close('}')
			j.Close(']')
			j.Bool("e", true)
		}, `{"a":[],"b":[["x","y"],{"c":"d"}],"e":true}`},
		{"a configuration", func(j *browser.JSON) {
			j.Configuration("a", &platform.MediaKeySystemConfiguration{
				InitDataTypes:     []string{"cenc"},
				VideoCapabilities: []platform.MediaKeySystemMediaCapability{{ContentType: `video/mp4; codecs="avc1.42E01E"`, Robustness: "3000"}},
				PersistentState:   "optional",
			})
		}, `{"a":{"initDataTypes":["cenc"],"videoCapabilities":[{"contentType":"video/mp4; codecs=\"avc1.42E01E\"","robustness":"3000"}],"persistentState":"optional"}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			host, _ := newHost(t)
			var j browser.JSON
			test.write(&j)
			got := call(t, browser.Get(safejs.Global(), "JSON"), "stringify", host.Parse(&j))
			if s := browser.Text(got); s != test.want {
				t.Errorf("%s, want %s", s, test.want)
			}
		})
	}
}

// A function of the page's is told when nobody waits for it any more, and not while somebody does.
func TestAsk(t *testing.T) {
	host, _ := newHost(t)
	ctx, cancel := context.WithCancel(watchdog(t))
	var signal safejs.Value
	deferred := call(t, bridge, "deferred")
	f, err := browser.FuncOf(host.Panicked, func(args []safejs.Value) any {
		signal = browser.Get(args[0], "signal")
		if browser.Text(browser.Get(args[0], "ends")) == "late" {
			return browser.Get(deferred, "promise")
		}
		return 42
	})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	ask := func(ends string) (safejs.Value, error) {
		var argument browser.JSON
		argument.Text("ends", ends)
		promise, err := host.Ask(f.Value(), host.Parse(&argument))
		if err != nil {
			t.Fatal(err)
		}
		if ends == "late" {
			cancel()
		}
		return host.Await(ctx, promise)
	}
	value, err := ask("at once")
	if n, _ := value.Int(); err != nil || n != 42 || browser.Truthy(browser.Get(signal, "aborted")) {
		t.Fatalf("%v, %v, or its signal was aborted", n, err)
	}
	if _, err := ask("late"); !errors.Is(err, context.Canceled) || !browser.Truthy(browser.Get(signal, "aborted")) {
		t.Fatalf("%v, or its signal was not aborted", err)
	}
}
