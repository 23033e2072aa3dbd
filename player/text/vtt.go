package text

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/keystream-player/keystream/player/platform"
)

const (
	maxBytes = 16 << 20
	maxCues  = 100_000
)

// What a file can be instead of WebVTT of bearable size. Compare with errors.Is.
var (
	ErrNotVTT   = errors.New("text: not a WebVTT file")
	ErrTooLarge = errors.New("text: the WebVTT file is larger than " + strconv.Itoa(maxBytes>>20) + " MiB, or has more than " +
		strconv.Itoa(maxCues) + " cues")
)

// VTT is a WebVTT file.
type VTT struct {
	Cues []platform.Cue // in the file's order; their times are the file's own

	// TimestampMap is the header's X-TIMESTAMP-MAP, which HLS counts by and DASH ignores; nil where there is none.
	TimestampMap *TimestampMap
}

// TimestampMap says which time of the media is which time of the cues.
//
// https://www.rfc-editor.org/rfc/rfc8216#section-3.5
type TimestampMap struct {
	MPEGTS uint64        // in ticks of 90 kHz
	Local  time.Duration // the same moment, on the clock of the cues
}

// ReadVTT reads a WebVTT file. What a browser would skip is skipped: comments, broken cues, broken settings. Style sheets, regions and the cues'
// regions are too. Cue text is left as it stands, with its tags and entities: VTTCue parses it.
//
// The errors are [ErrNotVTT] and [ErrTooLarge].
//
// https://www.w3.org/TR/webvtt1/#file-parsing
func ReadVTT(data []byte) (VTT, error) {
	var vtt VTT
	if len(data) > maxBytes {
		return vtt, ErrTooLarge
	}
	p := &parser{rest: decode(data)}
	if after, ok := strings.CutPrefix(p.line(), "WEBVTT"); !ok || after != "" && after[0] != ' ' && after[0] != '\t' {
		return vtt, ErrNotVTT
	}
	vtt.TimestampMap = p.header()
	for p.blank() {
		cue, ok := p.block()
		if !ok {
			continue
		}
		if len(vtt.Cues) == maxCues {
			return VTT{}, ErrTooLarge
		}
		vtt.Cues = append(vtt.Cues, cue)
	}
	return vtt, nil
}

// decode makes text of bytes: without a byte order mark, with LF at the end of lines, and with U+FFFD for NUL and for what is no UTF-8.
func decode(data []byte) string {
	s := strings.ToValidUTF8(strings.TrimPrefix(string(data), "\ufeff"), "\ufffd")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.ReplaceAll(s, "\x00", "\ufffd")
}

// parser is what is left of a file.
type parser struct{ rest string }

// line takes a line; at the end of the file it is "".
func (p *parser) line() string {
	line, rest, _ := strings.Cut(p.rest, "\n")
	p.rest = rest
	return line
}

// blank steps over blank lines; it is false at the end of the file.
func (p *parser) blank() bool {
	p.rest = strings.TrimLeft(p.rest, "\n")
	return p.rest != ""
}

// header reads the lines below the signature, up to a blank line or a cue.
func (p *parser) header() (found *TimestampMap) {
	for {
		before := p.rest
		line := p.line()
		if strings.Contains(line, "-->") {
			p.rest = before
			return found
		}
		if line == "" {
			return found
		}
		if value, ok := strings.CutPrefix(line, "X-TIMESTAMP-MAP="); ok {
			found = timestampMap(value)
		}
	}
}

// timestampMap reads "LOCAL:00:00:00.000,MPEGTS:900000", in either order; nil is malformed.
func timestampMap(value string) *TimestampMap {
	var m TimestampMap
	var local, media bool
	for part := range strings.SplitSeq(value, ",") {
		name, number, _ := strings.Cut(strings.TrimSpace(part), ":")
		switch name {
		case "LOCAL":
			var rest string
			m.Local, rest, local = timestamp(number)
			local = local && rest == ""
		case "MPEGTS":
			var err error
			m.MPEGTS, err = strconv.ParseUint(number, 10, 64)
			media = err == nil
		}
	}
	if !local || !media {
		return nil
	}
	return &m
}

// block reads up to the next blank line, or up to where the next cue begins without one; ok says whether it was a cue. The line before a cue's times
// is its id. Comments, style sheets and regions need no rule of their own, because no block is a cue without times in its first or second line.
//
// https://www.w3.org/TR/webvtt1/#collect-a-webvtt-block
func (p *parser) block() (cue platform.Cue, ok bool) {
	id, text, arrow := "", "", false
	for n := 1; ; n++ {
		before := p.rest
		line := p.line()
		switch times := strings.Contains(line, "-->"); {
		case times && (n == 1 || n == 2 && !arrow):
			arrow = true
			cue, ok = timings(line)
			text = p.rest
		case times || line == "":
			if times {
				p.rest = before
			}
			cue.ID, cue.Text = id, strings.TrimSuffix(text[:max(0, len(text)-len(before))], "\n")
			return cue, ok
		case n == 1:
			id = line
		}
	}
}

// timings reads a cue's times and settings.
func timings(line string) (cue platform.Cue, ok bool) {
	start, rest, ok := timestamp(trimLeft(line))
	if !ok {
		return cue, false
	}
	if rest, ok = strings.CutPrefix(trimLeft(rest), "-->"); !ok {
		return cue, false
	}
	end, rest, ok := timestamp(trimLeft(rest))
	if !ok {
		return cue, false
	}
	cue = platform.NewCue("", start, end, "")
	settings(&cue, rest)
	return cue, true
}
