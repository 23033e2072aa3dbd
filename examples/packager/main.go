// Command packager encrypts a film for Clear Key and writes the page that plays it: what a packaging service does, in small.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "packager:", err)
		os.Exit(1)
	}
}

// config is what the command line says.
type config struct {
	out, scheme, title, license, player string

	keys        []contentKey // for all tracks, or one for each; none is random ones
	keyPerTrack bool
	files       []string
}

func parse(args []string) (c config, err error) {
	flags := flag.NewFlagSet("packager", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "usage: packager -out FOLDER [flags] FILE.mp4 …\n")
		flags.PrintDefaults()
	}
	// A flag's own error would show the key.
	var keys []string
	keep := func(text string) error { keys = append(keys, text); return nil }

	flags.StringVar(&c.out, "out", "", "`folder` to make")
	flags.StringVar(&c.scheme, "scheme", "cenc", "cenc (AES-CTR) or cbcs (AES-CBC, a pattern in video)")
	flags.Func("key", "`KID:KEY`, both in hex: once for all tracks, or once a track, in their order (default: a random one)", keep)
	flags.BoolVar(&c.keyPerTrack, "key-per-track", false, "make a random key for each track, not one for all")
	flags.StringVar(&c.title, "title", "", "`text` above the film (default: the first file's name)")
	flags.StringVar(&c.license, "license", "/license", "`URL` of the licence server, as the page sees it")
	flags.StringVar(&c.player, "player", "web/dist", "`folder` of keystream.js and what lies beside it")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	c.files = flags.Args()
	if c.keys, err = parseKeys(keys); err != nil {
		return c, err
	}
	return c, c.check()
}

func (c *config) check() error {
	switch license, err := url.Parse(c.license); {
	case len(c.files) == 0:
		return errors.New("no film: name one or more fragmented MP4 files after the flags")
	case c.out == "":
		return errors.New("-out: name the folder to make, as in -out film")
	case c.scheme != "cenc" && c.scheme != "cbcs":
		return fmt.Errorf("-scheme %s: want cenc or cbcs; browsers decrypt no other", c.scheme)
	case c.keyPerTrack && len(c.keys) > 0:
		return errors.New("-key-per-track makes random keys: with keys of your own, give -key once a track")
	case err != nil || license.Scheme != "" && license.Scheme != "https" && license.Scheme != "http":
		return errors.New("-license: want an http(s) URL, or a path such as /license")
	}
	if c.title == "" {
		name := filepath.Base(c.files[0])
		c.title = name[:len(name)-len(filepath.Ext(name))]
	}
	return nil
}

// run makes the film beside the folder that is asked for, and moves it there when it is whole: what fails leaves nothing behind.
func run(args []string, stdout io.Writer) error {
	c, err := parse(args)
	if err != nil {
		return err
	}
	if there, err := os.ReadDir(c.out); !os.IsNotExist(err) && (err != nil || len(there) > 0) {
		return fmt.Errorf("-out %s: is there already, and may hold keys: name a folder that is not there, or an empty one", c.out)
	}
	parent := filepath.Dir(filepath.Clean(c.out))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("-out: %w", err)
	}
	made, err := os.MkdirTemp(parent, ".packager-")
	if err != nil {
		return fmt.Errorf("-out: %w", err)
	}
	defer os.RemoveAll(made)

	tracks, err := c.pack(made)
	if err != nil {
		return err
	}
	// The folder may be seen by the web server; keys.json may not.
	if err := errors.Join(os.Chmod(made, 0o755), os.Rename(made, c.out)); err != nil {
		return fmt.Errorf("-out: %w", err)
	}
	for _, t := range tracks {
		fmt.Fprintf(stdout, "%s: %s, %s, key id %x\n", filepath.Join(c.out, "www", t.name), t.codec, c.scheme, t.key.id)
	}
	fmt.Fprintf(stdout, "%s: the keys, for the licence server; keep it to yourself\n", filepath.Join(c.out, "keys.json"))
	fmt.Fprintf(stdout, "To play it: go run ./examples/server -packaged %s, and open /packaged/\n", c.out)
	return nil
}

// pack fills a folder: www, which is for everyone, and keys.json, which is not.
func (c *config) pack(folder string) ([]*track, error) {
	www := filepath.Join(folder, "www")
	if err := os.Mkdir(www, 0o755); err != nil {
		return nil, err
	}
	if err := copyPlayer(filepath.Join(www, "dist"), c.player); err != nil {
		return nil, err
	}
	sources, err := openAll(c.files)
	if err != nil {
		return nil, err
	}
	defer closeAll(sources)

	tracks := tracksOf(sources)
	if err := c.share(tracks); err != nil {
		return nil, err
	}
	for _, s := range sources {
		if err := s.encrypt(www, c.scheme, keyIDs(tracks)); err != nil {
			return nil, err
		}
	}
	if err := c.writePage(www, tracks); err != nil {
		return nil, err
	}
	return tracks, writeKeys(filepath.Join(folder, "keys.json"), tracks)
}
