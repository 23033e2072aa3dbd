package fetch

import (
	"errors"
	"strconv"
	"strings"
)

// Causes that an [Error] may wrap, beside platform.ErrTooLarge and the host's platform.DOMError.
var (
	ErrRangeIgnored        = errors.New("the server ignored the Range header and answered with the whole file")
	ErrRangeNotSatisfiable = errors.New("the range lies outside the file")
	ErrWrongRange          = errors.New("the server answered with another range than the one asked for")
	ErrShortBody           = errors.New("the body is shorter than the server promised")
	ErrInvalidRange        = errors.New("a range starts at 0 or later and is not negative in length")
)

// Error says that a request failed for good. The end of the caller's context is never an Error: it is the context's own error.
type Error struct {
	Kind   Kind
	URL    string // by RedactURL
	Status int    // of the last response; 0 where there was none

	ContentType string // of a response that is not what was asked for; "" else
	Timeout     bool   // the last try ran out of its time
	Attempts    int    // how many requests were made
	Cause       error  // nil where Status or Timeout says it all

	// Body is what the server said with Status, where [Request.ErrorBody] asked for it. It may hold anything, secrets too: it is not for people.
	Body []byte
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.String())
	b.WriteString(" request to ")
	b.WriteString(e.URL)
	b.WriteString(" failed")
	if e.Attempts > 1 {
		b.WriteString(" " + strconv.Itoa(e.Attempts) + " times")
	}
	if e.Status != 0 {
		b.WriteString(": HTTP " + strconv.Itoa(e.Status))
	}
	if e.Timeout {
		b.WriteString(": timed out")
	}
	if e.Cause != nil {
		b.WriteString(": ")
		b.WriteString(e.Cause.Error())
	}
	return b.String()
}

// Unwrap gives the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }
