// Package text reads subtitles into cues.
package text
