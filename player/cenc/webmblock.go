package cenc

import "encoding/binary"

const (
	signalEncrypted   = 1 << 0
	signalPartitioned = 1 << 1
)

// readBlock decrypts the SimpleBlock or Block that p begins with, once it is whole, and lets one of a clear track through.
func (w *webM) readBlock(p []byte, e element, keys Keys) (int, error) {
	content := p[e.header:]
	whole := int64(len(content)) >= e.size
	if whole {
		content = content[:e.size]
	}
	number, n := vint(content)
	switch {
	case n > 8:
		return 0, w.fail(e, "has a TrackNumber that is no number")
	case n == 0 && !whole:
		return 0, nil
	case n == 0:
		return 0, w.fail(e, "has no TrackNumber")
	}
	keyID, encrypted := w.tracks[number]
	if !encrypted {
		return w.pass(e), nil
	}
	if e.size > maxBlockSize {
		return 0, w.unsupported(e, "is larger than "+megabytes(maxBlockSize))
	}
	if !whole {
		return 0, nil
	}
	b := block{data: p[:e.total()], header: e.header, body: e.header + n + 3}
	if b.body > len(b.data) {
		return 0, w.fail(e, "ends before its flags")
	}
	if problem := w.readFrames(&b); problem != "" {
		return 0, w.fail(e, problem)
	}
	var key *Key
	if b.encrypted {
		if key = keys.Key(keyID); key == nil {
			w.part.missing = [][16]byte{keyID}
			return 0, nil
		}
	}
	if !w.rewrite(&b) {
		return 0, w.unsupported(e, "has laces that leave no room")
	}
	w.addSamples(key)
	return len(b.data), nil
}

// block is a SimpleBlock or Block of an encrypted track.
type block struct {
	data      []byte // of the whole element
	header    int    // bytes of its id, which is one, and its size
	body      int    // where its laces begin, or its frame
	encrypted bool   // something in it is
}

const lacingBits = 3 << 1

func (b *block) lacing() byte { return b.data[b.body-1] & lacingBits }

// frame is where a frame lies in its block, without what tells of its encryption.
type frame struct {
	start, end int
	iv         [8]byte
	ranges     []Range // the encrypted bytes, from start
}

// readFrames finds the frames of the block, and says what is wrong with it.
func (w *webM) readFrames(b *block) (problem string) {
	w.frames = w.frames[:0]
	at, ok := b.body, true
	if b.lacing() == 0 {
		w.frames = append(w.frames, frame{end: len(b.data) - b.body})
	} else if at, ok = w.readLaces(b); !ok {
		return "has laces that do not fit it"
	}
	for i := range w.frames {
		f := &w.frames[i]
		size := f.end
		f.start, f.end = at, at+size
		if problem = w.openFrame(f, b.data); problem != "" {
			return problem
		}
		b.encrypted = b.encrypted || len(f.ranges) > 0
		at += size
	}
	return ""
}

// openFrame reads what stands before the frame's data, and moves its start behind it.
//
// https://www.webmproject.org/docs/webm-encryption/#45-block-format
func (w *webM) openFrame(f *frame, data []byte) (problem string) {
	p := data[f.start:f.end]
	if len(p) == 0 {
		return "has a frame without a signal byte"
	}
	signal := p[0]
	if signal&signalEncrypted == 0 {
		f.start++
		return ""
	}
	if p = p[1:]; len(p) < len(f.iv) {
		return "has a frame that ends within its IV"
	}
	p = p[copy(f.iv[:], p):]
	var offsets []byte
	if signal&signalPartitioned != 0 {
		if len(p) == 0 || len(p) < 1+4*int(p[0]) {
			return "has a frame that ends within its partitions"
		}
		n := 1 + 4*int(p[0])
		offsets, p = p[1:n], p[n:]
	}
	f.start = f.end - len(p)
	first := len(w.ranges)
	if signal&signalPartitioned == 0 {
		w.addRange(0, len(p))
	} else if !w.addPartitions(offsets, len(p)) {
		return "has a frame whose partitions are out of order or past its end"
	}
	f.ranges = w.ranges[first:]
	return ""
}

// addPartitions adds the encrypted parts of a frame of size bytes: every other one between the offsets, of 4 bytes each. The first is clear.
func (w *webM) addPartitions(offsets []byte, size int) bool {
	at, encrypted := int64(0), false
	for ; len(offsets) > 0; offsets = offsets[4:] {
		end := int64(binary.BigEndian.Uint32(offsets))
		if end < at || end > int64(size) {
			return false
		}
		if encrypted {
			w.addRange(int(at), int(end))
		}
		at, encrypted = end, !encrypted
	}
	if encrypted {
		w.addRange(int(at), size)
	}
	return true
}

func (w *webM) addRange(start, end int) {
	if start < end {
		w.ranges = append(w.ranges, Range{Start: start, End: end})
	}
}

// rewrite leaves what told of the encryption out of the block. Its frames stay at its end, where a single one does not move at all; so the header
// does, and the bytes before it become a Void. It says whether the block fits where it was: one with new laces might not.
func (w *webM) rewrite(b *block) bool {
	w.laces = w.laces[:0]
	lacing := b.lacing()
	if lacing != 0 {
		lacing = w.writeLaces(lacing)
	}
	at := len(b.data)
	for _, f := range w.frames {
		at -= f.end - f.start
	}
	prefix := b.body - b.header // TrackNumber, timestamp and flags
	at -= len(w.laces) + prefix
	spare, sizeLength := at-b.header, b.header-1
	switch {
	case spare < 1:
		return false
	case spare == 1 && sizeLength < 8: // too little for a Void
		spare, sizeLength = 0, sizeLength+1
	case spare == 1:
		spare, sizeLength = 2, sizeLength-1
	}
	end := len(b.data)
	for i := len(w.frames) - 1; i >= 0; i-- {
		f := &w.frames[i]
		end -= f.end - f.start
		f.start, f.end = end, end+copy(b.data[end:], b.data[f.start:f.end])
	}
	id, flags := b.data[0], b.data[b.body-1]&^lacingBits|lacing
	copy(b.data[end-len(w.laces):], w.laces)
	copy(b.data[at:], b.data[b.header:b.body])
	b.data[at+prefix-1] = flags
	if spare > 0 {
		putVoid(b.data[:spare])
	}
	b.data[spare] = id
	putVINT(b.data[spare+1:][:sizeLength], uint64(len(b.data)-at))
	return true
}

// addSamples adds the frames, which lie in what the block at hand will be in the output.
func (w *webM) addSamples(key *Key) {
	for _, f := range w.frames {
		if len(f.ranges) == 0 {
			continue
		}
		s := Sample{Key: key, Ranges: f.ranges}
		copy(s.IV[:], f.iv[:])
		for i := range s.Ranges {
			s.Ranges[i].Start += w.part.used + f.start
			s.Ranges[i].End += w.part.used + f.start
		}
		w.part.samples = append(w.part.samples, s)
	}
}
