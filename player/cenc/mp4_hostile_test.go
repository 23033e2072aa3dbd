package cenc_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/cenc"
)

// anyKey has a key of every id.
type anyKey struct{}

func (anyKey) Key([16]byte) *cenc.Key { return keyA }

// patch overwrites bytes after the n-th time that a mark stands in a stream, some bytes further on.
func patch(stream []byte, mark string, n, skip int, with ...byte) []byte {
	out, at := slices.Clone(stream), 0
	for range n + 1 {
		i := bytes.Index(out[at:], []byte(mark))
		if i < 0 {
			panic("no " + mark)
		}
		at += i + len(mark)
	}
	copy(out[at+skip:], with)
	return out
}

// TestHostile has what a stranger may send. Each is refused with an error that says where, and takes no more memory than it has bytes, by and large.
func TestHostile(t *testing.T) {
	sealed, _ := rotating().write()
	constant := filmSpec{tracks: []trackSpec{{id: 1, kind: "vide", scheme: "cbcs", version: 1, size: 1, def: guard{key: keyA, constant: iv16}}},
		fragments: []fragmentSpec{{trafs: []runSpec{{runs: [][]frame{{{bytes: []byte{1}}}}}}}}}
	tiny, _ := constant.write()
	head := sealed[:bytes.Index(sealed, []byte("moof"))-4]
	nested := bx("moov")
	for range 3000 {
		nested = bx("moov", nested)
	}
	second := len(head) + bytes.Index(sealed[len(head)+8:], []byte("moof")) + 4
	moofSize := int(binary.BigEndian.Uint32(sealed[second:]))
	huge := []byte{0xff, 0xff, 0xff, 0xff}
	for name, c := range map[string]struct {
		stream []byte
		err    string // what the error begins with; "" passes, or waits for more
	}{
		"neither format":                  {[]byte("GIF89a, and more of that"), "file"},
		"moof first":                      {sealed[len(head):], "moof at 0"},
		"a box of 3 bytes":                {slices.Concat(head, []byte("\x00\x00\x00\x03free")), "file at"},
		"a 64-bit size below its header":  {slices.Concat(head, []byte("\x00\x00\x00\x01free\x00\x00\x00\x00\x00\x00\x00\x0f")), "file at"},
		"a 64-bit size beyond the sign":   {slices.Concat(head, []byte("\x00\x00\x00\x01free\xff\xff\xff\xff\xff\xff\xff\xff"), zeros(99)), ""},
		"moov of 4 GB":                    {slices.Concat(ftyp, huge, []byte("moov"), zeros(99)), "moov at"},
		"moof without a size":             {slices.Concat(head, []byte("\x00\x00\x00\x00moof"), zeros(99)), "moof at"},
		"3000 moov in each other":         {slices.Concat(ftyp, nested), ""},
		"a box past its parent":           {patch(sealed, "mdia", 0, -8, 0, 0, 0xff), "moov/trak"},
		"IVs of 7 bytes":                  {patch(sealed, "tenc", 0, 7, 7), "moov/trak/mdia/minf/stbl/stsd/encv/sinf/schi/tenc"},
		"a constant IV of 9 bytes":        {patch(tiny, "tenc", 0, 24, 9), "moov/trak/mdia/minf/stbl/stsd/encv/sinf/schi/tenc"},
		"an unknown scheme":               {patch(sealed, "schm", 0, 4, 'x', 'y', 'z', '1'), "moov/trak/mdia/minf/stbl/stsd/encv"},
		"4 G samples in trun":             {patch(sealed, "trun", 0, 4, huge...), "moof/traf/trun"},
		"4 G samples without a table":     {slices.Concat(patch(tiny, "trun", 0, 4, huge...), bx("moof")), "moof at"},
		"4 G entries in senc":             {patch(sealed, "senc", 0, 4, huge...), ""},
		"fewer entries than samples":      {patch(sealed, "senc", 0, 4, 0, 0, 0, 1), "mdat at"},
		"4 G sizes in saiz":               {patch(sealed, "saiz", 0, 5, huge...), "moof/traf/saiz"},
		"4 G offsets in saio":             {patch(sealed, "saio", 0, 12, huge...), "moof/traf/saio"},
		"saio to the end of moof":         {patch(sealed, "saio", 0, 16, u32(moofSize-4)...), "moof/traf/saio"},
		"saio behind all":                 {patch(sealed, "saio", 0, 16, 0x7f), ""},
		"a group that is not there":       {patch(sealed, "sbgp", 0, 16, 0, 0, 0, 9), "moof/traf/trun"},
		"4 G entries in sbgp":             {patch(sealed, "sbgp", 0, 8, huge...), "moof/traf/sbgp"},
		"4 G groups in sgpd":              {patch(sealed, "sgpd", 0, 12, huge...), "moov/trak/mdia/minf/stbl/sgpd"},
		"a track that moov does not have": {patch(sealed, "tfhd", 0, 4, 9, 9), "moof/traf/tfhd"},
		"samples in moof":                 {patch(sealed, "trun", 0, 8, 0, 0, 0, 9), "moof/traf/trun"},
		"samples before moof":             {patch(sealed, "trun", 0, 8, 0xff), "moof/traf/trun"},
		"a sample upon another":           {patch(sealed, "trun", 2, 10, 3, 0xe0), "mdat at"},
		"a sample of 4 GB":                {patch(sealed, "trun", 0, 12, huge...), "mdat at"},
		"mdat ends within a sample":       {patch(sealed, "mdat", 0, -8, 0, 0, 0, 99), "mdat at"},
		"samples that never come":         {patch(sealed, "mdat", 0, 0, 0)[:len(sealed)-200], ""},
		"moof in mdat's stead":            {slices.Concat(sealed[:bytes.Index(sealed, []byte("mdat"))-4], sealed[len(head):]), "moof at"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{len(c.stream), 13} {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, _, err := clear(cenc.NewDecrypter(anyKey{}, nil), c.stream, n)
				runtime.ReadMemStats(&after)
				var is *cenc.Error
				switch {
				case err == nil && c.err != "":
					t.Errorf("passes; want an error of %s", c.err)
				case err != nil && (c.err == "" || !errors.As(err, &is) || !strings.HasPrefix(err.Error(), c.err)):
					t.Errorf("error %q; want one of %q", err, c.err)
				case err != nil && is.Unsupported != slices.Contains([]string{"an unknown scheme", "neither format"}, name):
					t.Errorf("error %q: unsupported is %v", err, is.Unsupported)
				}
				if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 && n > 13 {
					t.Errorf("%d bytes took %d bytes of memory", len(c.stream), took)
				}
			}
		})
	}
}

