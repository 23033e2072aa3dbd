package cenc

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
)

var (
	videoID = [16]byte([]byte("the key of video"))
	audioID = [16]byte([]byte("the key of audio"))
)

// keyRing is Keys for tests.
type keyRing map[[16]byte]*Key

func (k keyRing) Key(id [16]byte) *Key { return k[id] }

func ringOf(ids ...[16]byte) keyRing {
	ring := keyRing{}
	for _, id := range ids {
		ring[id] = &Key{ID: id, Value: valueOf(id)}
	}
	return ring
}

func valueOf(id [16]byte) (value [16]byte) {
	for i, b := range id {
		value[i] = b ^ 0x5A
	}
	return value
}

// ctr runs AES-CTR over the ranges of a frame, which it both encrypts and decrypts.
func ctr(t testing.TB, key, iv [16]byte, buf []byte, ranges []Range) {
	t.Helper()
	block, err := aes.NewCipher(key[:])
	if err != nil {
		t.Fatal(err)
	}
	stream := cipher.NewCTR(block, iv[:])
	for _, r := range ranges {
		stream.XORKeyStream(buf[r.Start:r.End], buf[r.Start:r.End])
	}
}

// webMRun is one stream on its way through a container, as a Decrypter would feed it.
type webMRun struct {
	t        testing.TB
	c        container
	keys     keyRing
	held     []byte
	out      []byte
	initData []InitData
}

// feed gives the container bytes, and what lacked a key at their end.
func (r *webMRun) feed(p []byte) ([][16]byte, error) {
	r.held = append(r.held, p...)
	for {
		part, err := r.c.read(r.held, r.keys)
		if err != nil {
			return nil, err
		}
		for _, s := range part.samples {
			if s.CBC || s.Restart || s.Skip != 0 {
				r.t.Errorf("a sample that is not plain CTR: %+v", s)
			}
			ctr(r.t, s.Key.Value, s.IV, part.clear, s.Ranges)
		}
		if len(part.clear) != part.used {
			r.t.Fatalf("%d bytes became %d", part.used, len(part.clear))
		}
		r.out = append(r.out, part.clear...)
		r.initData = append(r.initData, part.initData...)
		r.held = r.held[part.used:]
		if part.used == 0 || part.missing != nil {
			return part.missing, nil
		}
	}
}

// decryptWebM decrypts a stream that comes in pieces of cut bytes.
func decryptWebM(t testing.TB, stream []byte, cut int, keys keyRing) *webMRun {
	t.Helper()
	run := &webMRun{t: t, c: newWebM(), keys: keys}
	for piece := range slices.Chunk(stream, cut) {
		if missing, err := run.feed(piece); err != nil || missing != nil {
			t.Fatalf("cut %d: missing %x, error %v", cut, missing, err)
		}
	}
	if len(run.held) > 0 {
		t.Fatalf("cut %d: %d bytes were kept: % x", cut, len(run.held), run.held)
	}
	return run
}

// ebml makes an element; its size takes as few bytes as it can.
func ebml(id uint32, content ...[]byte) []byte { return ebmlSized(0, id, content...) }

// ebmlSized makes an element whose size takes n bytes.
func ebmlSized(n int, id uint32, content ...[]byte) []byte {
	body := slices.Concat(content...)
	if n == 0 {
		for n = 1; len(body) >= 1<<(7*n)-1; n++ {
		}
	}
	size := binary.BigEndian.AppendUint64(nil, uint64(len(body))|1<<(7*n))
	return slices.Concat(idBytes(id), size[8-n:], body)
}

// ebmlUnknown begins an element of unknown size.
func ebmlUnknown(id uint32, content ...[]byte) []byte {
	return slices.Concat(append([][]byte{idBytes(id), {0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}}, content...)...)
}

func idBytes(id uint32) []byte {
	return bytes.TrimLeft(binary.BigEndian.AppendUint32(nil, id), "\x00")
}

func number(n byte) []byte { return []byte{n} }

// encodingsOf makes the ContentEncodings of a track under a key.
func encodingsOf(keyID [16]byte) []byte {
	return ebml(idContentEncodings, ebml(idContentEncoding,
		ebml(0x5031, number(0)), ebml(idContentEncodingScope, number(1)), ebml(idContentEncodingType, number(1)),
		ebml(idContentEncryption, ebml(idContentEncAlgo, number(5)), ebml(idContentEncKeyID, keyID[:]),
			ebml(idContentEncSettings, ebml(idCipherMode, number(1))))))
}

// trackOf makes a TrackEntry.
func trackOf(number []byte, extra ...[]byte) []byte {
	children := [][]byte{ebml(idTrackNumber, number), ebml(0x73C5, number), ebml(0x83, []byte{2}), ebml(0x86, []byte("A_OPUS"))}
	return ebml(idTrackEntry, append(children, extra...)...)
}

var (
	ebmlHead = ebml(idEBML, ebml(0x4282, []byte("webm")))
	info     = ebml(idInfo, ebml(0x2AD7B1, []byte{0x0F, 0x42, 0x40}))
	tracks   = ebml(idTracks, trackOf(number(1), encodingsOf(videoID)), trackOf(number(2), encodingsOf(audioID)), trackOf(number(3)))
	time0    = ebml(0xE7, number(0))
)

// webMOf makes a stream of the usual tracks and one Cluster.
func webMOf(blocks ...[]byte) []byte {
	cluster := ebml(idCluster, append([][]byte{time0}, blocks...)...)
	return slices.Concat(ebmlHead, ebmlUnknown(idSegment, info, tracks), cluster)
}

