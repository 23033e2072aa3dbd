package mp4_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
)

func read(data []byte) (*manifest.Header, error) {
	return mp4.ReadHeader(bytes.NewReader(data), int64(len(data)))
}

func TestReadHeader(t *testing.T) {
	avc, aac := visual("avc1", avcC), sound("mp4a", esds)
	a, b := manifest.KeyID(unhex(kidA)), manifest.KeyID(unhex(kidB))
	clearAVC := manifest.Track{Kind: "video", Codec: "avc1.64001e"}
	clearAAC := manifest.Track{Kind: "audio", Codec: "mp4a.40.2"}
	protected := func(t manifest.Track, scheme string, id manifest.KeyID) manifest.Track {
		t.Protection = &manifest.Protection{Scheme: scheme, KeyID: id}
		return t
	}
	pssh1 := mp4.BuildPSSH(mp4.SystemCommon, []manifest.KeyID{a}, nil)
	pssh2 := mp4.BuildPSSH([16]byte{1}, nil, []byte("data"))
	tests := map[string]struct {
		file []byte
		want manifest.Header // Container and Size are the same for all
	}{
		"progressive": {
			film(video(avc), audio(aac)), manifest.Header{Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{clearAVC, clearAAC}},
		},
		"fragmented": {
			film(video(avc), mvex), manifest.Header{Fragmented: true, Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{clearAVC}},
		},
		"other tracks are left out": {
			film(bx("trak", bx("mdia", bx("hdlr", zeros(8), []byte("text"), zeros(12)))), audio(aac)),
			manifest.Header{Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{clearAAC}},
		},
		"cenc, tenc version 0": {
			film(video(visual("encv", avcC, sinf("avc1", "cenc", tencV0(kidA)))), audio(sound("enca", esds, sinf("mp4a", "cenc", tencV0(kidB))))),
			manifest.Header{Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{protected(clearAVC, "cenc", a), protected(clearAAC, "cenc", b)}},
		},
		"cbcs, tenc version 1": {
			film(video(visual("encv", avcC, sinf("avc1", "cbcs", tencV1(kidA))))),
			manifest.Header{Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{protected(clearAVC, "cbcs", a)}},
		},
		"clear by default has no default key": {
			film(video(visual("encv", avcC, sinf("avc1", "cenc", "00000000 0000 00 00"+kidA)))),
			manifest.Header{Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{protected(clearAVC, "cenc", manifest.KeyID{})}},
		},
		"clear then encrypted entries": {
			film(video(avc, visual("encv", bx("avcC", unhex("01 42c01f ff")), sinf("avc1", "cenc", tencV0(kidA))))),
			manifest.Header{Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{protected(clearAVC, "cenc", a)}},
		},
		"an unknown scheme stands before a common one": {
			film(video(visual("encv", avcC, sinf("avc1", "adkm", ""), sinf("avc1", "cenc", tencV0(kidA))))),
			manifest.Header{Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{protected(clearAVC, "cenc", a)}},
		},
		"an unknown scheme alone": {
			film(video(visual("encv", avcC, sinf("avc1", "adkm", "")))),
			manifest.Header{Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{protected(clearAVC, "adkm", manifest.KeyID{})}},
		},
		"no more entries than stsd counts": {
			film(trak("vide", bx("stsd", zeros(4), u32(1), avc, visual("encv")))),
			manifest.Header{Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{clearAVC}},
		},
		"pssh in order": {
			film(pssh1, video(avc), pssh2),
			manifest.Header{Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{clearAVC}, PSSH: slices.Concat(pssh1, pssh2)},
		},
		"boxes before moov, 64-bit sizes, unknown boxes, padding": {
			slices.Concat(wide("ftyp", zeros(8)), bx("free", zeros(9)), wide("uuid", zeros(40)), wide("moov", wide("mvhd", mvhd[8:]), bx("\x00\"<>", zeros(3)),
				wide("trak", video(avc)[8:]), zeros(5))),
			manifest.Header{Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{clearAVC}},
		},
		"sizes of 0": {
			slices.Concat(ftyp, sized(0, "moov", mvhd, sized(0, "trak", video(avc)[8:]))),
			manifest.Header{Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{clearAVC}},
		},
		"a picture's size is the first entry's": {
			film(video(bx("avc1", zeros(24), unhex("0780 0438"), zeros(50), avcC), avc), audio(bx("mp4a", zeros(24), unhex("bb80 0000"), esds))),
			manifest.Header{Duration: 10500 * time.Millisecond, Tracks: []manifest.Track{{Kind: "video", Codec: "avc1.64001e", Width: 1920, Height: 1080}, clearAAC}},
		},
		"mehd counts before mvhd": {
			film(bx("mvex", bx("mehd", zeros(4), u32(90000)))), manifest.Header{Fragmented: true, Duration: 90 * time.Second},
		},
		"mehd version 1": {
			film(bx("mvex", bx("mehd", unhex("01000000 0000000000015f90")))), manifest.Header{Fragmented: true, Duration: 90 * time.Second},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file := slices.Concat(ftyp, test.file)
			got, err := read(file)
			if err != nil {
				t.Fatal(err)
			}
			test.want.Container, test.want.Size = "mp4", int64(len(file))
			if !reflect.DeepEqual(*got, test.want) {
				t.Errorf("got  %+v\nwant %+v", *got, test.want)
			}
		})
	}
}

