package main

import "encoding/binary"

// coded is a sample as it stands in a film.
type coded struct {
	sample
	iv         []byte
	subsamples []subsample
	group      int // of sbgp
}

// coder encrypts samples one after the other.
type coder struct {
	p   *protection
	iv  []byte                   // of the next sample; of 8 or 16 bytes
	cut func([]byte) []subsample // nil: the whole sample
}

// code encrypts samples; group is what sbgp says of them.
func (c *coder) code(samples []sample, group int) []coded {
	var out []coded
	for _, s := range samples {
		one := coded{sample: s, group: group}
		if c.p != nil && !c.p.clear {
			iv := c.p.constantIV
			if c.p.ivSize > 0 {
				one.iv = append([]byte(nil), c.iv...)
				iv = one.iv
			}
			if c.cut != nil {
				one.subsamples = c.cut(s.data)
			}
			one.data = encrypt(s.data, c.p, iv, one.subsamples)
			c.advance(len(s.data))
		}
		out = append(out, one)
	}
	return out
}

// advance makes the next IV: 8 bytes count samples; of 16 bytes the last 8 count blocks.
func (c *coder) advance(size int) {
	switch len(c.iv) {
	case 8:
		binary.BigEndian.PutUint64(c.iv, binary.BigEndian.Uint64(c.iv)+1)
	case 16:
		low := c.iv[8:]
		binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)+uint64(size+15)/16)
	}
}

// auxiliary is the sample's auxiliary information. In senc, a flag for all samples says whether it has counts of subsamples: a clear sample then has
// one, all clear, for shaka-packager and Chromium refuse a count of 0.
func (c *coded) auxiliary(counts bool) []byte {
	if c.subsamples == nil && !counts {
		return c.iv
	}
	subsamples := c.subsamples
	if subsamples == nil {
		subsamples = []subsample{{clear: len(c.data)}}
	}
	info := cat(c.iv, u16(len(subsamples)))
	for _, s := range subsamples {
		info = cat(info, u16(s.clear), u32(s.protected))
	}
	return info
}

// nalus protects all of a NAL unit past its length and lead bytes: so does ffmpeg.
func nalus(lead int) func([]byte) []subsample {
	return func(data []byte) []subsample {
		var out []subsample
		for len(data) > 0 {
			size := 4 + int(binary.BigEndian.Uint32(data))
			clear := min(4+lead, size)
			out = append(out, subsample{clear, size - clear})
			data = data[size:]
		}
		return out
	}
}

// blocks protects of each NAL unit its last whole blocks: the old advice for cenc, and the rule of cbc1.
func blocks(lead int) func([]byte) []subsample {
	return func(data []byte) []subsample {
		out := nalus(lead)(data)
		for i := range out {
			rest := out[i].protected % 16
			out[i].clear += rest
			out[i].protected -= rest
		}
		return out
	}
}

// cuts repeats a list of subsamples to the sample's end.
func cuts(list ...subsample) func([]byte) []subsample {
	return func(data []byte) []subsample {
		var out []subsample
		for i, left := 0, len(data); left > 0; i++ {
			s := list[i%len(list)]
			s.clear = min(s.clear, left)
			s.protected = min(s.protected, left-s.clear)
			left -= s.clear + s.protected
			out = append(out, s)
		}
		return out
	}
}
