package drm

import (
	"context"
	"errors"

	"github.com/keystream-player/keystream/player/platform"
)

// negotiate takes the MediaKeys of earlier loads where they can serve this content, and makes new ones where not.
func (l *Load) negotiate(ctx context.Context, content Content) (err error) {
	e := l.engine
	if l.content, err = decodable(ctx, e.host, content); err != nil {
		return err
	}
	whole := Content{Sets: l.content.Sets, Later: content.Later, Direct: content.Direct}.whole()
	if e.vault == nil || e.vault.spoilt || !e.vault.grant.lasts(e.config.Software, whole) {
		err := l.renegotiate(ctx, whole)
		var own *Error
		if len(content.Later) > 0 && errors.As(err, &own) && own.Reason == Refused {
			err = l.renegotiate(ctx, l.content) // better to play a part of the film than nothing
		}
		if err != nil {
			return err
		}
	}
	l.vault, l.grant = e.vault, e.vault.grant
	return nil
}

// renegotiate finds a key system and makes its MediaKeys, unless those that are there will do.
func (l *Load) renegotiate(ctx context.Context, content Content) error {
	e := l.engine
	var keys platform.MediaKeys
	g, err := negotiate(ctx, e.host, e.config, content, func(g *grant) (err error) {
		if e.vault != nil && !e.vault.spoilt && sameKeys(e.vault.grant, g) {
			keys = e.vault.keys
			return checkPolicy(ctx, keys, g.system)
		}
		if keys, err = g.access.CreateMediaKeys(ctx); err != nil {
			return g.fail(ctx, CreateFailed, err)
		}
		if err := checkPolicy(ctx, keys, g.system); err != nil {
			return err
		}
		return g.certify(ctx, e.host, keys)
	})
	switch {
	case err != nil:
		return err
	case e.vault != nil && e.vault.keys == keys:
		e.vault.grant = g
		return nil
	case e.vault != nil:
		e.vault.empty()
	}
	e.vault = newVault(g, keys, e.config)
	return nil
}

// certify gives the CDM the server certificate, if there is one.
//
// https://www.w3.org/TR/encrypted-media-2/#dom-mediakeys-setservercertificate
func (g *grant) certify(ctx context.Context, host platform.Host, keys platform.MediaKeys) error {
	data, err := certificate(ctx, host, g.system)
	if err != nil || data == nil {
		return err
	}
	if _, err := keys.SetServerCertificate(ctx, data); err != nil {
		return g.fail(ctx, CertificateFailed, err)
	}
	return nil
}