func TestDuration(t *testing.T) {
	mvhd := func(fields string) []byte {
		return slices.Concat(ftyp, bx("moov", bx("mvhd", unhex(fields), zeros(80))))
	}
	for name, test := range map[string]struct {
		fields string
		want   time.Duration
	}{
		"90 kHz, rounded down":   {"00000000 00000000 00000000 00015f90 00000001", 11111},
		"unknown":                {"00000000 00000000 00000000 000003e8 ffffffff", 0},
		"no timescale":           {"00000000 00000000 00000000 00000000 000003e8", 0},
		"version 1, past 2^53":   {"01000000 0000000000000000 0000000000000000 3b9aca00 0020000000000001", 1<<53 + 1},
		"version 1, unknown":     {"01000000 0000000000000000 0000000000000000 000003e8 ffffffffffffffff", 0},
		"version 1, too long":    {"01000000 0000000000000000 0000000000000000 00000001 00000002540be400", 0},
		"version 1, much longer": {"01000000 0000000000000000 0000000000000000 00000001 0fffffffffffffff", 0},
	} {
		t.Run(name, func(t *testing.T) {
			header, err := read(mvhd(test.fields))
			if err != nil || header.Duration != test.want {
				t.Errorf("got %v, %v; want %v", header, err, test.want)
			}
		})
	}
}

