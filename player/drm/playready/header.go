package playready

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/keystream-player/keystream/player/mp4"
)

// maxObject bounds a PlayReady Object. The specification wants no more than 15 kB.
const maxObject = 64 << 10

// recordHeader is the type of the record that holds a PlayReady Header.
const recordHeader = 1

// Header is what a PlayReady Header (a WRMHEADER, version 4.0 to 4.3) says.
type Header struct {
	Version    string     // "4.0.0.0", …
	KeyIDs     [][16]byte // in the order of its text
	LicenseURL string     // LA_URL; not trusted
}

// ParseObject reads the Header of a PlayReady Object (mspr:pro, and the data of a pssh box). An object may hold none: it is then an embedded
// licence store, and the Header is empty.
//
// https://learn.microsoft.com/en-us/playready/specifications/playready-header-specification#2-playready-object-pro
func ParseObject(pro []byte) (Header, error) {
	if len(pro) > maxObject {
		return Header{}, errors.New("the PlayReady Object is " + strconv.Itoa(len(pro)) + " bytes long, where 15,000 are allowed")
	}
	if len(pro) < 6 || binary.LittleEndian.Uint32(pro) < 6 || uint64(binary.LittleEndian.Uint32(pro)) > uint64(len(pro)) {
		return Header{}, errors.New("the PlayReady Object is cut off, or is none: its first four bytes are not its length")
	}
	count, rest := binary.LittleEndian.Uint16(pro[4:]), pro[6:binary.LittleEndian.Uint32(pro)]
	for range count {
		if len(rest) < 4 || int(binary.LittleEndian.Uint16(rest[2:])) > len(rest)-4 {
			return Header{}, errors.New("a record of the PlayReady Object is cut off")
		}
		kind, value := binary.LittleEndian.Uint16(rest), rest[4:][:binary.LittleEndian.Uint16(rest[2:])]
		rest = rest[4+len(value):]
		if kind == recordHeader {
			return parseHeader(value)
		}
	}
	return Header{}, nil
}

// parseHeader reads a WRMHEADER. Version 4.0 has its one key id as the text of a KID, the later ones as its VALUE.
func parseHeader(value []byte) (h Header, err error) {
	document, _ := decode(value)
	s := &scanner{document: document}
	for s.next() {
		if s.kind != startTag && s.kind != emptyTag {
			continue
		}
		switch s.name {
		case "WRMHEADER":
			h.Version = "4.0.0.0"
			if version, ok := s.attribute("version"); ok {
				h.Version = version
			}
		case "KID":
			id, ok := s.attribute("VALUE")
			if !ok {
				id = s.content()
			}
			if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(id)); err == nil && len(raw) == 16 {
				h.KeyIDs = append(h.KeyIDs, SwapKeyID([16]byte(raw)))
			}
		case "LA_URL":
			if url := s.content(); h.LicenseURL == "" {
				h.LicenseURL = url
			}
		case "CUSTOMATTRIBUTES":
			s.content()
		}
	}
	if err := s.err(); err != nil {
		return Header{}, errors.New("the PlayReady Header is " + err.Error())
	}
	if h.Version == "" {
		return Header{}, errors.New("the PlayReady Object's header is not a WRMHEADER")
	}
	return h, nil
}

// maxBuilt is how many key ids fit in a header whose record length has 16 bits; each takes some 140 bytes.
const maxBuilt = 400

// BuildObject is a PlayReady Object that names ids, of content under this protection scheme. Its header is of the oldest version that can say
// so, since a CDM knows none that is newer than itself: 4.0 for one AES-CTR key, 4.2 for several, 4.3 for AES-CBC ("cbcs", "cbc1"). It is nil for no
// ids and for more than 400.
func BuildObject(ids [][16]byte, scheme string) []byte {
	if len(ids) == 0 || len(ids) > maxBuilt {
		return nil
	}
	value := encodeUTF16LE(buildHeader(ids, strings.HasPrefix(scheme, "cbc")))
	pro := binary.LittleEndian.AppendUint32(nil, uint32(10+len(value)))
	pro = binary.LittleEndian.AppendUint16(pro, 1)
	pro = binary.LittleEndian.AppendUint16(pro, recordHeader)
	pro = binary.LittleEndian.AppendUint16(pro, uint16(len(value)))
	return append(pro, value...)
}

// buildHeader keeps to the specification's canonical form: attributes in the order of the alphabet, end tags written out.
//
// https://learn.microsoft.com/en-us/playready/specifications/playready-header-specification#32-syntax-requirements
func buildHeader(ids [][16]byte, cbc bool) string {
	const start = `<WRMHEADER xmlns="http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader" version="`
	write := func(id [16]byte) string {
		guid := SwapKeyID(id)
		return base64.StdEncoding.EncodeToString(guid[:])
	}
	if len(ids) == 1 && !cbc {
		return start + `4.0.0.0"><DATA><PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>` + write(ids[0]) + `</KID></DATA></WRMHEADER>`
	}
	version, algorithm := "4.2.0.0", "AESCTR"
	if cbc {
		version, algorithm = "4.3.0.0", "AESCBC"
	}
	var b strings.Builder
	b.WriteString(start + version + `"><DATA><PROTECTINFO><KIDS>`)
	for _, id := range ids {
		b.WriteString(`<KID ALGID="` + algorithm + `" VALUE="` + write(id) + `"></KID>`)
	}
	b.WriteString(`</KIDS></PROTECTINFO></DATA></WRMHEADER>`)
	return b.String()
}

// WrapObject is the pssh box, of version 0 as every CDM takes it, around a PlayReady Object.
func WrapObject(pro []byte) []byte { return mp4.BuildPSSH(SystemID, nil, pro) }

// BuildPSSH is a pssh box around [BuildObject]; nil where that is.
func BuildPSSH(ids [][16]byte, scheme string) []byte {
	pro := BuildObject(ids, scheme)
	if pro == nil {
		return nil
	}
	return WrapObject(slices.Clip(pro))
}
