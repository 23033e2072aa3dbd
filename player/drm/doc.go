// Package drm takes content from "this is encrypted" to "its keys are usable": it negotiates a key system, attaches MediaKeys, opens a
// MediaKeySession for each set of keys that is still lacking, and answers the CDM's messages with licences. Keys are the unit: a key
// that is usable or under way is never asked for again, whatever init data names it.
//
// https://www.w3.org/TR/encrypted-media-2/
package drm
