package main

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
)

const maxSeen = 5000 // requests a run, so that a test that loops does not fill the memory

// requestLog keeps what a test asked for, by the run that its URLs name (?run=). As a handler it answers GET /fault/log?run=ID.
type requestLog struct {
	mu   sync.Mutex
	runs map[string][]*seen
}

// seen is one request. Status is 0 until the answer begins.
type seen struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Range  string `json:"range,omitempty"`
	Status int    `json:"status"`
	Body   string `json:"body,omitempty"` // of a licence request
}

func (l *requestLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	all := []seen{}
	for _, s := range l.runs[r.URL.Query().Get("run")] {
		all = append(all, *s)
	}
	l.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	reply(w, http.StatusOK, all)
}

// record notes a request before it is answered, so that one that hangs is seen too.
func (l *requestLog) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		run := r.URL.Query().Get("run")
		if run == "" {
			next.ServeHTTP(w, r)
			return
		}
		s := &seen{Method: r.Method, Path: r.URL.Path, Range: r.Header.Get("Range")}
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/license") {
			start, _ := io.ReadAll(io.LimitReader(r.Body, maxRequest))
			s.Body = string(start)
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(bytes.NewReader(start), r.Body), r.Body}
		}
		l.mu.Lock()
		if len(l.runs[run]) < maxSeen {
			l.runs[run] = append(l.runs[run], s)
		}
		l.mu.Unlock()
		next.ServeHTTP(&witness{ResponseWriter: w, log: l, seen: s}, r)
	})
}

// witness notes the status of an answer.
type witness struct {
	http.ResponseWriter
	log  *requestLog
	seen *seen
}

// Unwrap lets http.ResponseController reach the connection.
func (w *witness) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *witness) WriteHeader(status int) {
	w.note(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *witness) Write(b []byte) (int, error) {
	w.note(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

// note keeps the first status; Write implies 200 where none was written.
func (w *witness) note(status int) {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	if w.seen.Status == 0 {
		w.seen.Status = status
	}
}
