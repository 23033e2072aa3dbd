package stream

import (
	"testing"
	"time"
)

func TestPlanSequence(t *testing.T) {
	const s = time.Second
	buffered := func(pairs ...time.Duration) (out []Range) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, Range{pairs[i], pairs[i+1]})
		}
		return out
	}
	never := time.Duration(-time.Hour)
	for name, test := range map[string]struct {
		view SequenceView
		want SequenceStep
	}{
		"the first piece":                          {SequenceView{Count: 3, Goal: 60 * s, Restarted: never, Stalled: true}, SequenceStep{Action: Fetch}},
		"less than the goal ahead":                 {SequenceView{Next: 1, Count: 3, Goal: 60 * s, Buffered: buffered(0, 59*s), Reached: 59 * s, Restarted: never}, SequenceStep{Action: Fetch}},
		"the goal ahead":                           {SequenceView{Next: 1, Count: 3, Goal: 60 * s, Buffered: buffered(0, 60*s), Reached: 60 * s, Restarted: never}, SequenceStep{Action: Wait}},
		"the goal ahead, in another range":         {SequenceView{Next: 1, Count: 3, Goal: 10 * s, Position: 5 * s, Buffered: buffered(0, 9*s, 20*s, 60*s), Reached: 60 * s, Restarted: never}, SequenceStep{Action: Fetch}},
		"everything appended":                      {SequenceView{Next: 3, Count: 3, Goal: 60 * s, Buffered: buffered(0, 9*s), Reached: 9 * s, Restarted: never}, SequenceStep{Action: Done}},
		"a seek past all that is there":            {SequenceView{Next: 2, Count: 9, Goal: 10 * s, Position: 50 * s, Stalled: true, Buffered: buffered(0, 20*s), Reached: 20 * s, Restarted: never}, SequenceStep{Action: Fetch}},
		"full, with played media":                  {SequenceView{Next: 1, Count: 3, Goal: 60 * s, Full: true, Position: 20 * s, Buffered: buffered(0, 40*s), Reached: 40 * s, Restarted: never}, SequenceStep{Evict, Range{0, 15 * s}}},
		"full, far behind a seek":                  {SequenceView{Next: 1, Count: 3, Goal: 60 * s, Full: true, Position: 90 * s, Stalled: true, Buffered: buffered(0, 40*s), Reached: 40 * s, Restarted: never}, SequenceStep{Evict, Range{0, 40 * s}}},
		"full, with nothing played":                {SequenceView{Next: 1, Count: 3, Goal: 60 * s, Full: true, Position: 4 * s, Buffered: buffered(0, 40*s), Reached: 40 * s, Restarted: never}, SequenceStep{Action: Wait}},
		"a jump back to media that is gone":        {SequenceView{Next: 3, Count: 3, Goal: 60 * s, Position: 2 * s, Stalled: true, Buffered: buffered(15*s, 40*s), Reached: 40 * s, Restarted: never}, SequenceStep{Action: Restart}},
		"… where starting over did not help":       {SequenceView{Next: 3, Count: 3, Goal: 60 * s, Position: 2 * s, Stalled: true, Buffered: buffered(15*s, 40*s), Reached: 40 * s, Restarted: 2 * s}, SequenceStep{Action: Done}},
		"… while the element still plays":          {SequenceView{Next: 3, Count: 3, Goal: 60 * s, Position: 2 * s, Buffered: buffered(15*s, 40*s), Reached: 40 * s, Restarted: never}, SequenceStep{Action: Done}},
		"a film that begins late":                  {SequenceView{Next: 3, Count: 3, Goal: 60 * s, Stalled: true, Buffered: buffered(5*s, 40*s), Begin: 5 * s, Reached: 40 * s, Restarted: never}, SequenceStep{Action: Done}},
		"the end of the film":                      {SequenceView{Next: 3, Count: 3, Goal: 60 * s, Position: 40 * s, Stalled: true, Buffered: buffered(0, 40*s), Reached: 40 * s, Restarted: never}, SequenceStep{Action: Done}},
		"a jump back after everything was evicted": {SequenceView{Next: 2, Count: 3, Goal: 60 * s, Position: 2 * s, Stalled: true, Reached: 40 * s, Restarted: never}, SequenceStep{Action: Restart}},
	} {
		if got := PlanSequence(test.view); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}
