package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	mp4ff "github.com/Eyevinn/mp4ff/mp4"

	"github.com/keystream-player/keystream/player/mp4"
)

const fragmentIt = "fragment it first: ffmpeg -i FILE -c copy -movflags +frag_keyframe+empty_moov+default_base_moof fragmented.mp4"

// source is a fragmented MP4 that is read a fragment at a time. mp4ff is given one box at a time, whose size has been checked.
type source struct {
	file *os.File
	size int64 // of the file
	at   int64 // of the next box

	ftyp   mp4ff.Box // nil where there is none
	moov   *mp4ff.MoovBox
	tracks []*track
}

// fault says what is wrong with a film, and what to do about it.
func (s *source) fault(format string, args ...any) error {
	return fmt.Errorf("%s: %w", s.file.Name(), fmt.Errorf(format, args...))
}

func openAll(names []string) (sources []*source, err error) {
	for _, name := range names {
		s, err := open(name)
		if err != nil {
			closeAll(sources)
			return nil, err
		}
		sources = append(sources, s)
	}
	return sources, nil
}

func closeAll(sources []*source) {
	for _, s := range sources {
		s.file.Close()
	}
}

// open opens a film whose header says that it can be encrypted here, and reads that.
func open(name string) (s *source, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	s = &source{file: file}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	s.size = info.Size()
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, s.guard(s.readHeader)
}

// check reads the header with a reader that is made for strangers' files, so that mp4ff meets none that it cannot take.
func (s *source) check() error {
	var start [16]byte
	n, err := s.file.ReadAt(start[:], 0)
	switch {
	case err != nil && err != io.EOF:
		return err
	case n >= 4 && binary.BigEndian.Uint32(start[:]) == 0x1a45dfa3:
		return s.fault("is WebM, and this encrypts MP4 only: shaka-packager encrypts WebM")
	case !mp4.IsMP4(start[:n]):
		return s.fault("is no MP4: make one with ffmpeg, H.264 and AAC")
	}
	header, err := mp4.ReadHeader(s.file, s.size)
	switch {
	case errors.Is(err, mp4.ErrMoovAfterMdat), err == nil && !header.Fragmented:
		return s.fault("is a progressive MP4, and fragments are what is encrypted: %s", fragmentIt)
	case err != nil:
		return s.fault("its header cannot be read, so make the file anew: %w", err)
	case header.Encrypted():
		return s.fault("is encrypted already: name the clear film")
	case len(header.Tracks) == 0:
		return s.fault("has neither video nor audio")
	}
	return nil
}

// guard turns a panic of mp4ff's, which some files of a right header cause, into an error.
func (s *source) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = s.fault("mp4ff cannot read it (%v): write it anew, ffmpeg -i FILE -c copy -movflags +frag_keyframe+empty_moov+default_base_moof", p)
		}
	}()
	return f()
}

// readHeader reads up to the moov box, and lists the tracks.
func (s *source) readHeader() error {
	for s.moov == nil {
		box, err := s.next("ftyp", "moov")
		if err != nil {
			return err
		}
		if moov, is := box.(*mp4ff.MoovBox); is {
			s.moov = moov
		} else {
			s.ftyp = box
		}
	}
	for _, trak := range s.moov.Traks {
		t, err := s.newTrack(trak)
		if err != nil {
			return err
		}
		s.tracks = append(s.tracks, t)
	}
	return nil
}

// fragment reads the next moof and its mdat; io.EOF is the end of the film.
func (s *source) fragment() (*mp4ff.Fragment, error) {
	box, err := s.next("moof")
	if err != nil {
		return nil, err
	}
	moof := box.(*mp4ff.MoofBox)
	box, err = s.next("mdat", "moof")
	if err != nil && err != io.EOF {
		return nil, err
	}
	mdat, is := box.(*mp4ff.MdatBox)
	if !is {
		return nil, s.fault("the moof at %d has no mdat behind it: the file is cut off, or damaged", moof.StartPos)
	}
	fragment := &mp4ff.Fragment{}
	fragment.AddChild(moof)
	fragment.AddChild(mdat)
	return fragment, nil
}

// next reads the next top-level box of one of these types, and passes over others.
func (s *source) next(types ...string) (mp4ff.Box, error) {
	for {
		at := s.at
		kind, size, err := s.boxHeader()
		if err != nil {
			return nil, err
		}
		s.at += size
		for _, wanted := range types {
			if kind == wanted {
				box, err := mp4ff.DecodeBox(uint64(at), io.NewSectionReader(s.file, at, size))
				if err != nil {
					return nil, s.fault("mp4ff cannot read the %s at %d (%w): write the file anew with ffmpeg -c copy", kind, at, err)
				}
				return box, nil
			}
		}
	}
}

// boxHeader reads the type and the size of the box at s.at.
func (s *source) boxHeader() (kind string, size int64, err error) {
	if s.at == s.size {
		return "", 0, io.EOF
	}
	var header [16]byte
	n, err := s.file.ReadAt(header[:], s.at)
	if err != nil && err != io.EOF {
		return "", 0, err
	}
	least := int64(8)
	switch size = int64(binary.BigEndian.Uint32(header[:])); size {
	case 0:
		return "", 0, s.fault("the box at %d has no size, as in a file whose writing broke off: write it anew with ffmpeg -c copy", s.at)
	case 1:
		size, least = int64(binary.BigEndian.Uint64(header[8:])), 16
	}
	if int64(n) < least || size < least || size > s.size-s.at {
		return "", 0, s.fault("the box at %d does not end within the file: it is cut off, or damaged", s.at)
	}
	return string(header[4:8]), size, nil
}
