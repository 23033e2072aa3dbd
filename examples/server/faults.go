package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// faults serves everything that next does, and the same once more under /fault/NAME/ with the fault of that name in it: see README.md. Faults
// nest: /fault/delay-300ms/fault/no-range/media/film.mp4.
type faults struct {
	next http.Handler
	log  requestLog

	byName map[string]fault

	mu    sync.Mutex
	fails map[string]int // how often a status-NxK has failed, by run and path
}

// A fault answers a request that would have gone to next. argument is what follows the first hyphen of the fault's name in the URL.
type fault func(argument string, w http.ResponseWriter, r *http.Request) error

func newFaults(next http.Handler) http.Handler {
	f := &faults{next: next, log: requestLog{runs: map[string][]*seen{}}, fails: map[string]int{}}
	f.byName = map[string]fault{
		"delay":       f.delay,
		"hang":        f.hang,
		"html":        f.html,
		"no-range":    f.noRange,
		"short-body":  f.shortBody,
		"status":      f.status,
		"truncate":    f.truncate,
		"without":     f.without,
		"wrong-range": f.wrongRange,

		"bom":             f.changedLicense(withBOM),
		"empty-keys":      f.changedLicense(withoutKeys),
		"other-key":       f.changedLicense(withOtherKid),
		"standard-base64": f.changedLicense(withStandardBase64),
		"wrong-key":       f.changedLicense(withWrongKey),
	}
	mux := http.NewServeMux()
	mux.Handle("GET /fault/log", &f.log)
	mux.Handle("/fault/", f.log.record(f))
	mux.Handle("/", f.log.record(next))
	return mux
}

func (f *faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/fault/"), "/")
	apply, argument := f.byName[name], ""
	if apply == nil {
		var base string
		base, argument, _ = strings.Cut(name, "-")
		apply = f.byName[base]
	}
	err := errors.New("no such fault")
	if apply != nil {
		err = apply(argument, w, under(r, "/"+rest))
	}
	if err != nil {
		http.Error(w, fmt.Sprintf("fault %q: %v", name, err), http.StatusNotFound)
	}
}

// under is the request as if it were for another path.
func under(r *http.Request, path string) *http.Request {
	moved := r.Clone(r.Context())
	moved.URL.Path, moved.URL.RawPath = path, ""
	return moved
}

// pass answers as if there were no fault, or with the next one.
func (f *faults) pass(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/fault/") {
		f.ServeHTTP(w, r)
		return
	}
	f.next.ServeHTTP(w, r)
}

// delay-300ms answers later.
func (f *faults) delay(argument string, w http.ResponseWriter, r *http.Request) error {
	wait, err := time.ParseDuration(argument)
	if err != nil {
		return fmt.Errorf("want delay-300ms: %w", err)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		f.pass(w, r)
	case <-r.Context().Done():
	}
	return nil
}

// hang answers nothing until the client leaves.
func (f *faults) hang(_ string, _ http.ResponseWriter, r *http.Request) error {
	io.Copy(io.Discard, r.Body) // only then does the server notice that the client has left
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// html answers with a page, as a captive portal or a proxy would.
func (f *faults) html(_ string, w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, "<!doctype html><title>Sign in</title><p>Sign in to use this network.\n")
	return nil
}

// status-404 always fails; status-503x2 fails twice for each run and path, and then answers; status-429x1-after-1 says Retry-After: 1.
func (f *faults) status(argument string, w http.ResponseWriter, r *http.Request) error {
	argument, after, hasAfter := strings.Cut(argument, "-after-")
	code, times, limited := strings.Cut(argument, "x")
	status, err := strconv.Atoi(code)
	if err != nil || status < 200 || status > 599 {
		return errors.New("want status-404, status-503x2 or status-429x1-after-1")
	}
	if limited {
		most, err := strconv.Atoi(times)
		if err != nil {
			return fmt.Errorf("times: %w", err)
		}
		if f.failed(r) > most {
			f.pass(w, r)
			return nil
		}
	}
	if hasAfter {
		w.Header().Set("Retry-After", after)
	}
	http.Error(w, "a fault that was asked for", status)
	return nil
}

// failed counts the tries of a request within its run, this one too.
func (f *faults) failed(r *http.Request) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := r.URL.Query().Get("run") + " " + r.URL.Path
	f.fails[name]++
	return f.fails[name]
}

// no-range answers with the whole file, whatever part is asked for.
func (f *faults) noRange(_ string, w http.ResponseWriter, r *http.Request) error {
	r.Header.Del("Range")
	answer := f.take(r)
	answer.header.Set("Accept-Ranges", "none")
	answer.send(w, answer.body.Bytes())
	return nil
}

// wrong-range answers with the bytes asked for, but says that they begin 16 bytes later.
func (f *faults) wrongRange(_ string, w http.ResponseWriter, r *http.Request) error {
	answer := f.take(r)
	var first, last, size int64
	if _, err := fmt.Sscanf(answer.header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &size); err == nil {
		answer.header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first+16, last+16, size+16))
	}
	answer.send(w, answer.body.Bytes())
	return nil
}

// truncate-1000 serves a file as if it ended after 1000 bytes, with ranges.
func (f *faults) truncate(argument string, w http.ResponseWriter, r *http.Request) error {
	size, err := strconv.Atoi(argument)
	if err != nil || size < 0 {
		return errors.New("want truncate-1000, in bytes")
	}
	whole := r.Clone(r.Context())
	whole.Header.Del("Range")
	answer := f.take(whole)
	if answer.code != http.StatusOK {
		answer.send(w, answer.body.Bytes())
		return nil
	}
	w.Header().Set("Content-Type", answer.header.Get("Content-Type"))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(answer.body.Bytes()[:min(size, answer.body.Len())]))
	return nil
}

// without-film.mp4 lacks the files whose paths end so, and has all others.
func (f *faults) without(argument string, w http.ResponseWriter, r *http.Request) error {
	if argument == "" {
		return errors.New("want without-film.mp4")
	}
	if strings.HasSuffix(r.URL.Path, "/"+argument) {
		http.NotFound(w, r)
		return nil
	}
	f.pass(w, r)
	return nil
}

// short-body promises the whole answer, sends half of it, and drops the connection.
func (f *faults) shortBody(_ string, w http.ResponseWriter, r *http.Request) error {
	answer := f.take(r)
	answer.header.Set("Content-Length", strconv.Itoa(answer.body.Len()))
	answer.send(w, answer.body.Bytes()[:answer.body.Len()/2])
	if err := http.NewResponseController(w).Flush(); err != nil {
		return err
	}
	panic(http.ErrAbortHandler)
}

// take gives the answer without the fault, in memory.
func (f *faults) take(r *http.Request) *taken {
	answer := &taken{header: http.Header{}, code: http.StatusOK}
	f.pass(answer, r)
	return answer
}

// taken is an answer that has not been sent.
type taken struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (t *taken) Header() http.Header         { return t.header }
func (t *taken) WriteHeader(status int)      { t.code = status }
func (t *taken) Write(b []byte) (int, error) { return t.body.Write(b) }

// send sends the status and headers with another body. The caller sets the length, if it is to be a lie.
func (t *taken) send(w http.ResponseWriter, body []byte) {
	for name, values := range t.header {
		w.Header()[name] = values
	}
	w.WriteHeader(t.code)
	w.Write(body)
}
