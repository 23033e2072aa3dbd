package cenc

import (
	"cmp"
	"slices"
)

// region is where auxiliary information stands in the byte stream.
type region struct {
	start, size int64
	bytes       []byte // where it stands in moof
	from, have  int    // else, the part of the collected bytes that it is, so far
}

// regionTable collects the auxiliary information that stands behind its moof, as it comes by.
type regionTable struct {
	regions   []region
	waiting   []int  // those behind moof, in the order of the stream
	next      int    // the first in waiting that is not whole
	collected []byte // no byte of the stream is in it twice
}

func (t *regionTable) reset() {
	t.regions, t.waiting, t.next, t.collected = t.regions[:0], t.waiting[:0], 0, t.collected[:0]
}

// place adds a region. It says what is wrong with it.
func (t *regionTable) place(start, size int64, moof boxes) (wrong string) {
	r := region{start: start, size: size}
	switch inMoof := start - moof.at; {
	case size == 0:
	case inMoof < 0:
		return "points before its moof"
	case inMoof >= int64(len(moof.p)):
		t.waiting = append(t.waiting, len(t.regions))
	case size > int64(len(moof.p))-inMoof:
		return "points to the end of its moof"
	default:
		r.bytes = moof.p[inMoof : inMoof+size]
	}
	t.regions = append(t.regions, r)
	return ""
}

// sort must be called when all regions are in place; false is that some lie upon others.
func (t *regionTable) sort() bool {
	slices.SortFunc(t.waiting, func(a, b int) int { return cmp.Compare(t.regions[a].start, t.regions[b].start) })
	var end int64
	for _, i := range t.waiting {
		if r := &t.regions[i]; r.start < end {
			return false
		} else {
			end = r.start + r.size
		}
	}
	return true
}

// collect keeps what is wanted of the bytes p, which are at a place of the stream. Bytes may come again.
func (t *regionTable) collect(p []byte, at int64) {
	for ; t.next < len(t.waiting); t.next++ {
		r := &t.regions[t.waiting[t.next]]
		if r.have == 0 {
			r.from = len(t.collected)
		}
		from := r.start + int64(r.have) - at
		if from < 0 || from >= int64(len(p)) {
			return
		}
		n := min(r.size-int64(r.have), int64(len(p))-from)
		t.collected = append(t.collected, p[from:from+n]...)
		if r.have += int(n); int64(r.have) < r.size {
			return
		}
	}
}

// bytes gives some bytes of a region, if they have come.
func (t *regionTable) bytes(i int, at uint64, size int) ([]byte, bool) {
	r := &t.regions[i]
	p := r.bytes
	if p == nil {
		p = t.collected[r.from : r.from+r.have]
	}
	if end := at + uint64(size); end <= uint64(len(p)) {
		return p[at:end], true
	}
	return nil, false
}
