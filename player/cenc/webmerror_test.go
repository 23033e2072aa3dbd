package cenc

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// TestWebMErrors has what is wrong or not supported, after something that is right: that is given first.
func TestWebMErrors(t *testing.T) {
	block := func(content []byte) []byte { return webMOf(simple(3, 0, []byte{1}), ebml(idSimpleBlock, content)) }
	frame := func(frame ...byte) []byte { return block(blockOf(1, 0, 0x80, frame)) }
	laced := func(lacing byte, frame ...byte) []byte { return block(blockOf(1, 0, lacing, frame)) }
	tracksOf := func(entries ...[]byte) []byte {
		return slices.Concat(ebmlHead, ebmlUnknown(idSegment, info, ebml(idTracks, entries...)))
	}
	encoding := func(children ...[]byte) []byte {
		return tracksOf(trackOf(number(1), ebml(idContentEncodings, ebml(idContentEncoding, children...))))
	}
	encryption := func(children ...[]byte) []byte {
		return encoding(ebml(idContentEncodingType, number(1)), ebml(idContentEncryption, children...))
	}
	most := []byte{1, 0xFE, 255, 255, 255, 255, 255, 255} // a number of 8 bytes
	keyID := ebml(idContentEncKeyID, videoID[:])
	aes := ebml(idContentEncAlgo, number(5))
	good := bytes.Clone(encodingsOf(videoID))
	many := make([][]byte, maxTracks+1)
	for i := range many {
		many[i] = trackOf(number(byte(i+1)), good)
	}
	const (
		inTracks   = "Segment/Tracks"
		inEntry    = inTracks + "/TrackEntry"
		inEncoding = inEntry + "/ContentEncodings/ContentEncoding"
		inEncrypt  = inEncoding + "/ContentEncryption"
		inCluster  = "Segment/Cluster"
		inBlock    = inCluster + "/SimpleBlock"
	)
	for name, row := range map[string]struct {
		stream      []byte
		path        string
		unsupported bool
	}{
		"a zero byte":           {append(bytes.Clone(ebmlHead), 0), "Segment", false},
		"an id of 5 bytes":      {append(bytes.Clone(ebmlHead), 8, 1, 1, 1, 1, 0x80), "Segment", false},
		"a size of 9 bytes":     {append(bytes.Clone(ebmlHead), 0xEC, 0), "Segment", false},
		"an unknown size":       {append(bytes.Clone(ebmlHead), ebmlUnknown(idInfo)...), "Segment/0x1549a966", false},
		"an unknown head":       {append(ebml(0xEC), ebmlUnknown(idEBML)...), "EBML", false},
		"an unknown group":      {slices.Concat(webMOf(), ebmlUnknown(idCluster, time0, ebmlUnknown(idBlockGroup))), inCluster + "/BlockGroup", false},
		"past its Cluster":      {slices.Concat(webMOf(), ebml(idCluster, time0, ebml(0xEC, content(0, 90))[:50])), inCluster + "/0xec", false},
		"past its group":        {webMOf(ebml(idBlockGroup, ebml(idBlock, blockOf(1, 0, 0, []byte{0, 1, 2}))[:8])), inCluster + "/BlockGroup/Block", false},
		"a group past it":       {webMOf(ebml(idBlockGroup, content(0, 90))[:30]), inCluster + "/BlockGroup", false},
		"a header past it":      {slices.Concat(webMOf(), ebml(idCluster, time0, number(0xEC)), number(0x80)), inCluster + "/0xec", false},
		"a Cluster in one":      {webMOf(ebml(idCluster)), inCluster + "/Cluster", false},
		"Tracks in a Cluster":   {webMOf(tracks), inCluster + "/Tracks", false},
		"Tracks too large":      {append(bytes.Clone(ebmlHead), 0x16, 0x54, 0xAE, 0x6B, 0x10, 0x40, 0, 1), inTracks, false},
		"a block of nothing":    {block(nil), inBlock, false},
		"no TrackNumber":        {block([]byte{0, 0, 0, 0, 0}), inBlock, false},
		"a cut TrackNumber":     {block([]byte{0x40}), inBlock, false},
		"no flags":              {block([]byte{0x81, 0, 0}), inBlock, false},
		"too large":             {slices.Concat(webMOf(), ebmlUnknown(idCluster, time0), []byte{0xA3, 0x08, 0x02, 0, 0, 1, 0x81}), inBlock, true},
		"no signal byte":        {frame(), inBlock, false},
		"a cut IV":              {frame(1, 1, 2, 3, 4, 5, 6, 7), inBlock, false},
		"no partition count":    {frame(3, 1, 2, 3, 4, 5, 6, 7, 8), inBlock, false},
		"cut partitions":        {frame(3, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 0, 0), inBlock, false},
		"a partition past it":   {frame(3, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 0, 0, 2, 9), inBlock, false},
		"a partition of 4 GB":   {frame(3, 1, 2, 3, 4, 5, 6, 7, 8, 1, 255, 255, 255, 255, 9), inBlock, false},
		"partitions that fall":  {frame(3, 1, 2, 3, 4, 5, 6, 7, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 9, 9), inBlock, false},
		"laces of nothing":      {laced(lacingXiph), inBlock, false},
		"a cut Xiph lace":       {laced(lacingXiph, 1, 255), inBlock, false},
		"Xiph laces too long":   {laced(lacingXiph, 1, 9, 0, 0, 0), inBlock, false},
		"a cut EBML lace":       {laced(lacingEBML, 1, 0x40), inBlock, false},
		"an EBML lace too long": {laced(lacingEBML, 1, 0x89, 0, 0, 0), inBlock, false},
		"a huge EBML lace":      {laced(lacingEBML, slices.Concat([]byte{1}, most, []byte{0, 0})...), inBlock, false},
		"a huge difference":     {laced(lacingEBML, slices.Concat([]byte{2, 0x81}, most, []byte{0, 0})...), inBlock, false},
		"a size below 0":        {laced(lacingEBML, 2, 0x81, 0x80, 0, 0, 0), inBlock, false},
		"no number of a lace":   {laced(lacingEBML, 2, 0x81, 0, 0, 0, 0), inBlock, false},
		"fixed laces unequal":   {laced(lacingFixed, 1, 0, 0, 0), inBlock, false},
		"a lace of nothing":     {laced(lacingFixed, 255), inBlock, false},

		"a cut header":         {tracksOf([]byte{0xAE}), inTracks, false},
		"a child past Tracks":  {tracksOf([]byte{0xAE, 0x81}), inEntry, false},
		"a child of no size":   {tracksOf([]byte{0xAE, 0xFF}), inEntry, false},
		"a child that is none": {tracksOf(ebml(idTrackEntry, []byte{0, 0})), inEntry, false},
		"a number of 9 bytes":  {tracksOf(trackOf(make([]byte, 9), good), trackOf(make([]byte, 9), good)), inEntry, false},
		"track 0":              {tracksOf(trackOf(number(0), good)), inEntry, false},
		"a track twice":        {tracksOf(trackOf(number(1), good), trackOf(number(1), good)), inEntry, false},
		"too many tracks":      {tracksOf(many...), inEntry, false},
		"encodings twice":      {tracksOf(trackOf(number(1), good, good)), inEntry + "/ContentEncodings", false},
		"no ContentEncryption": {encoding(ebml(idContentEncodingType, number(1))), inEncoding, false},
		"encrypted CodecPrivate": {encoding(ebml(idContentEncodingType, number(1)), ebml(idContentEncodingScope, number(3)), ebml(idContentEncryption)),
			inEncoding, true},
		"compressed, encrypted": {tracksOf(trackOf(number(1), ebml(idContentEncodings, ebml(idContentEncoding), good[3:]))), inEncoding, true},
		"no algorithm":          {encryption(keyID), inEncrypt, true},
		"Blowfish":              {encryption(keyID, ebml(idContentEncAlgo, number(4))), inEncrypt, true},
		"another mode":          {encryption(aes, keyID, ebml(idContentEncSettings, ebml(idCipherMode, number(2)))), inEncrypt, true},
		"no key id":             {encryption(aes), inEncrypt, true},
		"a key id of 8 bytes":   {encryption(aes, ebml(idContentEncKeyID, videoID[:8])), inEncrypt, true},
		"settings cut":          {encryption(aes, keyID, ebml(idContentEncSettings, []byte{0x47})), inEncrypt + "/ContentEncAESSettings", false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, cut := range []int{1, len(row.stream)} {
				run := &webMRun{t: t, c: newWebM(), keys: ringOf(videoID)}
				var failed *Error
				for piece := range slices.Chunk(row.stream, cut) {
					if _, err := run.feed(piece); err != nil {
						failed, _ = errors.AsType[*Error](err)
						break
					}
				}
				switch {
				case failed == nil:
					t.Fatalf("cut %d: no error", cut)
				case failed.Path != row.path || failed.Unsupported != row.unsupported || failed.Message == "":
					t.Errorf("cut %d: %v, unsupported %v; want %s, %v", cut, failed, failed.Unsupported, row.path, row.unsupported)
				case failed.Offset < int64(len(run.out)) || failed.Offset > int64(len(row.stream)):
					t.Errorf("cut %d: at %d, after %d of %d bytes", cut, failed.Offset, len(run.out), len(row.stream))
				case len(run.out) == 0:
					t.Errorf("cut %d: what came before is lost", cut)
				}
			}
		})
	}
}

// TestWebMLeavesCompression: what is not encrypted is not ours to judge.
func TestWebMLeavesCompression(t *testing.T) {
	compressed := trackOf(number(1), ebml(idContentEncodings, ebml(idContentEncoding, ebml(0x5034))))
	stream := slices.Concat(ebmlHead, ebmlUnknown(idSegment, info, ebml(idTracks, compressed), ebml(idCluster, time0, simple(1, 0, content(1, 20)))))
	run := decryptWebM(t, bytes.Clone(stream), 3, nil)
	if !bytes.Equal(run.out, stream) || run.initData != nil {
		t.Errorf("% x\nbecame % x", stream, run.out)
	}
}
