package main

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed page
var page embed.FS

// pageData is what the page's templates are filled with.
type pageData struct {
	Title, License string
	Origin         string // of the licence server, where it is not the page's own
	Files          []string
}

// writePage writes the page that plays a film into the folder of the film.
func (c *config) writePage(folder string, tracks []*track) error {
	data := pageData{Title: c.title, License: c.license}
	if server, err := url.Parse(c.license); err == nil && server.Host != "" {
		data.Origin = server.Scheme + "://" + server.Host
	}
	for _, t := range tracks {
		data.Files = append(data.Files, t.name)
	}
	html, err := htmltemplate.ParseFS(page, "page/index.html.tmpl")
	if err != nil {
		return err
	}
	js, err := template.ParseFS(page, "page/main.js.tmpl")
	if err != nil {
		return err
	}
	for name, filled := range map[string]interface{ Execute(io.Writer, any) error }{"index.html": html, "main.js": js} {
		var text bytes.Buffer
		if err := filled.Execute(&text, data); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	css, err := page.ReadFile("page/style.css")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "style.css"), css, 0o644)
}

// copyPlayer copies the scripts and programs of web/dist.
func copyPlayer(to, from string) error {
	if _, err := os.Stat(filepath.Join(from, "keystream.js")); err != nil {
		return fmt.Errorf("-player %s: there is no keystream.js: run `make build` in Keystream's repository, or name the folder that has it", from)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".js") && !strings.HasSuffix(name, ".wasm") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
