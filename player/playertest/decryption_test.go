package playertest_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/playertest"
)

// rotating is a film of two keys, each of which tells of itself where it begins.
func rotating() *playertest.Film {
	f := film("rotating", playertest.FilmKey{ID: kid, Key: key, Start: 2 * time.Second, End: 5 * time.Second},
		playertest.FilmKey{ID: key, Key: kid, Start: 5 * time.Second})
	f.InitData = append(f.InitData, playertest.InitData{Type: "webm", Data: key[:], End: 590})
	return f
}

// decryptAll gives a stream to a decrypter, in pieces.
func decryptAll(t *testing.T, host *playertest.Host, d platform.Decrypter, stream []byte, size int) (out []byte, told []platform.MediaEvent) {
	t.Helper()
	for piece := range slices.Chunk(stream, size) {
		got, err := d.Decrypt(t.Context(), host.NewBody(piece))
		if err != nil || len(got.Missing) > 0 {
			t.Fatalf("%x is missing, %v", got.Missing, err)
		}
		out, told = append(out, take(t, got)...), append(told, got.InitData...)
	}
	return out, told
}

// take reads and releases what came out.
func take(t *testing.T, d platform.Decrypted) []byte {
	t.Helper()
	if d.Body == nil {
		return nil
	}
	defer d.Body.Release()
	b, err := d.Body.Bytes()
	if err != nil {
		t.Error(err)
	}
	return b
}

func TestACutDoesNotChangeWhatIsDecrypted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, other := rotating(), film("clear")
		host := playertest.NewHost(t, playertest.Options{Films: []*playertest.Film{f, other}})
		place := host.NewDecryption()
		place.SetKeys([]platform.ContentKey{{ID: kid, Value: key}, {ID: key, Value: kid}})
		stream := slices.Concat(f.Bytes, f.Bytes[400:700], other.Bytes, f.Bytes)
		var whole []byte
		for _, size := range []int{len(stream), 1, 7, 333} {
			d := place.NewDecrypter()
			got, told := decryptAll(t, host, d, stream, size)
			d.Close()
			if whole == nil {
				whole = got
			}
			if len(got) != len(stream) || !bytes.Equal(got, whole) || bytes.Equal(got[:1000], f.Bytes) || !bytes.Equal(got[1300:2300], other.Bytes) {
				t.Errorf("in pieces of %d bytes it becomes something else", size)
			}
			if len(told) != 4 || !bytes.Equal(told[0].InitData, kid[:]) || !bytes.Equal(told[1].InitData, key[:]) {
				t.Errorf("in pieces of %d bytes it tells %v", size, told)
			}
		}
		place.Close()
		if host.Live() != 0 || host.Decryptions() != 0 {
			t.Errorf("%d bodies and %d decryptions are left", host.Live(), host.Decryptions())
		}
	})
}

func TestEachStretchNeedsItsKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := rotating()
		host := playertest.NewHost(t, playertest.Options{Films: []*playertest.Film{f}})
		place := host.NewDecryption()
		d := place.NewDecrypter()
		body := platform.Body(host.NewBody(f.Bytes))
		for _, step := range []struct {
			keys    []platform.ContentKey
			size    int
			missing [][16]byte
		}{
			{nil, 300, [][16]byte{kid}}, // of this segment
			{[]platform.ContentKey{{ID: key, Value: kid}}, 0, [][16]byte{kid}},
			{[]platform.ContentKey{{ID: kid, Value: key}}, 300, [][16]byte{key}},
			{nil, 0, [][16]byte{key}},
			{[]platform.ContentKey{{ID: key, Value: kid}}, 400, nil},
		} {
			place.SetKeys(step.keys)
			got, err := d.Decrypt(t.Context(), body)
			if n := len(take(t, got)); err != nil || n != step.size || !slices.Equal(got.Missing, step.missing) {
				t.Errorf("with %d keys: %d bytes, missing %x, %v; want %d, %x", len(step.keys), n, got.Missing, err, step.size, step.missing)
			}
			body = nil
		}
		place.Close()
		if _, err := d.Decrypt(t.Context(), host.NewBody(f.Bytes)); err != platform.ErrDecryptionLost {
			t.Errorf("a place that is closed gives %v", err)
		}
	})
}

func TestADecryptionDoesAsItsOptionsSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := film("clear")
		host := playertest.NewHost(t, playertest.Options{Films: []*playertest.Film{f},
			Decryption: playertest.DecryptionOptions{StartDelay: time.Second, Latency: 10 * time.Millisecond, Deaths: []int{3}}})
		place := host.NewDecryption()
		d, idle := place.NewDecrypter(), place.NewDecrypter()
		for i, want := range []struct {
			took time.Duration
			err  error
		}{{1010 * time.Millisecond, nil}, {10 * time.Millisecond, nil}, {5 * time.Millisecond, platform.ErrDecryptionLost}, {1010 * time.Millisecond, nil}} {
			start := time.Now()
			got, err := d.Decrypt(t.Context(), host.NewBody(f.Bytes))
			take(t, got)
			if took := time.Since(start); took != want.took || err != want.err {
				t.Errorf("piece %d takes %v and gives %v, want %v and %v", i+1, took, err, want.took, want.err)
			}
		}
		host.KillDecryption()
		if got, err := idle.Decrypt(t.Context(), host.NewBody(f.Bytes)); err != nil || len(take(t, got)) != 1000 {
			t.Errorf("a stream that had not begun is lost: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := idle.Decrypt(ctx, host.NewBody(f.Bytes)); err != context.DeadlineExceeded {
			t.Errorf("got %v, want the context's error", err)
		}
		if _, err := idle.Decrypt(ctx, host.NewBody(f.Bytes)); err != context.DeadlineExceeded {
			t.Errorf("got %v, want the context's error at once", err)
		}
		time.AfterFunc(time.Millisecond, host.Close)
		if _, err := idle.Decrypt(t.Context(), host.NewBody(f.Bytes)); err == nil || errors.Is(err, platform.ErrDecryptionLost) {
			t.Errorf("the page's end gives %v", err)
		}
		synctest.Wait()
		if n := host.Live(); n != 0 {
			t.Errorf("%d bodies are left", n)
		}
	})
}
