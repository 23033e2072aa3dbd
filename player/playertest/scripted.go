package playertest

import (
	"bytes"
	"slices"

	"github.com/keystream-player/keystream/player/platform"
)

// scripted decrypts by what a Film says of itself: which bytes need which key, and what they become.
type scripted struct {
	place   *decryption
	film    *Film  // whose header came last
	next    int64  // the offset in film of the byte to come
	told    int64  // up to here, the events were fired
	header  bool   // pending is one that is not whole yet
	pending []byte // not done with
}

func (s *scripted) reset() {
	s.pending, s.header = nil, false
	if s.film != nil {
		s.next = s.film.size()
	}
}

var errNoFilm = &platform.DecryptionError{Reason: "malformed", Message: "the bytes go on with no film"}

func (s *scripted) decrypt(p []byte) (clear []byte, told []InitData, missing [][16]byte, err error) {
	s.pending = append(s.pending, p...)
	for short := false; len(s.pending) > 0 && missing == nil && !short; {
		var some []byte
		var events []InitData
		if s.film == nil || s.header {
			some, events, err = s.readHeader()
			short = s.header
		} else {
			some, events, missing, err = s.readMedia()
		}
		if err != nil {
			return nil, nil, nil, err
		}
		clear, told = append(clear, some...), append(told, events...)
	}
	return clear, told, missing, nil
}

// readHeader keeps a header until it is whole.
func (s *scripted) readHeader() (clear []byte, told []InitData, err error) {
	film := s.place.host.filmOf(s.pending)
	if film == nil {
		return nil, nil, errNoFilm
	}
	if s.header = int64(len(s.pending)) < film.HeaderSize; s.header {
		return nil, nil, nil
	}
	s.film, s.next, s.told = film, film.HeaderSize, -1
	s.pending = s.pending[film.HeaderSize:]
	return s.becomes(0, film.HeaderSize), s.tell(film.HeaderSize), nil
}

// readMedia goes on with a media segment as far as there are keys. Where one is over, any may begin, and so may a header.
func (s *scripted) readMedia() (clear []byte, told []InitData, missing [][16]byte, err error) {
	starts := s.film.starts()
	ends := append(starts[1:len(starts):len(starts)], s.film.size())
	if s.next == s.film.HeaderSize || slices.Contains(ends, s.next) {
		at, ok := s.film.segmentLike(s.next, s.pending)
		if !ok {
			s.header = true
			return nil, nil, nil, nil
		}
		s.next = at
	}
	end := ends[slices.IndexFunc(ends, func(end int64) bool { return end > s.next })]
	end = min(end, s.next+int64(len(s.pending)))
	if !s.film.has(s.next, s.pending[:end-s.next]) {
		return nil, nil, nil, errNoFilm
	}
	told = s.tell(end)
	limit, missing := s.locked(s.next, end)
	clear = s.becomes(s.next, limit)
	s.pending, s.next = s.pending[limit-s.next:], limit
	return clear, told, missing, nil
}

// tell gives the events of the bytes up to an offset, once.
func (s *scripted) tell(to int64) (told []InitData) {
	for _, d := range s.film.InitData {
		if s.told < d.End && d.End <= to {
			told = append(told, d)
		}
	}
	s.told = max(s.told, to)
	return told
}

// locked is the first offset from which a key is missing, or to, and all keys that are missing up to there.
func (s *scripted) locked(from, to int64) (limit int64, missing [][16]byte) {
	limit = to
	for _, k := range s.film.Keys {
		start, end := s.film.offsetAt(k.Start), s.film.size()
		if k.End != 0 {
			end = s.film.offsetAt(k.End)
		}
		if start, end = max(start, from), min(end, to); start < end && s.place.keys[k.ID] == nil {
			if limit = min(limit, start); !slices.Contains(missing, k.ID) {
				missing = append(missing, k.ID)
			}
		}
	}
	return limit, missing
}

// becomes gives the clear bytes for those of the film; a wrong key makes what nobody can decode.
func (s *scripted) becomes(from, to int64) []byte {
	clear := s.film
	if twin := s.place.host.clear[s.film]; twin != nil {
		clear = twin
	}
	out := bytes.Clone(clear.slice(from, to))
	for _, k := range s.film.Keys {
		start, end := max(s.film.offsetAt(k.Start), from), to
		if k.End != 0 {
			end = min(end, s.film.offsetAt(k.End))
		}
		if key := s.place.keys[k.ID]; start < end && key != nil && key.Value != k.Key {
			copy(out[start-from:end-from], s.film.slice(start, end))
		}
	}
	return out
}
