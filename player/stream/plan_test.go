package stream

import (
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

// times is an index of segments that last from one time to another.
type times []time.Duration

func (x times) Len() int { return len(x) / 2 }

func (x times) Segment(n int) manifest.Segment { return manifest.Segment{Start: x[2*n], End: x[2*n+1]} }

func (x times) Find(t time.Duration) int {
	n := 0
	for n < x.Len() && x[2*n+1] <= t {
		n++
	}
	return n
}

// every makes an index of segments of a length, one after the other; the last may be shorter.
func every(length, total time.Duration) (x times) {
	for at := time.Duration(0); at < total; at += length {
		x = append(x, at, min(at+length, total))
	}
	return x
}

// chunks are media from one time to another, of 1000 bytes a second.
func chunks(pairs ...time.Duration) (out []Chunk) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, Chunk{Start: pairs[i], End: pairs[i+1], Bytes: int64((pairs[i+1] - pairs[i]) / time.Millisecond), Settled: true})
	}
	return out
}

// with changes a copy of the nth chunk.
func with(list []Chunk, n int, change func(*Chunk)) []Chunk {
	change(&list[n])
	return list
}

// row lists the times of chunks of 2 s.
func row(from, to time.Duration) (pairs []time.Duration) {
	for at := from; at < to; at += 2 {
		pairs = append(pairs, at*s, (at+2)*s)
	}
	return pairs
}

func stale(c *Chunk)     { c.Stale = true }
func unsettled(c *Chunk) { c.Settled = false }
func hole(c *Chunk)      { c.Hole, c.Bytes = true, 0 }

const (
	s  = time.Second
	ms = time.Millisecond
)

// planTest is a View of a film of one Period of 60 s in segments of 2 s, unless it says otherwise, and what is to be done. A Fetch names the times of the segment.
type planTest struct {
	view     View
	action   Action
	part     int
	segment  Range
	remove   Range
	replaces bool // what is there is stale
}

