package webm_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/webm"
)

// el makes an element from its id in hex, with a size of the shortest form.
func el(id string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	if len(body) < 127 {
		return slices.Concat(unhex(id), []byte{0x80 | byte(len(body))}, body)
	}
	return sized(id, uint64(len(body))|1<<56, body)
}

// sized makes an element with a size field of 8 bytes, as it is given.
func sized(id string, size uint64, parts ...[]byte) []byte {
	return slices.Concat(unhex(id), binary.BigEndian.AppendUint64(nil, size), bytes.Join(parts, nil))
}

// unsized makes an element of unknown size.
func unsized(id string, parts ...[]byte) []byte { return sized(id, 1<<57-1, parts...) }

func num(id string, n byte) []byte { return el(id, []byte{n}) }

func text(id, s string) []byte { return el(id, []byte(s)) }

func zeros(n int) []byte { return make([]byte, n) }

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

const (
	ebmlID, segmentID, seekHeadID, infoID, tracksID = "1a45dfa3", "18538067", "114d9b74", "1549a966", "1654ae6b"
	entryID, voidID, cuesID, clusterID              = "ae", "ec", "1c53bb6b", "1f43b675"
)

func docType(s string) []byte {
	return el(ebmlID, num("4286", 1), num("42f2", 4), num("42f3", 8), text("4282", s))
}

func duration(d float64) []byte {
	return el(infoID, el("2ad7b1", unhex("0f4240")), el("4489", binary.BigEndian.AppendUint64(nil, math.Float64bits(d))))
}

func entry(kind byte, codec string, more ...[]byte) []byte {
	return el(entryID, num("d7", 1), num("83", kind), text("86", codec), bytes.Join(more, nil))
}

// encrypted makes a track's ContentEncodings.
func encrypted(algorithm, mode byte, keyID string) []byte {
	return el("6d80", el("6240", num("5031", 0), num("5033", 1),
		el("5035", num("47e1", algorithm), el("47e2", unhex(keyID)), el("47e7", num("47e8", mode)))))
}

// film is a header and the start of a Cluster.
func film(parts ...[]byte) []byte {
	return slices.Concat(docType("webm"), unsized(segmentID, parts...), unsized(clusterID, zeros(20)))
}

var (
	info = duration(5005.5)
	kid  = "30313233343536373839303132333435"
	vp8  = manifest.Track{Kind: "video", Codec: "vp8"}
)

func read(data []byte) (*manifest.Header, error) {
	return webm.ReadHeader(bytes.NewReader(data), int64(len(data)))
}