// TestHostileProgressive has sample tables that a stranger may send.
func TestHostileProgressive(t *testing.T) {
	senc, moov, chunks := someFilm("senc").write(), someFilm("moov").write(), someFilm("chunks").write()
	huge := []byte{0xff, 0xff, 0xff, 0xff}
	for name, c := range map[string]struct {
		stream []byte
		err    string
	}{
		"4 G sizes":                     {patch(senc, "stsz", 0, 8, huge...), stblOf + "stsz"},
		"4 G samples of one byte":       {patch(senc, "stsz", 0, 4, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff), ""}, // of which the chunks hold 60
		"4 G sizes of 16 bits":          {patch(senc, "stz2", 0, 8, huge...), stblOf + "stz2"},
		"sizes of 3 bits":               {patch(senc, "stz2", 0, 7, 3), stblOf + "stz2"},
		"4 G chunks":                    {patch(senc, "stco", 0, 4, huge...), stblOf + "stco"},
		"4 G runs of chunks":            {patch(senc, "stsc", 0, 4, huge...), stblOf + "stsc"},
		"4 G samples in a chunk":        {patch(senc, "stsc", 0, 12, huge...), "mdat at"},
		"4 G runs of durations":         {patch(senc, "stts", 1, 4, huge...), stblOf + "stts"},
		"4 G runs of offsets":           {patch(senc, "ctts", 0, 4, huge...), stblOf + "ctts"},
		"4 G sync samples":              {patch(senc, "stss", 0, 4, huge...), stblOf + "stss"},
		"no such sample entry":          {patch(senc, "stsc", 0, 16, 0, 0, 0, 9), "mdat at"},
		"sample entry 0":                {patch(senc, "stsc", 0, 16, 0, 0, 0, 0), "mdat at"},
		"a chunk in moov":               {patch(senc, "stco", 0, 8, 0, 0, 0, 99), "mdat at"},
		"a chunk upon another":          {patch(senc, "stco", 0, 12, patchedPlace(senc)...), "mdat at"},
		"a chunk behind all":            {patch(senc, "stco", 0, 8, 0x7f), ""},
		"no timescale":                  {patch(senc, "mdhd", 0, 12, 0, 0, 0, 0), "moov/trak/mdia/mdhd"},
		"a group that is not there":     {patch(senc, "sbgp", 0, 16, 0, 0, 0, 77), "mdat at"},
		"senc that is cut off":          {patch(senc, "senc", 0, 4, huge...), ""},
		"fewer entries than samples":    {patch(senc, "senc", 0, 4, 0, 0, 0, 9), "mdat at"},
		"4 G places":                    {patch(chunks, "saio", 0, 4, huge...), stblOf + "saio"},
		"a place before moov":           {patch(moov, "saio", 0, 8, 0, 0, 0, 1), stblOf + "saio"},
		"one place upon another":        {patch(chunks, "saio", 0, 12, patchedPlace(chunks)...), stblOf + "saio"},
		"a moof after all":              {slices.Concat(senc, bx("moof", zeros(8))), "moof at"},
		"samples before their header":   {senc[bytes.Index(senc, []byte("mdat"))-4:], "mdat at 0"},
		"an mdat that ends in a sample": {patch(senc, "mdat", 0, -8, u32(1000)...), "mdat at"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := clear(cenc.NewDecrypter(anyKey{}, nil), c.stream, len(c.stream))
			runtime.ReadMemStats(&after)
			if (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
				t.Errorf("error %v; want one of %q", err, c.err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 2<<20 {
				t.Errorf("%d bytes took %d bytes of memory", len(c.stream), took)
			}
		})
	}
}

const stblOf = "moov/trak/mdia/minf/stbl/"

// patchedPlace is a place in the first chunk, or in what is told of it.
func patchedPlace(stream []byte) []byte {
	i := bytes.Index(stream, []byte("saio"))
	if i < 0 {
		i = bytes.Index(stream, []byte("stco"))
	}
	return u32(int(binary.BigEndian.Uint32(stream[i+12:])) + 3)
}

// FuzzMP4 cuts a stream in two and in many: it must become the same, or fail the same, and take no time.
func FuzzMP4(f *testing.F) {
	for _, film := range seeds() {
		sealed, _ := film.write()
		f.Add(sealed, uint16(len(sealed)/2))
	}
	for _, aux := range []string{"senc", "trak", "moov", "chunks", "end"} {
		film := someFilm(aux)
		for i := range film.tracks {
			film.tracks[i].frames = film.tracks[i].frames[:20]
			film.tracks[i].perChunk = 3
		}
		f.Add(film.write(), uint16(2000))
	}
	f.Fuzz(func(t *testing.T, stream []byte, at uint16) {
		whole, events, err := clear(cenc.NewDecrypter(anyKey{}, nil), stream, max(len(stream), 1))
		if err == nil && len(whole) > 32*len(stream)+1000 { // a fragment has 16 bytes for each sample of a progressive film, which may have one
			t.Errorf("%d bytes became %d", len(stream), len(whole))
		}
		d := cenc.NewDecrypter(anyKey{}, nil)
		cut := min(int(at), len(stream))
		first, firstEvents, firstErr := clear(d, stream[:cut], max(cut, 1))
		if err == nil && firstErr != nil {
			t.Fatalf("cut at %d it fails: %v", cut, firstErr)
		}
		second, secondEvents, secondErr := clear(d, stream[cut:], 1+int(at)%97)
		if both := append(first, second...); err == nil && (secondErr != nil || !bytes.Equal(both, whole)) {
			t.Fatalf("cut at %d it becomes %d bytes of %d: %v", cut, len(both), len(whole), secondErr)
		}
		if err == nil && len(firstEvents)+len(secondEvents) != len(events) {
			t.Fatalf("cut at %d, it has %d and %d events; else %d", cut, len(firstEvents), len(secondEvents), len(events))
		}
		if err != nil && firstErr == nil && secondErr == nil {
			t.Fatalf("cut at %d it does not fail; else: %v", cut, err)
		}
	})
}

// seeds are films that have all that a film may have.
func seeds() (films []filmSpec) {
	for _, auxiliary := range []string{"senc", "saio", "saios", "before", "after", "uuid"} {
		films = append(films, filmSpec{tracks: twoTracks(), between: bx("sidx", zeros(40)), fragments: []fragmentSpec{{
			base: map[string]string{"saio": "explicit", "before": "previous"}[auxiliary], mdats: 2, wide: auxiliary == "saios", open: auxiliary == "senc",
			pssh: bx("pssh", zeros(24)),
			trafs: []runSpec{
				{track: 0, runs: [][]frame{frames(2, 0, nil)}},
				{track: 1, aux: auxiliary, runs: [][]frame{cut(frames(2, 0, iv8), [2]int{9, 50}, [2]int{1, 20}), frames(1, 0, iv8)}},
			},
		}}})
	}
	return append(films, rotating())
}
