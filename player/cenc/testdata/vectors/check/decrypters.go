package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/Eyevinn/mp4ff/mp4"
)

var errRefused = errors.New("refused")

// packets gives the sums of a file's packets, as ffmpeg reads and, with a key, decrypts them.
func packets(file, key string, piped bool) ([][]string, error) {
	args := []string{"-v", "error"}
	if strings.HasSuffix(file, ".mp4") {
		args = append(args, "-ignore_editlist", "1")
	}
	if key != "" {
		args = append(args, "-decryption_key", key)
	}
	command := exec.Command("ffmpeg", append(args, "-i", file, "-map", "0", "-c", "copy", "-f", "framemd5", "-")...)
	if piped {
		film, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		command.Args[slices.Index(command.Args, "-i")+1] = "pipe:0"
		command.Stdin = bytes.NewBuffer(film)
	}
	out, err := command.Output()
	if err != nil && len(out) == 0 {
		return nil, errRefused
	}
	var tracks [][]string
	for line := range strings.Lines(string(out)) {
		if fields := strings.Split(strings.TrimSpace(line), ","); !strings.HasPrefix(line, "#") && len(fields) >= 6 {
			track, _ := strconv.Atoi(strings.TrimSpace(fields[0]))
			for len(tracks) <= track {
				tracks = append(tracks, nil)
			}
			tracks[track] = append(tracks[track], strings.TrimSpace(fields[5]))
		}
	}
	return tracks, nil
}

// ffmpeg reads a vector from a file and from a pipe, and the better result counts: from files with several fragments, and no sidx, ffmpeg 5.1 takes IVs
// of the wrong fragment, and in a pipe it cannot go back for auxiliary information in an mdat. It takes one key: with several, each sample has the
// sums of all of them.
func (c *checker) ffmpeg(v vector) ([][]string, error) {
	if v.Container == "webm" {
		return nil, errors.New("no WebM")
	}
	var best [][]string
	err, most := errRefused, -1
	for _, piped := range []bool{false, true} {
		all, failed := c.everyKey(v, piped)
		if failed != nil {
			continue
		}
		if right, _, _, _ := c.count(v, all); right > most {
			best, err, most = all, nil, right
		}
	}
	return best, err
}

func (c *checker) everyKey(v vector, piped bool) ([][]string, error) {
	var all [][]string
	for _, key := range v.Keys {
		tracks, err := packets(filepath.Join(c.folder, v.File), key, piped)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = tracks
			continue
		}
		for i := range min(len(all), len(tracks)) {
			for j := range min(len(all[i]), len(tracks[i])) {
				all[i][j] += " " + tracks[i][j]
			}
		}
	}
	return all, nil
}

// shakaPackager decrypts one track at a time.
func (c *checker) shakaPackager(v vector) ([][]string, error) {
	var all [][]string
	keys, n := []string{}, 0
	for id, key := range v.Keys {
		keys, n = append(keys, fmt.Sprintf("label=%d:key_id=%s:key=%s", n, id, key)), n+1
	}
	for i := range v.Tracks {
		out := filepath.Join(c.work, "packager."+v.Container)
		os.Remove(out)
		command := exec.Command(c.packager, fmt.Sprintf("in=%s,stream=%d,output=%s", filepath.Join(c.folder, v.File), i, out),
			"--enable_raw_key_decryption", "--keys", strings.Join(keys, ","), "--quiet")
		if err := command.Run(); err != nil {
			return nil, errRefused
		}
		if _, err := os.Stat(out); err != nil { // it may end well and write nothing
			return nil, errRefused
		}
		tracks, err := packets(out, "", false)
		if err != nil {
			return nil, err
		}
		all = append(all, slices.Concat(tracks...))
	}
	return all, nil
}

func (c *checker) mp4ff(v vector) (tracks [][]string, err error) {
	if v.Container == "webm" {
		return nil, errors.New("no WebM")
	}
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("panic")
		}
	}()
	data, err := os.ReadFile(filepath.Join(c.folder, v.File))
	if err != nil {
		return nil, err
	}
	film, err := mp4.DecodeFile(bytes.NewReader(data))
	if err != nil || film.Init == nil {
		return nil, errRefused
	}
	info, err := mp4.DecryptInit(film.Init)
	if err != nil {
		return nil, errRefused
	}
	keys := map[string][]byte{}
	for id, key := range v.Keys {
		keys[id], _ = hex.DecodeString(key)
	}
	byTrack := map[uint32][]string{}
	for _, segment := range film.Segments {
		if err := mp4.DecryptSegmentWithKeys(segment, info, nil, keys, true); err != nil {
			return nil, errRefused
		}
		for _, fragment := range segment.Fragments {
			for _, trex := range film.Init.Moov.Mvex.Trexs {
				if !slices.ContainsFunc(fragment.Moof.Trafs, func(t *mp4.TrafBox) bool { return t.Tfhd.TrackID == trex.TrackID }) {
					continue
				}
				samples, err := fragment.GetFullSamples(trex)
				if err != nil {
					return nil, errRefused
				}
				for _, s := range samples {
					byTrack[trex.TrackID] = append(byTrack[trex.TrackID], sum(s.Data))
				}
			}
		}
	}
	for _, t := range v.Tracks {
		tracks = append(tracks, byTrack[uint32(t.ID)])
	}
	return tracks, nil
}

// shakaPlayer runs the player's decrypter for pages without a Clear Key CDM, in Node.
func (c *checker) shakaPlayer(v vector) ([][]string, error) {
	if v.Container == "webm" || slices.Contains(v.Rows, "progressive") {
		return nil, errors.New("fragments only")
	}
	keys := []string{}
	for id, key := range v.Keys {
		keys = append(keys, id+":"+key)
	}
	out := filepath.Join(c.work, "player.mp4")
	if text, err := exec.Command("node", "shaka-player.mjs", c.player, filepath.Join(c.folder, v.File), out, strings.Join(keys,
		",")).CombinedOutput(); err != nil {
		if bytes.Contains(text, []byte("thrown")) {
			return nil, errors.New("throws")
		}
		return nil, fmt.Errorf("shaka-player.mjs: %s", text)
	}
	return packets(out, "", false)
}
