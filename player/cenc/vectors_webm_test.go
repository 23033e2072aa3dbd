package cenc_test

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// readVectorWebM reads a film's frames by track, and says what is wrong with it.
func readVectorWebM(film []byte) (tracks map[uint64][]vectorSample, problems []string) {
	tracks = map[uint64][]vectorSample{}
	defer func() {
		if r := recover(); r != nil {
			problems = append(problems, fmt.Sprint(r))
		}
	}()
	var read func([]byte)
	read = func(data []byte) {
		for len(data) > 0 {
			id, n := ebmlNumber(data)
			size, m := ebmlNumber(data[n:])
			size &= 1<<(7*m) - 1
			body := data[n+m:]
			if size < 1<<(7*m)-1 { // else it is unknown, and what follows is read as if it were within
				if size > uint64(len(body)) {
					panic(fmt.Sprintf("element %x ends %d bytes after its parent", id, size-uint64(len(body))))
				}
				body = body[:size]
			}
			data = data[n+m+len(body):]
			switch id {
			case 0x18538067, 0x1654AE6B, 0xAE, 0x1F43B675, 0xA0: // Segment, Tracks, TrackEntry, Cluster, BlockGroup
				read(body)
			case 0x6D80:
				problems = append(problems, "ContentEncodings is left")
			case 0xA3, 0xA1: // SimpleBlock, Block
				track, n := ebmlNumber(body)
				track &= 1<<(7*n) - 1
				if body[n+2]&6 != 0 {
					problems = append(problems, "a block has lacing")
				}
				tracks[track] = append(tracks[track], vectorSample{data: body[n+3:], offset: int32(int16(binary.BigEndian.Uint16(body[n:])))})
			}
		}
	}
	read(film)
	return tracks, problems
}

// ebmlNumber gives a number with its marker.
func ebmlNumber(data []byte) (value uint64, n int) {
	n = bits.LeadingZeros8(data[0]) + 1
	for _, b := range data[:n] {
		value = value<<8 | uint64(b)
	}
	return value, n
}
