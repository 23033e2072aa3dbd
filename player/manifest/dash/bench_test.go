package dash_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/keystream-player/keystream/player/manifest/dash"
)

// bigMPD is an MPD of about so many bytes, of timelines whose segments all differ in length from the one before, as audio's do.
func bigMPD(size int) []byte {
	b := &strings.Builder{}
	b.WriteString(`<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="P30D"><Period>`)
	for set := range 8 {
		fmt.Fprintf(b, `<AdaptationSet id="%d" contentType="audio" mimeType="audio/mp4" codecs="mp4a.40.2">
<SegmentTemplate timescale="48000" initialization="$RepresentationID$/i.mp4" media="$RepresentationID$/$Time$.m4s"><SegmentTimeline>`, set)
		at := 0
		for end := b.Len() + size/8; b.Len() < end; {
			d := 95232 + b.Len()%2048
			fmt.Fprintf(b, "\n          <S t=\"%d\" d=\"%d\"/>", at, d)
			at += d
		}
		fmt.Fprintf(b, `</SegmentTimeline></SegmentTemplate><Representation id="a%d" bandwidth="64000"/><Representation id="b%d" bandwidth="128000"/></AdaptationSet>`, set, set)
	}
	b.WriteString("</Period></MPD>")
	return []byte(b.String())
}

func BenchmarkRead(b *testing.B) {
	for _, size := range []int{3, 12} {
		mpd := bigMPD(size * 1_000_000)
		b.Run(fmt.Sprintf("%dMB", size), func(b *testing.B) {
			b.SetBytes(int64(len(mpd)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := dash.Read(mpd, "https://page.test/a.mpd"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
