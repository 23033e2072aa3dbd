package playertest_test

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/playertest"
)

func TestAFilmMayTurnItsKeys(t *testing.T) {
	rotating := film("rotating", playertest.FilmKey{ID: kid, Key: key, Start: 2 * time.Second, End: 4 * time.Second},
		playertest.FilmKey{ID: kid2, Key: both[kid2], Start: 4 * time.Second, End: 6 * time.Second})
	rotating.InitData = []playertest.InitData{{Type: "webm", Data: kid[:], End: 300}, {Type: "webm", Data: kid2[:], End: 500}}
	for _, test := range []struct {
		keys  int // how many are licensed ahead
		want  string
		frame int
	}{
		{0, "loadedmetadata loadeddata canplay playing encrypted encrypted waiting waitingforkey", 48},
		{1, "loadedmetadata loadeddata canplay playing encrypted encrypted waiting waitingforkey", 96},
		{2, "loadedmetadata loadeddata canplay playing encrypted encrypted ended", 216},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, rotating, playertest.Options{Autoplay: true})
			license := []string{`{"keys":[{"kty":"oct","kid":"AAAAAAAAAAAAAAAAAAAAAA","k":"AAAAAAAAAAAAAAAAAAAAAA"}]}`, right,
				strings.Replace(right, "]}", `,{"kty":"oct","kid":"oaKjpLGywcLR0uHi4-Tl5g","k":"AgAAAAAAAAAAAAAAAAAAAA"}]}`, 1)}[test.keys]
			s.license(license)
			s.open().must(s.append(s.film.Bytes[:200]))
			s.must(s.append(s.film.Bytes[200:]))
			s.must(s.ms.EndOfStream())
			s.pass(time.Minute)
			s.expect(test.want, test.frame)
		})
	}
}

// box makes an MP4 box of other boxes and bytes.
func box(kind string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), kind...), body...)
}

func words(values ...uint32) (p []byte) {
	for _, v := range values {
		p = binary.BigEndian.AppendUint32(p, v)
	}
	return p
}

func TestARealFilmTellsWhichStretchNeedsWhichKey(t *testing.T) {
	third, fourth := [16]byte{3}, [16]byte{4}
	seig := func(ids ...[16]byte) []byte { // version 1, entries of 20 bytes; the zero id is a clear group
		p := slices.Concat(words(1<<24), []byte("seig"), words(20, uint32(len(ids))))
		for _, id := range ids {
			protected := byte(1)
			if id == ([16]byte{}) {
				protected = 0
			}
			p = slices.Concat(p, []byte{0, 0, protected, 8}, id[:])
		}
		return box("sgpd", p)
	}
	group := func(n uint32) []byte { return box("sbgp", words(0), []byte("seig"), words(1, 1, n)) }
	tenc := box("tenc", words(0), []byte{0, 0, 1, 8}, kid[:])
	encv := box("encv", make([]byte, 78), box("sinf", box("schi", tenc)))
	stsd := box("stsd", words(0, 2), encv, box("avc1", make([]byte, 78)))
	moov := box("moov", box("trak", box("tkhd", words(0, 0, 0, 7)), box("mdia", box("minf", box("stbl", stsd, seig(kid2))))),
		box("mvex", box("trex", words(0, 7, 1))))
	fragment := func(traf ...[]byte) []byte {
		return append(box("moof", box("traf", traf...)), box("mdat", make([]byte, 400))...)
	}
	plain := box("tfhd", words(0, 7))
	other := box("tfhd", words(3, 7, 0, 0, 2)) // a base data offset, and the second sample entry
	parts := [][]byte{
		fragment(other), fragment(plain), fragment(plain, group(1)), fragment(plain, seig(third, fourth), group(0x10002)),
		append(fragment(plain, seig(third), group(0x10001)), box("free")...), fragment(plain, seig([16]byte{}), group(0x10001)), fragment(plain),
	}
	file := slices.Concat(moov, slices.Concat(parts...))
	f := playertest.RealFilm(file, filmType, 70*time.Second, 0, playertest.FilmKey{ID: kid, Key: key}, playertest.FilmKey{ID: third, Key: key})
	at := func(i int) time.Duration {
		media, before := len(file)-len(moov), 0
		for _, p := range parts[:i] {
			before += len(p)
		}
		return time.Duration(float64(70*time.Second) * float64(before) / float64(media)).Round(time.Microsecond)
	}
	want := []playertest.FilmKey{
		{ID: kid, Key: key, Start: at(1), End: at(2)}, {ID: kid2, Start: at(2), End: at(3)}, {ID: fourth, Start: at(3), End: at(4)},
		{ID: third, Key: key, Start: at(4), End: at(5)}, {ID: kid, Key: key, Start: at(6)},
	}
	if !reflect.DeepEqual(f.Keys, want) {
		t.Errorf("got\n%+v\nwant\n%+v", f.Keys, want)
	}
}

func TestTheCommittedFilmsTellTheirKeys(t *testing.T) {
	films, _ := committed(t)
	for name, want := range map[string]struct{ stretches, events int }{ // the pictures of the rotation films have four keys, one of them twice as long
		"mp4-cenc-rotation": {4, 5}, "mp4-cenc-rotation-no-pssh": {4, 0}, "mp4-cenc-clear-lead": {1, 1}, "mp4-cenc-clear-ends": {1, 1}, "mp4-cenc": {1, 1},
	} {
		f := films[slices.IndexFunc(films, func(f *playertest.Film) bool {
			return bytes.Equal(f.Bytes, readMedia(t, name+"-video.mp4"))
		})]
		if len(f.Keys) != want.stretches || len(f.InitData) != want.events {
			t.Fatalf("%s needs %d keys, in %d events, want %v", name, len(f.Keys), len(f.InitData), want)
		}
		for i, k := range f.Keys {
			if i > 0 && (k.Start != f.Keys[i-1].End || k.ID == f.Keys[i-1].ID) || k.Key == [16]byte{} {
				t.Errorf("%s: key %d is %x from %v to %v", name, i, k.ID, k.Start, k.End)
			}
		}
		first, last := f.Keys[0], f.Keys[len(f.Keys)-1]
		if lead := name == "mp4-cenc-clear-lead" || name == "mp4-cenc-clear-ends"; lead != (first.Start > time.Second) {
			t.Errorf("%s needs a key from %v on", name, first.Start)
		}
		if clear := name == "mp4-cenc-clear-ends"; clear != (last.End > 0) {
			t.Errorf("%s needs a key up to %v", name, last.End)
		}
	}
}