func TestReadHeader(t *testing.T) {
	video := el(tracksID, entry(1, "V_VP8"))
	five := 5005500 * time.Microsecond
	lock := &manifest.Protection{Scheme: "cenc", KeyID: manifest.KeyID(unhex(kid))}
	plain := func(d time.Duration) manifest.Header {
		return manifest.Header{Duration: d, Tracks: []manifest.Track{vp8}}
	}
	sized := func(fileSize int64) manifest.Header {
		header := plain(five)
		header.FileSize = fileSize
		return header
	}
	for name, test := range map[string]struct {
		file []byte
		want manifest.Header
	}{
		"video and audio": {
			film(info, el(tracksID, entry(1, "V_VP8"), entry(2, "A_VORBIS", el("63a2", zeros(4000))), entry(17, "S_TEXT/UTF8"))),
			manifest.Header{Duration: five, Tracks: []manifest.Track{vp8, {Kind: "audio", Codec: "vorbis"}}},
		},
		"other elements on the way, in another order": {
			film(el(seekHeadID, zeros(50)), el(voidID, zeros(300)), video, info, el(cuesID, zeros(500)), info, video),
			plain(five),
		},
		"a known size":        {slices.Concat(docType("webm\x00\x00"), el(segmentID, info, video, el(clusterID))), sized(79)},
		"an element before":   {slices.Concat(docType("webm"), el(voidID, zeros(5)), el(segmentID, info, video, el(clusterID))), sized(84)},
		"live, no duration":   {film(el(infoID), video), plain(0)},
		"a float of 4 bytes":  {film(el(infoID, el("4489", unhex("447a0000"))), video), plain(time.Second)},
		"another scale":       {film(el(infoID, el("2ad7b1", unhex("03e8")), el("4489", unhex("447a0000"))), video), plain(time.Millisecond)},
		"duration NaN":        {film(duration(math.NaN()), video), plain(0)},
		"duration infinite":   {film(duration(math.Inf(1)), video), plain(0)},
		"duration negative":   {film(duration(-1), video), plain(0)},
		"duration of 3 bytes": {film(el(infoID, el("4489", zeros(3))), video), plain(0)},
		"a picture's size": {
			film(info, el(tracksID, entry(1, "V_VP8", el("e0", num("9a", 0), el("b0", unhex("0780")), el("ba", unhex("0438")))))),
			manifest.Header{Duration: five, Tracks: []manifest.Track{{Kind: "video", Codec: "vp8", Width: 1920, Height: 1080}}},
		},
		"a picture larger than any": {
			film(info, el(tracksID, entry(1, "V_VP8", el("e0", el("b0", unhex("010000")), el("ba", unhex("ffffffffffffffffff")))))), plain(five),
		},
		"encrypted": {
			film(info, el(tracksID, entry(1, "V_VP8", encrypted(5, 1, kid)),
				entry(2, "A_OPUS", el("6d80", el("6240", num("5033", 1), el("5035", num("47e1", 5), el("47e2", unhex(kid)))))))),
			manifest.Header{Duration: five, Tracks: []manifest.Track{
				{Kind: "video", Codec: "vp8", Protection: lock}, {Kind: "audio", Codec: "opus", Protection: lock},
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(test.file)
			if err != nil {
				t.Fatal(err)
			}
			test.want.Container, test.want.Fragmented, test.want.Size = "webm", true, int64(bytes.Index(test.file, unhex(clusterID)))
			if !reflect.DeepEqual(*got, test.want) {
				t.Errorf("got  %+v\nwant %+v", *got, test.want)
			}
		})
	}
}

// TestInitializationSegment reads a header that no Cluster follows.
func TestInitializationSegment(t *testing.T) {
	content := slices.Concat(info, el(tracksID, entry(1, "V_VP8")))
	for name, file := range map[string][]byte{
		"unknown size": slices.Concat(docType("webm"), unsized(segmentID, content)),
		"known size":   slices.Concat(docType("webm"), el(segmentID, content)),
	} {
		if header, err := read(file); err != nil || header.Size != int64(len(file)) {
			t.Errorf("%s: %+v, %v", name, header, err)
		}
	}
}

func TestCodecs(t *testing.T) {
	for _, test := range []struct {
		id, private, want string
		kind              byte
	}{
		{"V_VP8", "", "vp8", 1},
		{"V_VP9", "", "vp9", 1},
		{"V_VP9", "010100 02011f 030108 040101", "vp09.00.31.08", 1},
		{"V_VP9", "010101 02011f 030108 040103", "vp09.01.31.08.03.01.01.01.00", 1},
		{"V_VP9", "010102 020133 03010a", "vp09.02.51.10", 1},
		{"V_VP9", "010100 030108", "vp9", 1},             // no level
		{"V_VP9", "010100 020100 030108", "vp9", 1},      // level 0
		{"V_VP9", "010100 02011f 7f01ff 0302", "vp9", 1}, // unknown, then cut off
		{"V_AV1", "81040c00", "av01.0.04M.08", 1},
		{"V_AV1", "8104", "av1", 1},
		{"A_VORBIS", "02", "vorbis", 2},
		{"A_OPUS", "", "opus", 2},
		{"A_OPUS\x00\x00", "", "opus", 2},
		{"A_AAC/MPEG4/LC", "", "A_AAC/MPEG4/LC", 2},
	} {
		header, err := read(film(info, el(tracksID, entry(test.kind, test.id, el("63a2", unhex(test.private))))))
		if err != nil || header.Tracks[0].Codec != test.want {
			t.Errorf("%s %s: got %+v, %v; want %s", test.id, test.private, header, err, test.want)
		}
	}
}

func TestReadHeaderErrors(t *testing.T) {
	tracks := func(more ...[]byte) []byte { return film(info, el(tracksID, entry(1, "V_VP8", more...))) }
	for name, test := range map[string]struct {
		file []byte
		want string // in the message
		is   error
	}{
		"text":               {[]byte("<!DOCTYPE html>"), "", webm.ErrNotWebM},
		"Matroska":           {slices.Concat(docType("matroska"), unsized(segmentID)), "", webm.ErrMatroska},
		"another EBML":       {docType("scores"), "", webm.ErrNotWebM},
		"no document type":   {el(ebmlID), "", webm.ErrNotWebM},
		"large header":       {slices.Concat(docType("webm"), unsized(segmentID, sized(voidID, 1<<56|5<<20))), "", webm.ErrTooLarge},
		"large Tracks":       {slices.Concat(docType("webm"), unsized(segmentID, sized(tracksID, 1<<56|5<<20))), "", webm.ErrTooLarge},
		"EBML of no size":    {unsized(ebmlID), "EBML at byte 0: has an unknown size", nil},
		"ids too long":       {el(ebmlID, num("42f2", 5)), "EBML/0x42f2 at byte 5: allows ids", nil},
		"sizes too long":     {el(ebmlID, num("42f3", 9)), "EBML/0x42f3 at byte 5: allows sizes", nil},
		"sizes absurd":       {el(ebmlID, el("42f3", zeros(9))), "allows sizes", nil},
		"Tracks of no size":  {film(info, unsized(tracksID)), "Segment/Tracks at byte", nil},
		"Void of no size":    {slices.Concat(docType("webm"), unsized(voidID)), "0xec at byte", nil},
		"child of no size":   {film(el(infoID, unsized("4489"))), "Segment/Info/0x4489 at byte", nil},
		"child too long":     {film(el(infoID, sized("4489", 1<<56|20, zeros(8)))), "ends 12 bytes after its parent", nil},
		"Tracks too long":    {slices.Concat(docType("webm"), el(segmentID, sized(tracksID, 1<<56|20, zeros(8)))), "Segment/Tracks at byte", nil},
		"a cut child":        {film(el(infoID, unhex("2ad7"))), "Segment/Info at byte", nil},
		"a wrong id":         {film(el(infoID, unhex("00ffff"))), "wrong byte, 0x0", nil},
		"a wrong id outside": {slices.Concat(docType("webm"), zeros(20)), "file at byte", nil},
		"a wrong size":       {film(unhex("ec00")), "a zero byte", nil},
		"many elements":      {film(bytes.Repeat(el(voidID), 10000)), "more than 8192 elements", nil},
		"many children":      {film(el(infoID, bytes.Repeat(el(voidID), 10000))), "more than 8192 elements", nil},
		"many tracks":        {film(info, el(tracksID, bytes.Repeat(entry(1, "V_VP8"), 65))), "one track too many", nil},
		"Cluster first":      {film(info), "Segment/Cluster at byte", nil},
		"an empty Segment":   {slices.Concat(docType("webm"), el(segmentID)), "has no Info or no Tracks", nil},
		"no CodecID":         {film(info, el(tracksID, el(entryID, num("83", 1)))), "TrackEntry at byte 64: has no CodecID", nil},
		"a cut Video":        {tracks(el("e0", unhex("b0"))), "TrackEntry/Video at byte", nil},
		"a foul CodecID":     {film(info, el(tracksID, entry(1, `V",<`))), "TrackEntry/CodecID at byte", nil},
		"another algorithm":  {tracks(encrypted(3, 1, kid)), "uses the algorithm 3", nil},
		"another mode":       {tracks(encrypted(5, 2, kid)), "uses the cipher mode 2", nil},
		"a short key id":     {tracks(encrypted(5, 1, "3031")), "ContentEncKeyID of 2 bytes, not 16", nil},
		"no key id":          {tracks(el("6d80", el("6240", num("5033", 1), el("5035", num("47e1", 5))))), "of 0 bytes, not 16", nil},
		"compression":        {tracks(el("6d80", el("6240", num("5033", 0), el("5034", num("4254", 3))))), "ContentEncoding at byte", nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(test.file)
			if err == nil || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Fatalf("got %v, want %q, %v", err, test.want, test.is)
			}
			var malformed *webm.Error
			if errors.As(err, &malformed) != (test.is == nil) {
				t.Errorf("%T is the wrong type", err)
			}
		})
	}
}

