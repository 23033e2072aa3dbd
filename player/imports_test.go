package player_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/keystream-player/keystream/"

// arrows says who may import whom, of ours and of others. Standard packages are told apart below. It is DESIGN's table; a package that is
// not in it may not exist.
var arrows = map[string]struct{ ours, others []string }{
	"player/platform":      {},
	"player/manifest":      {},
	"player/manifest/dash": {ours: []string{"player/manifest"}},
	"player/text":          {ours: []string{"player/platform"}},
	"player/mp4":           {ours: []string{"player/manifest"}},
	"player/webm":          {ours: []string{"player/manifest"}},
	"player/fetch":         {ours: []string{"player/platform"}},
	"player/abr":           {},
	"player/stream": {ours: []string{"player/abr", "player/fetch", "player/manifest", "player/mp4", "player/platform", "player/text",
		"player/webm"}},
	"player/drm": {ours: []string{"player/drm/clearkey", "player/drm/playready", "player/drm/widevine", "player/fetch", "player/manifest", "player/mp4",
		"player/platform"}},
	"player/drm/clearkey":  {ours: []string{"player/manifest", "player/mp4", "player/platform"}},
	"player/drm/playready": {ours: []string{"player/manifest", "player/mp4", "player/platform"}},
	"player/drm/widevine":  {ours: []string{"player/manifest", "player/mp4", "player/platform"}},
	"player/cenc":          {ours: []string{"player/manifest", "player/mp4", "player/webm"}, others: []string{"github.com/Eyevinn/mp4ff/mp4"}},
	"player/cdm":           {ours: []string{"player/drm/clearkey", "player/platform"}},
	"player": {ours: []string{"player/abr", "player/drm", "player/drm/clearkey", "player/fetch", "player/manifest", "player/manifest/dash", "player/mp4",
		"player/platform", "player/stream", "player/text", "player/webm"}},
	"player/browser":    {ours: []string{"player/platform"}, others: []string{"github.com/hack-pad/safejs", "syscall/js"}},
	"player/playertest": {ours: []string{"player/cenc", "player/manifest", "player/platform"}},
	"wasm/player":       {ours: []string{"player", "player/browser", "player/cdm", "player/drm", "player/platform"}, others: []string{"github.com/hack-pad/safejs", "syscall/js"}},
	"examples/packager": {ours: []string{"player/mp4"}, others: []string{"github.com/Eyevinn/mp4ff/mp4"}},
	"wasm/cdm":          {ours: []string{"player/browser", "player/cenc"}, others: []string{"github.com/hack-pad/safejs"}},
	"examples/server":   {},
}

// heavy are the standard packages that player.wasm cannot afford (DESIGN, Weight).
var heavy = []string{"net/http", "net/url", "encoding/xml", "encoding/json", "log/slog", "regexp", "text/template", "html/template", "go/ast"}

// unlinked are the packages that are not in player.wasm.
var unlinked = []string{"player/playertest", "examples/packager", "examples/server"}

func TestImportsFollowTheArrows(t *testing.T) {
	seen := map[string]bool{}
	for _, root := range []string{".", "../wasm", "../examples"} {
		err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() && entry.Name() == "testdata" {
				return fs.SkipDir
			}
			if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			pkg := path.Clean(path.Join("player", filepath.ToSlash(filepath.Dir(file))))
			seen[pkg] = true
			checkImports(t, pkg, file)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for pkg := range arrows {
		if !seen[pkg] {
			t.Errorf("the table names %s, which does not exist", pkg)
		}
	}
}

func checkImports(t *testing.T, pkg, file string) {
	allowed, ok := arrows[pkg]
	if !ok {
		t.Errorf("%s: package %s is not in the table", file, pkg)
		return
	}
	source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	for _, spec := range source.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		own, isOurs := strings.CutPrefix(name, module)
		standard := !strings.Contains(strings.Split(name, "/")[0], ".") && name != "syscall/js"
		switch {
		case isOurs && !slices.Contains(allowed.ours, own):
			t.Errorf("%s: %s may not import %s", file, pkg, own)
		case !isOurs && !standard && !slices.Contains(allowed.others, name):
			t.Errorf("%s: %s may not import %s", file, pkg, name)
		case standard && slices.Contains(heavy, name) && !slices.Contains(unlinked, pkg):
			t.Errorf("%s: %s weighs too much for player.wasm", file, name)
		}
	}
}
