package stream

import (
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

// held is a chunk with what a track knows of it.
type held struct {
	Chunk
	part      int
	rendition *Rendition // nil of a hole

	// seen is what of it the SourceBuffer showed when it had been appended: media need not be as long as the manifest says. What is missing of that later, the
	// browser or an eviction has taken.
	seen Range
}

// inventory is what a track has in its SourceBuffer, by Start, without overlaps.
type inventory []held

// add puts a chunk in the place of what it overlaps.
func (list inventory) add(c held) inventory {
	out := append(list.cut(Range{c.Start, c.End}), c)
	slices.SortFunc(out, func(a, b held) int { return int(a.Start - b.Start) })
	return out
}

// cut takes a stretch of time out.
func (list inventory) cut(r Range) inventory {
	out := make(inventory, 0, len(list)+2)
	for _, h := range list {
		if before := h; before.Start < r.Start {
			before.End = min(before.End, r.Start)
			before.seen.End = min(before.seen.End, r.Start)
			out = append(out, before)
		}
		if after := h; after.End > r.End {
			after.Start = max(after.Start, r.End)
			after.seen.Start = max(after.seen.Start, r.End)
			out = append(out, after)
		}
	}
	return out
}

// trim takes out what the SourceBuffer has no more.
func (list inventory) trim(buffered []platform.TimeRange) inventory {
	return slices.DeleteFunc(list, func(h held) bool { return h.seen.End > h.seen.Start && visible(h.seen, buffered) == Range{} }).shrink(buffered)
}

func (list inventory) shrink(buffered []platform.TimeRange) inventory {
	for i := range list {
		h := &list[i]
		if h.seen.End <= h.seen.Start {
			continue
		}
		now := visible(h.seen, buffered)
		if now.Start > h.seen.Start+slack {
			h.Start, h.seen.Start = now.Start, now.Start
		}
		if now.End < h.seen.End-slack {
			h.End, h.seen.End = now.End, now.End
		}
	}
	return list
}

// visible gives the longest stretch of r that is buffered; the zero Range where none is.
func visible(r Range, buffered []platform.TimeRange) (longest Range) {
	for _, b := range buffered {
		if part := (Range{max(r.Start, b.Start), min(r.End, b.End)}); part.End-part.Start > longest.End-longest.Start {
			longest = part
		}
	}
	return longest
}

// chunks is what [Plan] looks at.
func (list inventory) chunks() []Chunk {
	out := make([]Chunk, len(list))
	for i, h := range list {
		out[i] = h.Chunk
	}
	return out
}

// at gives what plays at a time; nil is nothing.
func (list inventory) at(t time.Duration) *held {
	for i := range list {
		if h := &list[i]; h.Start <= t && t < h.End {
			return h
		}
	}
	return nil
}
