package main

import (
	"net/http"
	"os"
	"path"
	"strings"
)

// contentTypes are the files that are served, by the ends of their names; all others (sources, dot files) are not found.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".jpg":  "image/jpeg",
	".js":   "text/javascript; charset=utf-8",
	".json": "application/json",
	".m4s":  "video/iso.segment",
	".map":  "application/json",
	".mjs":  "text/javascript; charset=utf-8",
	".mp4":  "video/mp4",
	".mpd":  "application/dash+xml",
	".png":  "image/png",
	".svg":  "image/svg+xml",
	".vtt":  "text/vtt; charset=utf-8",
	".wasm": "application/wasm", // a parameter after it would break instantiateStreaming
	".webm": "video/webm",
	".webp": "image/webp",
}

// policy lets a page run its own scripts and WebAssembly, play what Media Source Extensions make, and fetch a file that a visitor chose (blob:).
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; " +
	"connect-src 'self' blob:; base-uri 'none'; require-trusted-types-for 'script'"

// site serves the files of one folder, with ranges. A link out of the folder is not followed.
type site struct {
	root string
	hint string // what to do if a file is not there
}

func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-cache")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method "+r.Method+" is not for files; use GET", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	file, info, err := s.open(name)
	if err != nil {
		http.Error(w, strings.TrimSuffix("not found; "+s.hint, "; "), http.StatusNotFound)
		return
	}
	defer file.Close()
	if info.IsDir() {
		redirect(w, r)
		return
	}
	header.Set("Content-Type", contentTypes[path.Ext(name)])
	http.ServeContent(w, r, "", info.ModTime(), file)
}

// open gives a file of a known type, or a folder that has an index. Dot files and what is in dot folders are not found.
func (s site) open(name string) (*os.File, os.FileInfo, error) {
	if strings.Contains("/"+name, "/.") {
		return nil, nil, os.ErrNotExist
	}
	if contentTypes[path.Ext(name)] == "" {
		index, _, err := s.open(name + "/index.html")
		if err != nil {
			return nil, nil, os.ErrNotExist
		}
		index.Close()
	}
	file, err := os.OpenInRoot(s.root, name)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.IsDir() && (!info.Mode().IsRegular() || contentTypes[path.Ext(name)] == "") {
		err = os.ErrNotExist
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// redirect adds the slash that a page's relative links need. The address is relative, because a handler above may have cut a prefix off.
func redirect(w http.ResponseWriter, r *http.Request) {
	to := path.Base(r.URL.Path) + "/"
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusMovedPermanently)
}
