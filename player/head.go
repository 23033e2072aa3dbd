package player

import (
	"errors"
	"sync"

	"github.com/keystream-player/keystream/player/drm"
	"github.com/keystream-player/keystream/player/fetch"
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/webm"
)

const (
	firstRead = 16 << 10 // a fragmented file's header is smaller; a progressive one's is read again, whole
	headerMax = 4 << 20
)

// head is the start of one file: what it says of itself, and its first bytes, which are not downloaded again.
type head struct {
	file   File
	header *manifest.Header // nil where the file could not be read ahead
	unread error            // then: why, should it matter
	body   platform.Body    // the first bytes of the file; nil once given away
	length int64            // of body
	total  int64            // size of the file; -1 where the server hides it
}

// probe reads the heads of all files at once.
func (pb *playback) probe() error {
	pb.advance(StageProbe)
	if tracks := pb.source.Tracks; len(tracks) == 1 && tracks[0].isManifest() {
		return pb.readManifest(tracks[0])
	}
	pb.files = make([]*head, len(pb.source.Tracks))
	failures := make([]error, len(pb.files))
	var reads sync.WaitGroup
	for i, file := range pb.source.Tracks {
		reads.Go(func() {
			failures[i] = pb.guard(func() (err error) {
				pb.files[i], err = pb.readHead(file)
				return err
			})
		})
	}
	reads.Wait()
	for i, err := range failures {
		prefix, unknown := isUnknown(err)
		if len(failures) == 1 && (unknown && looksLikeMPD(prefix) || sentWhole(err)) {
			return pb.readManifest(pb.source.Tracks[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readHead downloads as much of a file's start as its header takes. A file that is to be played directly may hide itself (from another
// origin without CORS, or behind a server without Range): then the element alone judges it.
func (pb *playback) readHead(file File) (*head, error) {
	for length := int64(firstRead); ; {
		result, err := pb.fetch.Do(pb.ctx, fetch.Request{Kind: fetch.Media, URL: file.URL, Range: fetch.Range{Length: length}})
		var failed *fetch.Error
		if errors.As(err, &failed) && pb.player.config.Mode == ModeDirect && (failed.Status < 300 && !failed.Timeout) {
			return &head{file: file, unread: err, total: -1}, nil
		}
		if err != nil {
			return nil, err
		}
		h := &head{file: file, body: result.Body, length: result.Body.Len(), total: result.Total}
		h.header, err = readHeader(h.body, h.length)
		var short *manifest.ShortError
		switch {
		case err == nil && len(h.header.Tracks) == 0:
			h.release()
			return nil, sourceError(SourceUnknown, file, nil, "has no video or audio track", "Check that the right file is at this address")
		case err == nil:
			return h, nil
		case errors.Is(err, mp4.ErrMoovAfterMdat) || errors.Is(err, mp4.ErrTooLarge):
			h.unread = err
			return h, nil
		case errors.As(err, &short) && (h.total < 0 && h.length == length || h.length < h.total) && short.Need > length && short.Need <= headerMax:
			h.release()
			length = short.Need
			continue
		}
		h.release()
		return nil, headerError(file, err, short != nil)
	}
}

// readHeader reads a file's header by its magic numbers, whatever its name or declared type.
func readHeader(body platform.Body, length int64) (*manifest.Header, error) {
	prefix := make([]byte, min(length, 64))
	if _, err := body.ReadAt(prefix, 0); err != nil {
		return nil, err
	}
	switch {
	case mp4.IsMP4(prefix):
		return mp4.ReadHeader(body, length)
	case webm.IsWebM(prefix):
		return webm.ReadHeader(body, length)
	}
	return nil, &unknownError{prefix}
}

// unknownError says that a file is no media we know.
type unknownError struct{ prefix []byte }

func (*unknownError) Error() string { return "neither MP4 nor WebM" }

func (h *head) release() {
	if h.body != nil {
		h.body.Release()
		h.body = nil
	}
}

func (pb *playback) releaseHeads() {
	for _, h := range pb.files {
		if h != nil {
			h.release()
		}
	}
}

// content is what the DRM engine needs to know of the files.
func (pb *playback) content() drm.Content {
	if pb.film != nil {
		return pb.filmContent()
	}
	content := drm.Content{Direct: pb.mode() == ModeDirect}
	for _, h := range pb.files {
		if h != nil && h.header != nil {
			content.Sets = append(content.Sets, drm.Set{h.header})
		}
	}
	return content
}

func (pb *playback) mimeTypes() []string {
	if pb.film != nil {
		return pb.film.periods[pb.film.at(pb.position)].mimeTypes()
	}
	var types []string
	for _, h := range pb.files {
		if h.header != nil {
			types = append(types, h.header.MIMEType())
		} else if h.file.Type != "" {
			types = append(types, h.file.Type)
		}
	}
	return types
}
