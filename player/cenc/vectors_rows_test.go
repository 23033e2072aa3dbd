package cenc_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// vectorRows are the rows of issue 4, as a vector has them, and which makers can make each. A row of several words wants them in one vector.
var vectorRows = map[string]string{
	"cenc": "shaka-packager ffmpeg mp4ff hand",
	"cens": "shaka-packager hand",
	"cbc1": "shaka-packager hand",
	"cbcs": "shaka-packager mp4ff hand",

	// any pattern, full samples too
	"cbcs, pattern 1:9":   "shaka-packager mp4ff hand",
	"cbcs, pattern 5:5":   "shaka-packager hand",
	"cbcs, pattern 10:0":  "shaka-packager hand",
	"cbcs, pattern 1:0":   "hand",
	"cbcs, pattern 0:0":   "hand",
	"cbcs, pattern other": "hand",
	"cens, pattern 1:9":   "shaka-packager hand",
	"cens, pattern 5:5":   "shaka-packager hand",
	"cens, pattern other": "hand",
	"cenc, full sample":   "shaka-packager ffmpeg mp4ff hand",
	"cens, full sample":   "shaka-packager hand",
	"cbc1, full sample":   "shaka-packager hand",
	"cbcs, full sample":   "shaka-packager mp4ff hand",

	// constant IVs of 8 or 16 bytes, IVs for each sample
	"cbcs, constant iv 8":  "hand",
	"cbcs, constant iv 16": "shaka-packager mp4ff hand",
	"cbcs, iv 8":           "hand",
	"cbcs, iv 16":          "hand",
	"cenc, iv 8":           "shaka-packager ffmpeg hand",
	"cenc, iv 16":          "shaka-packager mp4ff hand",
	"cenc, iv wrap":        "hand",
	"cens, iv 8":           "shaka-packager hand",
	"cens, iv 16":          "hand",
	"cens, iv wrap":        "hand",
	"cbc1, iv 8":           "hand",
	"cbc1, iv 16":          "shaka-packager hand",
	"cbcs, tenc version 0": "hand",

	// subsamples of any length, several a sample
	"cenc, odd subsamples, several subsamples": "ffmpeg hand",
	"cens, odd subsamples, several subsamples": "hand",
	"cbcs, odd subsamples, several subsamples": "shaka-packager mp4ff hand",
	"cbc1, several subsamples":                 "shaka-packager hand",
	"cenc, empty subsamples":                   "hand",
	"cens, empty subsamples":                   "hand",
	"cbcs, empty subsamples":                   "hand",

	// senc, or saiz and saio, alone
	"senc":                             "shaka-packager ffmpeg mp4ff hand",
	"senc alone":                       "hand",
	"saiz alone":                       "hand",
	"saiz alone, several saio entries": "hand",
	"piff senc":                        "hand",
	"cbcs, no auxiliary information":   "mp4ff hand",

	// keys of sample groups, rotation, several keys and tracks
	"cenc, sample groups, several sbgp entries": "hand",
	"cbcs, sample groups, several sbgp entries": "hand",
	"sample groups, groups in moov":             "hand",
	"cenc, key rotation, several keys":          "shaka-packager hand",
	"cbcs, key rotation, several keys":          "shaka-packager",
	"several tracks":                            "ffmpeg hand",
	"several tracks, several keys":              "hand",
	"several tracks, clear track":               "hand",

	// layouts
	"several trun":               "hand",
	"several traf":               "hand",
	"several mdat":               "hand",
	"clear samples":              "shaka-packager hand",
	"clear lead":                 "shaka-packager hand",
	"64-bit sizes":               "hand",
	"size 0":                     "hand",
	"base-data-offset":           "hand",
	"implicit offsets":           "hand",
	"default sizes":              "hand",
	"pssh":                       "shaka-packager hand",
	"boxes between, pssh":        "hand",
	"cenc, progressive":          "ffmpeg hand",
	"cbcs, progressive":          "hand",
	"progressive, several keys":  "hand",
	"progressive, sample groups": "hand",
	"progressive, clear lead":    "hand",
	"mp4":                        "shaka-packager ffmpeg mp4ff hand",

	"webm":                                   "shaka-packager hand",
	"webm whole frame":                       "shaka-packager hand",
	"webm partitions":                        "shaka-packager hand",
	"webm odd partitions":                    "hand",
	"webm empty partitions":                  "hand",
	"webm clear frames":                      "shaka-packager hand",
	"webm several tracks, webm several keys": "hand",
	"webm clear track":                       "hand",
	"webm block groups":                      "hand",
	"webm known sizes":                       "hand",
	"webm unknown sizes":                     "hand",
}

// TestVectorRows wants vectors for each row, by as many makers as can make it, and small.
func TestVectorRows(t *testing.T) {
	vectors := readVectors(t)
	words := map[string]bool{}
	for _, row := range slices.Sorted(maps.Keys(vectorRows)) {
		var makers []string
		wanted := strings.Split(row, ", ")
		for _, word := range wanted {
			words[word] = true
		}
		for _, v := range vectors {
			has := append(v.Rows, v.Container)
			if !slices.ContainsFunc(wanted, func(word string) bool { return !slices.Contains(has, word) }) {
				maker, _, _ := strings.Cut(v.Maker, " ")
				makers = append(makers, maker)
			}
		}
		for maker := range strings.FieldsSeq(vectorRows[row]) {
			if !slices.Contains(makers, maker) {
				t.Errorf("%q has no vector by %s", row, maker)
			}
		}
	}
	size := 0
	for _, v := range vectors {
		for _, word := range v.Rows {
			if !words[word] {
				t.Errorf("%s is of %q, which is in no row", v.Name, word)
			}
		}
		if size += len(v.data); len(v.data) > 150_000 {
			t.Errorf("%s has %d bytes", v.File, len(v.data))
		}
	}
	if size > 2_500_000 {
		t.Errorf("the vectors have %d bytes", size)
	}
}
