package main

import (
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
)

// byFFmpeg makes what ffmpeg can: cenc under one key, where every byte of a NAL unit past its header is protected.
func byFFmpeg(w *writer) error {
	for _, f := range []struct {
		name, shows string
		rows        []string
		sources     []string
		flags       []string
	}{
		{"ffmpeg-cenc-progressive", "Progressive, two tracks under one key, subsamples of any length; senc, saiz and saio in the sample tables",
			[]string{"progressive", "iv 8", "odd subsamples", "several subsamples", "several tracks", "senc"}, []string{"avc", "aac"}, []string{"-movflags", "+faststart"}},
		{"ffmpeg-cenc-fragmented-video", "Fragmented, subsamples of any length", []string{"iv 8", "odd subsamples", "several subsamples", "senc"}, []string{"avc"},
			[]string{"-movflags", "+frag_keyframe+empty_moov+default_base_moof"}},
		{"ffmpeg-cenc-fragmented-audio", "Fragmented, whole samples, no default-base-is-moof", []string{"iv 8", "full sample", "senc"}, []string{"aac"},
			[]string{"-movflags", "+empty_moov", "-frag_duration", "300000"}},
	} {
		out := filepath.Join(w.work, f.name+".mp4")
		id, key := keyID(f.name), keyOf(f.name)
		args := []string{"-nostdin", "-v", "error", "-y"}
		v := vector{Name: f.name, Container: "mp4", Maker: ffmpeg, Scheme: "cenc", Shows: f.shows, Rows: append([]string{"cenc"}, f.rows...), Keys: keysOf(f.name)}
		for i, name := range f.sources {
			args = append(args, "-i", filepath.Join(w.out, "clear", w.sources[name].file))
			v.Tracks = append(v.Tracks, w.whole(uint64(i+1), name))
		}
		for i := range f.sources {
			args = append(args, "-map", string(rune('0'+i)))
		}
		args = append(args, "-c", "copy", "-map_metadata", "-1", "-fflags", "+bitexact", "-encryption_scheme", "cenc-aes-ctr",
			"-encryption_kid", hex.EncodeToString(id[:]), "-encryption_key", hex.EncodeToString(key[:]))
		command := exec.Command("ffmpeg", append(append(args, f.flags...), out)...)
		command.Stderr = os.Stderr
		if err := command.Run(); err != nil {
			return err
		}
		data, err := os.ReadFile(out)
		if err != nil {
			return err
		}
		if err := w.add(v, data); err != nil {
			return err
		}
	}
	return nil
}
