package main

func byHandWebM(w *writer) error {
	for _, by := range []func(*writer) error{webmWhole, webmPartitions, webmUnknownSizes, webmGroups} {
		if err := by(w); err != nil {
			return err
		}
	}
	return nil
}

// webmWhole has tracks of two keys and a clear one, and known sizes; clear frames stand among encrypted ones.
func webmWhole(w *writer) error {
	const name = "hand-webm-tracks"
	tracks := []*webmTrack{{name: "vp8", number: 1, key: name + " picture"}, {name: "vorbis", number: 2, key: name + " sound"}, {name: "opus",
		number: 3}}
	f := w.openWebM(tracks, func(t *webmTrack, i int) bool { return i < 5 || i%7 == 3 }, nil)
	clusters := f.clusters(func(time int, frames []webmFrame) []byte {
		blocks := [][]byte{integer(0xE7, time)}
		for _, b := range frames {
			blocks = append(blocks, b.block(0xA3, time, 0))
		}
		return element(0x1F43B675, blocks...)
	})
	tags := element(0x1254C367, element(0x7373, element(0x63C0), element(0x67C8, element(0x45A3, []byte("NAME")), element(0x4487, []byte("hand")))))
	header := f.header(nil)
	ebml := len(element(0x1A45DFA3, children(header)[0].data))
	segment := element(0x18538067, header[ebml:], element(0xEC, make([]byte, 30)), clusters, tags)
	return f.finish(cat(header[:ebml], segment), vector{Name: name,
		Shows: "Whole frames, a picture and a sound under a key each, a clear track beside them; frames that are not encrypted among those that " +
			"are; every size known",
		Rows: rowsOf("webm", "webm whole frame, webm clear frames, webm several tracks, webm several keys, webm clear track, webm known sizes")})
}

// webmPartitions has frames of many kinds of partitions.
func webmPartitions(w *writer) error {
	const name = "hand-webm-partitions"
	f := w.openWebM([]*webmTrack{{name: "vp9", number: 1, key: name}}, nil, func(_ *webmTrack, i int, data []byte) []int {
		n := len(data)
		kinds := [][]int{
			{10}, {0}, {n}, {10, 43}, {7, 40, 41, 42, 42, 59}, {1, 1, 1}, {}, {16, n}, {n - 1}, {0, n}, {5, 21, 38, 54, 71}, {0, 0, 17, 100, 100, 101},
		}
		return kinds[i%len(kinds)]
	})
	return f.finish(cat(f.header(unsized(0x18538067, 8)), f.clusters(func(time int, frames []webmFrame) []byte {
		blocks := [][]byte{integer(0xE7, time)}
		for _, b := range frames {
			blocks = append(blocks, b.block(0xA3, time, 0))
		}
		return element(0x1F43B675, blocks...)
	})), vector{Name: name,
		Shows: "Frames of up to 7 partitions, clear and encrypted by turns, of any length, of none, all clear, all encrypted; of no partition " +
			"at all, which is a clear frame",
		Rows: rowsOf("webm", "webm partitions, webm odd partitions, webm empty partitions")})
}

// webmUnknownSizes is as a live stream is.
func webmUnknownSizes(w *writer) error {
	const name = "hand-webm-unknown-sizes"
	tracks := []*webmTrack{{name: "vp9", number: 1, key: name + " picture"}, {name: "opus", number: 300, key: name + " sound"}}
	f := w.openWebM(tracks, func(t *webmTrack, i int) bool { return t.number == 1 && i == 0 }, func(t *webmTrack, i int, data []byte) []int {
		if t.number != 1 || i%2 == 0 {
			return nil
		}
		return []int{3 + i, len(data) - 5}
	})
	first := true
	clusters := f.clusters(func(time int, frames []webmFrame) []byte {
		cluster := cat(unsized(0x1F43B675, 8), integer(0xE7, time))
		if !first {
			cluster = cat(unsized(0x1F43B675, 1), integer(0xE7, time))
		}
		first = false
		for i, b := range frames {
			cluster = cat(cluster, b.block(0xA3, time, []int{0, 8, 4, 3}[i%4]))
		}
		return cluster
	})
	return f.finish(cat(f.header(unsized(0x18538067, 1)), clusters), vector{Name: name,
		Shows: "Segment and Clusters of unknown size; blocks whose sizes take up to 8 bytes; a track number of two bytes; partitioned frames, " +
			"whole ones and a clear one in one track",
		Rows: rowsOf("webm", "webm unknown sizes, webm partitions, webm whole frame, webm clear frames, webm several tracks, webm several keys")})
}

// webmGroups has BlockGroups, with what may stand in them, and CRC-32s and Voids between blocks.
func webmGroups(w *writer) error {
	const name = "hand-webm-block-groups"
	tracks := []*webmTrack{{name: "vp8", number: 1, key: name}, {name: "opus", number: 2, key: name}}
	f := w.openWebM(tracks, func(t *webmTrack, i int) bool { return t.number == 2 && i%5 == 0 }, func(t *webmTrack, i int, data []byte) []int {
		if t.number != 2 || i%3 > 0 {
			return nil
		}
		return []int{9, 20, 31}
	})
	clusters := f.clusters(func(time int, frames []webmFrame) []byte {
		blocks := [][]byte{integer(0xE7, time), integer(0xAB, 99)}
		for i, b := range frames {
			duration := map[int]int{1: 84, 2: 40}[b.track.number]
			switch {
			case i%3 == 2:
				blocks = append(blocks, b.block(0xA3, time, 0), element(0xEC, make([]byte, i%4)))
				continue
			case b.sync:
				blocks = append(blocks, element(0xA0, b.block(0xA1, time, 0), integer(0x9B, duration)))
			default:
				blocks = append(blocks, element(0xA0, integer(0x9B, duration), b.block(0xA1, time, i%2*4), element(0xFB, []byte{0xD8})))
			}
		}
		return element(0x1F43B675, blocks...)
	})
	return f.finish(cat(f.header(unsized(0x18538067, 8)), clusters), vector{Name: name,
		Shows: "BlockGroups, whose Block has other elements before and after it, among SimpleBlocks; whole frames, partitioned ones and clear " +
			"ones under one key",
		Rows: rowsOf("webm", "webm block groups, webm whole frame, webm partitions, webm clear frames, webm several tracks")})
}
