// Command make makes the vectors: see ../README.md. It shares no code with package cenc, so that a mistake of one is not a mistake of both.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", ".", "the folder of the vectors; its clear/ has the clear sources")
	work := flag.String("work", os.TempDir(), "a folder for what is not kept")
	packager := flag.String("packager", "packager", "shaka-packager")
	flag.Parse()
	if err := makeAll(*out, *work, *packager); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func makeAll(out, work, packager string) error {
	sources, err := readSources(filepath.Join(out, "clear"))
	if err != nil {
		return err
	}
	w := &writer{out: out, work: work, packager: packager, sources: sources}
	for _, make := range []func(*writer) error{byShaka, byFFmpeg, byMP4FF, byHandCTR, byHandCBC, byHandKeys, byHandLayout, byHandProgressive, byHandWebM} {
		if err := make(w); err != nil {
			return err
		}
	}
	return w.index()
}
