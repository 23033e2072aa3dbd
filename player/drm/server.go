package drm

import (
	"context"
	"slices"
	"strings"

	"github.com/keystream-player/keystream/player/drm/clearkey"
	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/platform"
)

// LicenseServer is a licence server reached by HTTP POST, tried again as package fetch does. Its errors are *[fetch.Error].
type LicenseServer struct {
	Fetcher platform.Fetcher // usually the host

	URL             string // relative to the page
	Header          []platform.HeaderField
	WithCredentials bool
}

// FetchLicense posts the message and returns the body.
func (s *LicenseServer) FetchLicense(ctx context.Context, req LicenseRequest) ([]byte, error) {
	client := fetch.Client{Fetcher: s.Fetcher}
	result, err := client.Do(ctx, fetch.Request{
		Kind: fetch.License, URL: s.URL, Method: "POST", Header: s.header(req), Body: req.Message, WithCredentials: s.WithCredentials,
	})
	if err != nil {
		return nil, err
	}
	defer result.Body.Release()
	return result.Body.Bytes()
}

// header is the app's own, with the message's Content-Type unless the app gives one.
func (s *LicenseServer) header(req LicenseRequest) []platform.HeaderField {
	isContentType := func(f platform.HeaderField) bool { return strings.EqualFold(f.Name, "Content-Type") }
	if slices.ContainsFunc(s.Header, isContentType) {
		return s.Header
	}
	contentType := "application/octet-stream"
	if req.KeySystem == clearkey.Name {
		contentType = "application/json"
	}
	return append([]platform.HeaderField{{Name: "Content-Type", Value: contentType}}, s.Header...)
}
