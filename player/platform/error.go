package platform

import "errors"

// DOMError is an exception that the browser threw or rejected with: a DOMException, or a TypeError.
type DOMError struct {
	Name    string // "NotSupportedError", "QuotaExceededError", "TypeError", …
	Message string // the browser's words, for people; they differ between browsers and versions
}

func (e *DOMError) Error() string {
	if e.Message == "" {
		return e.Name
	}
	return e.Name + ": " + e.Message
}

// ErrNoEME says that navigator.requestMediaKeySystemAccess does not exist here.
var ErrNoEME = errors.New("this page has no Encrypted Media Extensions")

// ErrTooLarge says that a response body is longer than the limit it was read with.
var ErrTooLarge = errors.New("the response body is larger than its limit")

// IsDOMError says whether err is, or wraps, a DOMError of that name.
func IsDOMError(err error, name string) bool {
	var dom *DOMError
	return errors.As(err, &dom) && dom.Name == name
}