var planTests = map[string]planTest{
	"the first segment":                {view: View{}, segment: Range{0, 2 * s}},
	"the next one":                     {view: View{Position: 1 * s, Have: chunks(0, 2*s)}, segment: Range{2 * s, 4 * s}},
	"after one that is on its way":     {view: View{Have: with(chunks(0, 2*s), 0, unsettled)}, segment: Range{2 * s, 4 * s}},
	"up to the goal":                   {view: View{Position: 1 * s, Have: chunks(0, 28*s)}, segment: Range{28 * s, 30 * s}},
	"not past the goal":                {view: View{Position: 1 * s, Have: chunks(0, 30*s)}, action: Wait},
	"a goal of less than two segments": {view: View{Goal: 1 * s}, segment: Range{0, 2 * s}},
	"… but no more than two":           {view: View{Goal: 1 * s, Have: chunks(0, 4*s)}, action: Wait},
	"… until one is played":            {view: View{Position: 2 * s, Goal: 1 * s, Have: chunks(0, 4*s)}, segment: Range{4 * s, 6 * s}},
	"a seek past what is there":        {view: View{Position: 41 * s, Have: chunks(20*s, 26*s)}, segment: Range{40 * s, 42 * s}},
	"a seek back before it":            {view: View{Position: 3 * s, Have: chunks(20*s, 26*s)}, segment: Range{2 * s, 4 * s}},
	"a seek into it":                   {view: View{Position: 21 * s, Have: chunks(20*s, 26*s)}, segment: Range{26 * s, 28 * s}},
	"a hole in the middle":             {view: View{Position: 1 * s, Have: chunks(0, 4*s, 6*s, 12*s)}, segment: Range{4 * s, 6 * s}},
	"a crack between segments":         {view: View{Position: 1 * s, Have: chunks(0, 4*s, 4*s+90*ms, 12*s)}, segment: Range{12 * s, 14 * s}},
	"a crack under the playhead":       {view: View{Position: 4 * s, Have: chunks(0, 4*s, 4*s+90*ms, 12*s)}, segment: Range{4 * s, 6 * s}},
	"segments that overlap a little":   {view: View{Position: 1 * s, Have: chunks(0, 2*s+20*ms)}, segment: Range{2 * s, 4 * s}},
	"segments that are a little short": {view: View{Position: 1 * s, Have: chunks(0, 4*s-90*ms)}, segment: Range{4 * s, 6 * s}},

	"a seek to the last of a segment": {view: View{Position: 4*s - 20*ms, Have: chunks(8*s, 10*s)}, segment: Range{2 * s, 4 * s}},
	"everything":                      {view: View{Position: 50 * s, Have: chunks(40*s, 60*s)}, action: Done},
	"the playhead at the end":         {view: View{Position: 60 * s, Have: chunks(40*s, 60*s)}, action: Done},
	"a seek to the end":               {view: View{Position: 60 * s}, segment: Range{58 * s, 60 * s}},
	"a seek past the end":             {view: View{Position: 70 * s}, segment: Range{58 * s, 60 * s}},

	"enough bytes":                      {view: View{Position: 1 * s, Bytes: 8_000, Have: chunks(0, 2*s, 2*s, 4*s, 4*s, 6*s, 6*s, 8*s)}, action: Wait},
	"enough bytes, but not enough time": {view: View{Position: 4 * s, Bytes: 2_000, Have: chunks(0, 8*s)}, segment: Range{8 * s, 10 * s}},
	"bytes behind the playhead":         {view: View{Position: 8 * s, Bytes: 8_000, Have: chunks(0, 8*s, 8*s, 14*s)}, segment: Range{14 * s, 16 * s}},
	"the browser wants no media":        {view: View{Position: 1 * s, Idle: true, Have: chunks(0, 6*s)}, action: Wait},
	"… but needs it soon":               {view: View{Position: 2 * s, Idle: true, Have: chunks(0, 6*s)}, segment: Range{6 * s, 8 * s}},
	"no room":                           {view: View{Position: 1 * s, Full: true, Have: chunks(0, 6*s)}, action: Wait},
	"no room, but media far ahead":      {view: View{Position: 1 * s, Full: true, Have: chunks(0, 6*s, 20*s, 30*s)}, action: Evict, remove: Range{20 * s, forever}},
	"no room, and media just played":    {view: View{Position: 12 * s, Full: true, Have: chunks(row(0, 16)...)}, action: Evict, remove: Range{0, 6 * s}},
	"no room, what is ahead on its way": {view: View{Position: 1 * s, Full: true, Have: with(chunks(0, 6*s, 20*s, 30*s), 1, unsettled)}, action: Wait},
	"played long ago":                   {view: View{Position: 51 * s, Have: chunks(row(0, 56)...)}, action: Evict, remove: Range{0, 20 * s}},
	"played less long ago":              {view: View{Position: 39 * s, Have: chunks(row(0, 56)...)}, segment: Range{56 * s, 58 * s}},
	"… in a buffer that is to be small": {view: View{Position: 39 * s, Behind: 1 * s, Have: chunks(row(0, 56)...)}, action: Evict, remove: Range{0, 38 * s}},
	"no room, and one long segment":     {view: View{Position: 19 * s, Full: true, Have: chunks(0, 20*s)}, action: Wait},
	"… that was just played":            {view: View{Position: 20 * s, Full: true, Have: chunks(0, 20*s)}, action: Evict, remove: Range{0, 20 * s}},
	"one long segment":                  {view: View{Position: 55 * s, Have: chunks(0, 56*s)}, segment: Range{56 * s, 58 * s}},
	"far behind, but not settled":       {view: View{Position: 50 * s, Have: with(chunks(0, 2*s, 48*s, 56*s), 0, unsettled)}, segment: Range{56 * s, 58 * s}},

	"stale under the playhead":      {view: View{Position: 1 * s, Have: with(chunks(0, 2*s, 2*s, 4*s), 0, stale)}, segment: Range{4 * s, 6 * s}},
	"stale a little ahead":          {view: View{Position: 1*s + 500*ms, Have: with(chunks(0, 2*s, 2*s, 4*s), 1, stale)}, segment: Range{4 * s, 6 * s}},
	"stale ahead":                   {view: View{Position: 500 * ms, Have: with(chunks(0, 2*s, 2*s, 4*s), 1, stale)}, segment: Range{2 * s, 4 * s}, replaces: true},
	"stale past the goal":           {view: View{Goal: 4 * s, Have: with(chunks(0, 10*s, 10*s, 12*s), 1, stale)}, segment: Range{10 * s, 12 * s}, replaces: true},
	"stale, where everything is":    {view: View{Position: 40 * s, Have: with(chunks(40*s, 58*s, 58*s, 60*s), 1, stale)}, segment: Range{58 * s, 60 * s}, replaces: true},
	"stale, and no room":            {view: View{Full: true, Have: with(chunks(0, 10*s, 10*s, 12*s), 1, stale)}, action: Wait},
	"a hole counts as had":          {view: View{Position: 1 * s, Have: with(chunks(0, 2*s, 2*s, 4*s), 1, hole)}, segment: Range{4 * s, 6 * s}},
	"but not as media":              {view: View{Position: 1 * s, Goal: 4 * s, Have: with(chunks(0, 2*s, 2*s, 4*s), 1, hole)}, segment: Range{4 * s, 6 * s}},
	"a hole longer than the goal":   {view: View{Position: 2 * s, Goal: 4 * s, Have: with(chunks(0, 2*s, 2*s, 20*s), 1, hole)}, segment: Range{20 * s, 22 * s}},
	"a hole at the end":             {view: View{Position: 50 * s, Have: with(chunks(40*s, 58*s, 58*s, 60*s), 1, hole)}, action: Done},
	"a hole far behind is no media": {view: View{Position: 1 * s, Goal: 5 * s, Have: with(chunks(0, 2*s, 2*s, 8*s), 0, hole)}, action: Wait},

	"an index with a gap, before it": {view: View{Position: 1 * s, Parts: one(times{0, 2 * s, 8 * s, 10 * s}, 10*s), Have: chunks(0, 2*s)}, segment: Range{8 * s, 10 * s}},
	"… after it":                     {view: View{Position: 1 * s, Parts: one(times{0, 2 * s, 8 * s, 10 * s}, 10*s), Have: with(chunks(0, 2*s, 2*s, 8*s, 8*s, 10*s), 1, hole)}, action: Done},
	"a film that begins late":        {view: View{Parts: one(times{3 * s, 5 * s}, 10*s)}, segment: Range{3 * s, 5 * s}},
	"an index longer than its film":  {view: View{Position: 9 * s, Parts: one(every(2*s, 60*s), 10*s), Have: chunks(8*s, 10*s)}, action: Done},
	"an index shorter than its film": {view: View{Position: 5 * s, Parts: one(every(2*s, 6*s), 10*s), Have: chunks(4*s, 6*s)}, action: Done},
	"… and a seek past it":           {view: View{Position: 9 * s, Parts: one(every(2*s, 6*s), 10*s)}, segment: Range{4 * s, 6 * s}},
	"a last segment of an instant":   {view: View{Position: 9 * s, Parts: one(times{0, 10 * s, 10 * s, 10*s + 20*ms}, 10*s+20*ms), Have: chunks(0, 10*s)}, segment: Range{10 * s, 10*s + 20*ms}},
	"a segment of unknown length":    {view: View{Parts: []PartView{{End: 10 * s, Index: manifest.NewSingleIndex("", manifest.ByteRange{}, 0)}}}, segment: Range{0, 0}},
	"no index yet":                   {view: View{Parts: one(nil, 10*s)}, segment: Range{}},
	"an empty index":                 {view: View{Parts: one(times{}, 10*s)}, action: Done},
	"no end":                         {view: View{Position: 4 * s, Parts: one(every(2*s, 60*s), forever), Have: chunks(4*s, 6*s)}, segment: Range{6 * s, 8 * s}},

	"into the next Period":         {view: View{Position: 9 * s, Parts: two(), Have: chunks(0, 10*s)}, part: 1, segment: Range{0, 2 * s}},
	"… which it is in":             {view: View{Position: 13 * s, Parts: two(), Have: chunks(0, 12*s)}, part: 1, segment: Range{2 * s, 4 * s}},
	"… back":                       {view: View{Position: 9 * s, Parts: two(), Have: chunks(10*s, 12*s)}, segment: Range{8 * s, 10 * s}},
	"a seek to its border":         {view: View{Position: 10 * s, Parts: two()}, part: 1, segment: Range{0, 2 * s}},
	"an empty Period":              {view: View{Position: 9 * s, Parts: []PartView{{End: 5 * s, Index: every(5*s, 5*s)}, {Start: 5 * s, End: 12 * s, Empty: true}, {Start: 12 * s, End: 20 * s, Index: every(2*s, 8*s)}}}, part: 2, segment: Range{0, 2 * s}},
	"an empty Period at the end":   {view: View{Position: 9 * s, Parts: []PartView{{End: 5 * s, Index: every(5*s, 5*s)}, {Start: 5 * s, End: 12 * s, Empty: true}}, Have: chunks(0, 5*s)}, action: Done},
	"nothing but empty Periods":    {view: View{Parts: []PartView{{End: 5 * s, Empty: true}}}, action: Done},
	"the end of several Periods":   {view: View{Position: 19 * s, Parts: two(), Have: chunks(10*s, 20*s)}, action: Done},
	"media past a Period's end":    {view: View{Position: 9 * s, Parts: []PartView{{End: 9*s + 50*ms, Index: every(2*s, 10*s)}, {Start: 9*s + 50*ms, End: 20 * s, Index: every(2*s, 10*s)}}, Have: chunks(8*s, 9*s+50*ms)}, part: 1, segment: Range{0, 2 * s}},
	"the next Period has no index": {view: View{Position: 9 * s, Parts: []PartView{{End: 10 * s, Index: every(2*s, 10*s)}, {Start: 10 * s, End: 20 * s}}, Have: chunks(8*s, 10*s)}, part: 1, segment: Range{}},
}