// TestShort reads a file from every shorter prefix: each asks for more, or has the whole header.
func TestShort(t *testing.T) {
	file := film(el(seekHeadID, zeros(40)), info, el(tracksID, entry(1, "V_VP8")), el(voidID, zeros(100)), el(cuesID, zeros(30)))
	size := int64(bytes.Index(file, unhex(clusterID)))
	afterTracks := size - int64(len(el(cuesID, zeros(30)))+len(el(voidID, zeros(100))))
	for avail := range int64(len(file)) {
		header, err := webm.ReadHeader(bytes.NewReader(file), avail)
		var short *manifest.ShortError
		between := avail == afterTracks || avail == size-int64(len(el(cuesID, zeros(30)))) || avail == size
		switch {
		case between || avail >= size+12:
			if err != nil || header.Size != min(avail, size) {
				t.Fatalf("%d bytes: %+v, %v", avail, header, err)
			}
		case !errors.As(err, &short):
			t.Fatalf("%d bytes: %v", avail, err)
		case short.Need <= avail || short.Need > max(2*avail, size+12):
			t.Fatalf("%d bytes: wants %d", avail, short.Need)
		}
	}
}

// touched notes how far a file is read.
type touched struct {
	*bytes.Reader
	until int64
}

func (r *touched) ReadAt(p []byte, off int64) (int, error) {
	r.until = max(r.until, off+int64(len(p)))
	return r.Reader.ReadAt(p, off)
}

