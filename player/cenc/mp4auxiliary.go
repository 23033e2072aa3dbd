package cenc

import "encoding/binary"

// auxiliary reads what stands apart of each sample: its IV and its subsamples. They are in a senc box, or anywhere, with saiz to say how long each
// entry is, and saio where they begin. The zero value has none.
//
// ISO/IEC 23001-7, 7
type auxiliary struct {
	left uint64 // samples that have an entry

	// In senc.
	senc       bool
	entries    []byte
	subsamples bool

	// Elsewhere.
	size   int    // of each entry; 0 where sizes says it
	sizes  []byte // of those left
	region int    // of the fragment
	at     uint64 // in the region
}

// readSenc begins to read a SampleEncryptionBox after its flags; it says what is wrong with it.
func readSenc(flags byte, p []byte) (a auxiliary, wrong string) {
	if len(p) < 4 {
		return a, "is too short"
	}
	return auxiliary{senc: true, subsamples: flags&2 != 0, left: uint64(binary.BigEndian.Uint32(p)), entries: p[4:]}, ""
}

// readSaiz begins to read a SampleAuxiliaryInformationSizesBox without its type; it says what is wrong with it.
//
// ISO/IEC 14496-12, 8.7.8
func readSaiz(p []byte) (a auxiliary, wrong string) {
	if len(p) < 5 {
		return a, "is too short"
	}
	a = auxiliary{size: int(p[0]), left: uint64(binary.BigEndian.Uint32(p[1:]))}
	if a.size == 0 {
		if a.sizes = p[5:]; uint64(len(a.sizes)) < a.left {
			return a, "holds fewer sizes than it says"
		}
	}
	return a, ""
}

// readSaio reads a SampleAuxiliaryInformationOffsetsBox without its type; it says what is wrong with it.
//
// ISO/IEC 14496-12, 8.7.9
func readSaio(wide bool, p []byte) (o offsetTable, wrong string) {
	o.width = 4
	if wide {
		o.width = 8
	}
	var ok bool
	if o.p, ok = counted(p, o.width); !ok {
		return o, "holds fewer offsets than it says"
	}
	return o, ""
}

// ofEncryption gives saiz or saio without its type, where it is of the information that decryption needs.
func ofEncryption(p []byte) ([]byte, bool) {
	if len(p) < 4 {
		return nil, true // it is too short, which is told when it is read
	}
	if p[3]&1 == 0 {
		return p[4:], true
	}
	if len(p) < 12 {
		return nil, true
	}
	_, known := schemeOf([4]byte(p[4:]))
	return p[12:], known || [4]byte(p[4:]) == [4]byte{}
}

// auxiliaryOf chooses between what tells of the same. saio is where saiz says how much there is.
func auxiliaryOf(senc, saiz auxiliary) auxiliary {
	if senc.left > 0 {
		return senc
	}
	return saiz
}

// skip leaves out the entries of n samples of one kind; false is that they end too early.
func (a *auxiliary) skip(n uint64, of *protection) bool {
	n = min(n, a.left)
	switch {
	case a.senc && !a.subsamples:
		size := n * uint64(of.ivSize)
		if size > uint64(len(a.entries)) {
			return false
		}
		a.entries = a.entries[size:]
	case a.senc:
		for range n {
			size, ok := a.sencSize(of)
			if !ok {
				return false
			}
			a.entries = a.entries[size:]
		}
	case a.size != 0:
		a.at += n * uint64(a.size)
	default:
		for _, size := range a.sizes[:n] {
			a.at += uint64(size)
		}
		a.sizes = a.sizes[n:]
	}
	a.left -= n
	return true
}

// sencSize is the size of the entry that is next in senc, if it is whole.
func (a *auxiliary) sencSize(of *protection) (size int, ok bool) {
	size = of.ivSize
	if a.subsamples {
		if size += 2; len(a.entries) < size {
			return 0, false
		}
		size += 6 * int(binary.BigEndian.Uint16(a.entries[size-2:]))
	}
	return size, len(a.entries) >= size
}

// next gives the entry of the next sample: nil is none, and not there that its bytes have not come yet. It says what is wrong.
func (a *auxiliary) next(of *protection, regions *regionTable) (entry []byte, there bool, wrong string) {
	if a.left == 0 {
		return nil, true, ""
	}
	if a.senc {
		size, ok := a.sencSize(of)
		if !ok {
			return nil, false, "holds a sample for which senc has no entry"
		}
		entry, a.entries = a.entries[:size], a.entries[size:]
	} else {
		size := a.size
		if size == 0 {
			size = int(a.sizes[0])
		}
		if entry, there = regions.bytes(a.region, a.at, size); !there {
			return nil, false, ""
		}
		if a.size == 0 {
			a.sizes = a.sizes[1:]
		}
		a.at += uint64(size)
	}
	a.left--
	return entry, true, ""
}
