package playertest

import (
	"bytes"
	"math/rand/v2"
	"sort"
)

// part is a stretch of a film whose bytes are made when they are asked for, so that an hour at 6 Mbit/s costs nothing: a head, and then noise.
type part struct {
	at    int64
	head  []byte
	fill  int64 // how much noise
	noise int64 // where in the noise it begins
}

// noise stands for coded media.
var noise = func() []byte {
	b := make([]byte, 1<<18)
	random := rand.NewChaCha8([32]byte{5})
	_, _ = random.Read(b)
	return b
}()

// size is how many bytes the film has.
func (f *Film) size() int64 {
	if n := len(f.parts); n > 0 {
		last := f.parts[n-1]
		return last.at + int64(len(last.head)) + last.fill
	}
	return int64(len(f.Bytes))
}

// slice gives the bytes [from, to), which are not to be changed.
func (f *Film) slice(from, to int64) []byte {
	if f.parts == nil {
		return f.Bytes[from:to]
	}
	b := make([]byte, to-from)
	f.read(b, from)
	return b
}

// read fills p with the bytes from an offset on. They must be there.
func (f *Film) read(p []byte, at int64) {
	if f.parts == nil {
		copy(p, f.Bytes[at:])
		return
	}
	all := p
	i := sort.Search(len(f.parts), func(i int) bool { return f.parts[i].at > at }) - 1
	for len(p) > 0 {
		q := f.parts[i]
		in := at - q.at
		var n int
		switch head := int64(len(q.head)); {
		case in < head:
			n = copy(p, q.head[in:])
		case in < head+q.fill:
			from := (q.noise + in - head) % int64(len(noise))
			n = copy(p[:min(int64(len(p)), head+q.fill-in)], noise[from:])
		default:
			i++
		}
		p, at = p[n:], at+int64(n)
	}
	if f.mask != 0 {
		for i := range all {
			all[i] ^= f.mask
		}
	}
}

// has says whether data are the bytes from an offset on. The film may end before they do, and then they are not.
func (f *Film) has(at int64, data []byte) bool {
	if at+int64(len(data)) > f.size() {
		return false
	}
	if f.parts == nil {
		return bytes.Equal(data, f.Bytes[at:at+int64(len(data))])
	}
	buffer := make([]byte, min(len(data), 64))
	for len(data) > 0 {
		n := min(len(buffer), len(data))
		f.read(buffer[:n], at)
		if !bytes.Equal(buffer[:n], data[:n]) {
			return false
		}
		data, at = data[n:], at+int64(n)
		if len(buffer) == 64 && len(data) > 64 { // what is not it differs at once
			buffer = make([]byte, min(len(data), 1<<16))
		}
	}
	return true
}
