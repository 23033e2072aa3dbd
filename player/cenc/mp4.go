package cenc

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
)

const (
	maxSample = 32 << 20 // bytes
	maxBatch  = 1024     // samples that are decrypted at once: hostile ones take more memory than the bytes that they stand for
	noEnd     = math.MaxInt64
)

// mp4Stream reads the byte stream of an MP4. Fragmented media is decrypted where it stands: no box changes its size, so all offsets hold.
type mp4Stream struct {
	at   int64 // in the byte stream, of what comes next
	rest int64 // bytes of the current box to come; [noEnd] where it lasts to the end of the stream
	mdat bool  // that box is media

	movie       *movie // nil until there is one
	fragment    fragment
	progressive *progressive // nil where the film is fragmented

	samples []Sample
	ranges  []Range
}

func (m *mp4Stream) reset() {
	m.at, m.rest, m.mdat = 0, 0, false
	m.fragment.reset()
	if m.progressive != nil { // whose samples cannot be told from anywhere
		m.movie, m.progressive = nil, nil
	}
}

func (m *mp4Stream) read(p []byte, keys Keys) (part, error) {
	if len(p) == 0 {
		return part{}, nil
	}
	if m.progressive != nil {
		m.progressive.regions.collect(p, m.at)
	} else {
		m.fragment.regions.collect(p, m.at)
	}
	switch {
	case m.rest == 0:
		return m.box(p)
	case m.mdat && m.progressive != nil:
		return m.transmux(p, keys)
	case m.mdat && !m.fragment.done():
		return m.media(p, keys)
	default:
		return m.pass(p, int(min(m.rest, int64(len(p))))), nil
	}
}

// pass is done with n bytes of the current box, or with all of a box that there was none before.
func (m *mp4Stream) pass(p []byte, n int) part {
	m.at += int64(n)
	if m.rest != 0 && m.rest != noEnd {
		m.rest -= int64(n)
	}
	return part{used: n, clear: p[:n]}
}

// box begins with a box. Those that tell of samples are read when they are whole, all others go by.
func (m *mp4Stream) box(p []byte) (part, error) {
	size, header, ok := boxHeader(p)
	if !ok {
		return part{}, nil
	}
	b := box{kind: [4]byte(p[4:]), end: len(p)}
	s := boxes{at: m.at}
	if size < int64(header) {
		return part{}, s.fail("file", b, "has a box of "+strconv.FormatInt(size, 10)+" bytes")
	}
	switch {
	case b.is("mdat") && m.movie == nil:
		return part{}, s.unsupported("mdat", b, "comes before moov, and all of its samples are told of there: the header must be first, and be read first")
	case b.is("mdat"):
		return m.openMedia(p, size, header), nil
	case !b.is("moov") && !b.is("moof"):
		if b.is("pssh") { // which belongs into those two: browsers refuse the stream for it
			rename(p, b, "free")
		}
		m.rest, m.mdat = size, false
		return m.pass(p, int(min(size, int64(len(p))))), nil
	case size > maxBox:
		return part{}, s.fail(string(b.kind[:]), b, "is larger than "+strconv.Itoa(maxBox>>20)+" MiB")
	case m.fragment.lacks():
		return part{}, s.fail(string(b.kind[:]), b, "comes before all samples of the fragment before it")
	case int64(len(p)) < size:
		return part{}, nil
	case b.is("moov"):
		return m.header(p[:size])
	default:
		return m.moof(p[:size])
	}
}

// openMedia begins an mdat box. One that lasts to the end of the file would last for ever in MSE, which knows no end: it is given the size that its
// samples need.
func (m *mp4Stream) openMedia(p []byte, size int64, header int) part {
	if needs := m.fragment.end - m.at; size == noEnd && needs > int64(header) && needs <= math.MaxUint32 {
		size = needs
		binary.BigEndian.PutUint32(p, uint32(needs))
	}
	m.rest, m.mdat = size, true
	if m.progressive != nil {
		return m.drop(p[:header])
	}
	return m.pass(p, header)
}

// header takes a whole moov.
func (m *mp4Stream) header(p []byte) (part, error) {
	s := boxes{p: p, at: m.at}
	movie, err := readMovie(s)
	if err != nil {
		return part{}, err
	}
	m.fragment.reset()
	m.movie, m.progressive = movie, nil
	if movie.fragmented {
		return m.whole(p, movie.initData), nil
	}
	s.p = bytes.Clone(p)
	if m.progressive, err = newProgressive(s, movie); err != nil || m.progressive == nil {
		return m.whole(p, movie.initData), err
	}
	segment, err := initialization(s, movie)
	made := m.whole(p, movie.initData)
	made.clear = segment
	return made, err
}

// moof takes a whole moof.
func (m *mp4Stream) moof(p []byte) (part, error) {
	if m.movie == nil || m.progressive != nil {
		return part{}, boxes{at: m.at}.fail("moof", box{}, "comes before the initialization segment")
	}
	if err := m.fragment.read(p, m.at, m.movie); err != nil {
		return part{}, err
	}
	return m.whole(p, m.fragment.initData), nil
}

