package mp4

import (
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"math"
	"strconv"

	"github.com/keystream-player/keystream/player/manifest"
)

const (
	maxHeader = 4 << 20 // bytes up to the end of moov
	maxBoxes  = 8192    // looked at in one file; the headers of real films have a few hundred
	readAhead = 4096    // bytes read at once within moov: a read costs more than the bytes it brings
)

// box is where a box lies in the file.
type box struct {
	parent *box
	kind   [4]byte
	start  int64 // of its size field
	body   int64
	end    int64
	open   bool // size 0, the box lasts to the end of the file; end is then the end of what is there
}

func (b *box) is(kind string) bool { return string(b.kind[:]) == kind }

// path is the box's place in the file: "moov/trak".
func (b *box) path() string {
	if b.parent == nil {
		return "file"
	}
	path := printable(b.kind)
	for p := b.parent; p != nil && p.parent != nil; p = p.parent {
		path = printable(p.kind) + "/" + path
	}
	return path
}

func (b *box) fail(what string) error {
	return &Error{Path: b.path(), Offset: b.start, Err: errors.New(what)}
}

// printable is a four-character code as text that is safe in a message and in a MIME type: the code itself, or its bytes in hex.
func printable(code [4]byte) string {
	for i, c := range code {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '.' && (c != ' ' || i == 0) {
			return "0x" + strconv.FormatUint(uint64(binary.BigEndian.Uint32(code[:])), 16)
		}
	}
	end := len(code)
	for code[end-1] == ' ' {
		end--
	}
	return string(code[:end])
}

// reader reads boxes from the first avail bytes of a file.
type reader struct {
	src   io.ReaderAt
	avail int64
	boxes int

	ahead    int64 // bytes before this offset may be read along with others
	window   []byte
	windowAt int64
}

// peek gives the n bytes at an offset. They are valid until the next peek.
func (r *reader) peek(at, n int64) ([]byte, error) {
	if n > r.avail-at {
		return nil, r.short(at + n)
	}
	if at >= r.windowAt && n <= r.windowAt+int64(len(r.window))-at {
		return r.window[at-r.windowAt:][:n], nil
	}
	size := max(n, min(readAhead, r.ahead-at, r.avail-at))
	if int64(cap(r.window)) < size {
		r.window = make([]byte, size)
	}
	r.window, r.windowAt = r.window[:size], at
	if got, err := r.src.ReadAt(r.window, at); got < len(r.window) {
		r.window = r.window[:0]
		return nil, &Error{Path: "file", Offset: at, Err: cmp.Or(err, io.ErrUnexpectedEOF)}
	}
	return r.window[:n], nil
}

// short asks for more of the file: for the bytes before need, and for no less than double what there is.
func (r *reader) short(need int64) error {
	if need > maxHeader {
		return ErrTooLarge
	}
	return &manifest.ShortError{Need: max(need, min(2*r.avail, maxHeader))}
}

// payload gives the first n bytes in a box. They are valid until the next read.
func (r *reader) payload(b *box, n int64) ([]byte, error) {
	if room := b.end - b.body; room < n {
		return nil, b.fail("holds " + strconv.FormatInt(room, 10) + " bytes, and needs " + strconv.FormatInt(n, 10))
	}
	return r.peek(b.body, n)
}

// children gives the boxes in parent from an offset on, and ends with the first error. Fewer than eight bytes after the last box are
// padding. The file itself is the parent that has no parent: its boxes may reach beyond the bytes that are there.
func (r *reader) children(parent *box, at int64) iter.Seq2[*box, error] {
	return func(yield func(*box, error) bool) {
		for parent.parent == nil || parent.open && at < parent.end || parent.end-at >= 8 {
			b, err := r.next(parent, at)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(b, nil) {
				return
			}
			at = b.end
		}
	}
}

// next reads one box header.
func (r *reader) next(parent *box, at int64) (*box, error) {
	if r.boxes++; r.boxes > maxBoxes {
		return nil, parent.fail("the header has more than " + strconv.Itoa(maxBoxes) + " boxes")
	}
	head, err := r.peek(at, 8)
	if err != nil {
		return nil, err
	}
	b := &box{parent: parent, kind: [4]byte(head[4:]), start: at, body: at + 8}
	size := uint64(binary.BigEndian.Uint32(head))
	switch size {
	case 0:
		b.end, b.open = parent.end, parent.open
		return b, nil
	case 1:
		if parent.parent != nil && !parent.open && parent.end-at < 16 {
			return nil, b.fail("has a 64-bit size that its parent has no room for")
		}
		if head, err = r.peek(at, 16); err != nil {
			return nil, err
		}
		size, b.body = binary.BigEndian.Uint64(head[8:]), at+16
	}
	if size < uint64(b.body-at) || size > math.MaxInt64-uint64(at) {
		return nil, b.fail("has the impossible size " + strconv.FormatUint(size, 10))
	}
	b.end = at + int64(size)
	if parent.parent != nil && b.end > parent.end {
		if parent.open {
			return nil, r.short(b.end)
		}
		return nil, b.fail("ends " + strconv.FormatInt(b.end-parent.end, 10) + " bytes after its parent")
	}
	return b, nil
}

// find gives the first child of a kind; nil where there is none.
func (r *reader) find(parent *box, at int64, kind string) (*box, error) {
	for b, err := range r.children(parent, at) {
		if err != nil || b.is(kind) {
			return b, err
		}
	}
	return nil, nil
}

// descend goes down a path of boxes that must be there.
func (r *reader) descend(from *box, kinds ...string) (*box, error) {
	for _, kind := range kinds {
		b, err := r.find(from, from.body, kind)
		if err != nil {
			return nil, err
		}
		if b == nil {
			return nil, from.fail("has no " + kind)
		}
		from = b
	}
	return from, nil
}
