package dash

import (
	"bytes"
	"encoding/base64"
	"math"
	"math/bits"
	"strings"
	"time"
)

// parseTicks reads an unsigned number of 64 bits. What stands after its point is cut off, for some packagers write one, and what is negative is 0.
func parseTicks(value []byte) (n uint64, ok bool) {
	value = bytes.TrimSpace(value)
	negative := len(value) > 0 && value[0] == '-'
	if negative || len(value) > 0 && value[0] == '+' {
		value = value[1:]
	}
	digits := 0
	for ; digits < len(value) && value[digits]-'0' <= 9; digits++ {
		digit := uint64(value[digits] - '0')
		if n > (math.MaxUint64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	if digits == 0 || digits < len(value) && value[digits] != '.' {
		return 0, false
	}
	if negative {
		n = 0
	}
	return n, true
}

// parseRepeat reads the r of an S; one of more than 31 bits is their maximum.
func parseRepeat(value []byte) (int32, bool) {
	n, ok := parseTicks(value)
	if bytes.HasPrefix(bytes.TrimSpace(value), []byte("-")) {
		return -1, ok
	}
	return int32(min(n, math.MaxInt32)), ok
}

// parseInt reads a number that is of no use where it is absurd: 0 then.
func parseInt(value []byte) int {
	n, _ := parseTicks(value)
	if n > math.MaxInt32 {
		return 0
	}
	return int(n)
}

// parseRate reads a frame rate, "25", "30000/1001" or "29.97"; 0 where it is none.
func parseRate(value string) float64 {
	over, under, fraction := strings.Cut(value, "/")
	rate := parseDecimal(over)
	if fraction {
		if by := parseDecimal(under); by > 0 {
			return rate / by
		}
		return 0
	}
	return rate
}

func parseDecimal(s string) float64 {
	whole, fraction, _ := strings.Cut(strings.TrimSpace(s), ".")
	n, size := digits(whole)
	f, fractionSize := digits(fraction)
	if size != len(whole) || fractionSize != len(fraction) {
		return 0
	}
	return float64(n) + float64(f)/float64(pow10(fractionSize))
}

// digits reads at most nine digits that s begins with.
func digits(s string) (n uint64, size int) {
	for size < min(len(s), 9) && s[size]-'0' <= 9 {
		n = n*10 + uint64(s[size]-'0')
		size++
	}
	return n, size
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// parseDuration reads "P0Y0M0DT1H2M3.5S"; a year has 365 days and a month 30. It is false where there is none or it makes no sense, and at most 292 years.
//
// https://www.w3.org/TR/xmlschema-2/#duration
func parseDuration(s string) (d time.Duration, ok bool) {
	s, found := strings.CutPrefix(s, "P")
	if !found {
		return 0, false
	}
	const day = 24 * 60 * 60
	inTime := false
	for s != "" {
		if s[0] == 'T' {
			s, inTime = s[1:], true
			continue
		}
		whole, nanos, rest, valid := cutNumber(s)
		if !valid || rest == "" {
			return 0, false
		}
		var seconds uint64
		switch unit := rest[0]; {
		case inTime && unit == 'H':
			seconds = 60 * 60
		case inTime && unit == 'M':
			seconds = 60
		case inTime && unit == 'S':
			seconds = 1
		case !inTime && unit == 'Y':
			seconds = 365 * day
		case !inTime && unit == 'M':
			seconds = 30 * day
		case !inTime && unit == 'W':
			seconds = 7 * day
		case !inTime && unit == 'D':
			seconds = day
		default:
			return 0, false
		}
		d = addSaturated(d, whole, seconds*uint64(time.Second))
		d = addSaturated(d, nanos, seconds)
		s, ok = rest[1:], true
	}
	return d, ok
}

// cutNumber reads the number that s begins with, in wholes and billionths. A whole past 64 bits is their maximum.
func cutNumber(s string) (whole, nanos uint64, rest string, ok bool) {
	i := 0
	for ; i < len(s) && s[i]-'0' <= 9; i++ {
		if whole > math.MaxUint64/10-1 {
			whole = math.MaxUint64
			continue
		}
		whole = whole*10 + uint64(s[i]-'0')
	}
	ok = i > 0
	if i < len(s) && (s[i] == '.' || s[i] == ',') {
		n, size := digits(s[i+1:])
		nanos = n * pow10(9-size)
		for i += 1 + size; i < len(s) && s[i]-'0' <= 9; i++ {
		}
		ok = ok || size > 0
	}
	return whole, nanos, s[i:], ok
}

func addSaturated(d time.Duration, n, unit uint64) time.Duration {
	high, low := bits.Mul64(n, unit)
	if high > 0 || low > math.MaxInt64-uint64(d) {
		return math.MaxInt64
	}
	return d + time.Duration(low)
}

// parseTime reads a dateTime of XML Schema, "2026-11-22T10:00:00.5Z"; without a zone it is UTC. It is the zero time where it makes no sense.
func parseTime(s string) time.Time {
	if len(s) < len("2006-01-02T15:04:05") || s[4] != '-' || s[7] != '-' || s[10]|0x20 != 't' || s[13] != ':' || s[16] != ':' {
		return time.Time{}
	}
	var fields [6]int
	for i, at := range [...]int{0, 5, 8, 11, 14, 17} {
		width := 2
		if i == 0 {
			width = 4
		}
		n, size := digits(s[at : at+width])
		if size != width {
			return time.Time{}
		}
		fields[i] = int(n)
	}
	rest, nanos := s[19:], uint64(0)
	if strings.HasPrefix(rest, ".") {
		_, nanos, rest, _ = cutNumber(rest)
	}
	offset, ok := parseZone(rest)
	if !ok || fields[1] < 1 || fields[1] > 12 || fields[2] < 1 || fields[2] > 31 || fields[3] > 24 || fields[4] > 59 || fields[5] > 60 {
		return time.Time{}
	}
	at := time.Date(fields[0], time.Month(fields[1]), fields[2], fields[3], fields[4], fields[5], int(nanos), time.UTC)
	return at.Add(-offset)
}

// parseZone reads "", "Z", "+01:00" or "-0800".
func parseZone(s string) (time.Duration, bool) {
	if s == "" || s == "Z" || s == "z" {
		return 0, true
	}
	if s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	clock := strings.Replace(s[1:], ":", "", 1)
	n, size := digits(clock)
	if size != 4 || len(clock) != 4 {
		return 0, false
	}
	offset := time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// parseUUID reads 32 hex digits with or without hyphens, in either case.
func parseUUID(s string) (id [16]byte, ok bool) {
	n := 0
	for i := range len(s) {
		digit := hexDigit(s[i])
		switch {
		case s[i] == '-':
			continue
		case digit < 0 || n == 32:
			return id, false
		}
		id[n/2] |= byte(digit) << (4 * (1 - n%2))
		n++
	}
	return id, n == 32
}

// parseBase64 reads base64 with white space in it, with or without padding.
func parseBase64(s string) ([]byte, bool) {
	s = strings.TrimRight(strings.Join(strings.Fields(s), ""), "=")
	p, err := base64.RawStdEncoding.DecodeString(s)
	return p, err == nil && len(p) > 0
}
