package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	mp4ff "github.com/Eyevinn/mp4ff/mp4"

	"github.com/keystream-player/keystream/player/mp4"
)

// track is one track on its way into a file of its own.
type track struct {
	name  string // of the file: "video.mp4"
	kind  string // "video" or "audio"
	codec string // "avc1", as the sample entry says
	id    uint32 // within the source
	key   contentKey

	trak *mp4ff.TrakBox
	trex *mp4ff.TrexBox

	encryptor *mp4ff.FragmentEncryptor
	fragments uint32 // written so far
	file      *os.File
	out       *bufio.Writer
}

func (s *source) newTrack(trak *mp4ff.TrakBox) (*track, error) {
	t := &track{id: trak.Tkhd.TrackID, trak: trak}
	switch trak.Mdia.Hdlr.HandlerType {
	case "vide":
		t.kind = "video"
	case "soun":
		t.kind = "audio"
	default:
		return nil, s.fault("track %d is neither video nor audio: leave it out with ffmpeg -i FILE -map 0:v -map 0:a -c copy …", t.id)
	}
	entries := trak.Mdia.Minf.Stbl.Stsd.Children
	if len(entries) != 1 {
		return nil, s.fault("track %d has %d sample descriptions, and mp4ff encrypts tracks of one: encode it anew", t.id, len(entries))
	}
	t.codec = entries[0].Type()
	for _, trex := range s.moov.Mvex.Trexs {
		if trex.TrackID == t.id {
			t.trex = trex
		}
	}
	if t.trex == nil {
		return nil, s.fault("track %d has no trex box: write the file anew with ffmpeg -c copy", t.id)
	}
	return t, nil
}

// tracksOf lists the tracks of all files, and names what becomes of them: video.mp4, audio.mp4, audio-2.mp4.
func tracksOf(sources []*source) (tracks []*track) {
	count := map[string]int{}
	for _, s := range sources {
		for _, t := range s.tracks {
			t.name = t.kind + ".mp4"
			if count[t.kind]++; count[t.kind] > 1 {
				t.name = fmt.Sprintf("%s-%d.mp4", t.kind, count[t.kind])
			}
			tracks = append(tracks, t)
		}
	}
	return tracks
}

// encrypt writes the tracks of a source, each into a file of its own in folder. All name all key ids of the film, so that one licence holds them.
func (s *source) encrypt(folder, scheme string, ids [][16]byte) error {
	return s.guard(func() (err error) {
		for _, t := range s.tracks {
			if err := s.begin(t, folder, scheme, ids); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, t.file.Close()) }()
		}
		for {
			fragment, err := s.fragment()
			if err == io.EOF {
				return s.end()
			}
			if err != nil {
				return err
			}
			for _, t := range s.tracks {
				if err := s.add(t, fragment); err != nil {
					return err
				}
			}
		}
	})
}

// begin writes the initialization segment of a track.
func (s *source) begin(t *track, folder, scheme string, ids [][16]byte) error {
	// In cenc it is the IV of the first sample, from which the others count on; so many bits, at random, keep the tracks of one key apart. In cbcs it is
	// the IV of all samples of the track.
	iv := make([]byte, 8)
	if scheme == "cbcs" {
		iv = make([]byte, 16)
	}
	rand.Read(iv)

	box, err := mp4ff.PsshBoxesFromBytes(mp4.BuildPSSH(mp4.SystemCommon, ids, nil))
	if err != nil {
		return err
	}
	init := s.initOf(t)
	protection, err := mp4ff.InitProtect(init, t.key.value[:], iv, scheme, t.key.id[:], box)
	if err != nil {
		return s.fault("track %d, %s, cannot be encrypted by mp4ff (%w): encode it as H.264, H.265, AV1 or AAC", t.id, t.codec, err)
	}
	if t.encryptor, err = protection.NewFragmentEncryptor(t.key.value[:], iv); err != nil {
		return s.fault("track %d: %w", t.id, err)
	}
	if t.file, err = os.Create(filepath.Join(folder, t.name)); err != nil {
		return err
	}
	t.out = bufio.NewWriter(t.file)
	return init.Encode(t.out)
}

// initOf is the source's header with one track of it.
func (s *source) initOf(t *track) *mp4ff.InitSegment {
	moov := mp4ff.NewMoovBox()
	for _, child := range s.moov.Children {
		switch box := child.(type) {
		case *mp4ff.TrakBox:
			if box == t.trak {
				moov.AddChild(box)
			}
		case *mp4ff.MvexBox:
			mvex := mp4ff.NewMvexBox()
			for _, child := range box.Children {
				if trex, is := child.(*mp4ff.TrexBox); !is || trex == t.trex {
					mvex.AddChild(child)
				}
			}
			moov.AddChild(mvex)
		default:
			moov.AddChild(child)
		}
	}
	init := mp4ff.NewMP4Init()
	if s.ftyp != nil {
		init.AddChild(s.ftyp)
	}
	init.AddChild(moov)
	return init
}

// add encrypts the samples that a fragment of the source has of a track, and writes them as a fragment of its own.
func (s *source) add(t *track, from *mp4ff.Fragment) error {
	trafs := 0
	for _, traf := range from.Moof.Trafs {
		if traf.Tfhd.TrackID != t.id {
			continue
		}
		if trafs++; trafs > 1 || traf.Tfdt == nil {
			return s.fault("the moof at %d has several parts of track %d, or no time: write the file anew with ffmpeg -c copy", from.Moof.StartPos, t.id)
		}
	}
	samples, err := from.GetFullSamples(t.trex)
	if err != nil {
		return s.fault("the moof at %d: %w", from.Moof.StartPos, err)
	}
	if len(samples) == 0 {
		return nil
	}
	t.fragments++
	fragment, err := mp4ff.CreateFragment(t.fragments, t.id)
	if err != nil {
		return err
	}
	for _, sample := range samples {
		fragment.AddFullSample(sample)
	}
	if err := t.encryptor.EncryptFragment(fragment); err != nil {
		return s.fault("the samples of track %d in the moof at %d cannot be encrypted by mp4ff: %w", t.id, from.Moof.StartPos, err)
	}
	return fragment.Encode(t.out)
}

// end makes sure that all is written, and that there was something to write.
func (s *source) end() error {
	for _, t := range s.tracks {
		if t.fragments == 0 {
			return s.fault("track %d has no samples", t.id)
		}
		if err := t.out.Flush(); err != nil {
			return err
		}
	}
	return nil
}
