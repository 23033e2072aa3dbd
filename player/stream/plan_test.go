package stream

import (
	"testing"
	"time"
)

func TestPlan(t *testing.T) {
	const s = time.Second
	buffered := func(pairs ...time.Duration) (out []Range) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, Range{pairs[i], pairs[i+1]})
		}
		return out
	}
	never := time.Duration(-time.Hour)
	for name, test := range map[string]struct {
		view View
		want Step
	}{
		"the first piece":                          {View{Count: 3, Goal: 60 * s, Restarted: never, Stalled: true}, Step{Action: Append}},
		"less than the goal ahead":                 {View{Next: 1, Count: 3, Goal: 60 * s, Buffered: buffered(0, 59*s), Reached: 59 * s, Restarted: never}, Step{Action: Append}},
		"the goal ahead":                           {View{Next: 1, Count: 3, Goal: 60 * s, Buffered: buffered(0, 60*s), Reached: 60 * s, Restarted: never}, Step{Action: Wait}},
		"the goal ahead, in another range":         {View{Next: 1, Count: 3, Goal: 10 * s, Position: 5 * s, Buffered: buffered(0, 9*s, 20*s, 60*s), Reached: 60 * s, Restarted: never}, Step{Action: Append}},
		"everything appended":                      {View{Next: 3, Count: 3, Goal: 60 * s, Buffered: buffered(0, 9*s), Reached: 9 * s, Restarted: never}, Step{Action: Done}},
		"a seek past all that is there":            {View{Next: 2, Count: 9, Goal: 10 * s, Position: 50 * s, Stalled: true, Buffered: buffered(0, 20*s), Reached: 20 * s, Restarted: never}, Step{Action: Append}},
		"full, with played media":                  {View{Next: 1, Count: 3, Goal: 60 * s, Full: true, Position: 20 * s, Buffered: buffered(0, 40*s), Reached: 40 * s, Restarted: never}, Step{Evict, Range{0, 15 * s}}},
		"full, far behind a seek":                  {View{Next: 1, Count: 3, Goal: 60 * s, Full: true, Position: 90 * s, Stalled: true, Buffered: buffered(0, 40*s), Reached: 40 * s, Restarted: never}, Step{Evict, Range{0, 40 * s}}},
		"full, with nothing played":                {View{Next: 1, Count: 3, Goal: 60 * s, Full: true, Position: 4 * s, Buffered: buffered(0, 40*s), Reached: 40 * s, Restarted: never}, Step{Action: Wait}},
		"a jump back to media that is gone":        {View{Next: 3, Count: 3, Goal: 60 * s, Position: 2 * s, Stalled: true, Buffered: buffered(15*s, 40*s), Reached: 40 * s, Restarted: never}, Step{Action: Restart}},
		"… where starting over did not help":       {View{Next: 3, Count: 3, Goal: 60 * s, Position: 2 * s, Stalled: true, Buffered: buffered(15*s, 40*s), Reached: 40 * s, Restarted: 2 * s}, Step{Action: Done}},
		"… while the element still plays":          {View{Next: 3, Count: 3, Goal: 60 * s, Position: 2 * s, Buffered: buffered(15*s, 40*s), Reached: 40 * s, Restarted: never}, Step{Action: Done}},
		"a film that begins late":                  {View{Next: 3, Count: 3, Goal: 60 * s, Stalled: true, Buffered: buffered(5*s, 40*s), Begin: 5 * s, Reached: 40 * s, Restarted: never}, Step{Action: Done}},
		"the end of the film":                      {View{Next: 3, Count: 3, Goal: 60 * s, Position: 40 * s, Stalled: true, Buffered: buffered(0, 40*s), Reached: 40 * s, Restarted: never}, Step{Action: Done}},
		"a jump back after everything was evicted": {View{Next: 2, Count: 3, Goal: 60 * s, Position: 2 * s, Stalled: true, Reached: 40 * s, Restarted: never}, Step{Action: Restart}},
	} {
		if got := Plan(test.view); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}
