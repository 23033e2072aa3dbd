package webm

import (
	"cmp"
	"io"
	"iter"
	"math"
	"strconv"

	"github.com/keystream-player/keystream/player/manifest"
)

// reader reads elements from the first avail bytes of a file.
type reader struct {
	src      io.ReaderAt
	avail    int64
	elements int
	head     [12]byte // the longest id and size
}

func (r *reader) readAt(p []byte, at int64) error {
	if got, err := r.src.ReadAt(p, at); got < len(p) {
		return &Error{Path: "file", Offset: at, Err: cmp.Or(err, io.ErrUnexpectedEOF)}
	}
	return nil
}

// short asks for more of the file: for the bytes before need, and for no less than double what there is.
func (r *reader) short(need int64) error {
	if need > maxHeader {
		return ErrTooLarge
	}
	return &manifest.ShortError{Need: max(need, min(2*r.avail, maxHeader))}
}

// next reads the id and size of the element at an offset of the file. Its content may reach beyond the bytes that are there.
func (r *reader) next(parent *element, at int64) (*element, error) {
	head := r.head[:max(0, min(int64(len(r.head)), r.avail-at))]
	if err := r.readAt(head, at); err != nil {
		return nil, err
	}
	e := new(element)
	n, err := r.parse(e, parent, at, head)
	if err == nil && n > len(head) {
		err = r.short(at + int64(n))
	}
	return e, err
}

// parse reads an element's header from p, which stands at an offset of the file, and gives the header's length.
func (r *reader) parse(e, parent *element, at int64, p []byte) (n int, err error) {
	fail := func(what error) error {
		path := "file"
		if parent != nil {
			path = parent.path()
		}
		return &Error{Path: path, Offset: at, Err: what}
	}
	if r.elements++; r.elements > maxElements {
		return 0, fail(errTooMany)
	}
	id, size, n, err := parseHeader(p)
	if err != nil {
		return 0, fail(err)
	}
	*e = element{parent: parent, id: id, start: at, body: at + int64(n), end: math.MaxInt64}
	if size >= 0 {
		e.end = e.body + size
	}
	if n <= len(p) && parent != nil && !e.unsized() && e.end > parent.end {
		return 0, e.fail("ends " + strconv.FormatInt(e.end-parent.end, 10) + " bytes after its parent")
	}
	return n, nil
}

// load reads an element's content.
func (r *reader) load(e *element) error {
	if err := e.skippable(); err != nil {
		return err
	}
	if e.end > r.avail {
		return r.short(e.end)
	}
	e.data = make([]byte, e.end-e.body)
	return r.readAt(e.data, e.body)
}

// skippable says whether the element after e can be found, within the header's limit.
func (e *element) skippable() error {
	if e.unsized() {
		return e.fail("has an unknown size, which only Segment and Cluster may have")
	}
	if e.end > maxHeader {
		return ErrTooLarge
	}
	return nil
}

// children gives the elements in a loaded one, and ends with the first error. An element is valid until the next.
func (r *reader) children(parent *element) iter.Seq2[*element, error] {
	return func(yield func(*element, error) bool) {
		var e element
		for at := int64(0); at < int64(len(parent.data)); at = e.end - parent.body {
			rest := parent.data[at:]
			n, err := r.parse(&e, parent, parent.body+at, rest)
			if err == nil && n > len(rest) {
				err = parent.fail("ends within an element's header")
			}
			if err == nil {
				err = e.skippable()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			e.data = parent.data[e.body-parent.body : e.end-parent.body]
			if !yield(&e, nil) {
				return
			}
		}
	}
}
