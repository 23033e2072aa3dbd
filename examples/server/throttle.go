package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxLines = 256                   // lines that have been set; a page needs one
	turn     = 20 * time.Millisecond // what a request sends before another's turn comes, as time on the line
	minTurn  = 512                   // bytes
	maxTurn  = 64 << 10              // bytes
)

// throttle serves everything that next does under /throttle/LINE/ too, no faster than a line of that name carries. All requests on a line share it.
// A LINE as 800-40 carries 800 kbit/s, with 40 ms before each answer; another one is what POST /throttle/LINE?kbits=800&latency=40 set last.
type throttle struct {
	next http.Handler

	mu    sync.Mutex
	lines map[string]*line
}

func newThrottle(next http.Handler) *throttle {
	return &throttle{next: next, lines: map[string]*line{}}
}

func (t *throttle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, rest, below := strings.Cut(strings.TrimPrefix(r.URL.Path, "/throttle/"), "/")
	if !below {
		t.set(name, w, r)
		return
	}
	line, err := t.line(name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	if line.wait(r.Context()) != nil {
		return
	}
	t.next.ServeHTTP(&throttled{ResponseWriter: w, line: line, ctx: r.Context()}, under(r, "/"+rest))
}

// set changes a line, or makes one. What is under way on it goes on at the new rate.
func (t *throttle) set(name string, w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "want POST /throttle/LINE?kbits=800&latency=40, or a path below the line", http.StatusMethodNotAllowed)
		return
	}
	query := r.URL.Query()
	kbits, latency, err := parseLine(query.Get("kbits"), query.Get("latency"))
	if err == nil && name == "" {
		err = errors.New("the line has no name")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lines[name] == nil {
		if len(t.lines) == maxLines {
			http.Error(w, "there are too many lines", http.StatusTooManyRequests)
			return
		}
		t.lines[name] = newLine(kbits, latency)
	}
	t.lines[name].set(kbits, latency)
	w.WriteHeader(http.StatusNoContent)
}

func (t *throttle) line(name string) (*line, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if line := t.lines[name]; line != nil {
		return line, nil
	}
	before, after, _ := strings.Cut(name, "-")
	kbits, latency, err := parseLine(before, after)
	if err != nil {
		return nil, fmt.Errorf("no line %q: POST /throttle/LINE?kbits=800&latency=40 makes one, and 800-40 needs no making", name)
	}
	line := newLine(kbits, latency)
	if len(t.lines) < maxLines {
		t.lines[name] = line
	}
	return line, nil
}

// parseLine reads kbit/s (0 is a line that carries nothing) and milliseconds.
func parseLine(kbits, latency string) (int, time.Duration, error) {
	rate, err := strconv.Atoi(kbits)
	if err != nil || rate < 0 || rate > 10_000_000 {
		return 0, 0, errors.New("kbits: want a number from 0 to 10000000")
	}
	ms, err := strconv.Atoi(latency)
	if err != nil || ms < 0 || ms > 60_000 {
		return 0, 0, errors.New("latency: want milliseconds from 0 to 60000")
	}
	return rate, time.Duration(ms) * time.Millisecond, nil
}

// line carries so many kbit/s, for all who send on it.
type line struct {
	mu      sync.Mutex
	kbits   int
	latency time.Duration
	free    time.Time     // when what has been given to it is through
	changed chan struct{} // closed by the next set
}

func newLine(kbits int, latency time.Duration) *line {
	return &line{kbits: kbits, latency: latency, changed: make(chan struct{})}
}

func (l *line) set(kbits int, latency time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kbits, l.latency = kbits, latency
	close(l.changed)
	l.changed = make(chan struct{})
}

// wait is the time that a request takes to be answered.
func (l *line) wait(ctx context.Context) error {
	l.mu.Lock()
	latency := l.latency
	l.mu.Unlock()
	return sleep(ctx, latency)
}

// carry takes the first of so many bytes, and returns how many when they are through.
func (l *line) carry(ctx context.Context, bytes int) (int, error) {
	for {
		l.mu.Lock()
		if l.kbits > 0 {
			break
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	rate := float64(l.kbits) * 1000 / 8 // bytes a second
	bytes = min(bytes, max(minTurn, min(maxTurn, int(rate*turn.Seconds()))))
	if now := time.Now(); l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(float64(bytes) / rate * float64(time.Second)))
	through := time.Until(l.free)
	l.mu.Unlock()
	return bytes, sleep(ctx, through)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// throttled is an answer on a line.
type throttled struct {
	http.ResponseWriter
	line *line
	ctx  context.Context
}

// Unwrap lets http.ResponseController reach the connection.
func (t *throttled) Unwrap() http.ResponseWriter { return t.ResponseWriter }

func (t *throttled) Write(b []byte) (int, error) {
	sent := 0
	for sent < len(b) {
		n, err := t.line.carry(t.ctx, len(b)-sent)
		if err != nil {
			return sent, err
		}
		n, err = t.ResponseWriter.Write(b[sent : sent+n])
		sent += n
		if err != nil {
			return sent, err
		}
		if err := http.NewResponseController(t.ResponseWriter).Flush(); err != nil {
			return sent, err
		}
	}
	return sent, nil
}
