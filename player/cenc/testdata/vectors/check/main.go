// Command check has other implementations decrypt the vectors, and prints a table of how they do: see ../README.md.
package main

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

type index struct {
	Sources []struct {
		Name, File string
		Sizes      []int
	}
	Vectors []vector
}

type vector struct {
	Name, File, Container, Maker, Scheme string
	Rows                                 []string
	Keys                                 map[string]string
	Tracks                               []struct {
		ID      uint64
		Samples []struct {
			Source       string
			First, Count int
		}
	}
}

// decrypter gives the samples of each track that an implementation makes of a vector, as sums.
type decrypter struct {
	name    string
	decrypt func(c *checker, v vector) ([][]string, error)
}

type checker struct {
	folder, work, packager, player string

	samples map[string][]string // of the sources, as sums
}

func main() {
	c := &checker{samples: map[string][]string{}}
	flag.StringVar(&c.folder, "vectors", "..", "the folder of the vectors")
	flag.StringVar(&c.packager, "packager", "packager", "shaka-packager")
	flag.StringVar(&c.player, "player", "shaka-player", "the folder of npm's shaka-player")
	flag.Parse()
	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (c *checker) run() (err error) {
	if c.work, err = os.MkdirTemp("", "vectors"); err != nil {
		return err
	}
	defer os.RemoveAll(c.work)
	var index index
	text, err := os.ReadFile(filepath.Join(c.folder, "vectors.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return err
	}
	for _, s := range index.Sources {
		data, err := os.ReadFile(filepath.Join(c.folder, s.File))
		if err != nil {
			return err
		}
		for _, size := range s.Sizes {
			c.samples[s.Name] = append(c.samples[s.Name], sum(data[:size]))
			data = data[size:]
		}
	}
	decrypters := []decrypter{{"ffmpeg", (*checker).ffmpeg}, {"shaka-packager", (*checker).shakaPackager}, {"mp4ff", (*checker).mp4ff},
		{"shaka-player", (*checker).shakaPlayer}}
	fmt.Println("| vector | ffmpeg | shaka-packager | mp4ff | shaka-player |\n|---|---|---|---|---|")
	for _, v := range index.Vectors {
		if flag.NArg() > 0 && !slices.Contains(flag.Args(), v.Name) {
			continue
		}
		row := []string{v.Name}
		for _, d := range decrypters {
			tracks, err := d.decrypt(c, v)
			row = append(row, c.judge(v, tracks, err))
		}
		fmt.Println("| " + strings.Join(row, " | ") + " |")
	}
	return nil
}

// judge says how many samples are as they should be.
func (c *checker) judge(v vector, tracks [][]string, err error) string {
	if err != nil {
		return err.Error()
	}
	right, all, more, inOrder := c.count(v, tracks)
	switch {
	case right == all && more == 0 && inOrder:
		return "right"
	case right == all && more == 0:
		return "right, in another order"
	case more > 0:
		return fmt.Sprintf("%d of %d right, %d more", right, all, more)
	case right == 0:
		return "**wrong**"
	}
	return fmt.Sprintf("**%d of %d right**", right, all)
}

// count says how many samples are right, of how many, how many there are beside them, and whether they are in order.
func (c *checker) count(v vector, tracks [][]string) (right, all, more int, inOrder bool) {
	inOrder = true
	for _, t := range v.Tracks {
		var want []string
		for _, s := range t.Samples {
			want = append(want, c.samples[s.Source][s.First:s.First+s.Count]...)
		}
		all += len(want)
		best, length := 0, len(want)
		for _, got := range tracks { // implementations order tracks as they like
			if n := alike(want, got); n > best {
				best, length = n, len(got)
			}
		}
		if best < len(want) && sameSet(want, tracks) {
			best, inOrder = len(want), false
		}
		right += best
		more += max(0, length-len(want))
	}
	return right, all, more, inOrder
}

// sameSet says whether one of the tracks has the wanted samples, in whatever order.
func sameSet(want []string, tracks [][]string) bool {
	want = slices.Sorted(slices.Values(want))
	return slices.ContainsFunc(tracks, func(got []string) bool { return slices.Equal(slices.Sorted(slices.Values(got)), want) })
}

func alike(want, got []string) int {
	n := 0
	for j := range min(len(want), len(got)) {
		if strings.Contains(got[j], want[j]) {
			n++
		}
	}
	return n
}

func sum(data []byte) string {
	sum := md5.Sum(data)
	return hex.EncodeToString(sum[:])
}