func (m *mp4Stream) whole(p []byte, pssh []byte) part {
	made := m.pass(p, len(p))
	if len(pssh) > 0 {
		made.initData = []InitData{{Type: "cenc", Data: pssh}}
	}
	return made
}

// media takes the samples that are whole, and what stands between them.
func (m *mp4Stream) media(p []byte, keys Keys) (part, error) {
	clear(m.samples) // of their keys
	m.samples, m.ranges = m.samples[:0], m.ranges[:0]
	box := p[:min(m.rest, int64(len(p)))]
	used, state := 0, took
	var missing [][16]byte
	for state == took && len(m.samples) < maxBatch {
		var wrong string
		if used, state, wrong = m.sample(box, used, keys); wrong != "" {
			return part{}, &Error{Path: "mdat", Offset: m.at + int64(used), Message: wrong}
		}
		if state != locked {
			continue
		}
		if missing = m.fragment.missing(keys); missing == nil { // the key came just now
			state = took
		}
	}
	made := m.pass(p, used)
	made.samples, made.missing = m.samples, missing
	return made, nil
}

// state is what became of a sample.
type state int

const (
	took   state = iota
	short        // the rest of it, or of what tells of it, is to come
	locked       // its key is not there
)

// sample takes the next encrypted sample from box, of which some bytes are used. It gives how many are then, and says what is wrong.
func (m *mp4Stream) sample(box []byte, used int, keys Keys) (int, state, string) {
	f := &m.fragment
	if f.done() {
		return len(box), short, ""
	}
	r := &f.runs[f.current]
	from, size := r.start-m.at, int64(r.sampleSize())
	switch {
	case size == 0:
		from = int64(used)
	case from >= m.rest: // in an mdat to come
		return len(box), short, ""
	case from < int64(used):
		return used, short, "holds a sample that lies upon another, or before the media"
	case size > maxSample:
		return used, short, "holds a sample of " + strconv.FormatInt(size, 10) + " bytes"
	case size > m.rest-from:
		return used, short, "ends within a sample"
	case from+size > int64(len(box)):
		return int(min(from, int64(len(box)))), short, ""
	}
	groups, aux := r.groups, r.aux
	group, _ := groups.take(1)
	of, _ := f.trafs[r.traf].protectionOf(group)
	entry, there, wrong := aux.next(of, &f.regions)
	if !there {
		return int(from), short, wrong
	}
	if of.encrypted && size > 0 {
		key := keys.Key(of.keyID)
		if key == nil {
			return int(from), locked, ""
		}
		if wrong = m.add(f.trafs[r.traf].entry.scheme, of, key, entry, int(from), int(size)); wrong != "" {
			return int(from), short, wrong
		}
	}
	r.groups, r.aux = groups, aux
	if r.pass(size); r.left == 0 {
		f.current++
	}
	return int(from + size), took, ""
}

// add has a sample decrypted. Its entry is an IV, unless all samples have the same, and then subsamples; without any, and where their count is 0, which
// should not be, all of it is encrypted.
//
// ISO/IEC 23001-7, 7.2
func (m *mp4Stream) add(how scheme, of *protection, key *Key, entry []byte, from, size int) (wrong string) {
	s := Sample{Key: key, IV: of.iv, CBC: how.cbc, Restart: how.restart}
	if how.pattern {
		s.Crypt, s.Skip = of.crypt, of.skip
	}
	if of.ivSize > 0 {
		if len(entry) < of.ivSize {
			return "holds a sample that has no IV"
		}
		copy(s.IV[:], entry[:of.ivSize])
		entry = entry[of.ivSize:]
	}
	first := len(m.ranges)
	if len(entry) == 0 || len(entry) == 2 && entry[0]|entry[1] == 0 {
		m.ranges = append(m.ranges, Range{from, from + size})
	} else if wrong = m.subsamples(entry, from, from+size); wrong != "" {
		return wrong
	}
	s.Ranges = m.ranges[first:]
	if how.wholeBlocks {
		for i := range s.Ranges {
			s.Ranges[i].End -= (s.Ranges[i].End - s.Ranges[i].Start) % blockSize
		}
	}
	if len(s.Ranges) > 0 {
		m.samples = append(m.samples, s)
	}
	return ""
}

// subsamples adds what is encrypted of a sample.
func (m *mp4Stream) subsamples(entry []byte, at, end int) (wrong string) {
	if len(entry) < 2 || len(entry) < 2+6*int(binary.BigEndian.Uint16(entry)) {
		return "holds a sample whose subsamples are cut off"
	}
	count := int(binary.BigEndian.Uint16(entry))
	for entry = entry[2:]; count > 0; count-- {
		start := at + int(binary.BigEndian.Uint16(entry))
		encrypted := int64(binary.BigEndian.Uint32(entry[2:]))
		if int64(start)+encrypted > int64(end) {
			return "holds a sample that is shorter than its subsamples"
		}
		if at = start + int(encrypted); at > start {
			m.ranges = append(m.ranges, Range{start, at})
		}
		entry = entry[6:]
	}
	return ""
}
