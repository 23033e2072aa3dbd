package text

import (
	"slices"
	"strings"

	"github.com/keystream-player/keystream/player/platform"
)

const whitespace = " \t\f\r\n"

func trimLeft(s string) string { return strings.TrimLeft(s, whitespace) }

// settings reads what stands after a cue's times. A setting that is malformed leaves things as they are.
//
// https://www.w3.org/TR/webvtt1/#parse-the-webvtt-cue-settings
func settings(cue *platform.Cue, s string) {
	for s = trimLeft(s); s != ""; s = trimLeft(s) {
		end := strings.IndexAny(s, whitespace)
		if end < 0 {
			end = len(s)
		}
		name, value, _ := strings.Cut(s[:end], ":")
		s = s[end:]
		switch name {
		case "vertical":
			choose(&cue.Vertical, value, "rl", "lr")
		case "line":
			setLine(cue, value)
		case "position":
			number, align, aligned := strings.Cut(value, ",")
			if n, ok := percentage(number); ok && (!aligned || choose(&cue.PositionAlign, align, "line-left", "center", "line-right")) {
				cue.Position, cue.PositionAuto = n, false
			}
		case "size":
			if n, ok := percentage(value); ok {
				cue.Size = n
			}
		case "align":
			choose(&cue.Align, value, "start", "center", "end", "left", "right")
		}
	}
}

// setLine reads "-1", "85%", "0,end".
func setLine(cue *platform.Cue, value string) {
	number, align, aligned := strings.Cut(value, ",")
	n, percent := percentage(number)
	if !percent {
		positive, negative := strings.CutPrefix(number, "-")
		var ok bool
		if n, ok = decimal(positive); !ok {
			return
		}
		if negative {
			n = -n
		}
	}
	if !aligned || choose(&cue.LineAlign, align, "start", "center", "end") {
		cue.Line, cue.LineAuto, cue.SnapToLines = n, false, !percent
	}
}

// choose sets to, where value is one of those allowed.
func choose(to *string, value string, allowed ...string) bool {
	if !slices.Contains(allowed, value) {
		return false
	}
	*to = value
	return true
}

// percentage reads "0%" to "100%", with or without decimals.
//
// https://www.w3.org/TR/webvtt1/#parse-a-percentage-string
func percentage(s string) (n float64, ok bool) {
	s, percent := strings.CutSuffix(s, "%")
	n, ok = decimal(s)
	return n, percent && ok && n <= 100
}

// decimal reads digits, with a dot between two of them or without. What comes after the 15th digit does not count; more of them before the dot are no
// number that a picture could have a use for.
func decimal(s string) (n float64, ok bool) {
	whole, fraction, dot := strings.Cut(s, ".")
	mantissa, digits, rest := integer(whole)
	_, decimals, rest2 := integer(fraction)
	if digits == 0 || digits > 15 || rest != "" || dot && decimals == 0 || rest2 != "" {
		return 0, false
	}
	scale := int64(1)
	for _, digit := range fraction[:min(decimals, 15-digits)] {
		mantissa, scale = 10*mantissa+int64(digit-'0'), 10*scale
	}
	return float64(mantissa) / float64(scale), true // both are whole below 2⁵³, so the quotient is the nearest number there is
}
