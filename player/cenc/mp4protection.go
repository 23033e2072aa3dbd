package cenc

import "strconv"

// scheme is how samples are encrypted; the zero scheme is not at all.
//
// ISO/IEC 23001-7, 10
type scheme struct {
	name        string
	cbc         bool
	restart     bool // each range of a sample begins anew
	pattern     bool // some blocks of a range are clear
	wholeBlocks bool // in CTR too, what is left of a range past its last whole block is clear (9.6, 9.7)
}

func schemeOf(name [4]byte) (scheme, bool) {
	switch string(name[:]) {
	case "cenc":
		return scheme{name: "cenc"}, true
	case "cens":
		return scheme{name: "cens", pattern: true, wholeBlocks: true}, true
	case "cbc1":
		return scheme{name: "cbc1", cbc: true}, true
	case "cbcs":
		return scheme{name: "cbcs", cbc: true, restart: true, pattern: true}, true
	}
	return scheme{}, false
}

// protection is what tenc says of a track's samples, or seig of some of them.
type protection struct {
	encrypted   bool
	crypt, skip int
	ivSize      int // of each sample's own IV: 0, 8 or 16
	keyID       [16]byte
	iv          [16]byte // of all samples, where they have none of their own
}

// readProtection reads a TrackEncryptionBox after its version, or a CencSampleEncryptionInformationGroupEntry: they are alike. It says what is wrong.
//
// ISO/IEC 23001-7, 6 and 8.2
func readProtection(p []byte) (t protection, wrong string) {
	if len(p) < 20 {
		return t, "is too short"
	}
	t.crypt, t.skip = int(p[1]>>4), int(p[1]&15)
	t.ivSize = int(p[3])
	t.keyID = [16]byte(p[4:])
	switch p[2] {
	case 0:
		if !isIVSize(t.ivSize) {
			t.ivSize = 0
		}
		return t, ""
	case 1:
		t.encrypted = true
	default:
		return t, "says isProtected " + strconv.Itoa(int(p[2]))
	}
	if t.ivSize != 0 {
		if !isIVSize(t.ivSize) {
			return t, "says IVs of " + strconv.Itoa(t.ivSize) + " bytes"
		}
		return t, ""
	}
	if p = p[20:]; len(p) == 0 {
		return t, "has no IV, and its samples have none"
	}
	if size := int(p[0]); !isIVSize(size) || len(p) < 1+size {
		return t, "has a constant IV of " + strconv.Itoa(size) + " bytes, of which " + strconv.Itoa(len(p)-1) + " are there"
	}
	copy(t.iv[:], p[1:1+p[0]])
	return t, ""
}

func isIVSize(n int) bool { return n == 8 || n == 16 }
