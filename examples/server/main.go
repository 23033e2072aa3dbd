// Command server serves the demo site, its films and a Clear Key licence server. It is one process, for a developer's machine and for the tests.
package main

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// config is what the flags say.
type config struct {
	addr, root, token, keys, master, cors, packaged, tests string
	faults                                                 bool
}

func parse(args []string) (config, error) {
	var c config
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.StringVar(&c.addr, "addr", "localhost:8080", "`address` to listen on; port 0 picks a free one")
	flags.StringVar(&c.root, "root", "", "the repository's `folder` (default: found from the working directory)")
	flags.StringVar(&c.token, "token", "", "bearer `token` that the licence server demands")
	flags.StringVar(&c.keys, "keys", "", "JSON `file` of more keys: key id to key, both in hex")
	flags.StringVar(&c.master, "master", "", "master secret in `hex`, from which the key of any other key id is derived")
	flags.StringVar(&c.cors, "cors", "", "`origin` of another site that may ask for licences")
	flags.StringVar(&c.packaged, "packaged", "", "`folder` that examples/packager made; its page is served under /packaged/")
	flags.StringVar(&c.tests, "tests", "", "`folder` of test pages, served under /test/")
	flags.BoolVar(&c.faults, "faults", false, "serve faults on demand under /fault/, for tests")
	err := flags.Parse(args)
	return c, err
}

func run(args []string) error {
	c, err := parse(args)
	if err != nil {
		return err
	}
	handler, err := newHandler(c)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("another program listens on %s: stop it, or choose another port with -addr localhost:9000 (port 0 picks a free one)", c.addr)
	}
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Println(address(c.addr, listener.Addr()))
	return serve(ctx, listener, handler)
}

// serve answers until ctx ends, and then gives the answers under way a moment to finish. Requests see ctx end too.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return server.Close()
	}
	return nil
}

// address is the URL to open in a browser: the host that was asked for, or localhost, because a browser gives EME to https and localhost only.
func address(asked string, got net.Addr) string {
	host, _, err := net.SplitHostPort(asked)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && (ip.IsUnspecified() || ip.IsLoopback()) {
		host = "localhost"
	}
	_, port, err := net.SplitHostPort(got.String())
	if err != nil {
		return got.String()
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}

// newHandler puts the site, the licence server and, if asked for, the faults together.
func newHandler(c config) (http.Handler, error) {
	root, err := findRoot(c.root)
	if err != nil {
		return nil, err
	}
	keys, err := loadKeys(root, c)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/license", license{keys: keys, token: c.token, origin: c.cors})
	mux.Handle("/dist/", http.StripPrefix("/dist", site{root: filepath.Join(root, "web", "dist"), hint: "run `make build` first"}))
	mux.Handle("/media/", http.StripPrefix("/media", site{root: filepath.Join(root, "examples", "media"), hint: "run `make media` to make the films"}))
	mux.Handle("/", site{root: filepath.Join(root, "examples")})
	mux.Handle("/throttle/", newThrottle(mux))
	if c.packaged != "" {
		mux.Handle("/packaged/", http.StripPrefix("/packaged", site{root: filepath.Join(c.packaged, "www")}))
	}
	if c.tests != "" {
		mux.Handle("/test/", http.StripPrefix("/test", site{root: c.tests}))
	}
	if !c.faults {
		return mux, nil
	}
	return newFaults(mux), nil
}

func loadKeys(root string, c config) (keys, error) {
	master, err := hex.DecodeString(c.master)
	if err != nil || c.master != "" && len(master) < 16 {
		return keys{}, errors.New("-master: want at least 16 bytes in hex (make them with: openssl rand -hex 32)")
	}
	all := keys{fixed: map[id]id{}, master: master}
	for _, list := range []string{"films.json", "dash.json"} {
		if err := all.addFilms(filepath.Join(root, "examples", "media", list)); err != nil {
			return keys{}, err
		}
	}
	if c.keys != "" {
		if err := all.addFile(c.keys); err != nil {
			return keys{}, err
		}
	}
	if c.packaged == "" {
		return all, nil
	}
	return all, all.addFile(filepath.Join(c.packaged, "keys.json"))
}

// findRoot gives the repository's folder: the one named, or the nearest above the working directory.
func findRoot(named string) (string, error) {
	isRoot := func(dir string) bool {
		info, err := os.Stat(filepath.Join(dir, "examples", "index.html"))
		return err == nil && info.Mode().IsRegular()
	}
	if named != "" {
		if !isRoot(named) {
			return "", fmt.Errorf("-root %s: no examples/index.html there; name Keystream's repository", named)
		}
		return named, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for !isRoot(dir) {
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("not inside Keystream's repository: change into it, or name it with -root")
		}
		dir = up
	}
	return dir, nil
}
