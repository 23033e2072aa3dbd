package playertest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/keystream-player/keystream/player/cenc"
	"github.com/keystream-player/keystream/player/platform"
)

const decryptionLane = "decryption"

// DecryptionOptions are the knobs of the places where media is decrypted in software. The zero value is right in everything.
type DecryptionOptions struct {
	StartDelay time.Duration             // before the first piece of a place, and the first after each death
	StartError *platform.DecryptionError // no place ever starts
	Latency    time.Duration             // of each piece; 0 is 1 ms

	// Deaths are the pieces at which the place where they are decrypted dies, counted from 1 on over all places of the page. See [Host.KillDecryption].
	Deaths []int
}

// decryption is a place where media is decrypted: in process, over package cenc, or by what a Film says of itself.
type decryption struct {
	host    *Host
	keys    map[[16]byte]*cenc.Key
	started bool
	life    int // grows with each death
	over    bool
	streams map[*decrypter]bool               // that are not closed
	busy    map[*decrypter]context.CancelFunc // with a piece
}

// NewDecryption makes a place where media is decrypted. What comes out of an encrypted Film is a clear one that the host knows.
func (h *Host) NewDecryption() platform.Decryption {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.options.Films {
		h.learnClear(f)
	}
	d := &decryption{host: h, keys: map[[16]byte]*cenc.Key{}, streams: map[*decrypter]bool{},
		busy: map[*decrypter]context.CancelFunc{}}
	h.decryptions = append(h.decryptions, d)
	h.logf(decryptionLane, "new")
	return d
}

// Decryptions counts the places that are not closed.
func (h *Host) Decryptions() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.decryptions)
}

// Decrypters counts the byte streams in these places that are not closed.
func (h *Host) Decrypters() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.decryptions {
		n += len(d.streams)
	}
	return n
}

// DecryptionKeys lists the keys that the places have, by their ids.
func (h *Host) DecryptionKeys() (ids [][16]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.decryptions {
		for id := range d.keys {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b [16]byte) int { return slices.Compare(a[:], b[:]) })
	return ids
}

// KillDecryption makes every place die, as a Worker does that runs out of memory.
func (h *Host) KillDecryption() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.decryptions {
		h.logf(decryptionLane, "dies")
		d.die()
	}
}

// die loses all but the keys. The host's mutex is held.
func (d *decryption) die() {
	d.life++
	d.started = false
	for _, cancel := range d.busy {
		cancel()
	}
	clear(d.busy)
}

func (d *decryption) SetKeys(keys []platform.ContentKey) {
	d.host.mu.Lock()
	defer d.host.mu.Unlock()
	if d.over {
		return
	}
	next := map[[16]byte]*cenc.Key{}
	for _, k := range keys {
		if old := d.keys[k.ID]; old != nil && old.Value == k.Value {
			next[k.ID] = old
		} else {
			next[k.ID] = cenc.NewKey(k.ID, k.Value)
		}
	}
	for id, old := range d.keys {
		if next[id] != old {
			old.Wipe()
		}
	}
	d.keys = next
	d.host.logf(decryptionLane, "%d keys", len(keys))
}

// Key is for package cenc. The host's mutex is held.
func (d *decryption) Key(id [16]byte) *cenc.Key { return d.keys[id] }

func (d *decryption) NewDecrypter() platform.Decrypter {
	d.host.mu.Lock()
	defer d.host.mu.Unlock()
	stream := &decrypter{place: d, life: d.life}
	d.streams[stream] = true
	return stream
}

func (d *decryption) Close() {
	d.SetKeys(nil)
	h := d.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if !d.over {
		h.logf(decryptionLane, "close")
		d.over = true
		d.die()
		h.decryptions = slices.DeleteFunc(h.decryptions, func(have *decryption) bool { return have == d })
	}
}

// decrypter is one byte stream's.
type decrypter struct {
	place  *decryption
	life   int    // of the place, when the stream began
	used   bool   // the stream has begun
	stream stream // nil until the first bytes tell which
	anew   bool   // they may tell otherwise, after a Reset
}

// stream decrypts in one of the two ways. The host's mutex is held.
type stream interface {
	decrypt(p []byte) (clear []byte, told []InitData, missing [][16]byte, err error)
	reset()
}

// Decrypt takes the time that the options say. Where the page is closed meanwhile it fails.
func (d *decrypter) Decrypt(ctx context.Context, body platform.Body) (out platform.Decrypted, err error) {
	var data []byte
	if body != nil {
		defer body.Release()
		if data, err = body.Bytes(); err != nil {
			return out, err
		}
	}
	if err := ctx.Err(); err != nil {
		return out, err
	}
	life, delay, err := d.begin(ctx)
	if err != nil {
		return out, err
	}
	h := d.place.host
	done := make(chan decrypted, 1)
	h.after(delay, func() {
		if life.Err() == nil {
			out, err := d.work(data)
			done <- decrypted{out, err}
		}
	})
	select {
	case <-life.Done():
	case <-h.done:
	case r := <-done:
		h.mu.Lock()
		defer h.mu.Unlock()
		d.end()
		return r.out, r.err
	}
	return out, d.fail(ctx, done)
}

