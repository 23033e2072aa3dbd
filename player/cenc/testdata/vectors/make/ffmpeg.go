package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
)

// byFFmpeg makes what ffmpeg can: cenc under one key, where every byte of a NAL unit past its header is protected. ffmpeg 5.1 loses the IVs when it
// writes encrypted fragments, so that fragments are laid out by a script of ours.
func byFFmpeg(w *writer) error {
	rows := []string{"cenc", "iv 8", "odd subsamples", "several subsamples", "full sample", "several tracks", "senc"}
	for _, f := range []struct {
		name, shows string
		rows        []string
		fragments   bool
	}{
		{"ffmpeg-cenc-progressive", "Progressive, two tracks under one key, subsamples of any length; senc, saiz and saio in the sample tables",
			append([]string{"progressive"}, rows...), false},
		{"ffmpeg-cenc-fragmented", "The same, laid out in fragments by examples/media/fragment.mjs", rows, true},
	} {
		data, err := w.encryptFFmpeg(f.name, f.fragments)
		if err != nil {
			return err
		}
		err = w.add(vector{Name: f.name, Container: "mp4", Maker: ffmpeg, Scheme: "cenc", Shows: f.shows, Rows: f.rows, Keys: keysOf(f.name),
			Tracks: []expected{w.whole(1, "avc"), w.whole(2, "aac")}}, data)
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) encryptFFmpeg(name string, fragments bool) ([]byte, error) {
	out := filepath.Join(w.work, name+".mp4")
	id, key := keyID(name), keyOf(name)
	err := run("ffmpeg", "-nostdin", "-v", "error", "-y", "-i", filepath.Join(w.out, "clear/avc.mp4"), "-i", filepath.Join(w.out, "clear/aac.mp4"),
		"-map", "0", "-map", "1", "-c", "copy", "-map_metadata", "-1", "-fflags", "+bitexact", "-movflags", "+faststart",
		"-encryption_scheme", "cenc-aes-ctr", "-encryption_kid", hex.EncodeToString(id[:]), "-encryption_key", hex.EncodeToString(key[:]), out)
	if err == nil && fragments {
		script := filepath.Join(w.media, "fragment.mjs")
		err = run("node", script, out, out+".fragmented")
		out += ".fragmented"
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}
