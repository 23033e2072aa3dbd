package playertest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/keystream-player/keystream/player/manifest"
)

// box makes a box of ISO/IEC 14496-12.
func box(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return slices.Concat(be32(8+len(body)), []byte(kind), body)
}

func be16(n int) []byte    { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
func be32(n int) []byte    { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
func zeros(n int) []byte   { return make([]byte, n) }

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// mp4 makes an initialization segment, and media segments of one fragment each.
func (b *filmBuilder) mp4(index bool) {
	initialization := slices.Concat(box("ftyp", []byte("iso6"), be32(int(b.tag(-1))), []byte("iso6dash")), b.moov())
	b.add(initialization, 0)
	b.film.HeaderSize = b.at
	if b.ladder.InBand && len(b.film.Keys) > 0 {
		b.film.InitData = []InitData{{Type: "cenc", Data: CommonPSSH(b.film.Keys[0].ID)}}
	}
	var heads [][]byte
	var fills []int64
	for n := range b.cuts {
		head, fill := b.fragment(n)
		heads, fills = append(heads, head), append(fills, fill)
	}
	if index {
		b.film.Segments = []FilmSegment{{Offset: b.at}}
		b.add(b.sidx(heads, fills), 0)
	}
	for n, head := range heads {
		b.segment(n)
		if key, begins := b.keyAt(n); begins && b.ladder.InBand && n > 0 {
			b.film.InitData = append(b.film.InitData, InitData{Type: "cenc", Data: CommonPSSH(key.ID), End: b.at + int64(len(head)) - 8})
		}
		b.add(head, fills[n])
	}
}

func (b *filmBuilder) moov() []byte {
	mvhd := box("mvhd", zeros(12), be32(1000), zeros(84))
	parts := [][]byte{mvhd}
	var trex []byte
	for i, track := range b.kinds() {
		parts = append(parts, b.trak(i+1, track))
		trex = append(trex, box("trex", zeros(4), be32(i+1), be32(1), zeros(12))...)
	}
	parts = append(parts, box("mvex", trex))
	if b.ladder.InBand && len(b.film.Keys) > 0 {
		parts = append(parts, CommonPSSH(b.film.Keys[0].ID))
	}
	return box("moov", parts...)
}

func (b *filmBuilder) trak(id int, track manifest.Track) []byte {
	handler, header := "vide", box("vmhd", zeros(12))
	if track.Kind == "audio" {
		handler, header = "soun", box("smhd", zeros(8))
	}
	empty := func(kind string) []byte { return box(kind, zeros(8)) }
	stbl := box("stbl", box("stsd", zeros(4), be32(1), b.sampleEntry(track)), empty("stts"), empty("stsc"), box("stsz", zeros(12)), empty("stco"))
	dinf := box("dinf", box("dref", zeros(4), be32(1), box("url ", be32(1))))
	return box("trak", box("tkhd", be32(7), zeros(8), be32(id), zeros(60), be32(b.rung.Width<<16), be32(b.rung.Height<<16)),
		box("mdia", box("mdhd", zeros(12), be32(int(b.ladder.Timescale)), zeros(4), be16(0x55c4), zeros(2)),
			box("hdlr", zeros(8), []byte(handler), zeros(13)), box("minf", header, dinf, stbl)))
}

// sampleEntry describes the samples of a track; those of an encrypted one need the key that the film begins with, unless their group says otherwise.
func (b *filmBuilder) sampleEntry(track manifest.Track) []byte {
	format, config := configuration(track.Codec)
	fields := slices.Concat(zeros(6), be16(1), zeros(16), be16(b.rung.Width), be16(b.rung.Height), zeros(50))
	protected := "encv"
	if track.Kind == "audio" {
		fields = slices.Concat(zeros(6), be16(1), zeros(8), be16(2), be16(16), zeros(4), be32(48000<<16))
		protected = "enca"
	}
	if len(b.film.Keys) == 0 {
		return box(format, fields, config)
	}
	id := b.film.Keys[0].ID
	tenc := slices.Concat(be32(0), zeros(2), []byte{1, 8}, id[:])
	if b.ladder.Scheme == "cbcs" {
		tenc = slices.Concat(be32(1<<24), []byte{0, 0x19, 1, 0}, id[:], []byte{16}, id[:])
	}
	return box(protected, fields, config, box("sinf", box("frma", []byte(format)),
		box("schm", zeros(4), []byte(b.ladder.Scheme), be32(1<<16)), box("schi", box("tenc", tenc))))
}

// configuration gives the sample entry's format for a codec, and the box that tells the rest of it.
func configuration(codec string) (format string, config []byte) {
	format, rest, _ := strings.Cut(codec, ".")
	switch format {
	case "avc1", "avc3":
		return format, box("avcC", []byte{1}, unhex(rest), []byte{0xff, 0xe1, 0, 0, 0})
	case "mp4a":
		// An ES_Descriptor with a DecoderConfigDescriptor of AAC, and its AudioSpecificConfig: the object type, 48 kHz, stereo.
		objectType, err := strconv.Atoi(strings.TrimPrefix(rest, "40."))
		if err != nil {
			panic("playertest: unknown codec " + codec)
		}
		specific := be16(objectType<<11 | 3<<7 | 2<<3)
		return format, box("esds", zeros(4), []byte{3, 25, 0, 1, 0, 4, 17, 0x40, 0x15}, zeros(11), []byte{5, 2}, specific, []byte{6, 1, 2})
	case "opus", "Opus":
		return "Opus", box("dOps", []byte{0, 2}, be16(312), be32(48000), zeros(3))
	case "flac", "fLaC":
		return "fLaC", box("dfLa", zeros(4), []byte{0x80, 0, 0, 34}, zeros(34))
	case "vp9", "vp09":
		return "vp09", box("vpcC", be32(1<<24), []byte{0, 31, 0x82, 2, 2, 2, 0, 0})
	case "av01":
		return format, box("av1C", []byte{0x81, 4, 0x0c, 0})
	}
	return format, nil
}

// fragment is a media segment up to its mdat's first byte, and how many bytes follow.
func (b *filmBuilder) fragment(n int) (head []byte, fill int64) {
	l, c := b.ladder, b.cuts[n]
	samples := max(1, int(float64(c.length)/float64(l.Timescale)*float64(l.FrameRate)+0.5))
	size := int(max(b.ladder.bytesOf(n, b.rung, c)/int64(samples), 1))
	const durationSizeFlags, dataOffset, firstFlags = 0x38, 1, 4
	baseIsMoof := 0x020000
	key, begins := b.keyAt(n)
	moof := func(offset int) []byte {
		traf := [][]byte{
			box("tfhd", be32(baseIsMoof|durationSizeFlags), be32(1), be32(int(c.length)/samples), be32(size), be32(0x01010000)),
			box("tfdt", be32(1<<24), be64(l.FirstTime+c.start)),
			box("trun", be32(dataOffset|firstFlags), be32(samples), be32(offset), be32(0x02000000)),
		}
		if groups := b.seig(key, samples); groups != nil {
			traf = append(traf, groups)
		}
		parts := [][]byte{box("mfhd", zeros(4), be32(n+1)), box("traf", traf...)}
		if begins && n > 0 && l.InBand {
			parts = append(parts, CommonPSSH(key.ID))
		}
		return box("moof", parts...)
	}
	whole := moof(0)
	fill = int64(size) * int64(samples)
	return slices.Concat(box("styp", []byte("msdh"), be32(int(b.tag(n))), []byte("msdhmsix")), moof(len(whole)+8),
		be32(int(8+fill)), []byte("mdat")), fill
}

// seig puts all samples of a fragment into a group that needs another key than the track's first, or none. It is nil where that is not needed.
func (b *filmBuilder) seig(key *FilmKey, samples int) []byte {
	switch {
	case len(b.film.Keys) == 0, key != nil && key.ID == b.film.Keys[0].ID:
		return nil
	case key == nil:
		key = &FilmKey{}
	}
	group := slices.Concat(zeros(2), []byte{0, 0}, zeros(16))
	if key.ID != [16]byte{} {
		group = slices.Concat(zeros(2), []byte{1, 8}, key.ID[:])
	}
	const own = 0x10001
	return slices.Concat(box("sbgp", zeros(4), []byte("seig"), be32(1), be32(samples), be32(own)),
		box("sgpd", be32(1<<24), []byte("seig"), be32(len(group)), be32(1), group))
}

// sidx is the index of segments that follow it at once.
func (b *filmBuilder) sidx(heads [][]byte, fills []int64) []byte {
	parts := [][]byte{be32(1 << 24), be32(1), be32(int(b.ladder.Timescale)), be64(b.ladder.FirstTime), zeros(10), be16(len(heads))}
	for n, head := range heads {
		const startsWithSAP = 0x90000000
		parts = append(parts, be32(len(head)+int(fills[n])), be32(int(b.cuts[n].length)), be32(startsWithSAP))
	}
	return box("sidx", parts...)
}
