package main

import "slices"

// webm is a WebM film under way.
type webm struct {
	writer *writer
	tracks []*webmTrack
	frames []webmFrame
}

type webmTrack struct {
	name   string // of the source
	number int
	key    string // its label; "" is a clear track
}

// webmFrame is a frame as it stands in a block.
type webmFrame struct {
	track *webmTrack
	time  int
	sync  bool
	data  []byte
}

// openWebM gives the frames of all tracks by time. partition says for each frame where its partitions end, and nil is a whole frame; a frame of which
// isClear is true is not encrypted.
func (w *writer) openWebM(tracks []*webmTrack, isClear func(t *webmTrack, i int) bool, partition func(t *webmTrack, i int, data []byte) []int) *webm {
	f := &webm{writer: w, tracks: tracks}
	for _, t := range tracks {
		c := &coder{iv: cat(u16(t.number), []byte("webm i"))}
		for i, s := range w.sources[t.name].samples {
			frame := webmFrame{track: t, time: int(s.time), sync: s.sync || !w.sources[t.name].video, data: s.data}
			switch {
			case t.key == "":
			case isClear != nil && isClear(t, i):
				frame.data = cat([]byte{0}, s.data)
			default:
				var ends []int
				if partition != nil {
					ends = partition(t, i, s.data)
				}
				frame.data = encryptFrame(s.data, t.key, c.iv, ends)
				c.advance(len(s.data))
			}
			f.frames = append(f.frames, frame)
		}
	}
	slices.SortStableFunc(f.frames, func(a, b webmFrame) int { return a.time - b.time })
	return f
}

// encryptFrame makes a frame with its signal byte, its IV and, unless ends is nil, its partitions, which are clear and encrypted by turns.
func encryptFrame(data []byte, key string, iv []byte, ends []int) []byte {
	p := &protection{scheme: "cenc", key: key}
	if ends == nil {
		return cat([]byte{1}, iv, encrypt(data, p, iv, nil))
	}
	var subsamples []subsample
	table, last := []byte{byte(len(ends))}, 0
	for i, end := range append(slices.Clone(ends), len(data)) {
		if i < len(ends) {
			table = cat(table, u32(end))
		}
		if i%2 == 0 {
			subsamples = append(subsamples, subsample{clear: end - last})
		} else {
			subsamples[len(subsamples)-1].protected = end - last
		}
		last = end
	}
	return cat([]byte{3}, iv, table, encrypt(data, p, iv, subsamples))
}

// header is all ahead of the first Cluster.
func (f *webm) header(segment []byte) []byte {
	ebml := element(0x1A45DFA3, integer(0x4286, 1), integer(0x42F7, 1), integer(0x42F2, 4), integer(0x42F3, 8), element(0x4282, []byte("webm")),
		integer(0x4287, 4),
		integer(0x4285, 2))
	info := element(0x1549A966, integer(0x2AD7B1, 1_000_000), element(0x4D80, []byte("keystream")), element(0x5741, []byte("keystream")))
	var entries [][]byte
	for _, t := range f.tracks {
		entry := cat(integer(0xD7, t.number), integer(0x73C5, t.number), f.writer.sources[t.name].track)
		if t.key != "" {
			id := keyID(t.key)
			encryption := element(0x5035, integer(0x47E1, 5), element(0x47E2, id[:]), element(0x47E7, integer(0x47E8, 1)))
			entry = cat(entry, element(0x6D80, element(0x6240, integer(0x5031, 0), integer(0x5032, 1), integer(0x5033, 1), encryption)))
		}
		entries = append(entries, element(0xAE, entry))
	}
	return cat(ebml, segment, info, element(0x1654AE6B, entries...))
}

// block is a SimpleBlock of a frame, or a Block without the frame's flag.
func (b webmFrame) block(id, cluster, length int) []byte {
	flags := byte(0)
	if b.sync && id == 0xA3 {
		flags = 0x80
	}
	number := []byte{0x80 | byte(b.track.number)}
	if b.track.number > 126 {
		number = u16(0x4000 | b.track.number)
	}
	body := cat(number, u16(b.time-cluster), []byte{flags}, b.data)
	if length == 0 {
		return element(id, body)
	}
	return sized(id, length, body)
}

// clusters calls make with the frames of each 400 ms.
func (f *webm) clusters(make func(time int, frames []webmFrame) []byte) []byte {
	var out []byte
	for frames := f.frames; len(frames) > 0; {
		time, n := frames[0].time, 0
		for n < len(frames) && frames[n].time < time+400 {
			n++
		}
		out = cat(out, make(time, frames[:n]))
		frames = frames[n:]
	}
	return out
}

func (f *webm) finish(data []byte, v vector) error {
	v.Container, v.Maker, v.Scheme = "webm", hand, "webm"
	var keys []string
	for _, t := range f.tracks {
		v.Tracks = append(v.Tracks, f.writer.whole(uint64(t.number), t.name))
		if t.key != "" {
			keys = append(keys, t.key)
		}
	}
	v.Keys = keysOf(keys...)
	return f.writer.add(v, data)
}
