package text

import "time"

// timestamp takes a WebVTT timestamp off the start of s: "01:02:03.004", "02:03.004", with any number of digits for the hours.
//
// https://www.w3.org/TR/webvtt1/#collect-a-webvtt-timestamp
func timestamp(s string) (t time.Duration, rest string, ok bool) {
	first, digits, s := integer(s)
	second, two, s := field(s, ':', 2)
	if digits == 0 || !two {
		return 0, s, false
	}
	hours, minutes, seconds := int64(0), first, second
	if digits != 2 || first > 59 || s != "" && s[0] == ':' {
		hours, minutes = first, second
		if seconds, two, s = field(s, ':', 2); !two {
			return 0, s, false
		}
	}
	millis, three, s := field(s, '.', 3)
	const longest = int64(1<<63-1)/int64(time.Hour) - 1
	if !three || minutes > 59 || seconds > 59 || hours > longest {
		return 0, s, false
	}
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + time.Duration(seconds)*time.Second +
		time.Duration(millis)*time.Millisecond, s, true
}

// field takes a separator and exactly so many digits off the start of s.
func field(s string, separator byte, digits int) (n int64, ok bool, rest string) {
	if s == "" || s[0] != separator {
		return 0, false, s
	}
	n, got, rest := integer(s[1:])
	return n, got == digits, rest
}

// integer takes digits off the start of s; a number past 18 digits stays where it is, which is more than any time has.
func integer(s string) (n int64, digits int, rest string) {
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		if n < 1e17 {
			n = n*10 + int64(s[digits]-'0')
		}
		digits++
	}
	return n, digits, s[digits:]
}