func one(index times, end time.Duration) []PartView {
	if index == nil {
		return []PartView{{End: end}}
	}
	return []PartView{{End: end, Index: index}}
}

func two() []PartView {
	return []PartView{{End: 10 * s, Index: every(2*s, 10*s)}, {Start: 10 * s, End: 20 * s, Index: every(2*s, 10*s)}}
}

func TestPlan(t *testing.T) {
	for name, test := range planTests {
		v := test.view
		if v.Parts == nil {
			v.Parts = one(every(2*s, 60*s), 60*s)
		}
		if v.Goal == 0 {
			v.Goal = 30 * s
		}
		if v.Behind == 0 {
			v.Behind = 30 * s
		}
		got := Plan(v)
		if again := Plan(v); again != got {
			t.Errorf("%s: got %+v, and then %+v", name, got, again)
		}
		if got.Action != test.action || got.Remove != test.remove || got.Skipped != test.replaces || got.Part != test.part {
			t.Errorf("%s: got %+v, want %+v", name, got, test)
			continue
		}
		if index := v.Parts[got.Part].Index; got.Action == Fetch && index != nil {
			n := index.Find(got.At)
			if n == index.Len() {
				t.Errorf("%s: there is no segment at %v", name, got.At)
			} else if segment := index.Segment(n); (Range{segment.Start, segment.End}) != test.segment {
				t.Errorf("%s: got the segment %v to %v by %+v, want %v", name, segment.Start, segment.End, got, test.segment)
			}
		}
	}
}
