package webm

import (
	"cmp"
	"errors"
	"io"
	"math"
	"math/bits"

	"github.com/keystream-player/keystream/player/manifest"
)

// cues reads the content of Cues into fragments. Cues of other tracks than the first one's are left out, and so are those that go back in time or
// in the file: what they point at is part of the fragment before.
func (x *Index) cues(data []byte, fail func(what string) error) error {
	var list []manifest.Fragment
	for len(data) > 0 {
		id, content, rest, err := cut(data)
		if err != nil {
			return fail(err.Error())
		}
		data = rest
		if id != idCuePoint {
			continue
		}
		ticks, cluster, err := x.cuePoint(content)
		if err != nil {
			return fail(err.Error())
		}
		if cluster < 0 {
			continue
		}
		over, ns := bits.Mul64(ticks, x.scale)
		if at := x.base + cluster; over > 0 || cluster > math.MaxInt64-x.base || at >= x.end {
			return fail("points at what lies outside of the Segment")
		}
		f := manifest.Fragment{Time: ns, Range: manifest.ByteRange{Start: x.base + cluster}}
		if last := len(list) - 1; last < 0 || f.Time > list[last].Time && f.Range.Start > list[last].Range.Start {
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		return fail("points at nothing")
	}
	x.Timescale, x.Fragments = timescale, list
	x.finish(list)
	return nil
}

// finish ends each fragment where the next begins, and the last with the Clusters: where the Cues begin, or else the Segment ends.
func (x *Index) finish(list []manifest.Fragment) {
	for i := range list[1:] {
		f, next := &list[i], &list[i+1]
		f.Duration, f.Range.Length = next.Time-f.Time, next.Range.Start-f.Range.Start
	}
	last := &list[len(list)-1]
	switch {
	case x.next > last.Range.Start:
		last.Range.Length = x.next - last.Range.Start
	case x.end < math.MaxInt64:
		last.Range.Length = x.end - last.Range.Start
	}
	switch {
	case x.length > last.Time:
		last.Duration = x.length - last.Time
	case len(list) > 1:
		last.Duration = list[len(list)-2].Duration
	default:
		last.Duration = timescale
	}
}

// cuePoint gives a cue's time, in the file's ticks, and where its Cluster is, counted from the start of the Segment's content; -1 where it is of
// another track.
func (x *Index) cuePoint(p []byte) (ticks uint64, cluster int64, err error) {
	cluster = -1
	for len(p) > 0 {
		id, content, rest, err := cut(p)
		if err != nil {
			return 0, 0, err
		}
		p = rest
		switch id {
		case idCueTime:
			ticks = number(content)
		case idCueTrackPositions:
			track, position, err := trackPositions(content)
			if err != nil {
				return 0, 0, err
			}
			if x.track == 0 {
				x.track = track
			}
			if track == x.track && cluster < 0 {
				cluster = position
			}
		}
	}
	return ticks, cluster, nil
}

// trackPositions gives a track's number, and where the Cluster is.
func trackPositions(p []byte) (track uint64, cluster int64, err error) {
	cluster = -1
	for len(p) > 0 {
		id, content, rest, err := cut(p)
		if err != nil {
			return 0, 0, err
		}
		p = rest
		switch id {
		case idCueTrack:
			track = number(content)
		case idCueClusterPosition:
			cluster = int64(min(number(content), math.MaxInt64))
		}
	}
	if track == 0 || cluster < 0 {
		return 0, 0, errors.New("has CueTrackPositions without a track or a position")
	}
	return track, cluster, nil
}

// cut takes the first element off p.
func cut(p []byte) (id uint32, content, rest []byte, err error) {
	id, size, n, err := parseHeader(p)
	switch {
	case err != nil:
		return 0, nil, nil, err
	case n > len(p) || size > int64(len(p)-n):
		return 0, nil, nil, errors.New("has an element that ends after its parent")
	case size < 0:
		return 0, nil, nil, errors.New("has an element of unknown size")
	}
	return id, p[n:][:size], p[n:][size:], nil
}

func number(data []byte) uint64 { return (&element{data: data}).uint() }

// readFull fills p with the bytes at an offset of the file, of which r has those from start on.
func readFull(r io.ReaderAt, p []byte, at, start int64) ([]byte, error) {
	if len(p) == 0 {
		return p, nil
	}
	if got, err := r.ReadAt(p, at-start); got < len(p) {
		return nil, &Error{Path: "file", Offset: at, Err: cmp.Or(err, io.ErrUnexpectedEOF)}
	}
	return p, nil
}
