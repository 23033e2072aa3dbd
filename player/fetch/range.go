package fetch

import (
	"strconv"
	"strings"
)

// Range is Length bytes from Start. The zero value is the whole resource; a Length of 0 after a Start means up to its end.
type Range struct{ Start, Length int64 }

func (r Range) valid() bool { return r.Start >= 0 && r.Length >= 0 && r.Start+r.Length >= 0 }

// header is the value of the Range header.
//
// https://www.rfc-editor.org/rfc/rfc9110#name-range
func (r Range) header() string {
	s := "bytes=" + strconv.FormatInt(r.Start, 10) + "-"
	if r.Length > 0 {
		s += strconv.FormatInt(r.Start+r.Length-1, 10)
	}
	return s
}

// contentRange is a parsed Content-Range; total is -1 where the server does not know it.
type contentRange struct{ first, last, total int64 }

// parseContentRange reads "bytes 0-99/1000" and "bytes 0-99/*".
//
// https://www.rfc-editor.org/rfc/rfc9110#name-content-range
func parseContentRange(s string) (r contentRange, ok bool) {
	unit, s, ok := strings.Cut(strings.TrimSpace(s), " ")
	if !ok || !strings.EqualFold(unit, "bytes") {
		return r, false
	}
	span, total, ok := strings.Cut(s, "/")
	if !ok {
		return r, false
	}
	first, last, ok := strings.Cut(span, "-")
	if !ok {
		return r, false
	}
	r.first, r.last, r.total = parseSize(first), parseSize(last), -1
	if total != "*" {
		if r.total = parseSize(total); r.total <= r.last {
			return r, false
		}
	}
	return r, r.first >= 0 && r.last >= r.first
}

// parseSize reads decimal digits and nothing else; -1 is no number.
func parseSize(s string) int64 {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return -1
	}
	return int64(n)
}

// check compares what a 206 says it holds with what was asked. length is what the body must have, or -1 where only the body can tell.
func (r Range) check(header string) (length, total int64, err error) {
	if header == "" {
		// A blob: URL may answer without Content-Range, and CORS hides it unless the server exposes it.
		return -1, -1, nil
	}
	got, ok := parseContentRange(header)
	if !ok || got.first != r.Start || r.Length > 0 && got.last >= r.Start+r.Length {
		return 0, -1, ErrWrongRange
	}
	length = got.last - got.first + 1
	asked := r.Length
	if got.total >= 0 && (asked == 0 || got.total-r.Start < asked) {
		asked = got.total - r.Start
	}
	if length < asked && got.total >= 0 {
		return length, got.total, ErrShortBody
	}
	return length, got.total, nil
}
