package cenc

import (
	"math"
	"strconv"
)

const (
	maxTracksSize = 4 << 20
	maxTracks     = 64 // encrypted ones
	maxBlockSize  = 32 << 20

	maxSamples = 4096 // of one read, about: they take more memory than the frames they stand for may
)

// webM decrypts WebM where it lies: no element's place and no parent's size ever changes. A block whose frame loses what told of its encryption
// gets a Void before it of just as many bytes.
//
// Segment is not taken for a parent of anything: its size says nothing where a SourceBuffer is given Clusters from anywhere.
//
// https://www.webmproject.org/docs/webm-encryption/
type webM struct {
	offset  int64               // of the next byte, since the stream began or was reset
	skip    int64               // of the bytes to come, these go through as they are
	cluster int64               // where the open Cluster ends; 0 without one, [math.MaxInt64] where that is unknown
	group   int64               // where the open BlockGroup ends; 0 without one
	tracks  map[uint64][16]byte // the key ids of the encrypted tracks, by TrackNumber

	part   part    // what this read has made
	ranges []Range // of its samples
	frames []frame // of the block at hand
	laces  []byte  // written anew for it
}

func newWebM() container { return &webM{} }

func (w *webM) reset() { w.offset, w.skip, w.cluster, w.group = 0, 0, 0, 0 }

// read does with element after element, until one is cut off or lacks a key. What came before an element that is wrong is given first: the next
// read finds the error again.
func (w *webM) read(p []byte, keys Keys) (part, error) {
	clear(w.part.samples) // of their keys
	w.part, w.ranges = part{samples: w.part.samples[:0]}, w.ranges[:0]
	for w.part.used < len(p) && len(w.part.samples) < maxSamples {
		n, err := w.next(p[w.part.used:], keys)
		if err != nil && w.part.used == 0 {
			return part{}, err
		}
		if err != nil || n == 0 {
			break
		}
		w.part.used += n
		w.offset += int64(n)
	}
	w.part.clear = p[:w.part.used]
	return w.part, nil
}

// next does with what p begins with, and says how many bytes that was; 0 where it needs more of them, or a key.
func (w *webM) next(p []byte, keys Keys) (int, error) {
	if w.skip > 0 {
		n := min(int64(len(p)), w.skip)
		w.skip -= n
		return int(n), nil
	}
	if w.offset == w.group {
		w.group = 0
	}
	if w.offset == w.cluster {
		w.cluster = 0
	}
	e, err := parseElement(p)
	if err != nil {
		return 0, w.fail(element{}, err.Error())
	}
	if e.header == 0 {
		return 0, nil
	}
	if w.cluster == math.MaxInt64 && w.group == 0 && e.outermost() {
		w.cluster = 0
	}
	if err := w.check(e); err != nil {
		return 0, err
	}
	return w.element(p, e, keys)
}

// check says whether the element may stand here.
func (w *webM) check(e element) error {
	if e.size == unknownSize {
		if e.id == idSegment || e.id == idCluster {
			return nil
		}
		return w.fail(e, "has an unknown size, which only Segment and Cluster may have")
	}
	parent := w.cluster
	if w.group != 0 {
		parent = w.group
	}
	switch {
	case parent == 0:
		return nil
	case e.outermost():
		return w.fail(e, "stands within a Cluster")
	case e.total() > parent-w.offset:
		return w.fail(e, "ends after its parent")
	}
	return nil
}

// element does with the element that p begins with, or with as much of it as it can.
func (w *webM) element(p []byte, e element, keys Keys) (int, error) {
	switch {
	case e.id == idTracks:
		return w.readTracks(p, e)
	case e.id == idSegment:
		return e.header, nil
	case e.id == idCluster:
		w.cluster = math.MaxInt64
		if e.size != unknownSize {
			w.cluster = w.offset + e.total()
		}
		return e.header, nil
	case e.id == idBlockGroup && w.cluster != 0 && w.group == 0:
		w.group = w.offset + e.total()
		return e.header, nil
	case e.id == idSimpleBlock && w.cluster != 0 && w.group == 0, e.id == idBlock && w.group != 0:
		return w.readBlock(p, e, keys)
	case e.id == idCRC32 && e.size == 4:
		if int64(len(p)) < e.total() {
			return 0, nil
		}
		putVoid(p[:e.total()]) // what it is the sum of may change
		return int(e.total()), nil
	}
	return w.pass(e), nil
}

// pass lets the element through as it is.
func (w *webM) pass(e element) int {
	w.skip = e.size
	return e.header
}

// path is where the element stands.
func (w *webM) path(e element) string {
	path := ""
	switch {
	case w.group != 0:
		path = "Segment/Cluster/BlockGroup"
	case w.cluster != 0:
		path = "Segment/Cluster"
	case e.id != idEBML && e.id != idSegment:
		path = "Segment"
	}
	switch {
	case e.id == 0:
		return path
	case path == "":
		return e.name()
	}
	return path + "/" + e.name()
}

func (w *webM) fail(e element, what string) error {
	return &Error{Path: w.path(e), Offset: w.offset, Message: what}
}

func (w *webM) unsupported(e element, what string) error {
	return &Error{Path: w.path(e), Offset: w.offset, Message: what, Unsupported: true}
}

// megabytes says a limit.
func megabytes(n int) string { return strconv.Itoa(n>>20) + " MiB" }