func TestReadHeaderErrors(t *testing.T) {
	avc := visual("avc1", avcC)
	stbl := func(entry []byte) []byte { return film(video(entry)) }
	many := bytes.Repeat(bx("free"), 10000)
	for name, test := range map[string]struct {
		file []byte
		want string // in the message
		is   error
	}{
		"text":                      {[]byte("<!DOCTYPE html><html>"), "", mp4.ErrNotMP4},
		"WebM":                      {unhex("1a45dfa3 01000000 0000001f"), "", mp4.ErrNotMP4},
		"mdat first":                {slices.Concat(ftyp, bx("free"), sized(1<<30, "mdat", zeros(10))), "", mp4.ErrMoovAfterMdat},
		"mdat to the end":           {slices.Concat(ftyp, sized(0, "mdat", zeros(10))), "", mp4.ErrMoovAfterMdat},
		"large moov":                {slices.Concat(ftyp, sized(5<<20, "moov")), "", mp4.ErrTooLarge},
		"large box before moov":     {slices.Concat(ftyp, sized(5<<20, "free")), "", mp4.ErrTooLarge},
		"endless moov, large child": {slices.Concat(ftyp, sized(0, "moov", sized(5<<20, "udta"))), "", mp4.ErrTooLarge},
		"moof first":                {slices.Concat(ftyp, bx("moof")), "moof at byte 24: a media segment", nil},
		"no moov":                   {slices.Concat(ftyp, sized(0, "free")), "free at byte 24: lasts to the end", nil},
		"size 4":                    {slices.Concat(ftyp, sized(4, "free")), "free at byte 24: has the impossible size 4", nil},
		"64-bit size 15": {
			slices.Concat(ftyp, u32(1), []byte("free"), unhex("000000000000000f")), "free at byte 24: has the impossible size 15", nil,
		},
		"64-bit size past 2^63": {
			slices.Concat(ftyp, u32(1), []byte("free"), unhex("ffffffffffffffff")), "has the impossible size 18446744073709551615", nil,
		},
		"64-bit size without room":  {slices.Concat(ftyp, bx("moov", u32(1), []byte("trak")), zeros(16)), "moov/trak at byte 32: has a 64-bit size", nil},
		"child longer than parent":  {slices.Concat(ftyp, bx("moov", sized(99, "trak")), zeros(99)), "moov/trak at byte 32: ends 91 bytes after", nil},
		"name that cannot be shown": {slices.Concat(ftyp, bx("moov", sized(99, "\x00\"<>")), zeros(99)), "moov/0x223c3e at byte 32", nil},
		"many boxes":                {slices.Concat(ftyp, bx("moov", many)), "moov at byte 24: the header has more than 8192 boxes", nil},
		"many boxes before moov":    {slices.Concat(ftyp, many), "file at byte 0: the header has more than 8192 boxes", nil},
		"many tracks":               {film(bytes.Repeat(video(avc), 65)), "moov/trak at byte", nil},
		"short mvhd":                {slices.Concat(ftyp, bx("moov", bx("mvhd", zeros(19)))), "moov/mvhd at byte 32: holds 19 bytes, and needs 20", nil},
		"short mvhd version 1":      {slices.Concat(ftyp, bx("moov", bx("mvhd", []byte{1}, zeros(30)))), "needs 32", nil},
		"short mehd":                {film(bx("mvex", bx("mehd", zeros(7)))), "moov/mvex/mehd", nil},
		"short mehd version 1":      {film(bx("mvex", bx("mehd", []byte{1}, zeros(10)))), "needs 12", nil},
		"no mdia":                   {film(bx("trak")), "moov/trak at byte 140: has no mdia", nil},
		"no hdlr":                   {film(bx("trak", bx("mdia"))), "moov/trak/mdia at byte 148: has no hdlr", nil},
		"short hdlr":                {film(bx("trak", bx("mdia", bx("hdlr", zeros(11))))), "moov/trak/mdia/hdlr", nil},
		"no stsd": {
			film(bx("trak", bx("mdia", bx("hdlr", zeros(8), []byte("vide")), bx("minf", bx("stbl"))))), "mdia/minf/stbl at byte", nil,
		},
		"no sample entry":    {film(video()), "stbl/stsd at byte", nil},
		"short stsd":         {film(trak("vide", bx("stsd", zeros(7)))), "holds 7 bytes, and needs 8", nil},
		"short sample entry": {stbl(bx("avc1", zeros(77))), "stsd/avc1 at byte", nil},
		"short avcC":         {stbl(visual("avc1", bx("avcC", zeros(3)))), "stsd/avc1/avcC at byte", nil},
		"no sinf":            {stbl(visual("encv", avcC)), "stsd/encv at byte 365: has no sinf", nil},
		"no frma":            {stbl(visual("encv", bx("sinf"))), "has no frma", nil},
		"no schm":            {stbl(visual("encv", bx("sinf", bx("frma", []byte("avc1"))))), "has no schm", nil},
		"no tenc": {
			stbl(visual("encv", bx("sinf", bx("frma", []byte("avc1")), bx("schm", zeros(4), []byte("cenc"), zeros(4)), bx("schi")))), "schi at byte", nil,
		},
		"short tenc":               {stbl(visual("encv", sinf("avc1", "cenc", "00000000 0000 01 08"))), "stsd/encv/sinf/schi/tenc at byte", nil},
		"esds without its content": {film(audio(sound("mp4a", bx("esds", zeros(8))))), "stsd/mp4a/esds at byte", nil},
		"esds cut off":             {film(audio(sound("mp4a", bx("esds", unhex("00000000 0325 0001 00"))))), "has no whole DecoderConfigDescriptor", nil},
		"esds of endless length":   {film(audio(sound("mp4a", bx("esds", unhex("00000000 03ffffffffff"))))), "has no whole DecoderConfigDescriptor", nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(test.file)
			if err == nil || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Fatalf("got %v, want %q, %v", err, test.want, test.is)
			}
			var malformed *mp4.Error
			if errors.As(err, &malformed) != (test.is == nil) {
				t.Errorf("%T is the wrong type", err)
			}
		})
	}
}

// TestShort reads a file from every shorter prefix: each asks for more, and giving what is asked leads to the header.
func TestShort(t *testing.T) {
	for name, file := range map[string][]byte{
		"plain":    slices.Concat(ftyp, bx("free", zeros(100)), film(video(visual("avc1", avcC)), mvex)),
		"endless":  slices.Concat(ftyp, sized(0, "moov", mvhd, video(visual("avc1", avcC)), mvex)),
		"one long": slices.Concat(ftyp, bx("free", zeros(1<<20)), film(audio(sound("Opus")))),
	} {
		t.Run(name, func(t *testing.T) {
			moovStart := int64(bytes.Index(file, []byte("moov")) - 4)
			for avail := int64(0); avail < min(int64(len(file)), 2000); avail++ {
				_, err := mp4.ReadHeader(bytes.NewReader(file), avail)
				var short *manifest.ShortError
				switch {
				case name == "endless" && err == nil && avail > moovStart: // the end of a box that may be the last
				case !errors.As(err, &short):
					t.Fatalf("%d bytes: %v", avail, err)
				case short.Need <= avail || short.Need > max(2*avail, int64(len(file))):
					t.Fatalf("%d bytes: wants %d", avail, short.Need)
				}
			}
		})
	}
}

