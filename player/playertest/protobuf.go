package playertest

import "encoding/binary"

// field is a field of a protocol buffer: bytes where they are not nil, else a number.
type field struct {
	number uint64
	value  uint64
	bytes  []byte
}

// protobuf writes fields.
//
// https://protobuf.dev/programming-guides/encoding/
func protobuf(fields ...field) []byte {
	var p []byte
	for _, f := range fields {
		if f.bytes == nil {
			p = binary.AppendUvarint(p, f.number<<3)
			p = binary.AppendUvarint(p, f.value)
			continue
		}
		p = binary.AppendUvarint(p, f.number<<3|2)
		p = binary.AppendUvarint(p, uint64(len(f.bytes)))
		p = append(p, f.bytes...)
	}
	return p
}

// parseProtobuf reads fields of numbers and of bytes; ok is false for anything else.
func parseProtobuf(p []byte) (fields []field, ok bool) {
	for len(p) > 0 {
		tag, n := binary.Uvarint(p)
		if n <= 0 {
			return nil, false
		}
		p = p[n:]
		value, n := binary.Uvarint(p)
		if n <= 0 {
			return nil, false
		}
		p = p[n:]
		f := field{number: tag >> 3, value: value}
		switch tag & 7 {
		case 0:
		case 2:
			if value > uint64(len(p)) {
				return nil, false
			}
			f.value, f.bytes, p = 0, p[:value:value], p[value:]
			if f.bytes == nil {
				f.bytes = []byte{}
			}
		default:
			return nil, false
		}
		fields = append(fields, f)
	}
	return fields, true
}

// sub gives the bytes of all fields of a number, going down a path of messages; what cannot be read has none.
func sub(p []byte, path ...uint64) (all [][]byte) {
	fields, _ := parseProtobuf(p)
	for _, f := range fields {
		if f.number != path[0] || f.bytes == nil {
			continue
		}
		if len(path) == 1 {
			all = append(all, f.bytes)
		} else {
			all = append(all, sub(f.bytes, path[1:]...)...)
		}
	}
	return all
}

// number gives the last value of a number's field, 0 where there is none.
func number(p []byte, of uint64) (value uint64) {
	fields, _ := parseProtobuf(p)
	for _, f := range fields {
		if f.number == of && f.bytes == nil {
			value = f.value
		}
	}
	return value
}
