package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// packaged is a film that shaka-packager makes of one source.
type packaged struct {
	name, shows string
	rows        string // joined by commas
	source      string
	scheme      string
	flags       []string
	periods     int // keys that a rotation makes
}

func byShaka(w *writer) error {
	pattern := func(crypt, skip string) []string {
		return []string{"--crypt_byte_block", crypt, "--skip_byte_block", skip}
	}
	lead := []string{"--clear_lead", "1"}
	long := []string{"--iv", hex.EncodeToString(iv16)}
	for _, p := range []packaged{
		{"shaka-cenc-video", "Several subsamples a sample, of whole blocks", "iv 8, several subsamples, senc, pssh", "avc", "cenc", nil, 0},
		{"shaka-cenc-video-iv-16", "IVs of 16 bytes", "iv 16, several subsamples, senc, pssh", "avc", "cenc", long, 0},
		{"shaka-cenc-audio", "Whole samples", "iv 8, full sample, senc, pssh", "aac", "cenc", nil, 0},
		{"shaka-cenc-vp9", "VP9 in MP4, whose superframes are several subsamples", "iv 8, several subsamples, senc, pssh", "vp9", "cenc", nil, 0},
		{"shaka-cenc-clear-lead", "Clear for 1 s: two sample entries", "iv 8, clear lead, clear samples, senc, pssh", "avc", "cenc", lead, 0},
		{"shaka-cenc-rotation", "A key for each fragment, by groups", "iv 8, key rotation, sample groups, several keys, senc, pssh", "vp9", "cenc",
			[]string{"--crypto_period_duration", "1"}, 2},
		{"shaka-cbcs-rotation", "A key for each fragment, by groups with a constant IV",
			"constant iv 16, pattern 1:9, key rotation, sample groups, several keys, senc, pssh", "vp9", "cbcs", []string{"--crypto_period_duration", "1"}, 2},
		{"shaka-cens-video", "Pattern 1:9 in counter mode", "iv 8, several subsamples, pattern 1:9, senc, pssh", "avc", "cens", nil, 0},
		{"shaka-cens-5-5", "Pattern 5:5 in counter mode", "iv 8, several subsamples, pattern 5:5, senc, pssh", "avc", "cens", pattern("5", "5"), 0},
		{"shaka-cens-audio", "Whole samples in counter mode, whose last bytes past a whole block are clear",
			"iv 8, full sample, pattern 0:0, senc, pssh", "aac", "cens", nil, 0},
		{"shaka-cbc1-video", "Subsamples of whole blocks, one chain for the sample", "iv 16, several subsamples, senc, pssh", "avc", "cbc1", nil, 0},
		{"shaka-cbc1-audio", "Whole samples, whose last bytes are clear", "iv 16, full sample, senc, pssh", "aac", "cbc1", nil, 0},
		{"shaka-cbcs-video", "Pattern 1:9, a constant IV, subsamples of any length", "constant iv 16, several subsamples, odd subsamples, " +
			"pattern 1:9, senc, pssh", "avc", "cbcs", nil, 0},
		{"shaka-cbcs-5-5", "Pattern 5:5: a run that a range's end cuts short is encrypted", "constant iv 16, several subsamples, odd " +
			"subsamples, pattern 5:5, senc, pssh", "avc", "cbcs", pattern("5", "5"), 0},
		{"shaka-cbcs-10-0", "Pattern 10:0", "constant iv 16, several subsamples, odd subsamples, pattern 10:0, senc, pssh", "avc", "cbcs",
			pattern("10", "0"), 0},
		{"shaka-cbcs-audio", "Whole samples under a constant IV", "constant iv 16, full sample, pssh", "aac", "cbcs", nil, 0},
		{"shaka-webm-vp8", "Whole frames", "webm whole frame", "vp8", "webm", nil, 0},
		{"shaka-webm-vp9", "Partitioned frames: the header of each is clear", "webm partitions", "vp9", "webm", nil, 0},
		{"shaka-webm-vp9-whole", "Whole frames of VP9", "webm whole frame", "vp9", "webm", []string{"--novp9_subsample_encryption"}, 0},
		{"shaka-webm-vorbis", "Whole frames of sound", "webm whole frame", "vorbis", "webm", nil, 0},
		{"shaka-webm-opus", "Whole frames of sound", "webm whole frame", "opus", "webm", nil, 0},
		{"shaka-webm-clear-lead", "Frames that are not encrypted for 1 s, with signal bytes that say so", "webm clear frames, webm partitions", "vp9",
			"webm", lead, 0},
	} {
		if err := w.packaged(p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func (w *writer) packaged(p packaged) error {
	s := w.sources[p.source]
	kind, scheme, iv := "mp4", p.scheme, iv8
	switch p.scheme {
	case "webm":
		kind, scheme = "webm", "cenc"
	case "cbc1", "cbcs":
		iv = iv16
	}
	stream := "audio"
	if s.video {
		stream = "video"
	}
	id, key := keyID(p.name), keyOf(p.name)
	out := filepath.Join(w.work, p.name+"."+kind)
	args := []string{
		fmt.Sprintf("in=%s,stream=%s,output=%s", filepath.Join(w.out, "clear", s.file), stream, out), "--enable_raw_key_encryption",
		"--protection_scheme", scheme,
		"--iv", hex.EncodeToString(iv), "--keys", fmt.Sprintf("label=:key_id=%x:key=%x", id, key), "--protection_systems", "Common",
		"--segment_duration", "1", "--fragment_duration", "1", "--clear_lead", "0", "--use_fake_clock_for_muxer", "--quiet", "--stderrthreshold", "2",
	}
	if p.periods > 0 {
		args = append(args, "--mp4_include_pssh_in_stream")
	}
	if err := run(w.packager, append(args, p.flags...)...); err != nil {
		return err
	}
	data, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	keys := map[string]string{}
	for i := range max(p.periods, 1) { // it makes the next id and key by moving the first byte to the end
		turn := func(b [16]byte) string { return hex.EncodeToString(bytes.Join([][]byte{b[i:], b[:i]}, nil)) }
		keys[turn(id)] = turn(key)
	}
	return w.add(vector{Name: p.name, Container: kind, Maker: shaka, Scheme: p.scheme, Shows: p.shows, Rows: rowsOf(p.scheme, p.rows), Keys: keys,
		Tracks: []expected{w.whole(1, p.source)}}, data)
}

// run runs a program; what it complains of is shown.
func run(program string, args ...string) error {
	command := exec.Command(program, args...)
	command.Stderr = os.Stderr
	return command.Run()
}

// rowsOf gives the rows that a vector is of, an MP4's scheme first.
func rowsOf(scheme, rows string) []string {
	list := strings.Split(rows, ", ")
	if scheme == "webm" {
		return list
	}
	return append([]string{scheme}, list...)
}
