// Package playready is what Keystream knows of the PlayReady key system: its objects and headers, its messages and its licence responses. It is
// pure. Key ids are in the order of bytes of containers and of the W3C; PlayReady's own documents write them as GUIDs, whose first three fields are
// little-endian.
//
// https://learn.microsoft.com/en-us/playready/specifications/playready-header-specification
package playready

// Name is the key system's name; longer names that begin with it are of its family.
const Name = "com.microsoft.playready"

// SystemID is the system of its pssh boxes.
var SystemID = [16]byte{0x9a, 0x04, 0xf0, 0x79, 0x98, 0x40, 0x42, 0x86, 0xab, 0x92, 0xe6, 0x5b, 0xe0, 0x88, 0x5f, 0x95}

// SwapKeyID turns a key id into the bytes of a GUID, and back.
func SwapKeyID(id [16]byte) [16]byte {
	id[0], id[1], id[2], id[3] = id[3], id[2], id[1], id[0]
	id[4], id[5] = id[5], id[4]
	id[6], id[7] = id[7], id[6]
	return id
}
