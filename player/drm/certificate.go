package drm

import (
	"bytes"
	"context"
	"errors"

	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/platform"
)

// certificate gives a key system's server certificate: from the configuration, or fetched; nil where there is to be none. Its errors are *[Error], or
// ctx's.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-mediakeys-setservercertificate
func certificate(ctx context.Context, host platform.Host, system KeySystem) ([]byte, error) {
	if system.Certificate != nil || system.CertificateURL == "" {
		return system.Certificate, nil
	}
	fail := func(cause error) ([]byte, error) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &Error{Reason: CertificateFailed, KeySystem: system.Name, Cause: cause}
	}
	client := fetch.Client{Fetcher: host}
	result, err := client.Do(ctx, fetch.Request{Kind: fetch.License, URL: system.CertificateURL})
	if err != nil {
		return fail(err)
	}
	body, err := result.Body.Bytes()
	result.Body.Release()
	if err != nil {
		return fail(err)
	}
	switch text := bytes.TrimSpace(body); {
	case len(text) == 0:
		return fail(errors.New("the server certificate is empty"))
	case text[0] == '<' || text[0] == '{':
		return fail(errors.New("the server certificate is an HTML page or JSON: is its URL right?"))
	}
	return body, nil
}
