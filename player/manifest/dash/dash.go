// Package dash reads an MPD into a Manifest.
//
// https://www.iso.org/standard/83314.html (ISO/IEC 23009-1), https://dashif.org/guidelines/iop-v5/
package dash