// touched notes which bytes were read.
type touched struct {
	*bytes.Reader
	until int64
	calls int
}

func (r *touched) ReadAt(p []byte, off int64) (int, error) {
	r.until, r.calls = max(r.until, off+int64(len(p))), r.calls+1
	return r.Reader.ReadAt(p, off)
}

func TestReadsLittle(t *testing.T) {
	header := film(video(visual("avc1", avcC)), audio(sound("mp4a", esds)), mvex)
	file := slices.Concat(header, bx("moof", zeros(1000)), bx("mdat", zeros(1<<16)))
	r := &touched{Reader: bytes.NewReader(file)}
	if _, err := mp4.ReadHeader(r, int64(len(file))); err != nil {
		t.Fatal(err)
	}
	if r.until > int64(len(header)) || r.calls > 4 {
		t.Errorf("read up to byte %d of a header of %d, in %d calls", r.until, len(header), r.calls)
	}
}

// TestAllocates gives a header of 4 MiB that is nearly all tables.
func TestAllocates(t *testing.T) {
	file := film(bx("udta", zeros(3<<20)), video(visual("avc1", avcC, bx("junk", zeros(1<<19)))))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := read(file); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 64<<10 {
		t.Errorf("allocates %d bytes", got)
	}
}

// broken fails, as a host does when the body has been released.
type broken struct{ err error }

func (b broken) ReadAt([]byte, int64) (int, error) { return 0, b.err }

func TestReadFails(t *testing.T) {
	lost := errors.New("lost")
	for _, cause := range []error{lost, nil} {
		_, err := mp4.ReadHeader(broken{cause}, 100)
		var typed *mp4.Error
		if want := cause; !errors.As(err, &typed) || want != nil && !errors.Is(err, want) || want == nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v", err)
		}
	}
}

func TestIsMP4(t *testing.T) {
	head := func(size int, kind string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(size))) + kind
	}
	for prefix, want := range map[string]bool{
		head(24, "ftyp"): true, head(24, "styp"): true, head(0, "moov"): true, head(1, "mdat"): true, head(8, "wide"): true, head(500, "moof"): true,
		head(44, "sidx"): true, head(1, "ftyp"): true, head(8, "free"): true, head(8, "skip"): true,
		head(7, "free"): false, head(0, "ftyp"): false, head(1<<30, "ftyp"): false, head(24, "pdf "): false, "ftyp": false, "": false,
		"\x1a\x45\xdf\xa3\x9f\x42\x86\x81": false, "GET / HTTP": false,
	} {
		if got := mp4.IsMP4([]byte(prefix)); got != want {
			t.Errorf("%q: %v", prefix, got)
		}
	}
}

func FuzzReadHeader(f *testing.F) {
	f.Add(film(video(visual("avc1", avcC)), audio(sound("mp4a", esds)), mvex))
	f.Add(film(video(visual("encv", avcC, sinf("avc1", "cbcs", tencV1(kidA)))), mp4.BuildPSSH(mp4.SystemCommon, []manifest.KeyID{{1}}, nil)))
	f.Add(film(bx("mvex", bx("mehd", zeros(8))), video(visual("hvc1", bx("hvcC", zeros(23))), visual("av01", bx("av1C", zeros(4))))))
	f.Add(slices.Concat(ftyp, sized(0, "moov", mvhd, wide("trak", video(visual("vp09", bx("vpcC", zeros(12))))[8:]))))
	f.Fuzz(func(t *testing.T, data []byte) {
		header, err := read(data)
		if err == nil {
			if header.Size > int64(len(data)) || len(header.PSSH) > len(data) || len(header.Tracks) > len(data)/8 || header.Duration < 0 {
				t.Errorf("%+v out of %d bytes", header, len(data))
			}
			if strings.ContainsAny(strings.TrimSuffix(strings.SplitN(header.MIMEType(), `"`, 2)[1], `"`), "\"\\\n\x00") {
				t.Errorf("MIME type %q", header.MIMEType())
			}
			return
		}
		var short *manifest.ShortError
		var malformed *mp4.Error
		typed := errors.Is(err, mp4.ErrNotMP4) || errors.Is(err, mp4.ErrMoovAfterMdat) || errors.Is(err, mp4.ErrTooLarge) || errors.As(err, &malformed)
		if errors.As(err, &short) && (short.Need <= int64(len(data)) || short.Need > 4<<20) || short == nil && !typed {
			t.Errorf("%T %v for %d bytes", err, err, len(data))
		}
	})
}
