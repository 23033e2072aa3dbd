//go:build js && wasm

package browser

import (
	"math"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

func global() safejs.Value { return safejs.Global() }

// Call calls a method; what it throws is a *[platform.DOMError]. It and its neighbours are not inlined: safejs's recovery from a thrown
// exception is a good part of a kilobyte at every place where the compiler copies it to.
//
//go:noinline
func Call(of safejs.Value, method string, args ...any) (safejs.Value, error) {
	value, err := of.Call(method, args...)
	return value, domError(err)
}

// Construct calls a constructor of the global object, as [Call] calls a method.
//
//go:noinline
func Construct(constructor string, args ...any) (safejs.Value, error) {
	value, err := Get(global(), constructor).New(args...)
	return value, domError(err)
}

// Get reads a property; it is undefined where there is none, or where the value is no object. Only of one that cannot throw: Go's glue catches
// what calls throw, but an exception out of a getter or a setter unwinds Go's stack and leaves the program dead.
//
//go:noinline
func Get(of safejs.Value, name string) safejs.Value {
	value, err := of.Get(name)
	if err != nil {
		return safejs.Undefined()
	}
	return value
}

// Text is a string, or "" for a value of another type.
//
//go:noinline
func Text(value safejs.Value) string {
	if value.Type() != safejs.TypeString {
		return ""
	}
	s, err := value.String()
	if err != nil {
		return ""
	}
	return s
}

// Truthy is what JavaScript's Boolean makes of a value.
//
//go:noinline
func Truthy(value safejs.Value) bool {
	b, err := value.Truthy()
	return err == nil && b
}

// Number is a number, and NaN for a value of another type.
//
//go:noinline
func Number(value safejs.Value) float64 {
	f, err := value.Float()
	if err != nil {
		return math.NaN()
	}
	return f
}

// duration rounds float seconds to nanoseconds. What is no finite number, or too much for a time.Duration, is not known.
func duration(seconds float64) (d time.Duration, known bool) {
	ns := math.Round(seconds * 1e9)
	if math.IsNaN(ns) || math.Abs(ns) >= math.MaxInt64 {
		return 0, false
	}
	return time.Duration(ns), true
}

// timeRanges reads what the bridge's buffered gives.
func timeRanges(list safejs.Value) []platform.TimeRange {
	var ranges []platform.TimeRange
	for i := range Length(list) / 2 {
		start, _ := duration(Number(Index(list, 2*i)))
		end, known := duration(Number(Index(list, 2*i+1)))
		if !known {
			end = math.MaxInt64
		}
		ranges = append(ranges, platform.TimeRange{Start: start, End: end})
	}
	return ranges
}

// Index reads an element of an array, as [Get] reads a property.
//
//go:noinline
func Index(list safejs.Value, i int) safejs.Value {
	value, err := list.Index(i)
	if err != nil {
		return safejs.Undefined()
	}
	return value
}

// Length is an array's length, and 0 for what is none.
//
//go:noinline
func Length(list safejs.Value) int {
	n, err := list.Length()
	if err != nil {
		return 0
	}
	return n
}

// Bytes copies an ArrayBuffer or a view into Go; ok is false for any other value.
func (h *Host) Bytes(value safejs.Value) (b []byte, ok bool) {
	array, err := Call(h.bridge, "bytes", value)
	b = goBytes(array)
	return b, err == nil && b != nil
}

// goBytes copies a Uint8Array; null gives nil.
func goBytes(array safejs.Value) []byte {
	if array.Type() != safejs.TypeObject {
		return nil
	}
	b := make([]byte, Length(array))
	if _, err := safejs.CopyBytesToGo(b, array); err != nil {
		return nil
	}
	return b
}

// BytesOf copies bytes into a new Uint8Array.
func BytesOf(b []byte) (safejs.Value, error) {
	array, err := Construct("Uint8Array", len(b))
	if err != nil {
		return array, err
	}
	_, err = safejs.CopyBytesToJS(array, b)
	return array, err
}

func stringsOf(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func goStrings(list safejs.Value) []string {
	n := Length(list)
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = Text(Index(list, i))
	}
	return out
}
