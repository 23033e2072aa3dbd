package main

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// vector is an entry of vectors.json; ../README.md says what each field is.
type vector struct {
	Name      string            `json:"name"`
	File      string            `json:"file"`
	Container string            `json:"container"`
	Maker     string            `json:"maker"`
	Scheme    string            `json:"scheme"`
	Shows     string            `json:"shows"`
	Rows      []string          `json:"rows"`
	Keys      map[string]string `json:"keys"`
	Tracks    []expected        `json:"tracks"`
}

// expected are the samples of a track, once it is clear.
type expected struct {
	ID    uint64 `json:"id"`
	Spans []span `json:"samples"`
}

// span is a run of a source's samples.
type span struct {
	Source string `json:"source"`
	First  int    `json:"first"`
	Count  int    `json:"count"`
}

// writer writes the vectors and remembers them.
type writer struct {
	out, work, packager, media string

	sources map[string]*source
	vectors []vector
}

const (
	shaka  = "shaka-packager 3.4.2"
	ffmpeg = "ffmpeg 5.1"
	mp4ff  = "mp4ff 0.56.0"
	hand   = "hand"
)

// add writes a vector's file, and notes it.
func (w *writer) add(v vector, data []byte) error {
	v.File = v.Name + "." + v.Container
	w.vectors = append(w.vectors, v)
	return os.WriteFile(filepath.Join(w.out, v.File), data, 0o644)
}

// index writes vectors.json and the clear samples.
func (w *writer) index() error {
	type clear struct {
		Name   string `json:"name"`
		File   string `json:"file"`
		Origin string `json:"from"`
		Sizes  []int  `json:"sizes"`
	}
	var index struct {
		Sources []clear  `json:"sources"`
		Vectors []vector `json:"vectors"`
	}
	for _, name := range sourceNames {
		s := w.sources[name]
		var all bytes.Buffer
		c := clear{Name: name, File: "clear/" + name + ".samples", Origin: "clear/" + s.file}
		for _, sample := range s.samples {
			all.Write(sample.data)
			c.Sizes = append(c.Sizes, len(sample.data))
		}
		if err := os.WriteFile(filepath.Join(w.out, c.File), all.Bytes(), 0o644); err != nil {
			return err
		}
		index.Sources = append(index.Sources, c)
	}
	index.Vectors = w.vectors
	text, err := marshal(index)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.out, "vectors.json"), text, 0o644)
}

// marshal indents what is worth a line, and keeps numbers and small objects together.
func marshal(index any) ([]byte, error) {
	text, err := json.MarshalIndent(index, "", " ")
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		depth := len(line) - len(strings.TrimLeft(line, " "))
		if depth > 3 || (depth == 3 && strings.Trim(line, " ],}") == "" && len(lines) > 0) {
			lines[len(lines)-1] += strings.TrimLeft(line, " ")
			continue
		}
		lines = append(lines, line)
	}
	return []byte(strings.Join(lines, "\n") + "\n"), nil
}

// keyID and keyOf name a key by what it is for.
func keyID(label string) [16]byte { return md5.Sum([]byte("key id of " + label)) }
func keyOf(label string) [16]byte { return md5.Sum([]byte("key of " + label)) }

func keysOf(labels ...string) map[string]string {
	keys := map[string]string{}
	for _, label := range labels {
		id, key := keyID(label), keyOf(label)
		keys[hex.EncodeToString(id[:])] = hex.EncodeToString(key[:])
	}
	return keys
}

// whole is all of a source, as the track of that id.
func (w *writer) whole(id uint64, name string) expected {
	return expected{ID: id, Spans: []span{{Source: name, Count: len(w.sources[name].samples)}}}
}

func fill(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }

func check(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}
