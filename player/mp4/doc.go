// Package mp4 reads what Keystream asks of ISO base media files: the header, down to codecs and protection, pssh boxes, and what
// fragments say of keys.
//
// Files are untrusted. A box is read where it stands, by name, so that nesting costs no stack: unknown boxes are stepped over, never
// entered. Sizes are checked against the parent box, boxes are counted, and nothing is allocated on the word of a size field: only payloads
// that are there, each at most once, and of media not a byte.
//
// ISO/IEC 14496-12 describes the boxes, 14496-15 and https://mp4ra.org the codecs, ISO/IEC 23001-7 the protection.
package mp4
