package main

import "encoding/binary"

// box is a box of ISO base media. Those whose types are in wide have 64-bit sizes.
func (f *film) box(kind string, parts ...[]byte) []byte {
	body := cat(parts...)
	if f.wide[kind] {
		return cat(u32(1), []byte(kind), u64(uint64(len(body)+16)), body)
	}
	return cat(u32(len(body)+8), []byte(kind), body)
}

func (f *film) fullBox(kind string, version byte, flags uint32, parts ...[]byte) []byte {
	return f.box(kind, append([][]byte{u32(int(uint32(version)<<24 | flags))}, parts...)...)
}

func cat(parts ...[]byte) []byte {
	var all []byte
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

func u16(v int) []byte    { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
func u32(v int) []byte    { return binary.BigEndian.AppendUint32(nil, uint32(v)) }
func u64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }
