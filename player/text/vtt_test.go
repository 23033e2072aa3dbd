package text_test

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/keystream-player/keystream/player/platform"
	"github.com/keystream-player/keystream/player/text"
)

const ms = time.Millisecond

// with is a cue from 0 to 1 s with settings.
func with(change func(*platform.Cue)) platform.Cue {
	cue := platform.NewCue("", 0, time.Second, "x")
	change(&cue)
	return cue
}

func TestReadVTT(t *testing.T) {
	cue := platform.NewCue
	one := []platform.Cue{cue("", 0, time.Second, "x")}
	for name, test := range map[string]struct {
		file string
		want []platform.Cue
	}{
		"nothing":                     {"WEBVTT", nil},
		"a line":                      {"WEBVTT\n", nil},
		"blank lines":                 {"WEBVTT\n\n\n\n", nil},
		"a byte order mark":           {"\ufeffWEBVTT\n\n0:00:00.000 --> 0:00:01.000\nx", one},
		"a title":                     {"WEBVTT - film\n\n00:00.000 --> 00:01.000\nx\n", one},
		"a tab and a title":           {"WEBVTT\tfilm\n\n00:00.000 --> 00:01.000\nx\n", one},
		"a header":                    {"WEBVTT\nKind: captions\nLanguage: en\n\n00:00.000 --> 00:01.000\nx\n", one},
		"a cue right after the title": {"WEBVTT\n00:00.000 --> 00:01.000\nx\n", one},
		"a cue right after a header":  {"WEBVTT\nKind: captions\n00:00.000 --> 00:01.000\nx\n", one},
		"carriage returns": {
			"WEBVTT\r\r00:00.000 --> 00:01.000\rx\ry\r\r00:01.000 --> 00:02.000\rz",
			[]platform.Cue{cue("", 0, time.Second, "x\ny"), cue("", time.Second, 2*time.Second, "z")},
		},
		"Windows":                   {"WEBVTT\r\n\r\n1\r\n00:00.000 --> 00:01.000\r\nx\r\ny\r\n\r\n", []platform.Cue{cue("1", 0, time.Second, "x\ny")}},
		"CR CR LF is two ends":      {"WEBVTT\n\n00:00.000 --> 00:01.000\nx\r\r\ny", one},
		"no space around the arrow": {"WEBVTT\n\n00:00.000-->00:01.000\nx", one},
		"space before the times":    {"WEBVTT\n\n \t00:00.000\f-->\t00:01.000 \nx", one},
		"an id":                     {"WEBVTT\n\nintro é\n00:00.000 --> 00:01.000\nx", []platform.Cue{cue("intro é", 0, time.Second, "x")}},
		"no text": {
			"WEBVTT\n\n00:00.000 --> 00:01.000\n\n00:00.000 --> 00:01.000",
			[]platform.Cue{cue("", 0, time.Second, ""), cue("", 0, time.Second, "")},
		},
		"text stays as it is": {
			"WEBVTT\n\n00:00.000 --> 00:01.000\n <b>a &amp; b</b> \n&lrm;", []platform.Cue{cue("", 0, time.Second, " <b>a &amp; b</b> \n&lrm;")},
		},
		"an end before the start": {"WEBVTT\n\n00:02.000 --> 00:01.000\nx", []platform.Cue{cue("", 2*time.Second, time.Second, "x")}},
		"NUL": {
			"WEBVTT\n\na\x00\n00:00.000 --> 00:01.000\nx\x00y", []platform.Cue{cue("a\ufffd", 0, time.Second, "x\ufffdy")},
		},
		"no UTF-8": {"WEBVTT\n\n00:00.000 --> 00:01.000\nx\xffy", []platform.Cue{cue("", 0, time.Second, "x\ufffdy")}},
		"comments": {
			"WEBVTT\n\nNOTE one\n\nNOTE\ntwo\nlines\n\n00:00.000 --> 00:01.000\nx\n\nNOTE three", one,
		},
		"style sheets and regions": {
			"WEBVTT\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:a\nwidth:40%\n\n00:00.000 --> 00:01.000 region:a\nx\n\nSTYLE\n::cue {}", one,
		},
		"a comment that runs into a cue": {
			"WEBVTT\n\nNOTE one\nmore\n00:00.000 --> 00:01.000\nx", one,
		},
		"text that runs into a cue": {
			"WEBVTT\n\n00:00.000 --> 00:01.000\nx\n00:01.000 --> 00:02.000\ny",
			[]platform.Cue{cue("", 0, time.Second, "x"), cue("", time.Second, 2*time.Second, "y")},
		},
		"an id is lost in text that runs into a cue": {
			"WEBVTT\n\n00:00.000 --> 00:01.000\nx\nid\n00:01.000 --> 00:02.000\ny",
			[]platform.Cue{cue("", 0, time.Second, "x\nid"), cue("", time.Second, 2*time.Second, "y")},
		},
		"an arrow in text ends the cue":     {"WEBVTT\n\n00:00.000 --> 00:01.000\nx\na --> b\nc\n\n", one},
		"times that are broken, then a cue": {"WEBVTT\n\n00:00.000 --> 1\nlost\n00:00.000 --> 00:01.000\nx", one},
		"an arrow for an id":                {"WEBVTT\n\n-->\n00:00.000 --> 00:01.000\nx", one},
		"an arrow for an id, broken times":  {"WEBVTT\n\nid\n-->\n00:00.000 --> 00:01.000\nx", one},
		"a longer block is no cue":          {"WEBVTT\n\nid\nmore\nlines", nil},
		"a third line with times begins a block": {
			"WEBVTT\n\nid\nmore\n00:00.000 --> 00:01.000\nx", one,
		},
		"an arrow in the header": {"WEBVTT\na --> b\nc\n\n00:00.000 --> 00:01.000\nx", one},
	} {
		t.Run(name, func(t *testing.T) {
			vtt, err := text.ReadVTT([]byte(test.file))
			if err != nil || !reflect.DeepEqual(vtt.Cues, test.want) || vtt.TimestampMap != nil {
				t.Errorf("got %+v, %v\nwant %+v", vtt, err, test.want)
			}
		})
	}
}

func TestSignature(t *testing.T) {
	for _, file := range []string{"", "WEBVT", "WEBVTTX", "webvtt\n", "\nWEBVTT\n", " WEBVTT", "WEBVTT\x00\n", "1\n00:00:00,000 --> 00:00:01,000\nx", "<html>",
		"\ufeff\ufeffWEBVTT", "W\x00E\x00B\x00V\x00T\x00T\x00"} {
		if vtt, err := text.ReadVTT([]byte(file)); !errors.Is(err, text.ErrNotVTT) {
			t.Errorf("%q: %+v, %v", file, vtt, err)
		}
	}
}

func TestTimes(t *testing.T) {
	for written, want := range map[string]time.Duration{
		"00:00.000": 0, "00:00.001": ms, "59:59.999": time.Hour - ms, "00:00:00.001": ms, "1:00:00.000": time.Hour, "01:02:03.004": 3723004 * ms,
		"100:00:00.000": 100 * time.Hour, "0001:00:00.000": time.Hour, "2562046:59:59.999": 2562047*time.Hour - ms, "60:00:00.000": 60 * time.Hour,
	} {
		vtt, err := text.ReadVTT([]byte("WEBVTT\n\n" + written + " --> 2562046:59:59.999\nx"))
		if err != nil || len(vtt.Cues) != 1 || vtt.Cues[0].Start != want {
			t.Errorf("%s: %+v, %v", written, vtt, err)
		}
	}
	for _, broken := range []string{
		"", "0", "00", "00:", "00:00", "00:00.", "00:00.00", "00:00.0000", "0:00.000", "000:00.000", "60:00.000", "00:60.000", "00:60:00.000", "00:00:60.000",
		"00:00:0.000", "00:0:00.000", "00:000:00.000", "00:00:000.000", "-00:00.000", "+00:00.000", "00:00,000", "00:00;000", "00 :00.000", "00:00:00:00.000",
		"a0:00.000", "2562048:00:00.000", "99999999999999999999999999:00:00.000", "٠٠:00.000",
	} {
		for _, line := range []string{broken + " --> 00:09.000", "00:00.000 --> " + broken} {
			vtt, err := text.ReadVTT([]byte("WEBVTT\n\n" + line + "\nx"))
			if err != nil || len(vtt.Cues) != 0 {
				t.Errorf("%s: %+v, %v", line, vtt, err)
			}
		}
	}
}