// content is n bytes that no two frames share.
func content(seed byte, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = seed + byte(i*7)
	}
	return p
}

// sealed encrypts all of a frame.
func sealed(t testing.TB, keyID [16]byte, seed byte, n int) []byte {
	p := content(seed, n)
	iv := [16]byte{seed, 1, 2, 3, 4, 5, 6, 7}
	ctr(t, valueOf(keyID), iv, p, []Range{{0, n}})
	return slices.Concat([]byte{1}, iv[:8], p)
}

// partitioned encrypts every second part of a frame.
func partitioned(t testing.TB, keyID [16]byte, seed byte, n int, offsets ...int) []byte {
	p := content(seed, n)
	iv := [16]byte{seed, 9, 9, 9, 9, 9, 9, 9}
	head := slices.Concat([]byte{3}, iv[:8], []byte{byte(len(offsets))})
	var ranges []Range
	for i, offset := range offsets {
		head = binary.BigEndian.AppendUint32(head, uint32(offset))
		if i%2 == 0 {
			ranges = append(ranges, Range{offset, n})
		} else {
			ranges[i/2].End = offset
		}
	}
	ctr(t, valueOf(keyID), iv, p, ranges)
	return append(head, p...)
}

// unsealed is a frame that an encrypted track leaves clear.
func unsealed(seed byte, n int) []byte { return append([]byte{0}, content(seed, n)...) }

// blockOf is what a SimpleBlock or Block holds.
func blockOf(track, timestamp, flags byte, frame ...[]byte) []byte {
	return slices.Concat([]byte{0x80 | track, 0, timestamp, flags}, slices.Concat(frame...))
}

func simple(track, timestamp byte, frame []byte) []byte {
	return ebml(idSimpleBlock, blockOf(track, timestamp, 0x80, frame))
}

// readBack is a block as a demuxer finds it.
type readBack struct {
	track     uint64
	timestamp byte
	keyframe  bool
	frames    [][]byte
}

// blocksIn reads the blocks in elements, whatever they are in. It is not the reader that is tested.
func blocksIn(t testing.TB, p []byte) (blocks []readBack) {
	t.Helper()
	for len(p) > 0 {
		_, idLength, _ := plainVINT(t, p)
		id := string(p[:idLength])
		size, n, unknown := plainVINT(t, p[idLength:])
		p = p[idLength+n:]
		switch {
		case id == "\x18\x53\x80\x67", unknown:
			continue // its children come next
		case size > len(p):
			t.Fatalf("an element %x of %d bytes with %d left", id, size, len(p))
		case id == "\x1f\x43\xb6\x75", id == "\xa0":
			blocks = append(blocks, blocksIn(t, p[:size])...)
		case id == "\xa3", id == "\xa1":
			blocks = append(blocks, blockIn(t, p[:size]))
		}
		p = p[size:]
	}
	return blocks
}

func plainVINT(t testing.TB, p []byte) (value, n int, unknown bool) {
	t.Helper()
	for n = 1; n <= 8 && p[0]<<(n-1)&0x80 == 0; n++ {
	}
	if n > min(8, len(p)) {
		t.Fatalf("no number: % x", p[:min(8, len(p))])
	}
	value = int(p[0]) &^ (0x100 >> n)
	for _, b := range p[1:n] {
		value = value<<8 | int(b)
	}
	return value, n, value == 1<<(7*n)-1
}

func blockIn(t testing.TB, p []byte) readBack {
	t.Helper()
	track, n, _ := plainVINT(t, p)
	b := readBack{track: uint64(track), timestamp: p[n+1], keyframe: p[n+2]&0x80 != 0}
	lacing, p := p[n+2]>>1&3, p[n+3:]
	if lacing == 0 {
		b.frames = [][]byte{p}
		return b
	}
	count := 1 + int(p[0])
	p = p[1:]
	sizes := make([]int, count)
	sum := 0
	for i := range count - 1 {
		switch {
		case lacing == 2:
			sizes[i] = len(p) / count
		case lacing == 1:
			for p[0] == 255 {
				sizes[i], p = sizes[i]+255, p[1:]
			}
			sizes[i], p = sizes[i]+int(p[0]), p[1:]
		default:
			value, n, _ := plainVINT(t, p)
			if p = p[n:]; i > 0 {
				value += sizes[i-1] - (1<<(7*n-1) - 1)
			}
			sizes[i] = value
		}
		sum += sizes[i]
	}
	sizes[count-1] = len(p) - sum
	for _, size := range sizes {
		b.frames, p = append(b.frames, p[:size]), p[size:]
	}
	return b
}

// frameOf is a block of one frame, as simple and unsealed make it.
func frameOf(track uint64, timestamp byte, frames ...[]byte) readBack {
	return readBack{track: track, timestamp: timestamp, keyframe: true, frames: frames}
}

func equalBlocks(a, b []readBack) bool {
	return slices.EqualFunc(a, b, func(a, b readBack) bool {
		return a.track == b.track && a.timestamp == b.timestamp && a.keyframe == b.keyframe && slices.EqualFunc(a.frames, b.frames, bytes.Equal)
	})
}

func describe(blocks []readBack) (s string) {
	for _, b := range blocks {
		s += fmt.Sprintf("\n  track %d at %d, keyframe %v: % x", b.track, b.timestamp, b.keyframe, b.frames)
	}
	return s
}
