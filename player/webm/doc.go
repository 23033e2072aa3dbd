// Package webm reads what Keystream asks of WebM: the header up to the first Cluster, down to codecs and encryption.
//
// Files are untrusted. Elements are read where they stand, each level by a loop of its own, so that nesting costs no stack; what is not asked
// for is stepped over. Sizes are checked against the parent, and only Info and Tracks are read, never media.
//
// https://www.rfc-editor.org/rfc/rfc8794 describes EBML, https://www.rfc-editor.org/rfc/rfc9559 the elements,
// https://www.webmproject.org/docs/container/ WebM's share of them, https://www.webmproject.org/docs/webm-encryption/ the encryption.
package webm
