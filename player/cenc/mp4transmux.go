package cenc

import (
	"bytes"
	"encoding/binary"
	"slices"

	mp4ff "github.com/Eyevinn/mp4ff/mp4"
)

// sample_flags of samples that depend on no other, and of samples that do.
//
// ISO/IEC 14496-12, 8.8.3
const (
	syncSample    = 0x02000000
	notSyncSample = 0x01010000
)

// transmux makes fragments of the samples of a progressive film, in an mdat.
func (m *mp4Stream) transmux(p []byte, keys Keys) (part, error) {
	f := m.progressive
	fail := func(wrong string) (part, error) {
		return part{}, &Error{Path: "mdat", Offset: m.at, Message: wrong}
	}
	box := p[:min(m.rest, int64(len(p)))]
	if len(f.planned) == 0 {
		if wrong := f.plan(m.at, m.at+min(m.rest, maxPlace)); wrong != "" {
			return fail(wrong)
		}
		f.from, f.to = span(f.planned, m.at)
	}
	switch {
	case len(f.planned) == 0:
		return m.drop(box), nil
	case f.from > m.at:
		return m.drop(box[:min(f.from-m.at, int64(len(box)))]), nil
	case f.to-m.at > int64(len(box)):
		return part{}, nil
	}
	there, wrong := f.tell()
	if wrong != "" {
		return fail(wrong)
	}
	if !there {
		return part{}, nil
	}
	ready, missing := f.unlock(keys)
	if ready == 0 {
		return part{missing: missing}, nil
	}
	clear(m.samples) // of their keys
	m.samples, m.ranges = m.samples[:0], m.ranges[:0]
	if wrong := m.write(f, f.planned[:ready], box); wrong != "" {
		return fail(wrong)
	}
	_, end := span(f.planned[:ready], m.at)
	made := m.pass(box, int(end-m.at))
	made.clear, made.samples, made.missing = f.out, m.samples, missing
	rest := copy(f.planned, f.planned[ready:])
	clear(f.planned[rest:])
	f.planned = f.planned[:rest]
	f.from, f.to = span(f.planned, m.at)
	return made, nil
}

// drop is done with bytes that nothing stands for.
func (m *mp4Stream) drop(p []byte) part {
	made := m.pass(p, len(p))
	made.clear = nil
	return made
}

// write makes a fragment of samples, track by track, and has them decrypted there. It says what is wrong.
func (m *mp4Stream) write(f *progressive, planned []plannedSample, p []byte) (wrong string) {
	f.sequence++
	moof := &mp4ff.MoofBox{}
	_ = moof.AddChild(mp4ff.CreateMfhd(f.sequence)) // it never fails
	var tables []*sampleTable
	for i, s := range planned {
		if !slices.Contains(tables, s.table) {
			tables = append(tables, s.table)
			_ = moof.AddChild(trafOf(s.table, planned[i:]))
		}
	}
	start := int(moof.Size()) + 8
	at := start
	for _, traf := range moof.Trafs {
		traf.Trun.DataOffset = int32(at)
		at += int(traf.Trun.SizeOfData())
	}
	out := bytes.NewBuffer(f.out[:0])
	if err := moof.Encode(out); err != nil {
		return err.Error()
	}
	f.out = binary.BigEndian.AppendUint32(out.Bytes(), uint32(8+at-start))
	f.out = append(f.out, "mdat"...)
	for _, t := range tables {
		for _, s := range planned {
			if s.table != t || s.size == 0 {
				continue
			}
			from := len(f.out)
			f.out = append(f.out, p[s.start-m.at:][:s.size]...)
			if s.key == nil {
				continue
			}
			if wrong := m.add(t.track.entries[s.description-1].scheme, s.of, s.key, s.entry, from, int(s.size)); wrong != "" {
				return wrong
			}
		}
	}
	return ""
}

// trafOf describes the samples of one track, of which the first is also the first of planned.
func trafOf(t *sampleTable, planned []plannedSample) *mp4ff.TrafBox {
	first := planned[0]
	tfhd := mp4ff.CreateTfhd(t.track.id)
	if first.description != 1 {
		tfhd.Flags |= 2 // sample-description-index-present
		tfhd.SampleDescriptionIndex = first.description
	}
	trun := mp4ff.CreateTrun(0)
	for _, s := range planned {
		if s.table != t {
			continue
		}
		flags := uint32(notSyncSample)
		if s.sync {
			flags = syncSample
		}
		trun.AddSample(mp4ff.NewSample(flags, s.duration, s.size, s.tableSample.offset))
	}
	traf := &mp4ff.TrafBox{}
	for _, b := range []mp4ff.Box{tfhd, mp4ff.CreateTfdt(first.time), trun} {
		_ = traf.AddChild(b) // it never fails
	}
	return traf
}
