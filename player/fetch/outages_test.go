package fetch

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestOutagesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o outages
		for i := range 1000 {
			o.begin(fmt.Sprintf("https://%d.test", i), 0)
		}
		long := strings.Repeat("x", maxPlace+1)
		o.begin(long, 0)
		o.begin("", 0)
		if last := o.until["https://999.test"]; len(o.until) != maxOutages || last.IsZero() || !o.until[long].IsZero() {
			t.Errorf("%d bases are remembered, %v", len(o.until), o.until)
		}
		time.Sleep(outage)
		if o.begin("https://a.test", 0); len(o.until) != 1 {
			t.Errorf("%d bases are remembered after their time", len(o.until))
		}
	})
}

func TestAnOutageIsNotCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o outages
		a, b := place{"a", "a"}, place{"b", "b"}
		o.begin("a", 3*time.Minute)
		o.begin("a", 0) // by a request that was under way
		time.Sleep(3*time.Minute - 1)
		if got := o.order([]place{a, b}); got[0] != b {
			t.Error("it is over too soon")
		}
	})
}
