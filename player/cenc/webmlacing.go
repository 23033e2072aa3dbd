package cenc

// How several frames share a block. What is encrypted is each of them, not the laces.
//
// https://www.rfc-editor.org/rfc/rfc9559#name-block-lacing
const (
	lacingXiph  = 1 << 1
	lacingFixed = 2 << 1
	lacingEBML  = 3 << 1
)

// readLaces notes the sizes of the block's frames, as their ends, and says where the first of them begins.
func (w *webM) readLaces(b *block) (at int, ok bool) {
	p := b.data[b.body:]
	if len(p) == 0 {
		return 0, false
	}
	count := 1 + int(p[0])
	p = p[1:]
	if b.lacing() == lacingFixed {
		for range count {
			w.frames = append(w.frames, frame{end: len(p) / count})
		}
		return b.body + 1, len(p)%count == 0
	}
	rest := len(p) // of the laces and the frames
	for i := range count - 1 {
		var size, n int
		switch {
		case b.lacing() == lacingXiph:
			size, n, ok = xiphLace(p)
		case i == 0:
			size, n, ok = ebmlLace(p)
		default:
			size, n, ok = ebmlDelta(p)
			size += w.frames[i-1].end
		}
		rest -= n + size
		if !ok || size < 0 || rest < 0 {
			return 0, false
		}
		p = p[n:]
		w.frames = append(w.frames, frame{end: size})
	}
	w.frames = append(w.frames, frame{end: rest})
	return len(b.data) - len(p), true
}

// xiphLace reads a size: the sum of bytes up to the first that is not 255.
func xiphLace(p []byte) (size, n int, ok bool) {
	for _, b := range p {
		size += int(b)
		n++
		if b != 255 {
			return size, n, true
		}
	}
	return 0, 0, false
}

// ebmlLace reads a size of no more than a block's.
func ebmlLace(p []byte) (size, n int, ok bool) {
	value, n := vint(p)
	if n == 0 || n > 8 || value > maxBlockSize {
		return 0, 0, false
	}
	return int(value), n, true
}

// ebmlDelta reads the difference between a size and the one before it.
func ebmlDelta(p []byte) (delta, n int, ok bool) {
	value, n := vint(p)
	if n == 0 || n > 8 {
		return 0, 0, false
	}
	signed := int64(value) - deltaBias(n)
	if signed < -maxBlockSize || signed > maxBlockSize {
		return 0, 0, false
	}
	return int(signed), n, true
}

// deltaBias is added to a difference that is written in n bytes, so that none is negative.
func deltaBias(n int) int64 { return 1<<(7*n-1) - 1 }

// writeLaces writes the laces for what the frames have become, and gives their kind: sizes that are not the same any more need another.
func (w *webM) writeLaces(lacing byte) byte {
	size := func(i int) int { return w.frames[i].end - w.frames[i].start }
	last := len(w.frames) - 1
	for i := range last {
		if lacing == lacingFixed && size(i) != size(last) {
			lacing = lacingEBML
		}
	}
	w.laces = append(w.laces, byte(last))
	for i := range last {
		switch {
		case lacing == lacingXiph:
			n := size(i)
			for ; n >= 255; n -= 255 {
				w.laces = append(w.laces, 255)
			}
			w.laces = append(w.laces, byte(n))
		case lacing == lacingEBML && i == 0:
			w.addVINT(uint64(size(0)), vintLength(uint64(size(0))))
		case lacing == lacingEBML:
			delta, n := int64(size(i)-size(i-1)), 1
			for delta < -deltaBias(n) || delta > deltaBias(n) {
				n++
			}
			w.addVINT(uint64(delta+deltaBias(n)), n)
		}
	}
	return lacing
}

func (w *webM) addVINT(value uint64, n int) {
	var p [8]byte
	putVINT(p[:n], value)
	w.laces = append(w.laces, p[:n]...)
}
