//go:build js && wasm

package browser_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/keystream-player/keystream/player/browser"
	"github.com/keystream-player/keystream/player/platform"
)

// film is an encrypted film of the demo site, whose initialization segment tests put segments of their own behind: with frames as large as
// nobody would commit.
type film struct {
	scheme, file string
	key          platform.ContentKey
	ivSize       int // of each frame; else all have constantIV
	constantIV   []byte
	crypt, skip  int
}

func unhex(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

func contentKey(id, value string) platform.ContentKey {
	return platform.ContentKey{ID: [16]byte(unhex(id)), Value: [16]byte(unhex(value))}
}

var films = []film{
	{"cenc", "mp4-cenc-video.mp4", contentKey("a78625976c72e89bebf3399e085535c8", "12f5e8a5f880f4eda76bdbebedec2324"), 8, nil, 0, 0},
	{"cens", "mp4-cens.mp4", contentKey("f66c5ec158fc424d48e74f401f19208f", "e0df6bac7cfe1f088453b32c3071e40a"), 8, nil, 1, 9},
	{"cbc1", "mp4-cbc1.mp4", contentKey("416fa731367b3b40688ab3f02e29e9fc", "ab660a9d5f81db99cd8f461d9cef0dce"), 16, nil, 0, 0},
	{"cbcs", "mp4-cbcs-video.mp4", contentKey("60b3033c668ce47a1a3bbdc84a00bc0a", "7bc1ff0676c7b87fb8ef23e5095274ce"), 0, nil, 1, 9},
}

// initSegment downloads the film's own, and learns its constant IV.
func (f *film) initSegment(t *testing.T, host *browser.Host) []byte {
	t.Helper()
	file := download(t, host, "/media/"+f.file)
	if at := bytes.Index(file, []byte("tenc")); f.ivSize == 0 {
		f.constantIV = file[at+29:][:file[at+28]]
	}
	return file[:bytes.Index(file, []byte("moof"))-4]
}

// segment makes a media segment of frames, and the same in the clear: of the same length, and with other boxes where protection was.
func (f *film) segment(t *testing.T, frames, size int) (encrypted, clear []byte) {
	t.Helper()
	block, err := aes.NewCipher(f.key.Value[:])
	if err != nil {
		t.Fatal(err)
	}
	clear = make([]byte, frames*size)
	for i := range clear {
		clear[i] = byte(i * i >> 3)
	}
	encrypted = bytes.Clone(clear)
	// Subsamples: what is clear and what is encrypted, in turn.
	subsamples := []int{101, size/3 + 5, 16, 1, 0, size - size/3 - 123}
	senc := []byte{0, 0, 0, 2}
	senc = binary.BigEndian.AppendUint32(senc, uint32(frames))
	trun := append([]byte{0, 0, 2, 1}, binary.BigEndian.AppendUint32(nil, uint32(frames))...)
	trun = append(trun, 0, 0, 0, 0) // data_offset
	for i := range frames {
		iv := bytes.Repeat([]byte{byte(i), 0xff}, 8)[:f.ivSize]
		senc = append(append(senc, iv...), 0, byte(len(subsamples)/2))
		if f.ivSize == 0 {
			iv = f.constantIV
		}
		var ranges [][]byte
		at := i * size
		for j := 0; j < len(subsamples); j += 2 {
			senc = binary.BigEndian.AppendUint16(senc, uint16(subsamples[j]))
			senc = binary.BigEndian.AppendUint32(senc, uint32(subsamples[j+1]))
			at += subsamples[j]
			ranges = append(ranges, encrypted[at:at+subsamples[j+1]])
			at += subsamples[j+1]
		}
		f.protect(block, iv, ranges)
		trun = binary.BigEndian.AppendUint32(trun, uint32(size))
	}
	moof := func() []byte {
		return box("moof", box("mfhd", make([]byte, 8)), box("traf",
			box("tfhd", []byte{0, 2, 0, 0, 0, 0, 0, 1}), box("tfdt", make([]byte, 8)), box("trun", trun), box("senc", senc)))
	}
	binary.BigEndian.PutUint32(trun[8:], uint32(len(moof())+8))
	return append(moof(), box("mdat", encrypted)...), clear
}

func box(name string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), name...), body...)
}

// protect encrypts a frame's protected ranges, as ISO/IEC 23001-7 has it, with Go's own modes.
func (f *film) protect(block cipher.Block, iv []byte, ranges [][]byte) {
	iv = append(bytes.Clone(iv), make([]byte, 16-len(iv))...)
	ctr, cbc := cipher.NewCTR(block, iv), cipher.NewCBCEncrypter(block, iv)
	for _, p := range ranges {
		if f.scheme == "cbcs" {
			cbc = cipher.NewCBCEncrypter(block, iv)
		}
		if f.scheme != "cenc" {
			p = p[:len(p)&^15]
		}
		for len(p) > 0 {
			crypt, skip := len(p), 0
			if f.skip > 0 {
				crypt, skip = min(16*f.crypt, len(p)), 16*f.skip
			}
			if f.scheme == "cenc" || f.scheme == "cens" {
				ctr.XORKeyStream(p[:crypt], p[:crypt])
			} else {
				cbc.CryptBlocks(p[:crypt], p[:crypt])
			}
			p = p[min(crypt+skip, len(p)):]
		}
	}
}
