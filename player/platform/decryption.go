package platform

import (
	"context"
	"errors"
)

// DecryptionHost is a Host that can decrypt media before it is appended: what a CDM of our own (package cdm) is made on. It is no part of EME.
type DecryptionHost interface {
	Host

	// NewDecryption makes a place where media is decrypted; in a browser it is a Worker. It does not wait for it to be ready: a failure to start is
	// a [*DecryptionError] of the first Decrypt.
	NewDecryption() Decryption
}

// ContentKey is a key and its id.
type ContentKey struct{ ID, Value [16]byte }

// Decryption is a place where media is decrypted, and the keys it has. Its methods may be called from any goroutine.
type Decryption interface {
	// SetKeys replaces the keys: those that are gone are wiped. It holds for every Decrypt that begins after it returns. The slice stays the caller's.
	SetKeys(keys []ContentKey)

	// NewDecrypter makes the decrypter of one byte stream, as one SourceBuffer is given it.
	NewDecrypter() Decrypter

	// Close wipes the keys and ends the place; what waits for it gets [ErrDecryptionLost].
	Close()
}

// Decrypter turns an encrypted byte stream into a clear one, piece by piece and in order. One goroutine uses it.
type Decrypter interface {
	// Decrypt takes the next bytes of the stream, in pieces cut anywhere, and gives what is to be appended for them. It takes body over and releases
	// it, also where it fails. A nil body goes on with what lacked a key before.
	//
	// Errors: ctx's, and then the stream must be Reset; [ErrDecryptionLost]; a [*DecryptionError].
	Decrypt(ctx context.Context, body Body) (Decrypted, error)

	// Reset forgets all of the stream, as SourceBuffer.abort() and an end of the stream do: what comes next is an initialization segment, or a media
	// segment of the one that came last.
	Reset()

	// Close frees what the decrypter holds.
	Close()
}

// Decrypted is what a piece of a stream became.
type Decrypted struct {
	Body     Body         // to append, and then the receiver's to release; nil is nothing
	InitData []MediaEvent // the "encrypted" events that the piece makes: Type, InitDataType and InitData
	Missing  [][16]byte   // the keys without which the rest of the piece cannot be decrypted; it is kept until Decrypt is called with nil
}

// ErrDecryptionLost says that the place where media is decrypted died, with all it knew of the stream. The next Decrypt starts it anew, and must begin
// with an initialization segment. Keys are not lost.
var ErrDecryptionLost = errors.New("the software CDM died")

// DecryptionError says why media cannot be decrypted.
type DecryptionError struct {
	Reason  string // "unavailable": the decrypter cannot be loaded; "malformed", "unsupported": the media
	Message string // for people; "moof/traf/senc at 1234: …"
	URL     string // of "unavailable": what was to be loaded
}

func (e *DecryptionError) Error() string { return "decryption " + e.Reason + ": " + e.Message }
