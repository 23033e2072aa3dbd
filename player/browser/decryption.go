//go:build js && wasm

package browser

import (
	"context"

	"github.com/hack-pad/safejs"

	"github.com/keystream-player/keystream/player/platform"
)

// NewDecryption makes a Worker, which fetches cdm.wasm at once.
func (h *Host) NewDecryption() platform.Decryption {
	id, err := Call(h.bridge, "decryption")
	d := &decryption{host: h, id: id, closed: err != nil}
	h.hold(d)
	return d
}

// decryption is a software CDM, which the bridge has under a number.
type decryption struct {
	host   *Host
	id     safejs.Value
	closed bool
}

// SetKeys leaves no copy of the keys in Go: the bridge keeps one, for a Worker that has to be started anew.
func (d *decryption) SetKeys(keys []platform.ContentKey) {
	list := make([]byte, 0, 32*len(keys))
	for i := range keys {
		list = append(append(list, keys[i].ID[:]...), keys[i].Value[:]...)
	}
	defer clear(list)
	if array, err := BytesOf(list); err == nil {
		_, _ = Call(d.host.bridge, "setKeys", d.id, array)
	}
}

func (d *decryption) NewDecrypter() platform.Decrypter {
	id, err := Call(d.host.bridge, "decrypter", d.id)
	return &decrypter{of: d, id: id, closed: err != nil}
}

func (d *decryption) Close() { d.stop() }

func (d *decryption) stop() {
	h := d.host
	h.mu.Lock()
	closed := d.closed
	d.closed = true
	delete(h.held, d)
	h.mu.Unlock()
	if !closed {
		h.release(d.id)
	}
}

// decrypter is what decrypts one stream, which the bridge has under a number.
type decrypter struct {
	of     *decryption
	id     safejs.Value
	closed bool
}

// Decrypt gives the bridge's buffer away, so that it travels to the Worker and back without a copy.
func (d *decrypter) Decrypt(ctx context.Context, from platform.Body) (platform.Decrypted, error) {
	h := d.of.host
	data := 0
	if from != nil {
		defer from.Release()
		own, err := h.own(from)
		if err != nil {
			return platform.Decrypted{}, err
		}
		data = int(Number(own.id))
	}
	switch {
	case ctx.Err() != nil:
		return platform.Decrypted{}, ctx.Err()
	case d.closed || d.of.closed:
		return platform.Decrypted{}, platform.ErrDecryptionLost
	}
	id, err := Call(h.bridge, "decrypt", d.id, data)
	if err != nil {
		return platform.Decrypted{}, err
	}
	answer, err := h.call(ctx, h.bridge, "decrypted", id)
	if err != nil {
		h.release(id)
		return platform.Decrypted{}, err
	}
	return h.decrypted(id, answer)
}

// decrypted reads what the bridge's decrypted gives.
func (h *Host) decrypted(id, answer safejs.Value) (platform.Decrypted, error) {
	var out platform.Decrypted
	switch reason := Text(Index(answer, 0)); reason {
	case "":
	case "lost":
		return out, platform.ErrDecryptionLost
	default:
		return out, &platform.DecryptionError{Reason: reason, Message: Text(Index(answer, 1)), URL: Text(Index(answer, 2))}
	}
	if length := int64(Number(Index(answer, 1))); length > 0 {
		out.Body = &body{host: h, id: id, length: length}
	}
	for ids := goBytes(Index(answer, 2)); len(ids) >= 16; ids = ids[16:] {
		out.Missing = append(out.Missing, [16]byte(ids))
	}
	for i := 3; i < Length(answer); i += 2 {
		event := platform.MediaEvent{Type: "encrypted", InitDataType: Text(Index(answer, i)), InitData: goBytes(Index(answer, i+1))}
		out.InitData = append(out.InitData, event)
	}
	return out, nil
}

func (d *decrypter) Reset() { _, _ = Call(d.of.host.bridge, "resetDecrypter", d.id) }

func (d *decrypter) Close() {
	if !d.closed {
		d.closed = true
		d.of.host.release(d.id)
	}
}
