package playertest

import (
	"bytes"
	"encoding/binary"
	"strings"
	"sync"
	"time"
)

// RealFilm makes a Film of a real file: where its header and its media segments end is read from its boxes (MP4) or Clusters (WebM), and so are
// the "encrypted" events that it causes, and in a fragmented MP4 which stretch needs which key. What would take a decoder is told.
func RealFilm(b []byte, mimeType string, duration time.Duration, frames int, keys ...FilmKey) *Film {
	f := &Film{Bytes: b, Type: mimeType, Duration: duration, Frames: frames, Keys: keys, real: true, decrypt: &sync.Once{}}
	if strings.Contains(mimeType, "/webm") {
		f.readWebM()
	} else {
		f.readMP4()
	}
	return f
}

func (f *Film) readMP4() {
	for at := int64(0); at+8 <= int64(len(f.Bytes)); {
		size := int64(binary.BigEndian.Uint32(f.Bytes[at:]))
		if size < 8 || at+size > int64(len(f.Bytes)) {
			break
		}
		switch box := f.Bytes[at : at+size]; string(box[4:8]) {
		case "moov":
			if f.HeaderSize == 0 {
				f.HeaderSize = at + size
			}
			f.Fragmented = bytes.Contains(box, []byte("mvex"))
			f.tell(box, at+size)
		case "mdat":
			if f.HeaderSize == 0 { // moov comes last: nothing but ftyp is sure to be at the start
				f.HeaderSize = at
			}
		case "moof":
			f.Fragments = append(f.Fragments, at)
			f.tell(box, at+size)
		}
		at += size
	}
	if f.Fragmented && len(f.Keys) > 0 {
		f.schedule()
	}
}

// tell adds the event of a moov's or a moof's pssh boxes.
func (f *Film) tell(box []byte, end int64) {
	if boxes := psshBoxes(box); boxes != nil {
		f.InitData = append(f.InitData, InitData{Type: "cenc", Data: boxes, End: end})
	}
}

func psshBoxes(box []byte) (all []byte) {
	for rest := box; ; {
		i := bytes.Index(rest, []byte("pssh"))
		if i < 4 {
			return all
		}
		size := int(binary.BigEndian.Uint32(rest[i-4:]))
		if size < 32 || i-4+size > len(rest) {
			return all
		}
		all = append(all, rest[i-4:i-4+size]...)
		rest = rest[i-4+size:]
	}
}

func (f *Film) readWebM() {
	cluster := []byte{0x1f, 0x43, 0xb6, 0x75}
	f.Fragmented = true
	for at := 0; ; at += len(cluster) {
		i := bytes.Index(f.Bytes[at:], cluster)
		if i < 0 {
			break
		}
		at += i
		if bytes.HasSuffix(f.Bytes[:at], []byte{0x53, 0xab, 0x84}) {
			continue // a SeekHead tells where one is
		}
		if f.HeaderSize == 0 {
			f.HeaderSize = int64(at)
		} else {
			f.Fragments = append(f.Fragments, int64(at))
		}
	}
	for _, k := range f.Keys {
		f.InitData = append(f.InitData, InitData{Type: "webm", Data: k.ID[:]})
	}
}
