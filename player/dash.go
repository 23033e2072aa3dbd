package player

import (
	"errors"
	"slices"
	"strings"

	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/manifest/dash"
)

// mpdType is the MIME type of an MPD.
const mpdType = "application/dash+xml"

// isManifest says whether a file is one, as far as its type or its address tells.
func (f File) isManifest() bool {
	if mimeType, _, _ := strings.Cut(f.Type, ";"); f.Type != "" {
		return strings.EqualFold(strings.TrimSpace(mimeType), mpdType)
	}
	path := fetch.RedactURL(f.URL)
	return len(path) > 4 && strings.EqualFold(path[len(path)-4:], ".mpd")
}

// looksLikeMPD says whether a file's first bytes are those of an MPD, in UTF-8 or UTF-16.
func looksLikeMPD(prefix []byte) bool {
	var text []byte
	for _, c := range prefix {
		if c != 0 {
			text = append(text, c)
		}
	}
	s := string(text)
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		s = strings.TrimPrefix(s, mark)
	}
	s = strings.TrimLeft(s, " \t\r\n")
	return strings.HasPrefix(s, "<?xml") || strings.HasPrefix(s, "<MPD") || strings.HasPrefix(s, "<!--")
}

// sentWhole says whether a server sent something in XML as a whole, whatever range was asked for, as those do that make MPDs on demand.
func sentWhole(err error) bool {
	var failed *fetch.Error
	return errors.As(err, &failed) && errors.Is(err, fetch.ErrRangeIgnored) && strings.Contains(strings.ToLower(failed.ContentType), "xml")
}

// readManifest downloads and reads an MPD.
func (pb *playback) readManifest(file File) error {
	result, err := pb.fetch.Do(pb.ctx, fetch.Request{Kind: fetch.Manifest, URL: file.URL})
	if err != nil {
		return err
	}
	defer result.Body.Release()
	text, err := result.Body.Bytes()
	if err != nil {
		return err
	}
	m, err := dash.Read(text, result.URL)
	if err != nil {
		return manifestError(file, err)
	}
	if m.Dynamic {
		return sourceError(ManifestUnsupported, file, nil, "is a live presentation (type=\"dynamic\"), which this version does not play",
			"Play a static one; live is what comes next")
	}
	pb.manifestURL = fetch.RedactURL(file.URL)
	if err := pb.readCodecs(m); err != nil {
		return err
	}
	pb.film = newFilm(m, pb.host.IsTypeSupported)
	if err := pb.judgeFilm(file); err != nil {
		return err
	}
	pb.chooseTracks()
	return nil
}

func manifestError(file File, err error) *Error {
	return sourceError(ManifestInvalid, file, err, "is no MPD that can be played: "+err.Error(), "Check the manifest with a validator, and that the right file is at this address")
}

// judgeFilm fails where a Period has video, or sound, of which nothing can be played.
func (pb *playback) judgeFilm(file File) error {
	for i, p := range pb.film.periods {
		source := &pb.film.Periods[i]
		for _, kind := range kinds[:2] {
			unplayable := slices.IndexFunc(source.AdaptationSets, func(s manifest.AdaptationSet) bool { return s.Kind == kind && !s.TrickPlay })
			if unplayable >= 0 && len(p.of(kind)) == 0 {
				return unsupportedError(pb.manifestURL, source.AdaptationSets[unplayable].Representations[0].Header.MIMEType())
			}
		}
		if len(p.of("video"))+len(p.of("audio")) == 0 {
			return sourceError(ManifestInvalid, file, errors.Join(pb.film.LeftOut...), "has a Period without video and sound"+leftOut(pb.film.LeftOut), "Package it again")
		}
	}
	return nil
}

// leftOut names one of the reasons why something of a manifest is not played, where there are any.
func leftOut(reasons []error) string {
	if len(reasons) == 0 {
		return ""
	}
	return ", for something was left out: " + reasons[0].Error()
}

func unsupportedError(url, mimeType string) *Error {
	return &Error{Code: CodecUnsupported, Fatal: true, Stage: StageProbe, URL: url, Message: url + " is " + mimeType + ", which this browser cannot decode",
		Remedy: "Offer the film in a codec that every browser has, such as H.264 with AAC or VP9 with Opus"}
}

// maxCodecReads bounds the requests for codecs that a manifest leaves out.
const maxCodecReads = 16

// readCodecs reads the initialization segment of a Representation of each set whose codecs the manifest leaves out: the others of the set are taken to have the
// same. A set whose codecs cannot be read is left out.
func (pb *playback) readCodecs(m *manifest.Manifest) error {
	reads := 0
	for i := range m.Periods {
		p := &m.Periods[i]
		p.AdaptationSets = slices.DeleteFunc(p.AdaptationSets, func(set manifest.AdaptationSet) bool {
			if set.Kind == "text" || !lacksCodec(&set.Representations[0]) {
				return false
			}
			reads++
			if reads > maxCodecReads {
				return true
			}
			err := pb.readCodec(&set)
			if err != nil {
				m.LeftOut = append(m.LeftOut, err)
			}
			return err != nil
		})
	}
	return pb.ctx.Err()
}

func lacksCodec(r *manifest.Representation) bool {
	return slices.ContainsFunc(r.Header.Tracks, func(t manifest.Track) bool { return t.Codec == "" })
}

// readCodec gives all Representations of a set the codecs of the first.
func (pb *playback) readCodec(set *manifest.AdaptationSet) error {
	found, err := pb.readInit(&set.Representations[0])
	if err != nil {
		return err
	}
	for i := range set.Representations {
		tracks := set.Representations[i].Header.Tracks
		for j := range tracks {
			for _, track := range found.Tracks {
				if track.Kind == tracks[j].Kind && tracks[j].Codec == "" {
					tracks[j].Codec = track.Codec
				}
			}
		}
	}
	return nil
}

// readInit reads the initialization segment of a Representation: a file of its own, or the first bytes of one.
func (pb *playback) readInit(r *manifest.Representation) (*manifest.Header, error) {
	ref, length := "", int64(firstRead)
	if r.Init != nil {
		ref, length = r.Init.URL, r.Init.Range.Length
	}
	var urls []string
	for _, base := range r.BaseURLs {
		if url, err := manifest.ResolveURL(base, ref); err == nil {
			urls = append(urls, url)
		}
	}
	if len(urls) == 0 {
		urls = []string{ref}
	}
	result, err := pb.fetch.Do(pb.ctx, fetch.Request{Kind: fetch.Init, URL: urls[0], Alternatives: urls[1:], Range: fetch.Range{Length: length}})
	if err != nil {
		return nil, err
	}
	defer result.Body.Release()
	return readHeader(result.Body, result.Body.Len())
}

// isUnknown says whether a file's head was read, and is of no kind that plain files are.
func isUnknown(err error) (prefix []byte, ok bool) {
	var unknown *unknownError
	if errors.As(err, &unknown) {
		return unknown.prefix, true
	}
	return nil, false
}
