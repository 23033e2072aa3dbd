package webm

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"strconv"
)

const (
	maxHeader   = 4 << 20 // bytes up to the first Cluster
	maxElements = 8192    // in one file's header; those of real films have a few dozen
)

// The elements that are read, by their ids.
const (
	idEBML               = 0x1A45DFA3
	idEBMLMaxIDLength    = 0x42F2
	idEBMLMaxSizeLength  = 0x42F3
	idDocType            = 0x4282
	idSegment            = 0x18538067
	idInfo               = 0x1549A966
	idTimestampScale     = 0x2AD7B1
	idDuration           = 0x4489
	idTracks             = 0x1654AE6B
	idTrackEntry         = 0xAE
	idTrackType          = 0x83
	idVideo              = 0xE0
	idPixelWidth         = 0xB0
	idPixelHeight        = 0xBA
	idCodecID            = 0x86
	idCodecPrivate       = 0x63A2
	idContentEncodings   = 0x6D80
	idContentEncoding    = 0x6240
	idContentEncType     = 0x5033
	idContentEncryption  = 0x5035
	idContentEncAlgo     = 0x47E1
	idContentEncKeyID    = 0x47E2
	idContentEncSettings = 0x47E7
	idCipherMode         = 0x47E8
	idCluster            = 0x1F43B675
)

// element is where an element lies in the file.
type element struct {
	parent *element
	id     uint32
	start  int64 // of its id
	body   int64
	end    int64  // math.MaxInt64 where the size is unknown
	data   []byte // its content, where that has been read
}

func (e *element) unsized() bool { return e.end == math.MaxInt64 }

// path is the element's place in the file: "Segment/Tracks".
func (e *element) path() string {
	path := e.name()
	for p := e.parent; p != nil; p = p.parent {
		path = p.name() + "/" + path
	}
	return path
}

func (e *element) name() string {
	switch e.id {
	case idEBML:
		return "EBML"
	case idSegment:
		return "Segment"
	case idInfo:
		return "Info"
	case idTracks:
		return "Tracks"
	case idTrackEntry:
		return "TrackEntry"
	case idVideo:
		return "Video"
	case idContentEncodings:
		return "ContentEncodings"
	case idContentEncoding:
		return "ContentEncoding"
	case idContentEncryption:
		return "ContentEncryption"
	case idCodecID:
		return "CodecID"
	case idCluster:
		return "Cluster"
	}
	return "0x" + strconv.FormatUint(uint64(e.id), 16)
}

func (e *element) fail(what string) error {
	return &Error{Path: e.path(), Offset: e.start, Err: errors.New(what)}
}

// uint is the element's content as an unsigned integer; what is longer than 8 bytes is no number and gives the largest.
func (e *element) uint() uint64 {
	if len(e.data) > 8 {
		return math.MaxUint64
	}
	var n uint64
	for _, b := range e.data {
		n = n<<8 | uint64(b)
	}
	return n
}

// float is the element's content as a number of 4 or 8 bytes; 0 otherwise.
func (e *element) float() float64 {
	switch len(e.data) {
	case 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(e.data)))
	case 8:
		return math.Float64frombits(binary.BigEndian.Uint64(e.data))
	}
	return 0
}

// parseHeader reads an element's id and size from the start of p; size is -1 where it is unknown. n is the length of the two: more than p has,
// where they are cut off.
//
// https://www.rfc-editor.org/rfc/rfc8794#name-variable-size-integer
func parseHeader(p []byte) (id uint32, size int64, n int, err error) {
	if len(p) == 0 {
		return 0, 0, 1, nil
	}
	idLength := 1 + bits.LeadingZeros8(p[0])
	if idLength > 4 {
		return 0, 0, 0, errors.New("an element's id begins with a wrong byte, 0x" + strconv.FormatUint(uint64(p[0]), 16))
	}
	if len(p) <= idLength {
		return 0, 0, idLength + 1, nil
	}
	for _, b := range p[:idLength] {
		id = id<<8 | uint32(b)
	}
	sizeLength := 1 + bits.LeadingZeros8(p[idLength])
	if sizeLength > 8 {
		return 0, 0, 0, errors.New("an element's size begins with a zero byte")
	}
	if n = idLength + sizeLength; len(p) < n {
		return 0, 0, n, nil
	}
	for _, b := range p[idLength:n] {
		size = size<<8 | int64(b)
	}
	all := int64(1)<<(7*sizeLength) - 1
	if size &= all; size == all {
		size = -1
	}
	return id, size, n, nil
}
