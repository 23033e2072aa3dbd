package cenc

import (
	"encoding/binary"
	"math"
)

// sampleTable goes through the samples of a track of a progressive file, in their order. Nothing is unrolled: a table of few bytes may
// tell of many samples.
//
// ISO/IEC 14496-12, 8.5 to 8.7
type sampleTable struct {
	track *track

	sizes sizeTable
	left  uint32 // samples, with the next one

	chunks      offsetTable
	runs        []byte // of stsc, to come
	chunk       uint32 // the number of the current one
	perChunk    uint32
	inChunk     uint32 // samples left in it, with the next one
	description uint32

	durations, offsets timeRuns
	syncs              []byte // of stss, to come
	allSync            bool
	number             uint32 // the next sample's

	groups      groupRuns
	aux         auxiliary
	auxInChunks bool // each chunk's is a region of its own
	firstRegion int
	auxChunk    uint32 // whose region aux is in

	next    tableSample
	ended   bool        // there is no next one
	opening tableSample // the first one of the next fragment
	latest  int64       // when its last one is shown
}

// tableSample is what the tables say of a sample.
type tableSample struct {
	start       int64 // in the file
	size        uint32
	time        uint64 // of decoding
	duration    uint32
	offset      int32 // of composition
	sync        bool
	description uint32
	chunk       uint32
}

// shown is the time of composition.
func (s tableSample) shown() int64 { return int64(s.time) + int64(s.offset) }

// offsetTable is stco, co64 or saio.
type offsetTable struct {
	p     []byte
	width int // of each, in bytes
}

func (o offsetTable) count() int {
	if o.width == 0 {
		return 0
	}
	return len(o.p) / o.width
}

func (o offsetTable) offset(i int) uint64 {
	if o.width == 4 {
		return uint64(binary.BigEndian.Uint32(o.p[4*i:]))
	}
	return binary.BigEndian.Uint64(o.p[8*i:])
}

// counted splits off the entries of a table after its count; it says whether they are all there.
func counted(p []byte, width int) (entries []byte, ok bool) {
	if len(p) < 4 {
		return nil, false
	}
	count := binary.BigEndian.Uint32(p)
	if p = p[4:]; uint64(count)*uint64(width) > uint64(len(p)) {
		return nil, false
	}
	return p[:int(count)*width], true
}

// sizeTable is stsz or stz2.
type sizeTable struct {
	fixed uint32 // the size of all, where it is not 0
	bits  int    // of each
	p     []byte
	at    int // the next one
}

// readSizes reads an stsz box, or an stz2.
func readSizes(p []byte, compact bool) (t sizeTable, count uint32, ok bool) {
	if len(p) < 12 {
		return t, 0, false
	}
	t = sizeTable{bits: 32, p: p[12:]}
	count = binary.BigEndian.Uint32(p[8:])
	if compact {
		t.bits = int(p[7])
		ok = t.bits == 4 || t.bits == 8 || t.bits == 16
	} else {
		t.fixed = binary.BigEndian.Uint32(p[4:])
		ok = true
	}
	return t, count, ok && (t.fixed > 0 || (uint64(count)*uint64(t.bits)+7)/8 <= uint64(len(t.p)))
}

func (t *sizeTable) take() uint32 {
	i := t.at
	t.at++
	switch {
	case t.fixed > 0:
		return t.fixed
	case t.bits == 32:
		return binary.BigEndian.Uint32(t.p[4*i:])
	case t.bits == 16:
		return uint32(binary.BigEndian.Uint16(t.p[2*i:]))
	case t.bits == 8:
		return uint32(t.p[i])
	case i%2 == 0:
		return uint32(t.p[i/2] >> 4)
	default:
		return uint32(t.p[i/2] & 15)
	}
}

// timeRuns is stts or ctts: runs of samples with the same value. After the last one it stays with the last value.
type timeRuns struct {
	p     []byte
	left  uint32
	value uint32
}

func (t *timeRuns) take() uint32 {
	for t.left == 0 {
		if len(t.p) < 8 {
			t.left = math.MaxUint32
			break
		}
		t.left, t.value = binary.BigEndian.Uint32(t.p), binary.BigEndian.Uint32(t.p[4:])
		t.p = t.p[8:]
	}
	t.left--
	return t.value
}

// advance goes on to the next sample.
func (t *sampleTable) advance() {
	t.next.start += int64(t.next.size)
	for t.left > 0 && t.inChunk == 0 && t.openChunk() {
	}
	if t.left == 0 || t.inChunk == 0 {
		t.ended = true
		return
	}
	t.inChunk--
	t.left--
	t.number++
	s := &t.next
	s.size = t.sizes.take()
	s.time += uint64(s.duration)
	s.duration = t.durations.take()
	s.offset = int32(t.offsets.take())
	s.description, s.chunk = t.description, t.chunk
	for len(t.syncs) >= 4 && binary.BigEndian.Uint32(t.syncs) < t.number {
		t.syncs = t.syncs[4:]
	}
	s.sync = t.allSync || len(t.syncs) >= 4 && binary.BigEndian.Uint32(t.syncs) == t.number
}

// openChunk goes on to the next chunk; false is that there is none.
func (t *sampleTable) openChunk() bool {
	if uint64(t.chunk) >= uint64(t.chunks.count()) {
		return false
	}
	t.next.start = int64(min(t.chunks.offset(int(t.chunk)), maxPlace))
	t.chunk++
	for len(t.runs) >= 12 && binary.BigEndian.Uint32(t.runs) <= t.chunk {
		t.perChunk, t.description = binary.BigEndian.Uint32(t.runs[4:]), binary.BigEndian.Uint32(t.runs[8:])
		t.runs = t.runs[12:]
	}
	t.inChunk = t.perChunk
	return true
}
