package main

import "math/bits"

// read is an element that was read.
type read struct {
	id    int
	data  []byte
	whole []byte
}

// elements reads a film of ffmpeg's, whose sizes are all known: master elements that hold frames are gone into, others are given whole.
func elements(data []byte) []read {
	var out []read
	for _, e := range children(data) {
		switch e.id {
		case 0x18538067, 0x1654AE6B, 0x1F43B675, 0xA0: // Segment, Tracks, Cluster, BlockGroup
			out = append(out, elements(e.data)...)
		default:
			out = append(out, e)
		}
	}
	return out
}

func children(data []byte) []read {
	var out []read
	for len(data) > 0 {
		idLength := bits.LeadingZeros8(data[0]) + 1
		sizeLength := bits.LeadingZeros8(data[idLength]) + 1
		header := idLength + sizeLength
		size := number(data[idLength:header]) & (1<<(7*sizeLength) - 1)
		end := header + int(size)
		out = append(out, read{int(number(data[:idLength])), data[header:end], data[:end]})
		data = data[end:]
	}
	return out
}

func number(data []byte) uint64 {
	n := uint64(0)
	for _, b := range data {
		n = n<<8 | uint64(b)
	}
	return n
}

// element is an element; its size is as short as can be.
func element(id int, parts ...[]byte) []byte {
	body := cat(parts...)
	length := 1
	for len(body) >= 1<<(7*length)-1 {
		length++
	}
	return sized(id, length, body)
}

// sized is an element whose size has so many bytes.
func sized(id, length int, body []byte) []byte {
	return cat(idOf(id), u64(uint64(len(body)) | 1<<(7*length))[8-length:], body)
}

// unsized begins an element of unknown size.
func unsized(id, length int) []byte { return cat(idOf(id), u64(1<<(7*length+1) - 1)[8-length:]) }

func idOf(id int) []byte { return u32(id)[bits.LeadingZeros32(uint32(id))/8:] }

// integer is an element of an unsigned number.
func integer(id, n int) []byte {
	return element(id, u64(uint64(n))[min(7, bits.LeadingZeros64(uint64(n))/8):])
}
