package widevine

import "encoding/binary"

// reader reads the fields of a protobuf message, one after the other.
type reader struct {
	rest   []byte
	broken bool // what is left does not begin with a whole field

	number uint64
	varint uint64 // of wire type 0
	bytes  []byte // of wire type 2, nil of all others
	raw    []byte // all of the field, with its tag
}

// next reads a field; it is false at the end, and where the message cannot be read. Groups, which no Widevine message has, cannot.
//
// https://protobuf.dev/programming-guides/encoding/
func (r *reader) next() bool {
	if len(r.rest) == 0 || r.broken {
		return false
	}
	r.broken = true
	tag, at := binary.Uvarint(r.rest)
	if at <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return false
	}
	size := uint64(0)
	switch tag & 7 {
	case 0, 2:
		value, n := binary.Uvarint(r.rest[at:])
		if n <= 0 {
			return false
		}
		r.varint, at = value, at+n
		if tag&7 == 2 {
			size = value
		}
	case 1:
		size = 8
	case 5:
		size = 4
	default:
		return false
	}
	if size > uint64(len(r.rest)-at) {
		return false
	}
	end := at + int(size)
	r.number, r.raw, r.bytes, r.broken = tag>>3, r.rest[:end], nil, false
	if tag&7 == 2 {
		r.bytes = r.rest[at:end]
	}
	r.rest = r.rest[end:]
	return true
}

// find gives the last field of a number, as protobuf reads a field that is there twice; nil where there is none before the message ends or cannot be
// read. broken says the latter.
func find(message []byte, number uint64) (found *reader, broken bool) {
	r := &reader{rest: message}
	for r.next() {
		if r.number == number {
			field := *r
			found = &field
		}
	}
	return found, r.broken
}

func appendBytes(p []byte, number uint64, value []byte) []byte {
	p = binary.AppendUvarint(p, number<<3|2)
	p = binary.AppendUvarint(p, uint64(len(value)))
	return append(p, value...)
}
