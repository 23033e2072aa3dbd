package cenc

import (
	"errors"
	"math/bits"
	"strconv"
)

// The elements of WebM that matter here, by their ids.
const (
	idVoid  = 0xEC
	idCRC32 = 0xBF

	idEBML        = 0x1A45DFA3
	idSegment     = 0x18538067
	idSeekHead    = 0x114D9B74
	idInfo        = 0x1549A966
	idTracks      = 0x1654AE6B
	idCues        = 0x1C53BB6B
	idChapters    = 0x1043A770
	idTags        = 0x1254C367
	idAttachments = 0x1941A469

	idCluster     = 0x1F43B675
	idSimpleBlock = 0xA3
	idBlockGroup  = 0xA0
	idBlock       = 0xA1

	idTrackEntry           = 0xAE
	idTrackNumber          = 0xD7
	idContentEncodings     = 0x6D80
	idContentEncoding      = 0x6240
	idContentEncodingScope = 0x5032
	idContentEncodingType  = 0x5033
	idContentEncryption    = 0x5035
	idContentEncAlgo       = 0x47E1
	idContentEncKeyID      = 0x47E2
	idContentEncSettings   = 0x47E7
	idCipherMode           = 0x47E8
)

const unknownSize = -1

// element is the header of an EBML element.
type element struct {
	id     uint32
	header int   // bytes of id and size
	size   int64 // bytes after them, or unknownSize
}

func (e element) total() int64 { return int64(e.header) + e.size }

// name is the element's name for people.
func (e element) name() string {
	switch e.id {
	case idEBML:
		return "EBML"
	case idSegment:
		return "Segment"
	case idTracks:
		return "Tracks"
	case idTrackEntry:
		return "TrackEntry"
	case idContentEncodings:
		return "ContentEncodings"
	case idContentEncoding:
		return "ContentEncoding"
	case idContentEncryption:
		return "ContentEncryption"
	case idContentEncSettings:
		return "ContentEncAESSettings"
	case idCluster:
		return "Cluster"
	case idSimpleBlock:
		return "SimpleBlock"
	case idBlockGroup:
		return "BlockGroup"
	case idBlock:
		return "Block"
	}
	return "0x" + strconv.FormatUint(uint64(e.id), 16)
}

// outermost says whether the element ends a Cluster of unknown size: it is a Cluster's sibling, or comes above it.
func (e element) outermost() bool {
	switch e.id {
	case idEBML, idSegment, idSeekHead, idInfo, idTracks, idCluster, idCues, idChapters, idTags, idAttachments:
		return true
	}
	return false
}

// parseElement reads the header that p begins with; header is 0 where it is cut off.
//
// https://www.rfc-editor.org/rfc/rfc8794#name-element-id
func parseElement(p []byte) (e element, err error) {
	if len(p) == 0 {
		return e, nil
	}
	idLength := 1 + bits.LeadingZeros8(p[0])
	if idLength > 4 {
		return e, errors.New("an element's id begins with a wrong byte")
	}
	if len(p) <= idLength {
		return e, nil
	}
	for _, b := range p[:idLength] {
		e.id = e.id<<8 | uint32(b)
	}
	size, n := vint(p[idLength:])
	switch {
	case n > 8:
		return e, errors.New("an element's size begins with a zero byte")
	case n == 0:
		return e, nil
	case size == maxVINT(n)+1:
		e.size = unknownSize
	default:
		e.size = int64(size)
	}
	e.header = idLength + n
	return e, nil
}

// vint reads a number of n bytes; n is 0 where it is cut off, and more than 8 where it is none.
//
// https://www.rfc-editor.org/rfc/rfc8794#name-variable-size-integer
func vint(p []byte) (value uint64, n int) {
	if len(p) == 0 {
		return 0, 0
	}
	if n = 1 + bits.LeadingZeros8(p[0]); n > 8 {
		return 0, n
	}
	if len(p) < n {
		return 0, 0
	}
	for _, b := range p[:n] {
		value = value<<8 | uint64(b)
	}
	return value &^ (1 << (7 * n)), n
}

// maxVINT is the largest size that n bytes say: all ones are an unknown one.
func maxVINT(n int) uint64 { return 1<<(7*n) - 2 }

// putVINT writes a number over all of p, which is 1 to 8 bytes.
func putVINT(p []byte, value uint64) {
	value |= 1 << (7 * len(p))
	for i := len(p) - 1; i >= 0; i-- {
		p[i] = byte(value)
		value >>= 8
	}
}

// vintLength is how many bytes a size takes at least.
func vintLength(value uint64) int {
	n := 1
	for value > maxVINT(n) {
		n++
	}
	return n
}

// putVoid makes all of p, which is at least 2 bytes, an element that means nothing.
func putVoid(p []byte) {
	clear(p)
	p[0] = idVoid
	n := 1
	for uint64(len(p)-1-n) > maxVINT(n) {
		n++
	}
	putVINT(p[1:1+n], uint64(len(p)-1-n))
}
