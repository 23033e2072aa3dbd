package playertest

import "encoding/binary"

// CommonPSSH is a box of the common system, which Clear Key takes: version 1, and nothing but key ids.
//
// https://www.w3.org/TR/eme-initdata-cenc/#common-system
func CommonPSSH(ids ...[16]byte) []byte { return pssh(commonSystem, listed(ids), nil) }

func listed(ids [][16]byte) [][]byte {
	list := make([][]byte, len(ids))
	for i := range ids {
		list[i] = ids[i][:]
	}
	return list
}

// pssh makes a box: of version 1 where there are key ids, of version 0 otherwise.
func pssh(system string, ids [][]byte, data []byte) []byte {
	body := append([]byte("pssh\x00\x00\x00\x00"), system...)
	if ids != nil {
		body[4] = 1
		body = binary.BigEndian.AppendUint32(body, uint32(len(ids)))
		for _, id := range ids {
			body = append(body, id...)
		}
	}
	body = binary.BigEndian.AppendUint32(body, uint32(len(data)))
	body = append(body, data...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(4+len(body))), body...)
}

type psshBox struct {
	system string
	ids    [][]byte // of version 1
	data   []byte
}

// parseBoxes reads pssh boxes, one after the other.
func parseBoxes(p []byte) (boxes []psshBox, ok bool) {
	for len(p) > 0 {
		if len(p) < 32 || string(p[4:8]) != "pssh" {
			return nil, false
		}
		size := int(binary.BigEndian.Uint32(p))
		if size < 32 || size > len(p) {
			return nil, false
		}
		box, rest := psshBox{system: string(p[12:28])}, p[28:size]
		if p[8] == 1 {
			count := int(binary.BigEndian.Uint32(rest))
			if rest = rest[4:]; count > (len(rest)-4)/16 {
				return nil, false
			}
			for range count {
				box.ids, rest = append(box.ids, rest[:16]), rest[16:]
			}
		}
		if len(rest) < 4 || int(binary.BigEndian.Uint32(rest)) > len(rest)-4 {
			return nil, false
		}
		box.data = rest[4 : 4+int(binary.BigEndian.Uint32(rest))]
		boxes = append(boxes, box)
		p = p[size:]
	}
	return boxes, true
}
