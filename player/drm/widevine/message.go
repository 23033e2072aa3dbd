package widevine

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MessageType says what a SignedMessage is.
type MessageType uint64

// The types that are told apart.
const (
	LicenseRequest            MessageType = 1
	License                   MessageType = 2
	ErrorResponse             MessageType = 3
	ServiceCertificateRequest MessageType = 4
	ServiceCertificate        MessageType = 5
)

// The fields of a SignedMessage, and of the LicenseError in an error response.
const (
	fieldType      = 1
	fieldMessage   = 2
	fieldErrorCode = 1
)

// certificateRequest is a SignedMessage that is a ServiceCertificateRequest, and nothing more.
const certificateRequest = "\x08\x04"

// IsCertificateRequest says whether a CDM's message asks for the server's certificate: the answer brings no keys, and the licence request comes
// after it.
func IsCertificateRequest(message []byte) bool { return string(message) == certificateRequest }

// TypeOf gives the type of a SignedMessage; ok is false where message is none, or does not say.
func TypeOf(message []byte) (t MessageType, ok bool) {
	f, broken := find(message, fieldType)
	if broken || f == nil || f.bytes != nil {
		return 0, false
	}
	return MessageType(f.varint), true
}

// ErrorCode is the error of a server's LicenseError.
type ErrorCode uint64

// The codes.
const (
	InvalidDeviceCertificate ErrorCode = 1
	RevokedDeviceCertificate ErrorCode = 2
	ServiceUnavailable       ErrorCode = 3
)

// ServerError says that the licence server answered with an error of Widevine's own.
type ServerError struct{ Code ErrorCode } // 0 where it does not say

func (e *ServerError) Error() string {
	what := "error " + strconv.FormatUint(uint64(e.Code), 10)
	switch e.Code {
	case 0:
		what = "an error"
	case InvalidDeviceCertificate:
		what = "INVALID_DEVICE_CERTIFICATE: it does not accept this browser's CDM"
	case RevokedDeviceCertificate:
		what = "REVOKED_DEVICE_CERTIFICATE: this browser's CDM is revoked, and must be updated"
	case ServiceUnavailable:
		what = "SERVICE_UNAVAILABLE"
	}
	return "the Widevine licence server answered with " + what
}

// CheckLicense finds what surely is no licence, which the CDM would reject with a bare TypeError: text, and a *[ServerError]. Whatever else
// there is passes, for a CDM knows more kinds of messages than we do. Its errors repeat nothing of the licence.
func CheckLicense(license []byte) error {
	t, ok := TypeOf(license)
	switch {
	case ok && t == ErrorResponse:
		return serverError(license)
	case ok && (t == LicenseRequest || t == ServiceCertificateRequest):
		return errors.New("it is the CDM's own request, sent back")
	case ok || !isText(string(license)):
		return nil
	}
	text := strings.TrimSpace(strings.TrimPrefix(string(license), "\xef\xbb\xbf"))
	switch {
	case text == "":
		return errors.New("it is empty")
	case text[0] == '<':
		return errors.New("it is an HTML or XML page, not a licence: is the URL right, and is the page logged in?")
	case text[0] == '{' || text[0] == '[':
		return errors.New("it is JSON, where the CDM takes bytes: a response filter can take the licence out of it")
	case isBase64(text):
		return errors.New("it is base64, where the CDM takes bytes: a response filter can decode it")
	}
	return errors.New("it is text, not a licence")
}

// serverError reads a SignedMessage that is an error response.
func serverError(message []byte) *ServerError {
	failure := &ServerError{}
	if body, _ := find(message, fieldMessage); body != nil {
		if code, _ := find(body.bytes, fieldErrorCode); code != nil && code.bytes == nil {
			failure.Code = ErrorCode(code.varint)
		}
	}
	return failure
}

func isText(s string) bool {
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\r' && r != '\n' || r == 0x7f || r == utf8.RuneError {
			return false
		}
	}
	return true
}

func isBase64(s string) bool {
	for _, c := range []byte(strings.TrimRight(s, "=")) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '+' && c != '/' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