// decrypted is what Decrypt gives.
type decrypted struct {
	out platform.Decrypted
	err error
}

// begin notes a piece, of which the place may die. The context ends with the place.
func (d *decrypter) begin(ctx context.Context) (life context.Context, delay time.Duration, err error) {
	h := d.place.host
	h.mu.Lock()
	defer h.mu.Unlock()
	options := &h.options.Decryption
	switch {
	case d.place.over:
		return nil, 0, platform.ErrDecryptionLost
	case options.StartError != nil:
		return nil, 0, options.StartError
	case d.place.life != d.life && d.used:
		d.forget()
		return nil, 0, platform.ErrDecryptionLost
	}
	h.pieces++
	d.life, d.used = d.place.life, true
	delay = max(options.Latency, latency)
	if !d.place.started {
		d.place.started = true
		delay += options.StartDelay
	}
	life, d.place.busy[d] = context.WithCancel(ctx)
	if slices.Contains(options.Deaths, h.pieces) {
		h.after(delay/2, func() {
			h.logf(decryptionLane, "dies")
			d.place.die()
		})
	}
	return life, delay, nil
}

// end is for a piece that is over. The host's mutex is held.
func (d *decrypter) end() {
	if cancel := d.place.busy[d]; cancel != nil {
		cancel()
		delete(d.place.busy, d)
	}
}

// fail is for a piece that was given up: by the caller, by the page's end, or because the place died.
func (d *decrypter) fail(ctx context.Context, done <-chan decrypted) error {
	h := d.place.host
	h.mu.Lock()
	dead := d.place.busy[d] == nil
	d.end()
	if dead {
		d.forget()
	}
	h.mu.Unlock()
	select {
	case r := <-done: // it came in the same instant
		if r.out.Body != nil {
			r.out.Body.Release()
		}
	default:
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case dead:
		return platform.ErrDecryptionLost
	}
	return errClosed
}

// forget is a stream that begins anew, in a place that has seen nothing of it.
func (d *decrypter) forget() { d.life, d.used, d.stream = d.place.life, false, nil }

// work decrypts. The host's mutex is held.
func (d *decrypter) work(data []byte) (out platform.Decrypted, err error) {
	h := d.place.host
	d.choose(data)
	clear, told, missing, err := d.stream.decrypt(data)
	if err != nil {
		h.logf(decryptionLane, "fails: %v", err)
		return out, err
	}
	h.logf(decryptionLane, "%d bytes become %d, %d keys are missing", len(data), len(clear), len(missing))
	for _, i := range told {
		out.InitData = append(out.InitData, platform.MediaEvent{Type: "encrypted", InitDataType: i.Type, InitData: slices.Clone(i.Data)})
	}
	if len(clear) > 0 {
		out.Body = h.newBody(clear)
	}
	out.Missing = missing
	return out, nil
}

// choose finds the way in which a stream that begins is decrypted.
func (d *decrypter) choose(data []byte) {
	if d.stream != nil && !d.anew {
		return
	}
	d.anew = false
	f := d.place.host.filmOf(data)
	_, was := d.stream.(*scripted)
	switch {
	case f != nil && !f.real && !was:
		d.stream = &scripted{place: d.place}
	case f != nil && f.real && was, d.stream == nil:
		d.stream = &genuine{cenc.NewDecrypter(d.place, nil)}
	}
}

func (d *decrypter) Reset() {
	d.place.host.mu.Lock()
	defer d.place.host.mu.Unlock()
	if d.stream != nil {
		d.anew = true
		d.stream.reset()
	}
}

func (d *decrypter) Close() {
	d.place.host.mu.Lock()
	defer d.place.host.mu.Unlock()
	delete(d.place.streams, d)
}

// genuine decrypts what is really encrypted.
type genuine struct{ cenc *cenc.Decrypter }

func (g *genuine) decrypt(p []byte) (clear []byte, told []InitData, missing [][16]byte, err error) {
	out, err := g.cenc.Decrypt(context.Background(), p)
	if wrong, ok := errors.AsType[*cenc.Error](err); ok {
		reason := "malformed"
		if wrong.Unsupported {
			reason = "unsupported"
		}
		return nil, nil, nil, &platform.DecryptionError{Reason: reason, Message: wrong.Error()}
	}
	for _, i := range out.InitData {
		told = append(told, InitData{Type: i.Type, Data: i.Data})
	}
	return out.Clear, told, out.Missing, err
}

func (g *genuine) reset() { g.cenc.Reset() }
