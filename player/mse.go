package player

import (
	"github.com/keystream-player/keystream/player/manifest"
	"github.com/keystream-player/keystream/player/mp4"
	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/stream"
)

const (
	chunkSize = 1 << 20 // where the app does not say how many chunks it wants
	chunkMax  = 8 << 20 // a SourceBuffer for audio holds 12 MB in Chromium, and must take a chunk whole
)

// openMSE attaches a MediaSource and sets a track to work for each file. All SourceBuffers exist before the first append, as browsers demand.
func (pb *playback) openMSE() error {
	media, err := pb.newMediaSource()
	if err != nil {
		return err
	}
	if err := pb.element.Attach(pb.ctx, media); err != nil {
		return err
	}
	film := synthesise(pb.files)
	if film.Duration > 0 {
		if err := media.SetDuration(film.Duration); err != nil {
			return err
		}
	}
	var tracks []stream.Feed
	for i, set := range film.Periods[0].AdaptationSets {
		buffer, err := media.AddSourceBuffer(set.Representations[0].Header.MIMEType())
		if err != nil {
			if platform.IsDOMError(err, "NotSupportedError") {
				return codecError(pb.files[i])
			}
			return err
		}
		track := stream.NewSequence()
		track.Representation, track.SourceBuffer = set.Representations[0], buffer
		track.Head, pb.files[i].body = pb.files[i].body, nil
		track.Element, track.Fetch, track.Observer = pb.element, pb.fetch, pb
		if pb.keys != nil {
			track.Announce = pb.announced
		}
		if pb.files[i].header.Container == "mp4" {
			track.Outline = new(mp4.Outline)
		} else if missing := pb.files[i].header.FileSize - pb.files[i].total; missing > 0 {
			pb.truncated(pb.files[i].file, missing)
		}
		tracks = append(tracks, track)
	}
	pb.tracks = tracks
	pb.begin()
	pb.expect(tracks)
	for _, track := range tracks {
		pb.work(track.Run)
	}
	return nil
}

// synthesise makes a Manifest of plain files: a track a file, its first bytes (which are here already) as the initialization segment, the rest
// as byte ranges.
func synthesise(files []*head) manifest.Manifest {
	var film manifest.Manifest
	var period manifest.Period
	for _, h := range files {
		film.Duration = max(film.Duration, h.header.Duration)
		representation := manifest.Representation{
			Header: h.header,
			Init:   &manifest.Segment{URL: h.file.URL, Range: manifest.ByteRange{Length: h.length}},
		}
		for _, r := range chunks(h.length, h.total, h.file.Chunks) {
			representation.Segments = append(representation.Segments, manifest.Segment{URL: h.file.URL, Range: r})
		}
		period.AdaptationSets = append(period.AdaptationSets, manifest.AdaptationSet{Kind: representation.Header.Kind(), Representations: []manifest.Representation{representation}})
	}
	film.Periods = []manifest.Period{period}
	return film
}

// chunks cuts the bytes from start to end into n ranges of nearly equal length, or into more where they would not fit into a SourceBuffer; n
// of 0 cuts by size.
func chunks(start, end int64, n int) []manifest.ByteRange {
	rest := end - start
	if rest <= 0 {
		return nil
	}
	count := int64(n)
	if n == 0 {
		count = (rest + chunkSize - 1) / chunkSize
	}
	count = min(max(count, (rest+chunkMax-1)/chunkMax), rest)
	out := make([]manifest.ByteRange, count)
	for i := range out {
		// In 128 bits this would be i*rest/count; it is written so that no film overflows it.
		from := rest/count*int64(i) + rest%count*int64(i)/count
		to := rest/count*int64(i+1) + rest%count*int64(i+1)/count
		out[i] = manifest.ByteRange{Start: start + from, Length: to - from}
	}
	return out
}