func TestSettings(t *testing.T) {
	for settings, change := range map[string]func(*platform.Cue){
		"":                               func(c *platform.Cue) {},
		"vertical:rl":                    func(c *platform.Cue) { c.Vertical = "rl" },
		"vertical:lr vertical:up":        func(c *platform.Cue) { c.Vertical = "lr" },
		"vertical:":                      func(c *platform.Cue) {},
		"vertical":                       func(c *platform.Cue) {},
		":rl":                            func(c *platform.Cue) {},
		"Vertical:rl":                    func(c *platform.Cue) {},
		"vertical: rl":                   func(c *platform.Cue) {},
		"line:0":                         func(c *platform.Cue) { c.Line, c.LineAuto = 0, false },
		"line:-1":                        func(c *platform.Cue) { c.Line, c.LineAuto = -1, false },
		"line:-1.5":                      func(c *platform.Cue) { c.Line, c.LineAuto = -1.5, false },
		"line:100":                       func(c *platform.Cue) { c.Line, c.LineAuto = 100, false },
		"line:85%":                       func(c *platform.Cue) { c.Line, c.LineAuto, c.SnapToLines = 85, false, false },
		"line:33.3%":                     func(c *platform.Cue) { c.Line, c.LineAuto, c.SnapToLines = 33.3, false, false },
		"line:0,end":                     func(c *platform.Cue) { c.Line, c.LineAuto, c.LineAlign = 0, false, "end" },
		"line:1%,center":                 func(c *platform.Cue) { c.Line, c.LineAuto, c.SnapToLines, c.LineAlign = 1, false, false, "center" },
		"line:1%,start line:2":           func(c *platform.Cue) { c.Line, c.LineAuto = 2, false },
		"line:1%,middle":                 func(c *platform.Cue) {},
		"line:1%,":                       func(c *platform.Cue) {},
		"line:,end":                      func(c *platform.Cue) {},
		"line:auto":                      func(c *platform.Cue) {},
		"line:-":                         func(c *platform.Cue) {},
		"line:--1":                       func(c *platform.Cue) {},
		"line:1-":                        func(c *platform.Cue) {},
		"line:+1":                        func(c *platform.Cue) {},
		"line:.5":                        func(c *platform.Cue) {},
		"line:5.":                        func(c *platform.Cue) {},
		"line:1.2.3":                     func(c *platform.Cue) {},
		"line:1e3":                       func(c *platform.Cue) {},
		"line:%":                         func(c *platform.Cue) {},
		"line:101%":                      func(c *platform.Cue) {},
		"line:-1%":                       func(c *platform.Cue) {},
		"line:1%%":                       func(c *platform.Cue) {},
		"position:50%":                   func(c *platform.Cue) { c.Position, c.PositionAuto = 50, false },
		"position:0.1%,line-left":        func(c *platform.Cue) { c.Position, c.PositionAuto, c.PositionAlign = 0.1, false, "line-left" },
		"position:100%,line-right":       func(c *platform.Cue) { c.Position, c.PositionAuto, c.PositionAlign = 100, false, "line-right" },
		"position:100.000%,center":       func(c *platform.Cue) { c.Position, c.PositionAuto, c.PositionAlign = 100, false, "center" },
		"position:50":                    func(c *platform.Cue) {},
		"position:50%,start":             func(c *platform.Cue) {},
		"position:50%,":                  func(c *platform.Cue) {},
		"position:100.1%":                func(c *platform.Cue) {},
		"position:-0%":                   func(c *platform.Cue) {},
		"size:33.333333333333333333333%": func(c *platform.Cue) { c.Size = 33.3333333333333 },
		"size:0%":                        func(c *platform.Cue) { c.Size = 0 },
		"size:50%,center":                func(c *platform.Cue) {},
		"size:50":                        func(c *platform.Cue) {},
		"size:1000000000000000000000%":   func(c *platform.Cue) {},
		"align:start":                    func(c *platform.Cue) { c.Align = "start" },
		"align:end":                      func(c *platform.Cue) { c.Align = "end" },
		"align:left align:center":        func(c *platform.Cue) {},
		"align:right\talign:middle":      func(c *platform.Cue) { c.Align = "right" },
		"region:a":                       func(c *platform.Cue) {},
		"vertical:rl line:3 position:4% size:5% align:left": func(c *platform.Cue) {
			c.Vertical, c.Line, c.LineAuto, c.Position, c.PositionAuto, c.Size, c.Align = "rl", 3, false, 4, false, 5, "left"
		},
	} {
		for _, between := range []string{" ", "\t \f", ""} {
			vtt, err := text.ReadVTT([]byte("WEBVTT\n\n00:00.000 --> 00:01.000" + between + settings + "\nx"))
			if want := []platform.Cue{with(change)}; err != nil || !reflect.DeepEqual(vtt.Cues, want) {
				t.Errorf("%q: %+v, %v", settings, vtt.Cues, err)
			}
		}
	}
}