func TestReadsNoMedia(t *testing.T) {
	file := append(film(info, el(tracksID, entry(1, "V_VP8"))), zeros(1<<16)...)
	r := &touched{Reader: bytes.NewReader(file)}
	header, err := webm.ReadHeader(r, int64(len(file)))
	if clusterHead := int64(12); err != nil || r.until > header.Size+clusterHead {
		t.Errorf("read up to byte %d: %+v, %v", r.until, header, err)
	}
}

// broken fails, as a host does when the body has been released.
type broken struct{ err error }

func (b broken) ReadAt([]byte, int64) (int, error) { return 0, b.err }

func TestReadFails(t *testing.T) {
	lost := errors.New("lost")
	for cause, want := range map[error]error{lost: lost, nil: io.ErrUnexpectedEOF} {
		_, err := webm.ReadHeader(broken{cause}, 100)
		var typed *webm.Error
		if !errors.As(err, &typed) || !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

func TestIsWebM(t *testing.T) {
	for prefix, want := range map[string]bool{
		"\x1a\x45\xdf\xa3": true, "\x1a\x45\xdf\xa3\x9f": true, "\x1a\x45\xdf": false, "": false, "\x00\x00\x00\x18ftyp": false,
	} {
		if webm.IsWebM([]byte(prefix)) != want {
			t.Errorf("%q", prefix)
		}
	}
}

func FuzzReadHeader(f *testing.F) {
	f.Add(film(info, el(tracksID, entry(1, "V_VP9", el("63a2", unhex("010100 02011f 030108"))), entry(2, "A_OPUS"))))
	f.Add(film(el(voidID, zeros(10)), info, el(tracksID, entry(1, "V_VP8", encrypted(5, 1, kid))), el(cuesID)))
	f.Add(slices.Concat(docType("webm"), el(segmentID, info, el(tracksID, entry(1, "V_AV1", el("63a2", unhex("81040c00")))), el(clusterID))))
	f.Fuzz(func(t *testing.T, data []byte) {
		header, err := read(data)
		if err == nil {
			if header.Size > int64(len(data)) || len(header.Tracks) > len(data)/2 || header.Duration < 0 {
				t.Errorf("%+v out of %d bytes", header, len(data))
			}
			for _, track := range header.Tracks {
				if strings.ContainsAny(track.Codec, "\"\\,\n\x00") {
					t.Errorf("codec %q", track.Codec)
				}
			}
			return
		}
		var short *manifest.ShortError
		var malformed *webm.Error
		typed := errors.Is(err, webm.ErrNotWebM) || errors.Is(err, webm.ErrMatroska) || errors.Is(err, webm.ErrTooLarge) || errors.As(err, &malformed)
		if errors.As(err, &short) && (short.Need <= int64(len(data)) || short.Need > 4<<20) || short == nil && !typed {
			t.Errorf("%T %v for %d bytes", err, err, len(data))
		}
	})
}
