package cenc

import (
	"encoding/binary"
	"math"
)

// fragmentGroup is where the numbers of a fragment's own groups begin; those below are the track's.
const fragmentGroup = 0x10000

// groupTable is a SampleGroupDescriptionBox of type "seig".
type groupTable struct {
	groups []protection // number 1 is the first
	rest   uint32       // the number of the group of samples that no sbgp mentions; 0 is none
}

// read adds the groups of an sgpd, and says what is wrong with it. Version 2 was written in two ways: the first edition to have it left out the length
// that version 1 has, later ones put it before the default number.
//
// ISO/IEC 14496-12, 8.9.3
func (t *groupTable) read(p []byte) (wrong string) {
	if len(p) < 12 {
		return "is too short"
	}
	version := p[0]
	p = p[8:]
	if version == 0 {
		return t.unframed(p)
	}
	length := binary.BigEndian.Uint32(p)
	p = p[4:]
	if version == 1 {
		return t.framed(length, p)
	}
	if len(p) < 8 { // of the way without a length, with a count of 0
		t.rest = length
		return ""
	}
	first := len(t.groups)
	t.rest = binary.BigEndian.Uint32(p)
	if wrong = t.framed(length, p[4:]); wrong == "" && t.rest <= fragmentGroup+uint32(len(t.groups)) {
		return ""
	}
	t.groups, t.rest = t.groups[:first], length
	return t.unframed(p)
}

// framed reads counted entries of a length that is given for all, or where that is 0 with each.
func (t *groupTable) framed(length uint32, p []byte) (wrong string) {
	if len(p) < 4 {
		return "is too short"
	}
	count := binary.BigEndian.Uint32(p)
	p = p[4:]
	for range count {
		size := length
		if size == 0 {
			if len(p) < 4 {
				return "ends within a group"
			}
			size = binary.BigEndian.Uint32(p)
			p = p[4:]
		}
		if size < 20 || uint64(size) > uint64(len(p)) {
			return "ends within a group"
		}
		if wrong := t.add(p[:size]); wrong != "" {
			return wrong
		}
		p = p[size:]
	}
	return ""
}

// unframed reads counted entries that stand side by side.
func (t *groupTable) unframed(p []byte) (wrong string) {
	if len(p) < 4 {
		return "is too short"
	}
	count := binary.BigEndian.Uint32(p)
	p = p[4:]
	for range count {
		size := 20
		if constantIV := len(p) > 20 && p[2] == 1 && p[3] == 0; constantIV {
			size += 1 + int(p[20])
		}
		if len(p) < size {
			return "ends within a group"
		}
		if wrong := t.add(p[:size]); wrong != "" {
			return wrong
		}
		p = p[size:]
	}
	return ""
}

func (t *groupTable) add(p []byte) (wrong string) {
	if len(t.groups) == fragmentGroup {
		return "has more groups than there are numbers for"
	}
	group, wrong := readProtection(p)
	if wrong != "" {
		return "has a group that " + wrong
	}
	t.groups = append(t.groups, group)
	return ""
}

// isSeig says whether an sgpd, sbgp or csgp (which nobody writes for encryption yet, and nothing here reads) is of groups that tell of encryption.
func isSeig(p []byte) bool { return len(p) >= 8 && string(p[4:8]) == "seig" }

// groupRuns reads which group each sample is in, as a SampleToGroupBox says.
//
// ISO/IEC 14496-12, 8.9.2
type groupRuns struct {
	entries []byte // what is left of the box's
	left    uint64 // samples of the current one
	group   uint32 // theirs
	rest    uint32 // of the samples after them all
}

// readSampleToGroup begins to read an sbgp; it says what is wrong with it.
func readSampleToGroup(p []byte) (entries []byte, wrong string) {
	fixed := 12
	if len(p) > 0 && p[0] == 1 {
		fixed = 16 // with a grouping_type_parameter
	}
	if len(p) < fixed {
		return nil, "is too short"
	}
	count := binary.BigEndian.Uint32(p[fixed-4:])
	if p = p[fixed:]; uint64(count)*8 > uint64(len(p)) {
		return nil, "holds fewer entries than it says"
	}
	return p[:count*8], ""
}

// take gives the group of the next sample, and how many of the next n samples are in it: one or more.
func (g *groupRuns) take(n uint64) (group uint32, same uint64) {
	for g.left == 0 {
		if len(g.entries) < 8 {
			g.left, g.group = math.MaxUint64, g.rest
			break
		}
		g.left, g.group = uint64(binary.BigEndian.Uint32(g.entries)), binary.BigEndian.Uint32(g.entries[4:])
		g.entries = g.entries[8:]
	}
	same = min(n, g.left)
	g.left -= same
	return g.group, same
}
