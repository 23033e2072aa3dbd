package playertest

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
)

// The ids of the elements that a WebM is made of.
//
// https://www.matroska.org/technical/elements.html
const (
	ebmlHeader, docType                   = 0x1a45dfa3, 0x4282
	segmentID, infoID, tracksID, clusters = 0x18538067, 0x1549a966, 0x1654ae6b, 0x1f43b675
	timestampScale, duration              = 0x2ad7b1, 0x4489
	trackEntry, trackNumber, trackUID     = 0xae, 0xd7, 0x73c5
	trackType, codecID                    = 0x83, 0x86
	videoID, pixelWidth, pixelHeight      = 0xe0, 0xb0, 0xba
	audioID, channels                     = 0xe1, 0x9f
	encodings, encoding, encryption       = 0x6d80, 0x6240, 0x5035
	encodingScope, encodingType           = 0x5032, 0x5033
	algorithm, encryptionKeyID            = 0x47e1, 0x47e2
	aesSettings, aesCipherMode            = 0x47e7, 0x47e8
	timestampID, simpleBlock, void        = 0xe7, 0xa3, 0xec
	cuesID, cuePoint, cueTime             = 0x1c53bb6b, 0xbb, 0xb3
	cuePositions, cueTrack, cuePosition   = 0xb7, 0xf7, 0xf1
)

// element makes an EBML element, with a size of eight bytes where it holds others of changing size.
func element(id uint32, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat(elementID(id), vint(uint64(len(body)), 4), body)
}

func elementID(id uint32) []byte {
	b := be32(int(id))
	for b[0] == 0 {
		b = b[1:]
	}
	return b
}

// vint writes an element's size in so many bytes.
func vint(n uint64, size int) []byte {
	b := be64(n | 1<<(7*size))
	return b[8-size:]
}

func unsigned(id uint32, n uint64) []byte { return element(id, be64(n)) }

// webm makes an initialization segment, and Clusters.
func (b *filmBuilder) webm(index bool) {
	header := element(ebmlHeader, element(docType, []byte("webm")), element(void, be32(int(b.tag(-1)))))
	inside := slices.Concat(b.info(), b.tracks())
	var heads [][]byte
	var fills []int64
	size := uint64(len(inside))
	for n := range b.cuts {
		head, fill := b.cluster(n)
		heads, fills = append(heads, head), append(fills, fill)
		size += uint64(len(head)) + uint64(fill)
	}
	var cues []byte
	if index {
		cues = b.cues(uint64(len(inside)), heads, fills)
		size += uint64(len(cues))
	}
	b.add(slices.Concat(header, elementID(segmentID), vint(size, 8), inside), 0)
	b.film.HeaderSize = b.at
	for _, id := range b.film.ids() {
		b.film.InitData = append(b.film.InitData, InitData{Type: "webm", Data: id[:]})
	}
	if index {
		b.film.Segments = []FilmSegment{{Offset: b.at}}
		b.add(cues, 0)
	}
	for n, head := range heads {
		b.segment(n)
		b.add(head, fills[n])
	}
}

func (b *filmBuilder) info() []byte {
	last := b.cuts[len(b.cuts)-1]
	d := float64(b.ladder.time(last.start+last.length)) / float64(time.Millisecond)
	return element(infoID, unsigned(timestampScale, 1_000_000), element(duration, be64(math.Float64bits(d))))
}

func (b *filmBuilder) tracks() []byte {
	var entries [][]byte
	for i, track := range b.kinds() {
		kind, media := uint64(1), element(videoID, unsigned(pixelWidth, uint64(b.rung.Width)), unsigned(pixelHeight, uint64(b.rung.Height)))
		if track.Kind == "audio" {
			kind, media = 2, element(audioID, unsigned(channels, 2))
		}
		parts := [][]byte{unsigned(trackNumber, uint64(i+1)), unsigned(trackUID, uint64(i+1)), unsigned(trackType, kind), b.webmCodec(track), media}
		if len(b.film.Keys) > 0 {
			const aes, ctr = 5, 1
			id := b.film.Keys[0].ID
			parts = append(parts, element(encodings, element(encoding, unsigned(encodingScope, 1), unsigned(encodingType, 1),
				element(encryption, unsigned(algorithm, aes), element(encryptionKeyID, id[:]), element(aesSettings, unsigned(aesCipherMode, ctr))))))
		}
		entries = append(entries, element(trackEntry, parts...))
	}
	return element(tracksID, entries...)
}

func (b *filmBuilder) webmCodec(track manifest.Track) []byte {
	name := map[string]string{"vp8": "V_VP8", "vp9": "V_VP9", "opus": "A_OPUS", "vorbis": "A_VORBIS"}[track.Codec]
	if name == "" {
		panic("playertest: unknown codec in WebM: " + track.Codec)
	}
	return element(codecID, []byte(name))
}

// cluster is a Cluster of one block, up to where its noise begins.
func (b *filmBuilder) cluster(n int) (head []byte, fill int64) {
	fill = max(b.ladder.bytesOf(n, b.rung, b.cuts[n]), 16)
	const keyframe = 0x80
	block := slices.Concat(elementID(simpleBlock), vint(uint64(fill)+4, 4), []byte{0x81, 0, 0, keyframe})
	inside := slices.Concat(element(timestampID, binary.BigEndian.AppendUint64(nil, b.milliseconds(n))), block)
	return slices.Concat(elementID(clusters), vint(uint64(len(inside))+uint64(fill), 4), inside), fill
}

func (b *filmBuilder) milliseconds(n int) uint64 {
	return uint64(b.ladder.time(b.cuts[n].start).Round(time.Millisecond) / time.Millisecond)
}

// cues tells where the Clusters are that follow it at once. inside is how much of the Segment comes before it.
func (b *filmBuilder) cues(inside uint64, heads [][]byte, fills []int64) []byte {
	all := func(first uint64) []byte {
		var points [][]byte
		at := first
		for n, head := range heads {
			points = append(points, element(cuePoint, unsigned(cueTime, b.milliseconds(n)),
				element(cuePositions, unsigned(cueTrack, 1), unsigned(cuePosition, at))))
			at += uint64(len(head)) + uint64(fills[n])
		}
		return element(cuesID, points...)
	}
	return all(inside + uint64(len(all(0))))
}
