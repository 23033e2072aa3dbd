// Command make makes the vectors: see ../README.md. It shares no code with package cenc, so that a mistake of one is not a mistake of both.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	w := &writer{}
	flag.StringVar(&w.out, "out", ".", "the folder of the vectors; its clear/ has the clear sources")
	flag.StringVar(&w.work, "work", os.TempDir(), "a folder for what is not kept")
	flag.StringVar(&w.packager, "packager", "packager", "shaka-packager")
	flag.StringVar(&w.media, "media", "examples/media", "the folder of fragment.mjs")
	flag.Parse()
	if err := w.all(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (w *writer) all() (err error) {
	if w.sources, err = readSources(filepath.Join(w.out, "clear")); err != nil {
		return err
	}
	for _, by := range []func(*writer) error{byShaka, byFFmpeg, byMP4FF, byHandCTR, byHandCBC, byHandKeys, byHandLayout, byHandProgressive,
		byHandWebM} {
		if err := by(w); err != nil {
			return err
		}
	}
	return w.index()
}