func TestTimestampMap(t *testing.T) {
	for header, want := range map[string]*text.TimestampMap{
		"X-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000":                {MPEGTS: 900000},
		"X-TIMESTAMP-MAP=LOCAL:00:01.500,MPEGTS:8589934591":               {MPEGTS: 1<<33 - 1, Local: 1500 * ms},
		"Kind: captions\nX-TIMESTAMP-MAP=LOCAL:01:00:00.000, MPEGTS:1":    {MPEGTS: 1, Local: time.Hour},
		"X-TIMESTAMP-MAP=MPEGTS:18446744073709551615,LOCAL:00:00:00.000":  {MPEGTS: math.MaxUint64},
		"X-TIMESTAMP-MAP=MPEGTS:18446744073709551616,LOCAL:00:00:00.000":  nil,
		"X-TIMESTAMP-MAP=MPEGTS:-1,LOCAL:00:00:00.000":                    nil,
		"X-TIMESTAMP-MAP=MPEGTS:,LOCAL:00:00:00.000":                      nil,
		"X-TIMESTAMP-MAP=MPEGTS:1,LOCAL:0":                                nil,
		"X-TIMESTAMP-MAP=MPEGTS:1,LOCAL:00:00:00.000Z":                    nil,
		"X-TIMESTAMP-MAP=MPEGTS:1":                                        nil,
		"X-TIMESTAMP-MAP=LOCAL:00:00:00.000":                              nil,
		"X-TIMESTAMP-MAP=":                                                nil,
		"X-TIMESTAMP-MAP: MPEGTS:1,LOCAL:00:00:00.000":                    nil,
		"\nX-TIMESTAMP-MAP=MPEGTS:1,LOCAL:00:00:00.000 is below the head": nil,
	} {
		vtt, err := text.ReadVTT([]byte("WEBVTT\n" + header + "\n\n00:00.000 --> 00:01.000\nx"))
		if err != nil || len(vtt.Cues) != 1 || !reflect.DeepEqual(vtt.TimestampMap, want) {
			t.Errorf("%q: %+v, %+v, %v", header, vtt.TimestampMap, vtt.Cues, err)
		}
	}
}

func TestLimits(t *testing.T) {
	const cue = "00:00.000-->00:01.000\n"
	most := []byte("WEBVTT\n" + strings.Repeat(cue, 100_000))
	if vtt, err := text.ReadVTT(most); err != nil || len(vtt.Cues) != 100_000 {
		t.Errorf("%d cues, %v", len(vtt.Cues), err)
	}
	if vtt, err := text.ReadVTT(append(most, cue...)); !errors.Is(err, text.ErrTooLarge) || vtt.Cues != nil {
		t.Errorf("one more: %d cues, %v", len(vtt.Cues), err)
	}
	large := bytes.Repeat([]byte("\n"), 16<<20)
	copy(large, "WEBVTT")
	if _, err := text.ReadVTT(large); err != nil {
		t.Errorf("16 MiB: %v", err)
	}
	if _, err := text.ReadVTT(append(large, '\n')); !errors.Is(err, text.ErrTooLarge) {
		t.Errorf("16 MiB and a byte: %v", err)
	}
}

func FuzzReadVTT(f *testing.F) {
	f.Add([]byte("\ufeffWEBVTT\r\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\r\n\r\nid\r\n00:00.000 --> 01:00:00.500 line:-1,end position:3.5%\r\nx\r\ny"))
	f.Add([]byte("WEBVTT\n\nNOTE\n-->\n-->\n00:00.000 --> 00:01.000\n\x00\xff\n00:00.000-->00:00.000"))
	f.Add([]byte("WEBVTT\nSTYLE\n\nSTYLE\nREGION\n00:00.000 --> 00:01.000 size:10%\tvertical:rl align:left\n-->"))
	f.Fuzz(func(t *testing.T, data []byte) {
		vtt, err := text.ReadVTT(data)
		if err != nil {
			if !errors.Is(err, text.ErrNotVTT) && !errors.Is(err, text.ErrTooLarge) {
				t.Errorf("%T %v", err, err)
			}
			return
		}
		if len(vtt.Cues) > bytes.Count(data, []byte("-->")) {
			t.Errorf("%d cues in %d bytes", len(vtt.Cues), len(data))
		}
		for _, cue := range vtt.Cues {
			if cue.Start < 0 || cue.End < 0 || strings.ContainsAny(cue.ID+cue.Text, "\r\x00") || strings.Contains(cue.ID+"\n"+cue.Text, "-->") ||
				strings.Contains(cue.Text, "\n\n") || strings.Contains(cue.ID, "\n") {
				t.Errorf("cue %+v", cue)
			}
			if math.Abs(cue.Line) > 1e15 || cue.Size < 0 || cue.Size > 100 || cue.Position < 0 || cue.Position > 100 {
				t.Errorf("settings %+v", cue)
			}
		}
	})
}
