package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// packaged is a film that shaka-packager makes of one source.
type packaged struct {
	name, shows string
	rows        []string
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
	nalu := "several subsamples"
	for _, p := range []packaged{
		{"shaka-cenc-video", "Several subsamples a sample, of whole blocks", []string{"iv 8", nalu, "senc", "pssh"}, "avc", "cenc", nil, 0},
		{"shaka-cenc-video-iv-16", "IVs of 16 bytes", []string{"iv 16", nalu, "senc", "pssh"}, "avc", "cenc", long, 0},
		{"shaka-cenc-audio", "Whole samples", []string{"iv 8", "full sample", "senc", "pssh"}, "aac", "cenc", nil, 0},
		{"shaka-cenc-vp9", "VP9 in MP4, whose superframes are several subsamples", []string{"iv 8", nalu, "senc", "pssh"}, "vp9", "cenc", nil, 0},
		{"shaka-cenc-clear-lead", "Clear for 1 s: two sample entries", []string{"iv 8", "clear lead", "clear samples", "senc", "pssh"}, "avc", "cenc", lead, 0},
		{"shaka-cenc-rotation", "A key for each fragment, by groups", []string{"iv 8", "key rotation", "sample groups", "several keys", "senc", "pssh"}, "vp9", "cenc",
			[]string{"--crypto_period_duration", "1"}, 2},
		{"shaka-cbcs-rotation", "A key for each fragment, by groups with a constant IV", []string{"constant iv 16", "pattern 1:9", "key rotation", "sample groups",
			"several keys", "senc", "pssh"}, "vp9", "cbcs", []string{"--crypto_period_duration", "1"}, 2},
		{"shaka-cens-video", "Pattern 1:9 in counter mode", []string{"iv 8", nalu, "pattern 1:9", "senc", "pssh"}, "avc", "cens", nil, 0},
		{"shaka-cens-5-5", "Pattern 5:5 in counter mode", []string{"iv 8", nalu, "pattern 5:5", "senc", "pssh"}, "avc", "cens", pattern("5", "5"), 0},
		{"shaka-cens-audio", "Whole samples in counter mode, whose last bytes past a whole block are clear", []string{"iv 8", "full sample", "pattern 0:0", "senc", "pssh"}, "aac", "cens", nil, 0},
		{"shaka-cbc1-video", "Subsamples of whole blocks, one chain for the sample", []string{"iv 16", nalu, "senc", "pssh"}, "avc", "cbc1", nil, 0},
		{"shaka-cbc1-audio", "Whole samples, whose last bytes are clear", []string{"iv 16", "full sample", "senc", "pssh"}, "aac", "cbc1", nil, 0},
		{"shaka-cbcs-video", "Pattern 1:9, a constant IV, subsamples of any length", []string{"constant iv 16", nalu, "odd subsamples", "pattern 1:9", "senc", "pssh"}, "avc", "cbcs", nil, 0},
		{"shaka-cbcs-5-5", "Pattern 5:5: a run that a range's end cuts short is encrypted", []string{"constant iv 16", nalu, "odd subsamples", "pattern 5:5", "senc", "pssh"}, "avc", "cbcs",
			pattern("5", "5"), 0},
		{"shaka-cbcs-10-0", "Pattern 10:0", []string{"constant iv 16", nalu, "odd subsamples", "pattern 10:0", "senc", "pssh"}, "avc", "cbcs", pattern("10", "0"), 0},
		{"shaka-cbcs-audio", "Whole samples under a constant IV", []string{"constant iv 16", "full sample", "pssh"}, "aac", "cbcs", nil, 0},
		{"shaka-webm-vp8", "Whole frames", []string{"webm whole frame"}, "vp8", "webm", nil, 0},
		{"shaka-webm-vp9", "Partitioned frames: the header of each is clear", []string{"webm partitions"}, "vp9", "webm", nil, 0},
		{"shaka-webm-vp9-whole", "Whole frames of VP9", []string{"webm whole frame"}, "vp9", "webm", []string{"--novp9_subsample_encryption"}, 0},
		{"shaka-webm-vorbis", "Whole frames of sound", []string{"webm whole frame"}, "vorbis", "webm", nil, 0},
		{"shaka-webm-opus", "Whole frames of sound", []string{"webm whole frame"}, "opus", "webm", nil, 0},
		{"shaka-webm-clear-lead", "Frames that are not encrypted for 1 s, with signal bytes that say so", []string{"webm clear frames", "webm partitions"}, "vp9", "webm", lead, 0},
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
		fmt.Sprintf("in=%s,stream=%s,output=%s", filepath.Join(w.out, "clear", s.file), stream, out), "--enable_raw_key_encryption", "--protection_scheme", scheme,
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

// rowsOf puts an MP4's scheme before its rows.
func rowsOf(scheme string, rows []string) []string {
	if scheme == "webm" {
		return rows
	}
	return append([]string{scheme}, rows...)
}
